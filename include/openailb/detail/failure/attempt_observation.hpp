#pragma once

#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/failure/wait_in_text.hpp>
#include <openailb/error.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_headers.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// Who ended an attempt.
enum class EndedBy {
  itself,         ///< an answer came, or the connection failed
  its_time,       ///< it was not done when its time was over
  call_deadline,  ///< it was not done when the whole call's time was over
};

/// All that was seen of a failed attempt. classify() decides by this alone.
struct AttemptObservation {
  Error error{};
  std::string_view path{};     ///< the call's path
  Sent sent{Sent::all};        ///< how much of the request had gone out
  bool connection_was_idle{};  ///< a kept connection turned out to be dead
  bool would_fail_again{};     ///< asking the same endpoint again would fail too
  bool is_client_error{};      ///< no endpoint could be sent it
  bool is_local{};             ///< nothing was sent, as this machine is short of something
  bool names_an_object{};      ///< the path has an id, whatever that looks like
  bool probing_for_object{};   ///< the call asks one endpoint after the other for an object
  bool delivered{};            ///< the endpoint did its part; only the caller cannot use the answer
  EndedBy ended_by{EndedBy::itself};
  bool was_answering{};                        ///< a stream was coming when it was ended
  std::chrono::nanoseconds given{};            ///< how long it was given
  std::chrono::nanoseconds usual{};            ///< how long the client usually gives one; zero for no limit
  std::chrono::nanoseconds blame_threshold{};  ///< how long its endpoint can be expected to need
};

/// What was seen of a transfer that ended without a whole answer.
inline AttemptObservation observation_of_transfer(const TransferFailure& reason) {
  return {.error = {.kind = reason.kind, .message = reason.message},
          .sent = reason.sent,
          .connection_was_idle = reason.connection_was_idle,
          .would_fail_again = reason.would_fail_again,
          .is_client_error = reason.is_client_error,
          .is_local = reason.is_local};
}

/// What was seen of an error that came in an answer with these headers. `date` is the time of day, for a
/// Retry-After that is a date.
inline AttemptObservation observation_in_answer(Error error, const ResponseHeaders& headers,
                                                std::chrono::system_clock::time_point date) {
  error.request_id = header(headers, "x-request-id");
  error.headers = headers;
  if (auto wait = retry_after(headers, date)) error.retry_after = wait;
  if (!error.retry_after && error.status == 429) error.retry_after = rate_limit_reset(headers);
  const bool may_say_when = error.status == 429 || error.status == 503 || error.status == 413;
  if (!error.retry_after && may_say_when) error.retry_after = wait_in_text(error.message);
  return {.error = std::move(error)};
}

/// What was seen of an answer whose status is not 2xx.
inline AttemptObservation observation_of_answer(HttpResponse response,
                                                std::chrono::system_clock::time_point date) {
  Error error = error_of_answer(response.status, std::move(response.body));
  if (response.status / 100 == 3) {
    const std::string target(header(response.headers, "location"));
    error.message = "answered with a redirect" + (target.empty() ? "" : " to " + target) +
                    ", which is not followed: check base_url";
  }
  return observation_in_answer(std::move(error), response.headers, date);
}

/// What was seen of an attempt that the caller canceled.
inline AttemptObservation observation_of_cancellation() {
  return {.error = {.kind = ErrorKind::canceled, .message = "canceled by the caller"}};
}

}  // namespace openailb::detail
