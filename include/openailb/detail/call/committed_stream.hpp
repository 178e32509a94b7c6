#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/balance.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/call/chunk_event.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/committed_answer.hpp>
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/sse.hpp>
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

/// A stream from its commit point on.
template <class Chunk>
class CommittedStream final : public CommittedAnswer {
 public:
  CommittedStream(std::shared_ptr<Balancer> balancer, EventLoop& loop, TimePoint deadline,
                  Balanced<StreamReader> balanced)
      : CommittedAnswer(std::move(balancer), loop, deadline, std::move(balanced.trial),
                        std::move(balanced.answered->info)),
        reader_(std::move(balanced.answered->value)) {}

  /// The next chunk, which stays until the one after it is read; null at the end. Then error() says whether
  /// the stream ended cleanly.
  Task<const Chunk*> next();
  /// The same, but null also when the next chunk has not arrived yet, is large, or much stands before it.
  /// Costs no coroutine.
  const Chunk* next_arrived() {
    try {
      return find_next();
    } catch (...) {
      break_off();
      throw;
    }
  }

  const std::string& text() const noexcept { return chunks_->text(); }
  /// The latest chunk. Whoever has it keeps it also when the stream is gone, and it stays until the next.
  std::shared_ptr<const Chunk> latest() const noexcept { return {chunks_, &chunks_->chunk()}; }
  const auto& completion() const& noexcept { return accumulator_.completion(); }
  auto completion() && { return std::move(accumulator_).completion(); }

 private:
  const Chunk* find_next();
  Task<LargeChunkEvent<Chunk>> read_large();
  const Chunk* take(ChunkEvent said);
  const Chunk* accept();
  void finish_at_end_of_transfer();
  void end_too_soon();
  std::string so_far() const override {
    return "the stream ended early, after " + std::to_string(count_) + " chunks";
  }

  StreamReader reader_;
  typename StreamTraits<Chunk>::Accumulator accumulator_{};
  std::shared_ptr<ChunkReader<Chunk>> chunks_ = std::make_shared<ChunkReader<Chunk>>();
  std::optional<ServerSentEvent> large_{};  // comes next, and is to be read beside the loop
  ScannedJson document_{};                  // kept for its memory
  std::size_t count_{};                     // of chunks
};

template <class Chunk>
const Chunk* CommittedStream<Chunk>::find_next() {
  const Chunk* chunk = nullptr;
  while (trial_ && !chunk && !large_) {
    if (is_interrupted()) {
      interrupt();
    } else if (std::optional<ServerSentEvent> event = reader_.next(*trial_->transfer)) {
      if (event->data.size() > read_at_once) {
        large_ = std::move(event);
      } else {
        const StreamOf stream{.homes = balancer_->homes(),
                              .call = *trial_->call,
                              .endpoint = trial_->endpoint->id(),
                              .wants_usage = trial_->wants_usage()};
        chunk = take(read_chunk_event(*event, document_, *chunks_, stream));
      }
    } else if (reader_.overflowed()) {
      fail(trial_->failure({.error = too_large()}));
    } else if (reader_.has_more()) {
      break;  // others have their turn
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
  try {
    for (;;) {
      const Chunk* chunk = find_next();
      if (chunk || !trial_) co_return chunk;
      Transfer& transfer = *trial_->transfer;
      const TimePoint until = large_ ? deadline_ : patience();  // what has come is not waited for
      Timer limit(*loop_, until, trial_->call->stop_token);
      if (large_) {
        Task<LargeChunkEvent<Chunk>> reading = read_large();
        FirstOf read(reading, limit);
        co_await read;
        if (reading.done()) {
          LargeChunkEvent<Chunk> large = reading.result();
          if (std::holds_alternative<ChunkRead>(large.said)) chunks_ = std::move(large.chunks);
          co_return take(std::move(large.said));
        }
        interrupt();
      } else if (reader_.has_more()) {
        Timer now(*loop_, loop_->now());
        FirstOf next_turn(now);
        co_await next_turn;
      } else {
        FirstOf news(transfer, limit);
        co_await news;
        if (!transfer.ready()) interrupt();
      }
    }
  } catch (...) {
    break_off();
    throw;
  }
}

template <class Chunk>
Task<LargeChunkEvent<Chunk>> CommittedStream<Chunk>::read_large() {
  ServerSentEvent event = *std::move(large_);
  large_.reset();
  return read_large_chunk_event<Chunk>(*loop_, std::move(event), trial_->reading(),
                                       {balancer_, &balancer_->homes()});
}

template <class Chunk>
const Chunk* CommittedStream<Chunk>::take(ChunkEvent said) {
  if (auto* error = std::get_if<Error>(&said)) {
    fail(trial_->failure(evidence_in_answer(std::move(*error), info_.headers, loop_->date())));
    return nullptr;
  }
  if (std::holds_alternative<StreamEnd>(said)) {
    trial_->transfer->set_satisfied();
    StreamTraits<Chunk>::ends_with_done || accumulator_.finished() ? finish() : end_too_soon();
    return nullptr;
  }
  const std::optional<Usage>& usage = std::get<ChunkRead>(said).usage;
  if (usage) trial_->used(*usage);
  return accept();
}

template <class Chunk>
const Chunk* CommittedStream<Chunk>::accept() {
  if (Result<void> added = accumulator_.add(chunks_->chunk()); !added) {
    added.error().body = chunks_->text();
    fail(trial_->failure({.error = std::move(added).error()}));
    return nullptr;
  }
  ++count_;
  if (StreamTraits<Chunk>::is_last(chunks_->chunk(), accumulator_, *trial_->call)) {
    trial_->transfer->set_satisfied();
    finish();
  }
  return &chunks_->chunk();
}

template <class Chunk>
void CommittedStream<Chunk>::finish_at_end_of_transfer() {
  const std::optional<TransferFailure>& failure = trial_->transfer->failure();
  if (!failure && accumulator_.finished()) return finish();
  if (failure) return fail(trial_->failure(*failure));
  end_too_soon();
}

template <class Chunk>
void CommittedStream<Chunk>::end_too_soon() {
  const std::string message = "it ended without " + std::string(StreamTraits<Chunk>::end);
  fail(trial_->failure({.error = {.kind = ErrorKind::connection, .message = message}}));
}

}  // namespace openailb::detail
