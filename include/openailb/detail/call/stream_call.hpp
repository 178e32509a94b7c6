#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/retry_loop.hpp>
#include <openailb/detail/call/classify_answer.hpp>
#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/call/send.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/call/stream_opening.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_info.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// Why a stream ended before its commit point.
inline Failure failure_before_commit(const ActiveAttempt& attempt, const StreamOpening& opening,
                                     EventLoop& loop) {
  const Transfer& transfer = *attempt.transfer;
  if (!opening.error() && transfer.failure()) return attempt.failure(*transfer.failure());
  Error error = opening.error().value_or(ended_too_soon());
  return attempt.failure(observation_in_answer(std::move(error), transfer.response.headers, loop.date()));
}

/// A stream at its commit point.
struct OpenedStream {
  StreamReader reader{0};
  ResponseInfo info{};
};

/// One attempt of a stream: sends the call and reads up to the commit point. If anything fails before that,
/// the call can retry on another endpoint.
template <class = OnlyIfUsed>
Task<AttemptResult> stream_attempt(const StreamKind& kind, EventLoop& loop, ActiveAttempt& attempt) {
  Task<std::unique_ptr<Failure>> sending = send(loop, attempt);
  std::unique_ptr<Failure> failure = co_await sending;
  if (failure) co_return failure;

  Transfer& transfer = *attempt.transfer;
  StreamOpening opening(kind, attempt.endpoint->options().max_response_size);
  for (;;) {
    std::optional<ServerSentEvent> event = opening.read(transfer);
    if (event) {
      Task<LargeOpeningEvent> beside =
          read_large_opening_event(kind, loop, *std::move(event), attempt.reading());
      LargeOpeningEvent large = co_await beside;
      opening.take(std::move(large.event), std::move(large.said), transfer);
      continue;
    }
    if (opening.has_more()) {
      Timer now(loop, loop.now());
      WhenAny next_turn(now);
      co_await next_turn;
      continue;
    }
    if (opening.committed() || opening.error() || transfer.done()) break;
    transfer.wake_on_data(!opening.is_document());
    WhenAny news(transfer);
    co_await news;
  }
  if (opening.is_document() && !opening.error() && !transfer.failure()) {
    const auto describe = [](HttpResponse& response, std::chrono::system_clock::time_point date) {
      return observation_in_answer(not_a_stream(response), response.headers, date);
    };
    Task<std::unique_ptr<Failure>> judging =
        classify_answer(loop, attempt, std::move(transfer.response), describe);
    std::unique_ptr<Failure> classified = co_await judging;
    co_return classified;
  }
  if (!opening.committed()) co_return failure_before_commit(attempt, opening, loop);
  HttpResponse head{.status = transfer.response.status, .headers = transfer.response.headers};
  OpenedStream opened{.reader = std::move(opening).stream(), .info = attempt.info(std::move(head))};
  co_return std::make_unique<AnswerOf<OpenedStream>>(std::move(opened));
}

/// A whole call with a streamed answer, up to its commit point.
template <class = OnlyIfUsed>
Task<Result<std::unique_ptr<CommittedStream>>> stream_call(const StreamKind& kind, EventLoop& loop,
                                                           std::shared_ptr<Balancer> balancer,
                                                           std::shared_ptr<const Call> call) {
  const auto make_attempt = [&kind](EventLoop& on, ActiveAttempt& attempt) {
    return stream_attempt(kind, on, attempt);
  };
  Task<Result<CallOutcome>> looping = retry_loop(loop, *balancer, std::move(call), make_attempt);
  Result<CallOutcome> outcome = co_await looping;
  if (!outcome) co_return std::move(outcome).error();
  StreamReader reader = std::move(value_of<OpenedStream>(*outcome->answer).reader);
  co_return std::make_unique<CommittedStream>(kind, std::move(balancer), loop, *std::move(outcome),
                                              std::move(reader));
}

}  // namespace openailb::detail
