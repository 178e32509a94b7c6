#pragma once

#include "simulation/inspection.hpp"
#include "simulation/record.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

/// Watches the limits of attempts in flight: that they are kept, and that no call waits for nothing.
class LimitInspector : Inspection {
 public:
  using Inspection::Inspection;

  void observe();

 private:
  /// Endpoints that a call could not ask, now or before.
  struct Kept {
    std::set<std::size_t> by_seats{};
    std::set<std::size_t> by_others{};
  };

  void watch(const CallRecord& call, bool client_has_seat);

  std::map<const CallRecord*, Kept> kept_{};
  /// Calls that had to wait for a slot, and where they need not wait any more.
  std::map<const CallRecord*, std::size_t> could_go_{};
  TimePoint observed_{};
};

inline void LimitInspector::observe() {
  int in_flight = 0;
  const auto endpoints = world().status();
  for (const EndpointStatus& endpoint : endpoints) {
    const int most = plan().endpoints[World::index_of(endpoint)].max_in_flight;
    require(most == 0 || endpoint.in_flight <= most, endpoint.name + ": more in flight than max_in_flight");
    in_flight += endpoint.in_flight;
  }
  const int most = plan().max_in_flight;
  in_flight = std::max(in_flight, static_cast<int>(world().transfers()));
  require(most == 0 || in_flight <= most, "more in flight than the client's max_in_flight");
  const bool time_passed = std::exchange(observed_, world().now()) < world().now();
  for (const auto& [call, endpoint] : could_go_) {
    require(!time_passed || !steady(), *call,
            "it waits for a slot although endpoint-" + std::to_string(endpoint) + " has one");
  }
  could_go_.clear();
  if (plan().async) return;  // there, much happens between two observations
  const auto& calls = world().calls();
  for (const auto& call : calls) {
    const bool waits = call->fate == CallRecord::Fate::running && call->requests.empty();
    if (waits) watch(*call, most == 0 || in_flight < most);
  }
}

/// A call that has not made an attempt yet takes the first slot: at an endpoint that nothing but slots has
/// kept it from or, if it has waited for nothing else anywhere, at one that has joined. Its first model is
/// meant. A call goes on to another when the endpoints of that have left, and then does not hear of one that
/// joins.
inline void LimitInspector::watch(const CallRecord& call, bool client_has_seat) {
  Kept& kept = kept_[&call];
  const std::vector<Availability> available = world().available();
  const std::size_t model = call.plan.model;
  for (std::size_t index = 0; index < available.size(); ++index) {
    const Availability& its = available[index];
    if (!world().serves(index, model, call) || !its.present) continue;
    if (!its.but_for_seats(model) || !its.sure_budget) {
      kept.by_others.insert(index);
    } else if (!its.free_seat || !client_has_seat) {
      kept.by_seats.insert(index);
    }
  }
  for (std::size_t index = 0; index < available.size(); ++index) {
    const Availability& its = available[index];
    const bool could =
        world().serves(index, model, call) && its.but_for_seats(model) && its.free_seat && client_has_seat;
    // Who sleeps until a breaker admits or a limit is over does not hear of one that joins.
    const bool was_there = world().began() + plan().endpoints[index].joins <= call.began;
    const bool waited_here = was_there && kept.by_seats.contains(index) && !kept.by_others.contains(index);
    const bool waited_for_seats =
        call.plan.fallbacks.empty() && !kept.by_seats.empty() && kept.by_others.empty();
    if (could && (waited_here || waited_for_seats)) could_go_[&call] = index;
  }
}

}  // namespace openailb::simulation
