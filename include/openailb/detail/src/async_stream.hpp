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

/// Whether there is nothing to wait for: the end has come.
template <class Chunk>
bool AsyncStream<Chunk>::ask() {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  if (is_over_) return true;
  has_asked_ = true;
  if (!asked_) asked_ = detail::run_on<const Chunk*>((*stream_)->thread(), (*stream_)->next());
  return false;
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
  if (is_over_) return std::nullopt;
  Result<const Chunk*> chunk = std::exchange(asked_, nullptr)->take();
  if (chunk && *chunk != nullptr) return **chunk;
  is_over_ = true;
  if (!chunk && !(*stream_)->error()) (*stream_)->set_error(std::move(chunk).error());
  return std::nullopt;
}

template <class Chunk>
auto AsyncStream<Chunk>::on_chunk(std::function<void(const Chunk&)> function) && -> Future<Completion> {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  if (asked_) throw std::logic_error("openailb: a chunk of this AsyncStream is waited for");
  const std::shared_ptr<detail::LoopThread> thread = (*stream_)->thread();
  detail::StreamReading<Chunk> reading = std::move(*stream_);
  stream_.reset();
  return Future<Completion>(
      detail::run_on<Completion>(thread, detail::read_all<Chunk>(std::move(reading), std::move(function))));
}

template <class Chunk>
const detail::CommittedStream<Chunk>* AsyncStream<Chunk>::committed() const noexcept {
  return knows() ? (*stream_)->committed() : nullptr;
}

template <class Chunk>
const std::optional<Error>& AsyncStream<Chunk>::error() const noexcept {
  static const std::optional<Error> none{};
  return knows() ? (*stream_)->error() : none;
}

template <class Chunk>
auto AsyncStream<Chunk>::completion() const noexcept -> const Completion& {
  static const Completion nothing{};
  return committed() ? committed()->completion() : nothing;
}

template <class Chunk>
const std::string& AsyncStream<Chunk>::raw() const noexcept {
  static const std::string nothing{};
  return committed() ? committed()->text() : nothing;
}

template <class Chunk>
const ResponseInfo& AsyncStream<Chunk>::info() const noexcept {
  static const ResponseInfo nothing{};
  return committed() ? committed()->info() : nothing;
}

}  // namespace openailb
