#pragma once

#include "simulation/plan.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

namespace openailb::simulation {

/// What a failed attempt means, by the fault that befell it: the table of the semantics, written a second
/// time from what the servers do rather than from what the client makes of it.
struct Row {
  bool another{true};                 ///< another endpoint may be asked
  bool same{true};                    ///< the same endpoint may be asked again
  Outcome breaker{Outcome::failure};  ///< what the endpoint's breaker counts
  bool ran_it{};                      ///< the endpoint may have run the request
};

/// Null: such an attempt cannot have failed this way.
inline std::optional<Row> row_of(Fault fault, const Attempt& attempt) {
  const bool no_answer_in_time = attempt.kind == ErrorKind::timeout && attempt.status == 0;
  if (no_answer_in_time) return Row{.ran_it = fault != Fault::black_hole};
  switch (fault) {
    case Fault::none:
    case Fault::black_hole:
    case Fault::hang:
    case Fault::slow:
    case Fault::drip:
    case Fault::stalled:
    case Fault::no_end: return std::nullopt;
    case Fault::unreachable: return Row{};
    case Fault::idle_connection_died: return Row{.breaker = Outcome::exclusion};
    case Fault::reset:
    case Fault::broken:
    case Fault::error_inside:
    case Fault::internal_error: return Row{.ran_it = true};
    case Fault::truncated:
    case Fault::noise:
    case Fault::html:
    case Fault::no_choice: return Row{.ran_it = true};
    case Fault::internal_error_final: return Row{.same = false, .ran_it = true};
    case Fault::request_timeout:
    case Fault::overloaded: return Row{};
    case Fault::conflict:
    case Fault::rate_limited: return Row{.breaker = Outcome::exclusion};
    case Fault::unauthorized:
    case Fault::payment_required: return Row{.same = false};
    case Fault::forbidden:
    case Fault::not_found: return Row{.same = false, .breaker = Outcome::exclusion};
    case Fault::bad_request: return Row{.another = false, .same = false, .breaker = Outcome::success};
  }
  return std::nullopt;
}

/// The answers that the endpoints have given: from them follows how long one may take before it is blamed.
class Answers {
 public:
  void add(std::size_t endpoint, bool stream, nanoseconds took, TimePoint when) {
    answers_[{endpoint, stream}].push_back({took, when});
  }

  /// Whether an attempt that was admitted and timed out then speaks against the endpoint; null when it is too
  /// close to call.
  std::optional<bool> blames(std::size_t endpoint, bool stream, TimePoint admitted,
                             TimePoint timed_out) const {
    const nanoseconds given = timed_out - admitted;
    std::vector<std::pair<nanoseconds, TimePoint>> known;
    if (auto found = answers_.find({endpoint, stream}); found != answers_.end()) {
      std::ranges::copy_if(found->second, std::back_inserter(known),
                           [&](const auto& answer) { return answer.second <= timed_out; });
    }
    if (known.empty()) return given >= 1s;
    double slowest = 0.0, at_the_latest = 0.0;
    for (const auto& [took, when] : known) {
      slowest = std::max(slowest, decayed(took, admitted - when));
      at_the_latest = std::max(at_the_latest, decayed(took, known.back().second - when));
    }
    const double enough = std::max(slowest, std::min(at_the_latest, 1e9));
    const double ratio = static_cast<double>(given.count()) / enough;
    if (std::abs(ratio - 1.0) < 0.01) return std::nullopt;
    return ratio > 1.0;
  }

 private:
  static double decayed(nanoseconds took, nanoseconds ago) {
    const std::chrono::duration<double, std::ratio<60>> minutes = ago;
    return static_cast<double>(took.count()) * std::pow(0.5, minutes.count());
  }

  std::map<std::pair<std::size_t, bool>, std::vector<std::pair<nanoseconds, TimePoint>>> answers_{};
};

}  // namespace openailb::simulation
