#pragma once

#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/error.hpp>
#include <openailb/stream.hpp>
#include <openailb/values/response_info.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace openailb::detail {

/// A committed stream, with the loop on which it comes until it is over.
class OpenStream {
 public:
  OpenStream(LoopLease loop, std::unique_ptr<StopPolling> polling,
             std::unique_ptr<CommittedStream> stream) noexcept
      : loop_(std::move(loop)), polling_(std::move(polling)), stream_(std::move(stream)) {}

  const CommittedStream& stream() const noexcept { return *stream_; }

  template <class = OnlyIfUsed>
  const ChunkReader* advance() {
    if (!loop_) return nullptr;
    if (polling_) polling_->poll((*loop_)->now());
    const ChunkReader* chunk = stream_->next_arrived();
    if (chunk == nullptr && !stream_->over()) chunk = run(**loop_, stream_->next(), polling_.get());
    if (stream_->over()) loop_.reset();
    return chunk;
  }
  void close() noexcept {
    if (loop_) stream_->close();
    loop_.reset();
  }
  void break_off() noexcept {
    stream_->break_off();
    loop_.reset();
  }

 private:
  std::optional<LoopLease> loop_;  // declared before the stream, whose transfer lives in it
  std::unique_ptr<StopPolling> polling_;
  std::unique_ptr<CommittedStream> stream_;
};

OPENAILB_INLINE AnyStream::AnyStream(Error error) : error_(std::move(error)) {}
OPENAILB_INLINE AnyStream::AnyStream(std::unique_ptr<OpenStream> open) noexcept : open_(std::move(open)) {}
OPENAILB_INLINE AnyStream::AnyStream(AnyStream&&) noexcept = default;
OPENAILB_INLINE AnyStream::~AnyStream() = default;

template <class>
const ChunkReader* AnyStream::advance() {
  return open_ ? open_->advance() : nullptr;
}

OPENAILB_INLINE void AnyStream::break_off() noexcept {
  if (open_) open_->break_off();
}

OPENAILB_INLINE const Accumulation* AnyStream::accumulation() const noexcept {
  return open_ ? &open_->stream().accumulation() : nullptr;
}

OPENAILB_INLINE const std::optional<Error>& AnyStream::error() const& noexcept {
  return open_ ? open_->stream().error() : error_;
}

OPENAILB_INLINE const std::string& AnyStream::raw() const& noexcept {
  static const std::string nothing{};
  return open_ ? open_->stream().text() : nothing;
}

OPENAILB_INLINE const ResponseInfo& AnyStream::info() const& noexcept {
  static const ResponseInfo nothing{};
  return open_ ? open_->stream().info() : nothing;
}

OPENAILB_INLINE void AnyStream::close() noexcept {
  if (open_) open_->close();
}

}  // namespace openailb::detail
