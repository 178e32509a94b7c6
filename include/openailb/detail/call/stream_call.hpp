#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/answered.hpp>
#include <openailb/detail/balance/balance.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/call/judge_answer.hpp>
#include <openailb/detail/call/send.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/call/stream_opening.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// Why a stream ended before its commit point.
inline Failure failure_before_commit(const Trial& trial, const StreamOpening& opening, EventLoop& loop) {
  const Transfer& transfer = *trial.transfer;
  if (!opening.error() && transfer.failure()) return trial.failure(*transfer.failure());
  Error error = opening.error().value_or(ended_too_soon());
  return trial.failure(evidence_in_answer(std::move(error), transfer.response.headers, loop.date()));
}

/// A stream at its commit point.
struct OpenedStream {
  StreamReader reader{0};
  ResponseInfo info{};
};

/// One attempt of a stream: sends the call and reads up to the commit point. If anything fails before that,
/// the call can retry on another endpoint.
template <class = OnlyIfUsed>
Task<Attempted> try_for_stream(const StreamKind& kind, EventLoop& loop, Trial& trial) {
  Task<std::unique_ptr<Failure>> sending = send(loop, trial);
  std::unique_ptr<Failure> failure = co_await sending;
  if (failure) co_return failure;

  Transfer& transfer = *trial.transfer;
  StreamOpening opening(kind, trial.endpoint->options().max_response_size);
  for (;;) {
    std::optional<ServerSentEvent> event = opening.read(transfer);
    if (event) {
      Task<LargeOpeningEvent> beside =
          read_large_opening_event(kind, loop, *std::move(event), trial.reading());
      LargeOpeningEvent large = co_await beside;
      opening.take(std::move(large.event), std::move(large.said), transfer);
      continue;
    }
    if (opening.has_more()) {
      Timer now(loop, loop.now());
      FirstOf next_turn(now);
      co_await next_turn;
      continue;
    }
    if (opening.committed() || opening.error() || transfer.done()) break;
    transfer.wake_on_data(!opening.is_document());
    FirstOf news(transfer);
    co_await news;
  }
  if (opening.is_document() && !opening.error() && !transfer.failure()) {
    const auto describe = [](HttpResponse& response, std::chrono::system_clock::time_point date) {
      return evidence_in_answer(not_a_stream(response), response.headers, date);
    };
    Task<std::unique_ptr<Failure>> judging =
        judge_answer(loop, trial, std::move(transfer.response), describe);
    std::unique_ptr<Failure> judged = co_await judging;
    co_return judged;
  }
  if (!opening.committed()) co_return failure_before_commit(trial, opening, loop);
  HttpResponse head{.status = transfer.response.status, .headers = transfer.response.headers};
  OpenedStream opened{.reader = std::move(opening).stream(), .info = trial.info(std::move(head))};
  co_return std::make_unique<AnswerOf<OpenedStream>>(std::move(opened));
}

/// A whole call with a streamed answer, up to its commit point.
template <class = OnlyIfUsed>
Task<Result<std::unique_ptr<CommittedStream>>> stream_call(const StreamKind& kind, EventLoop& loop,
                                                           std::shared_ptr<Balancer> balancer,
                                                           std::shared_ptr<const Call> call) {
  const TimePoint deadline = limit_from(loop.now(), call->deadline);
  const auto attempt = [&kind](EventLoop& on, Trial& trial) { return try_for_stream(kind, on, trial); };
  Task<Result<Balanced>> balancing = balance(loop, *balancer, std::move(call), attempt);
  Result<Balanced> balanced = co_await balancing;
  if (!balanced) co_return std::move(balanced).error();
  StreamReader reader = std::move(value_of<OpenedStream>(*balanced->answer).reader);
  co_return std::make_unique<CommittedStream>(kind, std::move(balancer), loop, deadline, *std::move(balanced),
                                              std::move(reader));
}

}  // namespace openailb::detail
