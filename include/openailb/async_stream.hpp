#pragma once

#include <openailb/error.hpp>
#include <openailb/future.hpp>
#include <openailb/result.hpp>
#include <openailb/values/response_info.hpp>

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

class Accumulation;
class ChunkReader;
class CommittedStream;
template <class Execution>
class Core;
struct OnlyIfUsed;
class StreamReading;

/// What an AsyncStream does whatever the type of its chunks. What its functions tell is known when next() has
/// given a chunk or the end, and until it is called again.
class AnyAsyncStream {
 public:
  AnyAsyncStream(AnyAsyncStream&&) noexcept;
  AnyAsyncStream& operator=(AnyAsyncStream&&) = delete;
  ~AnyAsyncStream();

  /// Why the stream failed or broke; null while all is well.
  const std::optional<Error>& error() const noexcept;
  /// The JSON text of the last chunk, with the members that this library has no name for.
  const std::string& raw() const noexcept;
  /// Which endpoint serves the stream.
  const ResponseInfo& info() const noexcept;

 protected:
  /// Asks for the next chunk. Whether there is nothing to wait for: the end has come.
  template <class = OnlyIfUsed>
  bool ask();
  /// What was asked for.
  std::shared_ptr<CallOperation> asked() const;
  /// The reader that has it, once it is there; null at the end.
  const ChunkReader* take();
  /// Ends it because of an exception: a chunk is lost.
  void break_off();
  /// Null when it is not known.
  const Accumulation* accumulation() const noexcept;
  template <class = OnlyIfUsed>
  std::shared_ptr<PendingAnswer> read_all(std::function<bool(const ChunkReader&)> take) &&;

 private:
  template <class Execution>
  friend class Core;

  explicit AnyAsyncStream(std::unique_ptr<StreamReading> stream) noexcept;
  bool knows() const noexcept { return stream_ && has_asked_ && !asked_; }
  const CommittedStream* committed() const noexcept;

  std::unique_ptr<StreamReading> stream_;                               // null when moved from
  std::shared_ptr<TaskOperation<Result<const ChunkReader*>>> asked_{};  // the chunk that is waited for
  bool has_asked_{};
  bool is_over_{};
};

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
class [[nodiscard]] AsyncStream : public detail::AnyAsyncStream {
 public:
  using Completion = typename Chunk::Completion;

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
      std::optional<Chunk> await_resume() const { return stream_.take_chunk(); }

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
    return std::move(*this).read_chunks([shared](const Chunk& chunk) {
      if constexpr (std::is_same_v<std::invoke_result_t<Function&, const Chunk&>, bool>) {
        return (*shared)(chunk);
      } else {
        static_cast<void>((*shared)(chunk));
        return true;
      }
    });
  }

  /// The answer as far as it has come, in the form that create() returns. Known when error() is.
  const Completion& completion() const noexcept;

 private:
  template <class Execution>
  friend class detail::Core;

  explicit AsyncStream(AnyAsyncStream stream) noexcept : AnyAsyncStream(std::move(stream)) {}
  std::optional<Chunk> take_chunk();
  Future<Completion> read_chunks(std::function<bool(const Chunk&)> take) &&;
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/async_stream.hpp>
#endif
