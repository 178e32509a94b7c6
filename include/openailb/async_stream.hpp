#pragma once

#include <openailb/error.hpp>
#include <openailb/future.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <concepts>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace openailb {

namespace detail {

class ChunkReader;
class CommittedStream;
class StreamReading;

}  // namespace detail

/// A streamed answer of an AsyncClient, which opens at once. Destroying it ends the transfer.
///
///     while (auto chunk = co_await stream.next()) ...       // in any coroutine; then look at stream.error()
///     auto whole = std::move(stream).on_chunk([](const auto& chunk) { ... });   // a Future
///
/// Coroutines and functions go on where ClientOptions::executor runs them, or else on the client's own
/// thread. For use by one thread at a time, and by one coroutine: a second one that asks for a chunk while
/// the first waits gets a std::logic_error. It may outlive its client, whose end cancels it. A coroutine that
/// waits for a chunk when it is destroyed is not resumed; see Future.
template <class Chunk>
class [[nodiscard]] AsyncStream {
 public:
  using Completion = typename Chunk::Completion;

  AsyncStream(AsyncStream&&) noexcept;
  AsyncStream& operator=(AsyncStream&&) = delete;
  ~AsyncStream();

  /// `co_await stream.next()`: the next chunk; null at the end. Then error() says whether the stream ended
  /// cleanly. The first one waits until the stream has opened.
  auto next() noexcept {
    class Awaiter {
     public:
      explicit Awaiter(AsyncStream& stream) noexcept : stream_(stream) {}
      Awaiter(const Awaiter&) = delete;
      Awaiter& operator=(const Awaiter&) = delete;

      bool await_ready() const { return stream_.ask(); }
      bool await_suspend(std::coroutine_handle<> coroutine) {
        return waiting_.begin(stream_.asked(), coroutine);
      }
      std::optional<Chunk> await_resume() const { return stream_.take(); }

     private:
      AsyncStream& stream_;
      detail::Awaiting waiting_{};
    };
    return Awaiter(*this);
  }

  /// Reads the stream to its end, and calls `function(const Chunk&)` with each chunk. The Future has what the
  /// chunks add up to, or why the stream failed; destroying it ends the stream. A function that returns false
  /// ends it as canceled. What the function throws ends it as well, and is in the Future.
  template <class Function>
    requires std::invocable<Function&, const Chunk&>
  Future<Completion> on_chunk(Function function) && {
    // Shared, since a std::function must be copyable, and the function need not be.
    auto shared = std::make_shared<Function>(std::move(function));
    return std::move(*this).read_all([shared](const Chunk& chunk) {
      if constexpr (std::is_same_v<std::invoke_result_t<Function&, const Chunk&>, bool>) {
        return (*shared)(chunk);
      } else {
        static_cast<void>((*shared)(chunk));
        return true;
      }
    });
  }

  // What follows is known when next() has given a chunk or the end, and until it is called again.

  /// Why the stream failed or broke; null while all is well.
  const std::optional<Error>& error() const noexcept;
  /// The answer as far as it has come, in the form that create() returns.
  const Completion& completion() const noexcept;
  /// The JSON text of the last chunk, with the members that this library has no name for.
  const std::string& raw() const noexcept;
  /// Which endpoint serves the stream.
  const ResponseInfo& info() const noexcept;

 private:
  template <class Execution>
  friend class detail::Core;
  using Asked = detail::Pending<Result<const detail::ChunkReader*>>;

  explicit AsyncStream(std::unique_ptr<detail::StreamReading> stream) noexcept;
  bool ask();
  bool knows() const noexcept { return stream_ && has_asked_ && !asked_; }
  const detail::CommittedStream* committed() const noexcept;
  std::shared_ptr<detail::PendingCall> asked() const;
  std::optional<Chunk> take();
  Future<Completion> read_all(std::function<bool(const Chunk&)> take) &&;

  std::unique_ptr<detail::StreamReading> stream_;  // null when moved from
  std::shared_ptr<Asked> asked_{};                 // the chunk that is waited for
  bool has_asked_{};
  bool is_over_{};
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/async_stream.hpp>
#endif
