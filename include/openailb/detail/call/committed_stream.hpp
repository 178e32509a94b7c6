#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/retry_loop.hpp>
#include <openailb/detail/call/chunk_event.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/committed_answer.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/sse.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/response_info.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace openailb::detail {

/// A stream from its commit point on.
class CommittedStream final : public CommittedAnswer {
 public:
  CommittedStream(const StreamKind& kind, std::shared_ptr<Balancer> balancer, EventLoop& loop,
                  CallOutcome outcome, StreamReader reader)
      : CommittedAnswer(std::move(balancer), loop, std::move(outcome.attempt),
                        std::move(outcome.answer->info())),
        kind_(&kind),
        reader_(std::move(reader)) {}

  /// The reader that has the next chunk, which stays until the one after it is read; null at the end. Then
  /// error() says whether the stream ended cleanly.
  template <class = OnlyIfUsed>
  Task<const ChunkReader*> next();
  /// The same, but null also when the next chunk has not arrived yet, is large, or much stands before it.
  /// Costs no coroutine.
  const ChunkReader* next_arrived() {
    try {
      return find_next();
    } catch (...) {
      break_off();
      throw;
    }
  }

  const std::string& text() const noexcept { return chunks_->text(); }
  /// The reader of the latest chunk. Whoever has it keeps the chunk also when the stream is gone, and it
  /// stays until the next.
  std::shared_ptr<const ChunkReader> latest() const noexcept { return chunks_; }
  const Accumulation& accumulation() const noexcept { return *accumulation_; }
  /// Takes what all chunks add up to.
  AnswerPtr take_completion() { return accumulation_->take(); }

 private:
  const ChunkReader* find_next();
  template <class = OnlyIfUsed>
  Task<LargeChunkEvent> read_large();
  const ChunkReader* take(ChunkEvent said);
  const ChunkReader* accept(std::optional<Error> failure);
  void finish_at_end_of_transfer();
  void end_too_soon();
  std::string so_far() const override {
    return "the stream ended early, after " + std::to_string(count_) + " chunks";
  }

  const StreamKind* kind_;
  StreamReader reader_;
  std::unique_ptr<Accumulation> accumulation_ = kind_->make_accumulation();
  std::shared_ptr<ChunkReader> chunks_ = kind_->make_reader();
  std::optional<ServerSentEvent> large_{};  // comes next, and is to be read beside the loop
  ScannedJson document_{};                  // kept for its memory
  std::size_t count_{};                     // of chunks
};

inline const ChunkReader* CommittedStream::find_next() {
  const ChunkReader* chunk = nullptr;
  while (attempt_ && !chunk && !large_) {
    if (is_interrupted()) {
      interrupt();
    } else if (std::optional<ServerSentEvent> event = reader_.next(*attempt_->transfer)) {
      if (event->data.size() > read_at_once) {
        large_ = std::move(event);
      } else {
        const StreamOf stream{.affinity = balancer_->object_affinity(),
                              .call = *attempt_->call,
                              .endpoint = attempt_->endpoint->id(),
                              .wants_usage = attempt_->wants_usage(),
                              .kind = *kind_};
        chunk = take(read_chunk_event(*event, document_, *chunks_, stream));
      }
    } else if (reader_.overflowed()) {
      fail(attempt_->failure({.error = too_large()}));
    } else if (reader_.has_more()) {
      break;  // others have their turn
    } else if (attempt_->transfer->done()) {
      finish_at_end_of_transfer();
    } else {
      break;
    }
  }
  return chunk;
}

template <class>
Task<const ChunkReader*> CommittedStream::next() {
  try {
    for (;;) {
      const ChunkReader* chunk = find_next();
      if (chunk || !attempt_) co_return chunk;
      Transfer& transfer = *attempt_->transfer;
      const TimePoint until =
          large_ ? attempt_->deadline : read_deadline();  // what has come is not waited for
      Timer limit(*loop_, until, attempt_->call->stop_token);
      if (large_) {
        Task<LargeChunkEvent> reading = read_large();
        WhenAny read(reading, limit);
        co_await read;
        if (reading.done()) {
          LargeChunkEvent large = reading.result();
          if (std::holds_alternative<ChunkRead>(large.said)) chunks_ = std::move(large.chunks);
          co_return take(std::move(large.said));
        }
        interrupt();
      } else if (reader_.has_more()) {
        Timer now(*loop_, loop_->now());
        WhenAny next_turn(now);
        co_await next_turn;
      } else {
        WhenAny news(transfer, limit);
        co_await news;
        if (!transfer.ready()) interrupt();
      }
    }
  } catch (...) {
    break_off();
    throw;
  }
}

template <class>
Task<LargeChunkEvent> CommittedStream::read_large() {
  ServerSentEvent event = *std::move(large_);
  large_.reset();
  return read_large_chunk_event(*loop_, std::move(event), attempt_->reading(),
                                {balancer_, &balancer_->object_affinity()}, *kind_, kind_->make_reader());
}

inline const ChunkReader* CommittedStream::take(ChunkEvent said) {
  if (auto* error = std::get_if<Error>(&said)) {
    fail(attempt_->failure(observation_in_answer(std::move(*error), info_.headers, loop_->date())));
    return nullptr;
  }
  if (std::holds_alternative<StreamEnd>(said)) {
    attempt_->transfer->set_satisfied();
    kind_->ends_with_done || accumulation_->finished() ? finish() : end_too_soon();
    return nullptr;
  }
  auto& read = std::get<ChunkRead>(said);
  if (read.usage) attempt_->used(*read.usage);
  return accept(std::move(read.failure));
}

/// Adds a chunk. One that says that the stream has failed is handed over as well: the error comes after it.
inline const ChunkReader* CommittedStream::accept(std::optional<Error> failure) {
  if (Result<void> added = accumulation_->add(*chunks_); !added) {
    added.error().body = chunks_->text();
    fail(attempt_->failure({.error = std::move(added).error()}));
    return nullptr;
  }
  ++count_;
  if (failure) {
    fail(attempt_->failure(observation_in_answer(*std::move(failure), info_.headers, loop_->date())));
  } else if (accumulation_->is_last(*chunks_, *attempt_->call)) {
    attempt_->transfer->set_satisfied();
    finish();
  }
  return chunks_.get();
}

inline void CommittedStream::finish_at_end_of_transfer() {
  const std::optional<TransferFailure>& failure = attempt_->transfer->failure();
  if (!failure && accumulation_->finished()) return finish();
  if (failure) return fail(attempt_->failure(*failure));
  end_too_soon();
}

inline void CommittedStream::end_too_soon() {
  const std::string message = "it ended without " + std::string(kind_->end);
  fail(attempt_->failure({.error = {.kind = ErrorKind::connection, .message = message}}));
}

}  // namespace openailb::detail
