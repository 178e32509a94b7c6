#pragma once

#include <openailb/error.hpp>
#include <openailb/values/response_info.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

class Accumulation;
class ChunkReader;
template <class Execution>
class Core;
struct OnlyIfUsed;
class OpenStream;

/// What a Stream does whatever the type of its chunks. Of a temporary stream, its functions give copies.
class AnyStream {
 public:
  AnyStream(AnyStream&&) noexcept;
  AnyStream& operator=(AnyStream&&) = delete;
  ~AnyStream();

  /// Why the stream failed or broke; null while all is well.
  const std::optional<Error>& error() const& noexcept;
  std::optional<Error> error() && { return error(); }

  /// The JSON text of the last chunk, with the members that this library has no name for.
  const std::string& raw() const& noexcept;
  std::string raw() && { return raw(); }

  /// Which endpoint serves the stream; empty when the stream failed before its first token.
  const ResponseInfo& info() const& noexcept;
  ResponseInfo info() && { return info(); }

  /// Ends the transfer now. From then on next() returns null; completion() keeps what has come.
  void close() noexcept;

 protected:
  explicit AnyStream(Error error);

  /// The reader that has the next chunk, which stays until the one after it is read; null at the end.
  template <class = OnlyIfUsed>
  const ChunkReader* advance();
  /// Ends it because of an exception: a chunk is lost.
  void break_off() noexcept;
  /// Null if the stream failed before its first token.
  const Accumulation* accumulation() const noexcept;

 private:
  template <class Execution>
  friend class Core;

  explicit AnyStream(std::unique_ptr<OpenStream> open) noexcept;

  std::unique_ptr<OpenStream> open_{};  // null if the stream failed before its first token
  std::optional<Error> error_{};
};

}  // namespace detail

/// A streamed answer, from its first token on.
///
///     for (const auto& chunk : stream) ...              // throws Exception when the stream breaks
///     while (auto chunk = stream.next()) ...            // and then look at stream.error()
///
/// Destroying it ends the transfer. It can be read only once, and by one thread at a time. It may outlive its
/// client. Of a temporary stream, the functions that follow give copies.
template <class Chunk>
class [[nodiscard]] Stream : public detail::AnyStream {
 public:
  class Iterator;
  using Completion = typename Chunk::Completion;

  /// A stream that failed before its first token.
  explicit Stream(Error error) : AnyStream(std::move(error)) {}

  /// The next chunk; null at the end. Then error() says whether the stream ended cleanly.
  std::optional<Chunk> next();

  /// The answer as far as it has come, in the form that create() returns.
  const Completion& completion() const& noexcept;
  Completion completion() && { return completion(); }

  /// Throws std::logic_error when called twice: a stream can be read only once, and no second request is
  /// sent.
  Iterator begin();
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  template <class Execution>
  friend class detail::Core;

  explicit Stream(AnyStream stream) noexcept : AnyStream(std::move(stream)) {}

  /// The next chunk, which stays until the one after it is read.
  const Chunk* next_in_place();

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
    chunk_ = stream_->next_in_place();
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

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/stream.hpp>
#endif
