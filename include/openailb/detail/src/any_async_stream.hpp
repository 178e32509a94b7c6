#pragma once

#include <openailb/async_stream.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/call/background_stream.hpp>
#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/net/call_operation.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/task_operation.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/values/response_info.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb::detail {

OPENAILB_INLINE AnyAsyncStream::AnyAsyncStream(std::unique_ptr<StreamReading> stream) noexcept
    : stream_(std::move(stream)) {}
OPENAILB_INLINE AnyAsyncStream::AnyAsyncStream(AnyAsyncStream&&) noexcept = default;

OPENAILB_INLINE AnyAsyncStream::~AnyAsyncStream() {
  if (asked_) CallOperation::abandon(std::move(asked_));  // before its stream
}

template <class>
bool AnyAsyncStream::ask() {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  if (is_over_) return true;
  if (asked_) {
    asked_->must_not_be_awaited();
    return false;
  }
  const auto next = [this](CallOperation&) { return (*stream_)->next(); };
  asked_ = run_on<const ChunkReader*>((*stream_)->thread(), {}, next);
  has_asked_ = true;
  return false;
}

OPENAILB_INLINE std::shared_ptr<CallOperation> AnyAsyncStream::asked() const { return asked_; }

OPENAILB_INLINE const ChunkReader* AnyAsyncStream::take() {
  if (is_over_) return nullptr;
  Result<const ChunkReader*> chunk = std::exchange(asked_, nullptr)->take();
  if (chunk && *chunk != nullptr) return *chunk;
  is_over_ = true;
  if (!chunk && !(*stream_)->error()) (*stream_)->set_error(std::move(chunk).error());
  return nullptr;
}

OPENAILB_INLINE void AnyAsyncStream::break_off() {
  is_over_ = true;
  (*stream_)->set_error({.kind = ErrorKind::stream_interrupted, .message = "it threw"});
}

template <class>
std::shared_ptr<PendingAnswer> AnyAsyncStream::read_all(std::function<bool(const ChunkReader&)> take) && {
  if (!stream_) throw std::logic_error("openailb: this AsyncStream has been moved from");
  if (asked_) throw std::logic_error("openailb: a chunk of this AsyncStream is waited for");
  const std::unique_ptr<StreamReading> reading = std::move(stream_);
  const std::shared_ptr<BackgroundStream> stream = reading->stream();
  const auto task = [&](CallOperation& pending) {
    return detail::read_all(InvokeUser(pending), std::move(*reading), std::move(take));
  };
  return run_on<AnswerPtr>(stream->thread(), stream->stop_token(), task, nullptr, stream);
}

OPENAILB_INLINE const CommittedStream* AnyAsyncStream::committed() const noexcept {
  return knows() ? (*stream_)->committed() : nullptr;
}

OPENAILB_INLINE const Accumulation* AnyAsyncStream::accumulation() const noexcept {
  return committed() ? &committed()->accumulation() : nullptr;
}

OPENAILB_INLINE const std::optional<Error>& AnyAsyncStream::error() const noexcept {
  static const std::optional<Error> none{};
  return knows() ? (*stream_)->error() : none;
}

OPENAILB_INLINE const std::string& AnyAsyncStream::raw() const noexcept {
  static const std::string nothing{};
  return committed() ? committed()->text() : nothing;
}

OPENAILB_INLINE const ResponseInfo& AnyAsyncStream::info() const noexcept {
  static const ResponseInfo nothing{};
  return committed() ? committed()->info() : nothing;
}

}  // namespace openailb::detail
