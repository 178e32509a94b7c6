#pragma once

#include "simulation/plan.hpp"
#include <openailb/openailb.hpp>

#include <optional>

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
  if (no_answer_in_time) return Row{.ran_it = true};
  switch (fault) {
    case Fault::none:
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
    // Half an answer is nonsense, half a stream an interruption.
    case Fault::truncated:
    case Fault::noise: return Row{.same = attempt.kind != ErrorKind::parse, .ran_it = true};
    case Fault::html:
    case Fault::no_choice:
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

}  // namespace openailb::simulation
