#pragma once

#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/progress.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace openailb::detail {

/// A committed stream. Nothing is replayed from here on: what breaks it is an error of kind
/// stream_interrupted.
template <class Chunk>
class StreamState {
 public:
  StreamState(std::shared_ptr<Balancer> balancer, EventLoop& loop, Call call, TimePoint deadline,
              Balanced<StreamReader<Chunk>> balanced)
      : balancer_(std::move(balancer)),
        loop_(&loop),
        call_(std::move(call)),
        deadline_(deadline),
        endpoint_(&balanced.admission.endpoint()),
        admission_(std::move(balanced.admission)),
        reader_(std::move(balanced.answered->value)),
        info_(std::move(balanced.answered->info)) {
    // A probe has shown what it was sent for: waiting for a long stream's end would keep every other call
    // out.
    if (admission_->half_open()) admission_->succeed(call_, loop.now());
  }

  /// The next chunk; null at the end, and then error() says whether it was a clean one.
  Task<std::optional<Chunk>> next();

  /// Ends it now. Says nothing about the endpoint.
  void close() noexcept {
    over_ = true;
    reader_.transfer.reset();
    admission_.reset();
  }

  bool over() const noexcept { return over_; }
  const std::optional<Error>& error() const noexcept { return error_; }
  const std::string& text() const noexcept { return text_; }
  const ResponseInfo& info() const noexcept { return info_; }
  const auto& completion() const noexcept { return accumulator_.completion(); }

 private:
  std::optional<Chunk> take_piece();
  void finish();
  void finish_at_end_of_transfer();
  void interrupt();
  void fail(const Failure& failure, ErrorKind kind);

  std::shared_ptr<Balancer> balancer_;  // keeps the endpoint alive
  EventLoop* loop_;
  Call call_;
  TimePoint deadline_;
  Endpoint* endpoint_;
  std::optional<Admission> admission_;
  StreamReader<Chunk> reader_;
  ResponseInfo info_;
  typename StreamTraits<Chunk>::Accumulator accumulator_{};
  std::string text_{};
  std::optional<Error> error_{};
  std::size_t chunks_{};
  bool over_{};
};

template <class Chunk>
Task<std::optional<Chunk>> StreamState<Chunk>::next() {
  while (!over_) {
    if (call_.stop_token.stop_requested()) {
      interrupt();
    } else if (!reader_.pieces.empty()) {
      std::optional<Chunk> chunk = take_piece();
      if (chunk) co_return chunk;
    } else if (reader_.error) {
      fail(endpoint_->failure(*reader_.error, info_.headers, call_, *loop_), ErrorKind::stream_interrupted);
    } else if (reader_.ended) {
      finish();
    } else if (reader_.read()) {
      continue;
    } else if (reader_.transfer->done()) {
      finish_at_end_of_transfer();
    } else {
      const TimePoint idle = limit_from(loop_->now(), call_.idle_timeout);
      Timer limit(*loop_, (std::min)(idle, deadline_), call_.stop_token);
      FirstOf news(*reader_.transfer, limit);
      co_await news;
      if (!reader_.transfer->ready()) interrupt();
    }
  }
  co_return std::nullopt;
}

template <class Chunk>
std::optional<Chunk> StreamState<Chunk>::take_piece() {
  StreamPiece<Chunk> piece = std::move(reader_.pieces.front());
  reader_.pieces.pop_front();
  text_ = std::move(piece.text);
  if (Result<void> added = accumulator_.add(piece.chunk); !added) {
    added.error().body = text_;
    fail(endpoint_->failure(added.error(), call_), ErrorKind::stream_interrupted);
    return std::nullopt;
  }
  ++chunks_;
  return std::move(piece.chunk);
}

template <class Chunk>
void StreamState<Chunk>::finish() {
  over_ = true;
  reader_.transfer.reset();
  Admission admission = *std::move(admission_);
  admission_.reset();
  admission.succeed(call_, loop_->now());
}

template <class Chunk>
void StreamState<Chunk>::finish_at_end_of_transfer() {
  const std::optional<TransferFailure>& failure = reader_.transfer->failure();
  if (!failure && accumulator_.finished()) return finish();
  Error error{.kind = ErrorKind::connection, .message = "it ended without [DONE] or a finish_reason"};
  if (failure) error = {.kind = failure->kind, .message = failure->message};
  fail(endpoint_->failure(std::move(error), call_), ErrorKind::stream_interrupted);
}

/// The caller, the call's deadline or the idle timeout ends it.
template <class Chunk>
void StreamState<Chunk>::interrupt() {
  Error error{.kind = ErrorKind::timeout, .endpoint = endpoint_->name()};
  if (call_.stop_token.stop_requested()) {
    error.kind = ErrorKind::canceled;
    error.message = "canceled by the caller";
    fail({.error = error, .failure_class = FailureClass::canceled}, ErrorKind::canceled);
  } else if (loop_->now() >= deadline_) {
    // An endpoint that was answering is not to blame for a deadline that was too short for the answer.
    error.message = "the deadline of " + duration_text(call_.deadline) + " passed";
    fail({.error = error,
          .failure_class = FailureClass::out_of_time,
          .treatment = {.breaker = Outcome::exclusion}},
         ErrorKind::timeout);
  } else {
    error.message = "nothing came for " + duration_text(call_.idle_timeout);
    fail(endpoint_->failure(std::move(error), call_), ErrorKind::stream_interrupted);
  }
}

template <class Chunk>
void StreamState<Chunk>::fail(const Failure& failure, ErrorKind kind) {
  over_ = true;
  reader_.transfer.reset();
  error_ = failure.error;
  error_->kind = kind;
  error_->message = endpoint_->name() + ": the stream ended early, after " + std::to_string(chunks_) +
                    " chunks: " + failure.error.message;
  error_->attempts = info_.attempts;
  error_->attempts.back().kind = kind;
  error_->attempts.back().message = failure.error.message;
  Admission admission = *std::move(admission_);
  admission_.reset();
  admission.fail(call_, failure, loop_->now());
}

/// A whole call with a streamed answer, up to its commit point.
template <class Chunk>
Task<Result<std::unique_ptr<StreamState<Chunk>>>> request_stream(EventLoop& loop,
                                                                 std::shared_ptr<Balancer> balancer,
                                                                 Call call) {
  const TimePoint deadline = limit_from(loop.now(), call.deadline);
  const auto attempt = [](EventLoop& on, Endpoint& endpoint, const Call& what) {
    return open_stream<Chunk>(on, endpoint, what);
  };
  Task<Result<Balanced<StreamReader<Chunk>>>> balancing =
      balance<StreamReader<Chunk>>(loop, *balancer, call, attempt);
  Result<Balanced<StreamReader<Chunk>>> balanced = co_await balancing;
  if (!balanced) co_return std::move(balanced).error();
  co_return std::make_unique<StreamState<Chunk>>(std::move(balancer), loop, std::move(call), deadline,
                                                 *std::move(balanced));
}

}  // namespace openailb::detail
