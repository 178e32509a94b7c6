#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/balance.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/kept_objects.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/committed_answer.hpp>
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
  /// The same, but null also when the next chunk has not arrived yet. Costs no coroutine.
  const Chunk* next_arrived() {
    try {
      return find_next();
    } catch (...) {
      break_off();
      throw;
    }
  }

  const std::string& text() const noexcept { return chunks_.text(); }
  const auto& completion() const noexcept { return accumulator_.completion(); }

 private:
  const Chunk* find_next();
  const Chunk* take(ServerSentEvent& event);
  const Chunk* accept();
  void finish_at_end_of_transfer();
  void end_too_soon();
  std::string so_far() const override {
    return "the stream ended early, after " + std::to_string(count_) + " chunks";
  }

  StreamReader reader_;
  typename StreamTraits<Chunk>::Accumulator accumulator_{};
  ChunkReader<Chunk> chunks_{};
  ScannedJson document_{};  // kept for its memory
  std::size_t count_{};     // of chunks
};

template <class Chunk>
const Chunk* CommittedStream<Chunk>::find_next() {
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
    Timer limit(*loop_, patience(), trial_->call->stop_token);
    FirstOf news(transfer, limit);
    co_await news;
    if (!transfer.ready()) interrupt();
  }
}

template <class Chunk>
const Chunk* CommittedStream<Chunk>::take(ServerSentEvent& event) {
  // An event named error is a failure even if it looks like the chunk before it.
  if (event.event != "error" && chunks_.read_repetition(event.data)) return accept();
  StreamEvent said = read_event(event, document_);
  if (auto* error = std::get_if<Error>(&said)) {
    fail(trial_->failure(evidence_in_answer(std::move(*error), info_.headers, loop_->date())));
  } else if (std::holds_alternative<StreamEnd>(said)) {
    trial_->transfer->set_satisfied();
    StreamTraits<Chunk>::ends_with_done || accumulator_.finished() ? finish() : end_too_soon();
  } else {
    const auto usage = trial_->wants_usage() ? usage_of(document_.root()) : std::nullopt;
    if (usage) trial_->used(*usage);
    learn_from_answer(balancer_->homes(), *trial_, event.data);
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
  if (StreamTraits<Chunk>::is_last(chunks_.chunk(), accumulator_, *trial_->call)) {
    trial_->transfer->set_satisfied();
    finish();
  }
  return &chunks_.chunk();
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
