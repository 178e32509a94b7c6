#pragma once

#include <openailb/error.hpp>
#include <openailb/values/breaker_settings.hpp>

#include <chrono>
#include <optional>

namespace openailb::detail {

/// What a class of failure means: for the call, whether another endpoint may be asked and whether the same
/// one may be asked again later; for the endpoint, what its breaker counts.
struct FailurePolicy {
  bool retry_elsewhere{};
  bool retry_here{};
  /// Null: the failure says nothing about the endpoint, so it is excluded without asking the breaker's
  /// predicates.
  std::optional<Outcome> breaker{};
};

/// The policy of each class. The README of openailb/ explains this table under "What an
/// answer means".
constexpr FailurePolicy policy_of(FailureClass failure_class) {
  switch (failure_class) {
    //                                       another  same   breaker
    case FailureClass::client_error: return {false, false, Outcome::success};
    case FailureClass::transient: return {true, true, Outcome::failure};
    case FailureClass::invalid_response: return {true, true, Outcome::failure};
    case FailureClass::conflict: return {true, true, Outcome::exclusion};
    case FailureClass::rate_limited: return {true, true, Outcome::exclusion};
    case FailureClass::quota: return {true, false, Outcome::failure};
    case FailureClass::credential: return {true, false, Outcome::failure};
    case FailureClass::forbidden: return {true, false, Outcome::exclusion};
    case FailureClass::no_such_model: return {true, false, Outcome::exclusion};
    case FailureClass::out_of_time: return {false, false, Outcome::failure};
    case FailureClass::canceled: return {false, false, std::nullopt};
  }
  return {};
}

/// One failed attempt: its error and what that means.
struct Failure {
  Error error{};
  FailureClass failure_class{FailureClass::transient};
  FailurePolicy policy{};
  /// The endpoint may have run the request: it broke or answered with something invalid after having received
  /// it whole.
  bool may_have_executed{};
  /// A refusal that may be the endpoint's fault and not the caller's: see ClientOptions::second_opinion.
  bool is_doubtful{};
  /// The endpoint refuses the model, or this caller's use of it. It may serve others.
  bool is_about_model{};
  /// A kept connection had died before the request went out on it: the endpoint is asked again for free.
  bool connection_was_idle{};
  /// How long to wait before the same endpoint is asked again; null: the usual backoff.
  std::optional<std::chrono::nanoseconds> delay{};
};

}  // namespace openailb::detail
