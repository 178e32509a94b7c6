#pragma once

#include <openailb/detail/call/chunk_reader.hpp>
#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/error.hpp>
#include <openailb/response_info.hpp>
#include <openailb/stream.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

/// A committed stream, with the loop on which it comes until it is over.
class OpenStream {
 public:
  OpenStream(LoopLease loop, std::unique_ptr<StopPolling> polling,
             std::unique_ptr<CommittedStream> stream) noexcept
      : loop_(std::move(loop)), polling_(std::move(polling)), stream_(std::move(stream)) {}

  const CommittedStream& stream() const noexcept { return *stream_; }

  /// The reader that has the next chunk, which stays until the one after it is read; null at the end.
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
  /// Ends it because of an exception.
  void break_off() noexcept {
    stream_->break_off();
    loop_.reset();
  }

 private:
  std::optional<LoopLease> loop_;  // declared before the stream, whose transfer lives in it
  std::unique_ptr<StopPolling> polling_;
  std::unique_ptr<CommittedStream> stream_;
};

}  // namespace detail

template <class Chunk>
Stream<Chunk>::Stream(Error error) : error_(std::move(error)) {}
template <class Chunk>
Stream<Chunk>::Stream(std::unique_ptr<detail::OpenStream> open) noexcept : open_(std::move(open)) {}
template <class Chunk>
Stream<Chunk>::Stream(Stream&&) noexcept = default;
template <class Chunk>
Stream<Chunk>::~Stream() = default;

template <class Chunk>
const Chunk* Stream<Chunk>::advance() {
  const detail::ChunkReader* reader = open_ ? open_->advance() : nullptr;
  return reader != nullptr ? &detail::chunk_of<Chunk>(*reader) : nullptr;
}

template <class Chunk>
std::optional<Chunk> Stream<Chunk>::next() {
  const Chunk* chunk = advance();
  if (chunk == nullptr) return std::nullopt;
  try {
    return *chunk;
  } catch (...) {
    open_->break_off();  // this one is lost
    throw;
  }
}

template <class Chunk>
const std::optional<Error>& Stream<Chunk>::error() const& noexcept {
  return open_ ? open_->stream().error() : error_;
}

template <class Chunk>
const typename Stream<Chunk>::Completion& Stream<Chunk>::completion() const& noexcept {
  static const Completion nothing{};
  return open_ ? detail::completion_of<Chunk>(open_->stream().accumulation()) : nothing;
}

template <class Chunk>
const std::string& Stream<Chunk>::raw() const& noexcept {
  static const std::string nothing{};
  return open_ ? open_->stream().text() : nothing;
}

template <class Chunk>
const ResponseInfo& Stream<Chunk>::info() const& noexcept {
  static const ResponseInfo nothing{};
  return open_ ? open_->stream().info() : nothing;
}

template <class Chunk>
void Stream<Chunk>::close() noexcept {
  if (open_) open_->close();
}

template <class Chunk>
auto Stream<Chunk>::begin() -> Iterator {
  if (std::exchange(iterated_, true)) throw std::logic_error("openailb: a stream can be iterated only once");
  Iterator first(*this);
  ++first;
  return first;
}

}  // namespace openailb
