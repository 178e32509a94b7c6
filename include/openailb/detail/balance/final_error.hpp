#pragma once

#include <openailb/detail/balance/availability.hpp>
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Why an endpoint cannot be asked now.
inline std::string unavailability(const std::string& name, TimePoint admits_at, TimePoint limited_until,
                                  TimePoint now) {
  if (admits_at == (TimePoint::max)()) return name + " is being probed after failures";
  if (admits_at > now) {
    return name + " failed too often and is left alone for " + duration_text(admits_at - now);
  }
  if (limited_until > now) return name + " is rate limited for " + duration_text(limited_until - now);
  return name + " has just become available again";
}

/// Why a call may ask none of the endpoints.
inline std::string why_none_is_allowed(const Availability& table, const Call& call) {
  std::vector<std::string> named;
  for (std::size_t index = 0; index < table.size(); ++index) {
    if (table.is_named(index)) named.push_back(table.at(index).name());
  }
  if (named.empty()) {
    return "there is no endpoint " +
           (call.endpoint.empty() ? "left that may be asked" : "named " + call.endpoint);
  }
  const std::string who = named.size() == 1 ? named.front() + " does not serve" : "no endpoint serves";
  return who + " the model " + one_line(call.model.value_or("")) +
         ": check it, or add it to EndpointConfig::models";
}

/// The error of a call that can make no more attempts.
inline Error make_final_error(const Availability& table, const Call& call, const CallState& state,
                              TimePoint now) {
  if (state.last) {
    Error error = state.failed(*state.last);
    if (state.owner && state.retry_elsewhere) {
      error.message += " (no other endpoint was asked, as this one keeps what the call names)";
    }
    if (state.budget_exhausted) error.message += " (not retried, as the client's retry budget is used up)";
    return error;
  }
  if (now >= state.deadline) {
    std::string why = "the deadline of " + duration_text(call.deadline) + " passed before any attempt";
    if (state.ticket && state.ticket->waits_for_slot())
      why += ", while the call waited for one of max_in_flight to end";
    return {.kind = ErrorKind::timeout, .message = std::move(why)};
  }
  Error error{.kind = ErrorKind::no_endpoint_available, .message = "no endpoint is available: "};
  TimePoint soonest = (TimePoint::max)();
  for (std::size_t index = 0; index < table.size(); ++index) {
    if (!table.allows(index)) continue;
    const AvailabilityRow& row = table.row(index);
    // Another call may have closed the breaker meanwhile: then the endpoint can be asked at once.
    const TimePoint admits_at = table.obeys_breakers() ? row.admits_at : now;
    soonest = (std::min)(soonest, (std::max)({admits_at, row.limited_until, now}));
    error.message.append(error.message.ends_with(": ") ? "" : "; ")
        .append(unavailability(table.at(index).name(), admits_at, row.limited_until, now));
  }
  if (error.message.ends_with(": ")) {
    return {.kind = ErrorKind::bad_request, .message = "not sent: " + why_none_is_allowed(table, call)};
  }
  if (soonest != (TimePoint::max)()) error.retry_after = soonest - now;
  return error;
}

}  // namespace openailb::detail
