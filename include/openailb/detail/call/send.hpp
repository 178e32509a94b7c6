#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/attempt_lease.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/call/classify_answer.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_headers.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// Where a redirect leads; null if it is not followed. Only a 307 or 308 within the origin is followed, since
/// credentials go to no other origin, and only while the call has retries left for it.
inline std::optional<Url> redirected(const HttpResponse& response, const Url& from, int redirects_left) {
  const std::string_view location = header(response.headers, "location");
  const bool repeats = response.status == 307 || response.status == 308;
  if (!repeats || location.empty() || redirects_left == 0) return std::nullopt;
  Result<Url> next = resolve(from, location);
  if (!next || next->origin() != from.origin()) return std::nullopt;
  return *std::move(next);
}

inline std::unique_ptr<Failure> not_sent(const ActiveAttempt& attempt, Error why) {
  return std::make_unique<Failure>(attempt.failure({.error = std::move(why), .sent = Sent::nothing}));
}

/// Sends a attempt's call and waits for the answer, which is then in attempt.transfer. Null: the answer is a
/// 2xx, whole or, for a stream, its first bytes. Anything else is a failure.
template <class = OnlyIfUsed>
Task<std::unique_ptr<Failure>> send(EventLoop& loop, ActiveAttempt& attempt) {
  Result<Url> target = attempt.endpoint->url(*attempt.call);
  if (!target) co_return not_sent(attempt, std::move(target).error());
  Result<std::string> key = attempt.endpoint->key();
  if (!key) co_return not_sent(attempt, std::move(key).error());
  attempt.key = *std::move(key);
  for (;;) {
    HttpRequest request = attempt.endpoint->http_request(*attempt.call, attempt.key, attempt.attempts_before);
    request.url = target->text();
    request.connect_timeout = attempt.connect_timeout;
    request.fresh_connection = attempt.fresh_connection;
    attempt.transfer = std::make_unique<Transfer>(loop, std::move(request));

    Transfer& transfer = *attempt.transfer;
    transfer.tell_when_connected(attempt.endpoint->health()->connecting);
    transfer.wake_on_data(attempt.call->streams);
    WhenAny answer(transfer);
    co_await answer;
    const int status = transfer.response.status;
    if (!transfer.done() && status / 100 != 2) {  // the whole body says what is wrong
      transfer.wake_on_data(false);
      WhenAny rest(transfer);
      co_await rest;
    }
    // An error status decides, whatever became of the body. Of a stream, its reader judges what came.
    const bool is_answer = status / 100 == 2 && (!transfer.failure() || attempt.call->streams);
    if (is_answer) co_return nullptr;
    if (transfer.failure() && (status == 0 || status / 100 == 2)) {
      co_return std::make_unique<Failure>(attempt.failure(*transfer.failure()));
    }
    std::optional<Url> next = redirected(transfer.response, *target, attempt.redirects_left);
    if (!next) {
      const auto describe = [](HttpResponse& response, std::chrono::system_clock::time_point date) {
        return observation_of_answer(std::move(response), date);
      };
      Task<std::unique_ptr<Failure>> judging =
          classify_answer(loop, attempt, std::move(transfer.response), describe);
      std::unique_ptr<Failure> failed = co_await judging;
      co_return failed;
    }
    --attempt.redirects_left;
    target = *std::move(next);
  }
}

}  // namespace openailb::detail
