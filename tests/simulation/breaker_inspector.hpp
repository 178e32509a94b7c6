#pragma once

#include "simulation/inspection.hpp"
#include "simulation/record.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace openailb::simulation {

/// Looks for the cause of each breaker's changes.
class BreakerInspector : Inspection {
 public:
  using Inspection::Inspection;

  /// How an attempt ended for its breaker, as far as is known: at some moment from `earliest` to `latest`.
  void note(const WireRequest& request, Outcome outcome, TimePoint earliest, TimePoint latest) {
    const bool last_resort = !request.available[request.endpoint].admits;
    endings_.push_back({request.endpoint, outcome, last_resort, request.at, earliest, latest});
  }
  void conclude();

 private:
  struct Ending {
    std::size_t endpoint{};
    Outcome outcome{};
    bool last_resort{};  ///< its breaker may not have admitted it
    TimePoint began{};
    TimePoint earliest{};
    TimePoint latest{};
  };

  std::vector<Ending> endings_{};
};

/// A breaker changes its state only for an outcome of its present generation, or by time alone.
inline void BreakerInspector::conclude() {
  std::map<std::size_t, TimePoint> previous;
  const auto& transitions = world().transitions();
  for (const Transition& change : transitions) {
    const TimePoint since =
        previous.contains(change.endpoint) ? previous[change.endpoint] : (TimePoint::min)();
    previous[change.endpoint] = change.at;
    const std::string name = "endpoint-" + std::to_string(change.endpoint);
    if (change.to == State::half_open) {
      require(change.at > since + plan().endpoints[change.endpoint].breaker.timeout,
              name + ": half-open before its timeout");
      continue;
    }
    const Outcome cause = change.to == State::open ? Outcome::failure : Outcome::success;
    const bool has_cause = std::ranges::any_of(endings_, [&](const Ending& ending) {
      // What an earlier period still has to say counts for nothing, but a last resort's success does.
      const bool counts = ending.began >= since || (ending.last_resort && cause == Outcome::success);
      return ending.endpoint == change.endpoint && ending.outcome == cause && counts &&
             ending.earliest <= change.at && change.at <= ending.latest;
    });
    require(has_cause, name + ": its breaker went " + std::string(to_string(change.to)) + " without a cause");
  }
}

}  // namespace openailb::simulation
