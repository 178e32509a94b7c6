#pragma once

#include <openailb/async_stream.hpp>
#include <openailb/detail/call/background_stream.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/pending.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/error.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

/// Lets a task run on a thread. If the thread ends before it, its result is an error.
template <class T>
std::shared_ptr<Pending<Result<T>>> run_on(const std::shared_ptr<LoopThread>& thread, Task<Result<T>> task,
                                           std::unique_ptr<StopPolling> polling = nullptr) {
  auto pending = std::make_shared<Pending<Result<T>>>(thread, std::move(task), [] {
    return Result<T>(
        Error{.kind = ErrorKind::canceled, .message = "canceled: the client of this call is gone"});
  });
  pending->polling = std::move(polling);
  thread->take_in(pending);
  return pending;
}

}  // namespace detail

template <class Chunk>
AsyncStream<Chunk>::AsyncStream(std::shared_ptr<detail::BackgroundStream<Chunk>> stream)
    : stream_(std::make_unique<detail::StreamReading<Chunk>>(std::move(stream))) {}
template <class Chunk>
AsyncStream<Chunk>::AsyncStream(AsyncStream&&) noexcept = default;

template <class Chunk>
AsyncStream<Chunk>::~AsyncStream() {
  if (asked_) asked_->thread().drop(asked_);  // before its stream
}

template <class Chunk>
void AsyncStream<Chunk>::ask() {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  if (!asked_) asked_ = detail::run_on<const Chunk*>((*stream_)->thread(), (*stream_)->next());
}

template <class Chunk>
bool AsyncStream<Chunk>::on_answer(std::function<void()> continuation) {
  return asked_->on_done(std::move(continuation));
}

template <class Chunk>
void AsyncStream<Chunk>::forget() noexcept {
  if (asked_) asked_->forget_continuation();
}

template <class Chunk>
std::optional<Chunk> AsyncStream<Chunk>::take() {
  Result<const Chunk*> chunk = std::exchange(asked_, nullptr)->take();
  if (!chunk) (*stream_)->set_error(std::move(chunk).error());
  return chunk && *chunk != nullptr ? std::optional(**chunk) : std::nullopt;
}

template <class Chunk>
auto AsyncStream<Chunk>::on_chunk(std::function<void(const Chunk&)> function) && -> Future<Completion> {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  const std::shared_ptr<detail::LoopThread> thread = (*stream_)->thread();
  return Future<Completion>(
      detail::run_on<Completion>(thread, detail::read_all<Chunk>(std::move(*stream_), std::move(function))));
}

template <class Chunk>
const std::optional<Error>& AsyncStream<Chunk>::error() const noexcept {
  return (*stream_)->error();
}

template <class Chunk>
auto AsyncStream<Chunk>::completion() const noexcept -> const Completion& {
  static const Completion nothing{};
  const detail::CommittedStream<Chunk>* committed = (*stream_)->committed();
  return committed ? committed->completion() : nothing;
}

template <class Chunk>
const std::string& AsyncStream<Chunk>::raw() const noexcept {
  static const std::string nothing{};
  const detail::CommittedStream<Chunk>* committed = (*stream_)->committed();
  return committed ? committed->text() : nothing;
}

template <class Chunk>
const ResponseInfo& AsyncStream<Chunk>::info() const noexcept {
  static const ResponseInfo nothing{};
  const detail::CommittedStream<Chunk>* committed = (*stream_)->committed();
  return committed ? committed->info() : nothing;
}

}  // namespace openailb
