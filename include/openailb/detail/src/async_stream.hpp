#pragma once

#include <openailb/async_stream.hpp>
#include <openailb/detail/call/background_stream.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/pending.hpp>
#include <openailb/detail/net/pending_call.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/error.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

/// Lets what `make_task(PendingCall&)` makes run on a thread. If the thread ends before it, its result is an
/// error.
template <class T>
std::shared_ptr<Pending<Result<T>>> run_on(
    const std::shared_ptr<LoopThread>& thread, std::stop_token stop,
    const typename Pending<Result<T>>::MakeTask& make_task, std::unique_ptr<StopPolling> polling = nullptr,
    const std::shared_ptr<Resident>& source = nullptr) {
  auto pending = std::make_shared<Pending<Result<T>>>(thread, std::move(stop), make_task);
  pending->polling = std::move(polling);
  pending->source = source;
  thread->take_in(pending);
  return pending;
}

}  // namespace detail

template <class Chunk>
AsyncStream<Chunk>::AsyncStream(std::unique_ptr<detail::StreamReading> stream) noexcept
    : stream_(std::move(stream)) {}
template <class Chunk>
AsyncStream<Chunk>::AsyncStream(AsyncStream&&) noexcept = default;

template <class Chunk>
AsyncStream<Chunk>::~AsyncStream() {
  if (asked_) detail::PendingCall::abandon(std::move(asked_));  // before its stream
}

/// Whether there is nothing to wait for: the end has come.
template <class Chunk>
bool AsyncStream<Chunk>::ask() {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  if (is_over_) return true;
  if (asked_) {
    asked_->must_not_be_awaited();
    return false;
  }
  const auto next = [this](detail::PendingCall&) { return (*stream_)->next(); };
  asked_ = detail::run_on<const detail::ChunkReader*>((*stream_)->thread(), {}, next);
  has_asked_ = true;
  return false;
}

template <class Chunk>
std::shared_ptr<detail::PendingCall> AsyncStream<Chunk>::asked() const {
  return asked_;
}

template <class Chunk>
std::optional<Chunk> AsyncStream<Chunk>::take() {
  if (is_over_) return std::nullopt;
  Result<const detail::ChunkReader*> chunk = std::exchange(asked_, nullptr)->take();
  if (chunk && *chunk != nullptr) {
    try {
      return detail::chunk_of<Chunk>(**chunk);
    } catch (...) {
      is_over_ = true;  // this one is lost
      (*stream_)->set_error({.kind = ErrorKind::stream_interrupted, .message = "it threw"});
      throw;
    }
  }
  is_over_ = true;
  if (!chunk && !(*stream_)->error()) (*stream_)->set_error(std::move(chunk).error());
  return std::nullopt;
}

template <class Chunk>
auto AsyncStream<Chunk>::read_all(std::function<bool(const Chunk&)> take) && -> Future<Completion> {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  if (asked_) throw std::logic_error("openailb: a chunk of this AsyncStream is waited for");
  const std::unique_ptr<detail::StreamReading> reading = std::move(stream_);
  const std::shared_ptr<detail::BackgroundStream> stream = reading->stream();
  const auto take_chunk = [take = std::move(take)](const detail::ChunkReader& reader) {
    return take(detail::chunk_of<Chunk>(reader));
  };
  const auto task = [&](detail::PendingCall& pending) {
    return detail::read_all(detail::Ask(pending), std::move(*reading), take_chunk);
  };
  return Future<Completion>(
      detail::run_on<detail::AnyAnswer>(stream->thread(), stream->stop_token(), task, nullptr, stream));
}

template <class Chunk>
const detail::CommittedStream* AsyncStream<Chunk>::committed() const noexcept {
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
  return committed() ? detail::completion_of<Chunk>(committed()->accumulation()) : nothing;
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
