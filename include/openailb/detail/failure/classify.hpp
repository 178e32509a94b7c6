#pragma once

#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/failure_class.hpp>
#include <openailb/error.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_headers.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// Whether an endpoint may have run a request that it failed. A 503, a 4xx or a redirect says that it has
/// not.
constexpr bool ran_the_request(const Error& error, Sent sent) {
  if (error.kind == ErrorKind::parse) return true;
  if (error.status == 0) return sent == Sent::all;
  return error.status != 503 && (error.status >= 500 || error.status / 100 == 2);
}

/// Applies `x-should-retry`, with which OpenAI's servers override whether the same endpoint is asked again.
inline void apply_should_retry(const ResponseHeaders& headers, FailurePolicy& policy) {
  const std::string_view should_retry = header(headers, "x-should-retry");
  if (should_retry == "true") policy.retry_here = true;
  if (should_retry == "false") policy.retry_here = false;
}

/// Whether an attempt that was ended had enough time for its endpoint to be blamed: as much as the client
/// itself usually gives, or as the endpoint can be expected to need. A caller's short timeout must not open
/// the breaker of a healthy endpoint. Nor must a deadline that was too short for a stream that was coming.
inline bool had_time(const AttemptObservation& seen) {
  if (seen.ended_by == EndedBy::itself) return true;
  if (seen.ended_by == EndedBy::call_deadline && seen.was_answering) return false;
  const bool as_long_as_usual = seen.usual.count() != 0 && seen.given >= seen.usual;
  return as_long_as_usual || seen.given >= seen.blame_threshold;
}

/// Judges a failed attempt: all are judged here, and only by what was seen. `own` is the user's
/// ClientOptions::classify.
inline Failure classify(AttemptObservation seen,
                        const std::function<std::optional<FailureClass>(const Error&)>& own) {
  Error& error = seen.error;
  Failure failure{.may_have_executed = ran_the_request(error, seen.sent), .delay = error.retry_after};
  failure.failure_class = class_of(error, seen.path);
  const bool is_missing = seen.names_an_object && failure.failure_class == FailureClass::no_such_model;
  if (is_missing) failure.failure_class = FailureClass::client_error;
  if (seen.delivered || seen.is_client_error) failure.failure_class = FailureClass::client_error;
  if (own && error.kind != ErrorKind::canceled) {
    failure.failure_class = own(error).value_or(failure.failure_class);
  }
  const bool timed_out = error.kind == ErrorKind::timeout && failure.failure_class == FailureClass::transient;
  if (timed_out && seen.ended_by == EndedBy::call_deadline) failure.failure_class = FailureClass::out_of_time;
  FailurePolicy& policy = failure.policy = detail::policy_of(failure.failure_class);

  const bool was_sent = error.kind != ErrorKind::bad_request || error.status != 0;
  if (!was_sent || seen.is_local || (timed_out && !had_time(seen))) policy.breaker.reset();
  if (seen.connection_was_idle && failure.failure_class == FailureClass::transient) {
    // Servers close idle connections. That says nothing about the endpoint, and the request can be sent again
    // at once.
    policy.breaker.reset();
    failure.may_have_executed = false;
    failure.connection_was_idle = true;
    failure.delay = std::chrono::nanoseconds{};
  }
  // No other account knows the object either, but for the one that made it.
  const bool is_elsewhere = seen.probing_for_object && failure.failure_class == FailureClass::client_error &&
                            is_no_such_object(error);
  if (is_elsewhere) policy.retry_elsewhere = true;
  apply_should_retry(error.headers, policy);
  if (seen.would_fail_again) policy.retry_here = false;

  if (const std::string_view hint = advice(error, failure.failure_class); !hint.empty()) {
    error.message.append(error.message.empty() ? "(" : " (").append(hint).append(")");
  }
  failure.error = std::move(error);
  return failure;
}

}  // namespace openailb::detail
