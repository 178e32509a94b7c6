#pragma once

#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/error.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace openailb {

struct Blocking;

/// A streamed answer, from its first token on.
///
///     for (const auto& chunk : stream) ...              // throws Exception when the stream breaks
///     while (auto chunk = stream.next()) ...            // and then look at stream.error()
///
/// Destroying it ends the transfer. It can be read only once, and by one thread at a time. It may outlive its
/// client.
template <class Chunk>
class [[nodiscard]] Stream {
 public:
  class Iterator;
  using Completion =
      std::remove_cvref_t<decltype(std::declval<const detail::CommittedStream<Chunk>&>().completion())>;

  /// A stream that failed before its first token.
  explicit Stream(Error error) : error_(std::move(error)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) = delete;

  /// The next chunk; null at the end. Then error() says whether the stream ended cleanly.
  std::optional<Chunk> next() {
    const Chunk* chunk = advance();
    return chunk == nullptr ? std::nullopt : std::optional(*chunk);
  }

  /// Why the stream failed or broke; null while all is well.
  const std::optional<Error>& error() const noexcept { return state_ ? state_->error() : error_; }

  /// The answer as far as it has come, in the form that create() returns.
  const Completion& completion() const noexcept {
    static const Completion nothing{};
    return state_ ? state_->completion() : nothing;
  }

  /// The JSON text of the last chunk, with the members that this library has no name for.
  const std::string& raw() const noexcept {
    static const std::string nothing{};
    return state_ ? state_->text() : nothing;
  }

  /// Which endpoint serves the stream; empty when the stream failed before its first token.
  const ResponseInfo& info() const noexcept {
    static const ResponseInfo nothing{};
    return state_ ? state_->info() : nothing;
  }

  /// Ends the transfer now. From then on next() returns null; completion() keeps what has come.
  void close() noexcept {
    if (state_ && loop_) state_->close();
    loop_.reset();
  }

  /// Throws std::logic_error when called twice: a stream can be read only once, and no second request is
  /// sent.
  Iterator begin() {
    if (std::exchange(iterated_, true))
      throw std::logic_error("openailb: a stream can be iterated only once");
    Iterator first(*this);
    ++first;
    return first;
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend struct Blocking;

  /// The next chunk, which stays until the one after it is read.
  const Chunk* advance() {
    if (!state_ || !loop_) return nullptr;
    if (polling_) polling_->poll((*loop_)->now());
    const Chunk* chunk = state_->next_arrived();
    if (chunk == nullptr && !state_->over()) chunk = detail::run(**loop_, state_->next(), polling_.get());
    if (state_->over()) loop_.reset();
    return chunk;
  }

  Stream(detail::LoopLease loop, std::unique_ptr<detail::StopPolling> polling,
         std::unique_ptr<detail::CommittedStream<Chunk>> state)
      : loop_(std::move(loop)), polling_(std::move(polling)), state_(std::move(state)) {}

  std::optional<detail::LoopLease> loop_{};  // declared before the state, whose transfer lives in it
  std::unique_ptr<detail::StopPolling> polling_{};
  std::unique_ptr<detail::CommittedStream<Chunk>> state_{};
  std::optional<Error> error_{};
  bool iterated_{};
};

/// Reads a stream chunk by chunk; each stays until the next one is read. Throws Exception when the stream
/// fails.
template <class Chunk>
class Stream<Chunk>::Iterator {
 public:
  using value_type = Chunk;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit Iterator(Stream& stream) : stream_(&stream) {}
  Iterator(Iterator&&) noexcept = default;
  Iterator& operator=(Iterator&&) noexcept = default;

  const Chunk& operator*() const { return *chunk_; }
  const Chunk* operator->() const { return chunk_; }
  Iterator& operator++() {
    chunk_ = stream_->advance();
    if (!chunk_ && stream_->error()) throw Exception(*stream_->error());
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) { return !iterator.chunk_; }

 private:
  Stream* stream_;
  const Chunk* chunk_{};
};

}  // namespace openailb
