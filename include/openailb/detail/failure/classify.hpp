#pragma once

#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/failure_class.hpp>
#include <openailb/detail/failure/fallback_triggers.hpp>
#include <openailb/detail/failure/known_refusals.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_headers.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
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

/// Whether a refusal may be the endpoint's fault, though its class says that it is the caller's.
inline bool may_be_the_endpoints(const AttemptObservation& seen) {
  const Error& error = seen.error;
  const std::string says = lower(error.code + ' ' + error.type + ' ' + error.message);
  if (class_of_known_refusal(error)) return false;
  const bool is_of_an_object = seen.names_an_object || seen.probing_for_object ||
                               (is_no_such_object(error) && !mentions(says, {"model"}));
  return error.status / 100 == 4 && !seen.delivered && !seen.is_client_error && !is_of_an_object &&
         !is_content_refused(error) && !is_too_long_for_model(error);
}

/// Whether an endpoint refuses a model, or this caller's use of it, and may well serve others.
inline bool is_about_model(const Error& error, FailureClass failure_class) {
  if (failure_class == FailureClass::no_such_model) return true;
  if (failure_class == FailureClass::forbidden) return error.status == 401 || error.status == 403;
  return failure_class == FailureClass::transient && error.status == 503 &&
         mentions(lower(error.message), {"model"});
}

/// Classifies a failed attempt: all are classified here, and only by what was seen. `own` is the user's
/// ClientOptions::classify.
inline Failure classify(AttemptObservation seen,
                        const std::function<std::optional<FailureClass>(const Error&)>& own) {
  Error& error = seen.error;
  Failure failure{.may_have_executed = ran_the_request(error, seen.sent), .delay = error.retry_after};
  failure.failure_class = class_of(error, seen.path);
  const bool is_missing = seen.names_an_object && failure.failure_class == FailureClass::no_such_model;
  if (is_missing) failure.failure_class = FailureClass::client_error;
  if (seen.delivered || seen.is_client_error) failure.failure_class = FailureClass::client_error;
  failure.is_doubtful = failure.failure_class == FailureClass::client_error && may_be_the_endpoints(seen);
  if (own && error.kind != ErrorKind::canceled) {
    const std::optional<FailureClass> chosen = own(error);
    if (chosen) failure.is_doubtful = false;
    failure.failure_class = chosen.value_or(failure.failure_class);
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
  failure.is_about_model = is_about_model(error, failure.failure_class);
  if (failure.is_about_model) policy.breaker = Outcome::exclusion;
  apply_should_retry(error.headers, policy);
  if (seen.would_fail_again) policy.retry_here = false;

  if (const std::string_view hint = advice(error, failure.failure_class); !hint.empty()) {
    error.message.append(error.message.empty() ? "(" : " (").append(hint).append(")");
  }
  failure.error = std::move(error);
  return failure;
}

}  // namespace openailb::detail
