#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/balance.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/stream_opening.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace openailb::detail {

/// A stream from its commit point on. Nothing is replayed: if it breaks, the error is of kind
/// stream_interrupted, or timeout at the deadline, or canceled by the stop token.
template <class Chunk>
class CommittedStream {
 public:
  CommittedStream(std::shared_ptr<Balancer> balancer, EventLoop& loop, TimePoint deadline,
                  Balanced<StreamReader> balanced)
      : balancer_(std::move(balancer)),
        loop_(&loop),
        deadline_(deadline),
        trial_(std::move(balanced.trial)),
        reader_(std::move(balanced.answered->value)),
        info_(std::move(balanced.answered->info)) {
    // A probe has succeeded by now. If it were settled at the end of a long stream, its breaker would refuse
    // other calls until then.
    if (trial_->admission.is_probe()) trial_->settle(nullptr, loop.now());
  }

  /// The next chunk, which stays until the one after it is read; null at the end. Then error() says whether
  /// the stream ended cleanly.
  Task<const Chunk*> next();
  /// The same, but null also when the next chunk has not arrived yet. Costs no coroutine.
  const Chunk* next_arrived();

  /// Ends the stream now, which counts neither for nor against the endpoint.
  void close() noexcept { trial_.reset(); }

  bool over() const noexcept { return !trial_; }
  const std::optional<Error>& error() const noexcept { return error_; }
  const std::string& text() const noexcept { return chunks_.text(); }
  const ResponseInfo& info() const noexcept { return info_; }
  const auto& completion() const noexcept { return accumulator_.completion(); }

 private:
  const Chunk* take(ServerSentEvent& event);
  const Chunk* accept();
  void finish();
  void finish_at_end_of_transfer();
  void end_too_soon();
  void interrupt();
  void fail(const Failure& failure, ErrorKind kind = ErrorKind::stream_interrupted);

  bool is_interrupted() const {
    return trial_->call->stop_token.stop_requested() || loop_->now() >= deadline_;
  }

  std::shared_ptr<Balancer> balancer_;  // keeps the endpoint alive
  EventLoop* loop_;
  TimePoint deadline_;
  std::optional<Trial> trial_;  // null when the stream is over
  StreamReader reader_;
  ResponseInfo info_;
  typename StreamTraits<Chunk>::Accumulator accumulator_{};
  ChunkReader<Chunk> chunks_{};
  ScannedJson document_{};  // kept for its memory
  std::optional<Error> error_{};
  std::size_t count_{};  // of chunks
};

template <class Chunk>
const Chunk* CommittedStream<Chunk>::next_arrived() {
  const Chunk* chunk = nullptr;
  while (trial_ && !chunk) {
    if (is_interrupted()) {
      interrupt();
    } else if (std::optional<ServerSentEvent> event = reader_.next(*trial_->transfer)) {
      chunk = take(*event);
    } else if (reader_.overflowed()) {
      fail(trial_->failure({.error = too_large()}));
    } else if (trial_->transfer->done()) {
      finish_at_end_of_transfer();
    } else {
      break;
    }
  }
  return chunk;
}

template <class Chunk>
Task<const Chunk*> CommittedStream<Chunk>::next() {
  for (;;) {
    const Chunk* chunk = next_arrived();
    if (chunk || !trial_) co_return chunk;
    Transfer& transfer = *trial_->transfer;
    const TimePoint idle = limit_from(loop_->now(), trial_->call->idle_timeout);
    Timer limit(*loop_, (std::min)(idle, deadline_), trial_->call->stop_token);
    FirstOf news(transfer, limit);
    co_await news;
    if (!transfer.ready()) interrupt();
  }
}

template <class Chunk>
const Chunk* CommittedStream<Chunk>::take(ServerSentEvent& event) {
  if (trial_->call->makes_objects) balancer_->homes().remember(*trial_, event.data);
  // An event named error is a failure even if it looks like the chunk before it.
  if (event.event != "error" && chunks_.read_repetition(event.data)) return accept();
  StreamEvent said = read_event(event, document_);
  if (auto* error = std::get_if<Error>(&said)) {
    fail(trial_->failure(evidence_in_answer(std::move(*error), info_.headers, loop_->date())));
  } else if (std::holds_alternative<StreamEnd>(said)) {
    trial_->transfer->set_satisfied();
    StreamTraits<Chunk>::ends_with_done ? finish() : end_too_soon();
  } else {
    chunks_.read(document_, event.data);
    return accept();
  }
  return nullptr;
}

template <class Chunk>
const Chunk* CommittedStream<Chunk>::accept() {
  if (Result<void> added = accumulator_.add(chunks_.chunk()); !added) {
    added.error().body = chunks_.text();
    fail(trial_->failure({.error = std::move(added).error()}));
    return nullptr;
  }
  ++count_;
  if (StreamTraits<Chunk>::is_last(chunks_.chunk())) {
    trial_->transfer->set_satisfied();
    finish();
  }
  return &chunks_.chunk();
}

template <class Chunk>
void CommittedStream<Chunk>::finish() {
  Trial trial = *std::move(trial_);
  trial_.reset();
  trial.settle(nullptr, loop_->now());
}

template <class Chunk>
void CommittedStream<Chunk>::finish_at_end_of_transfer() {
  const std::optional<TransferFailure>& failure = trial_->transfer->failure();
  if (!failure && accumulator_.finished()) return finish();
  if (failure) return fail(trial_->failure(evidence_of_transfer(*failure)));
  end_too_soon();
}

template <class Chunk>
void CommittedStream<Chunk>::end_too_soon() {
  const std::string message = "it ended without " + std::string(StreamTraits<Chunk>::end);
  fail(trial_->failure({.error = {.kind = ErrorKind::connection, .message = message}}));
}

/// Ends the stream because of the caller, the call's deadline or the idle timeout.
template <class Chunk>
void CommittedStream<Chunk>::interrupt() {
  const Call& call = *trial_->call;
  if (call.stop_token.stop_requested()) {
    return fail(trial_->failure(evidence_of_cancellation()), ErrorKind::canceled);
  }
  const bool deadline_passed = loop_->now() >= deadline_;
  Evidence seen =
      trial_->ended(deadline_passed ? EndedBy::call_deadline : EndedBy::its_time, call.idle_timeout,
                    usual_idle_timeout(balancer_->options()),
                    deadline_passed ? "the deadline of " + duration_text(call.deadline) + " passed"
                                    : "nothing came for " + duration_text(call.idle_timeout));
  seen.was_answering = true;
  fail(trial_->failure(std::move(seen)),
       deadline_passed ? ErrorKind::timeout : ErrorKind::stream_interrupted);
}

template <class Chunk>
void CommittedStream<Chunk>::fail(const Failure& failure, ErrorKind kind) {
  Trial trial = *std::move(trial_);
  trial_.reset();
  error_ = failure.error;
  error_->kind = kind;
  error_->request_id = info_.request_id;
  error_->message = info_.endpoint + ": the stream ended early, after " + std::to_string(count_) +
                    " chunks: " + failure.error.message;
  error_->attempts = info_.attempts;
  error_->attempts.back().kind = kind;
  error_->attempts.back().message = failure.error.message;
  trial.settle(&failure, loop_->now());
}

}  // namespace openailb::detail
