#pragma once

#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/call/stream_call.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace openailb::detail {

/// A stream that comes on a LoopThread, for a reader on any thread. It opens at once. From then on the thread
/// touches it only while the reader waits for a chunk, or to close it.
class BackgroundStream final : public LoopOperation {
 public:
  using Opening = Task<Result<std::unique_ptr<CommittedStream>>>;

  /// `stop` is the stop token of the call.
  template <class = OnlyIfUsed>
  BackgroundStream(std::shared_ptr<LoopThread> thread, std::stop_token stop, Opening opening)
      : thread_(std::move(thread)), stop_(std::move(stop)), opening_(std::move(opening)), opened_(open()) {}
  /// A stream that could not be opened.
  BackgroundStream(std::shared_ptr<LoopThread> thread, Error error)
      : thread_(std::move(thread)), error_(std::move(error)) {}

  const std::shared_ptr<LoopThread>& thread() const noexcept { return thread_; }
  const std::stop_token& stop_token() const noexcept { return stop_; }

  /// \name on the loop's thread
  ///@{
  void start() override { opened_.start(); }
  void cancel(const char*) noexcept override {
    canceled_ = !error_ && !(stream_ && stream_->over());
    opened_ = {};
    opening_ = {};
    close();
  }
  /// The reader that has the next chunk, which stays until the one after it is read; null at the end.
  template <class = OnlyIfUsed>
  Task<Result<const ChunkReader*>> next();
  /// Ends it, since nobody wants the rest.
  void refuse() { stream_->refuse("its chunks were not wanted"); }
  void close() noexcept {
    if (stream_) stream_->close();
  }
  ///@}

  /// \name for the reader, while it does not wait for a chunk
  ///@{
  /// Why the stream failed or broke.
  const std::optional<Error>& error() const noexcept {
    return stream_ && !error_ ? stream_->error() : error_;
  }
  void set_error(Error error) { error_ = std::move(error); }
  /// Null before the first chunk.
  const CommittedStream* committed() const noexcept { return stream_.get(); }
  /// Takes what all chunks add up to, which may be large, at the end.
  AnswerPtr take_completion() { return stream_->take_completion(); }
  ///@}

 private:
  struct Done {};
  template <class = OnlyIfUsed>
  Task<Done> open();

  const std::shared_ptr<LoopThread> thread_;
  const std::stop_token stop_{};
  Opening opening_{};
  Task<Done> opened_{};  // made with it, so that nothing is needed for its end
  std::unique_ptr<CommittedStream> stream_{};
  std::optional<Error> error_{};
  bool canceled_{};  // used on the thread
};

template <class>
auto BackgroundStream::open() -> Task<Done> {
  WhenAny over(opening_);
  co_await over;
  thread_->set_idle(*this);
  Result<std::unique_ptr<CommittedStream>> opened = opening_.result();
  if (opened) {
    stream_ = *std::move(opened);
  } else {
    error_ = std::move(opened).error();
  }
  co_return Done{};
}

template <class>
Task<Result<const ChunkReader*>> BackgroundStream::next() {
  const ChunkReader* chunk = nullptr;
  if (canceled_) co_return Error{.kind = ErrorKind::canceled, .message = "canceled: its event loop failed"};
  if (!stream_ && !error_) {
    WhenAny opened(opened_);
    co_await opened;
    opened_.result();  // throws what a function of the user's threw
  }
  if (error_) co_return chunk;
  chunk = stream_->next_arrived();
  if (chunk != nullptr || stream_->over()) co_return chunk;
  Task<const ChunkReader*> coming = stream_->next();
  const ChunkReader* next = co_await coming;
  co_return next;
}

/// The reader's end of a background stream. Its destructor closes the stream.
class StreamReading {
 public:
  explicit StreamReading(std::shared_ptr<BackgroundStream> stream) noexcept : stream_(std::move(stream)) {}
  StreamReading(StreamReading&&) noexcept = default;
  StreamReading& operator=(StreamReading&&) = delete;
  ~StreamReading() {
    if (stream_) stream_->thread()->cancel(stream_);
  }

  BackgroundStream* operator->() const noexcept { return stream_.get(); }
  const std::shared_ptr<BackgroundStream>& stream() const noexcept { return stream_; }

 private:
  std::shared_ptr<BackgroundStream> stream_;
};

/// Takes each chunk of a stream, out of its reader. False when no more is wanted.
using TakeChunk = std::function<bool(const ChunkReader&)>;

/// Calls a function with each chunk, where continuations run. Gives what all chunks add up to, or why the
/// stream failed. What the function throws ends the stream.
template <class = OnlyIfUsed>
Task<Result<AnswerPtr>> read_all(InvokeUser ask, StreamReading stream, TakeChunk function) {
  struct AtEnd {
    StreamReading& stream;
    ~AtEnd() { stream->close(); }  // now, and not when its thread comes to that
  };
  const AtEnd at_end{stream};
  // Shared, as is each chunk, since the call may be dropped while the function runs.
  const auto take = std::make_shared<TakeChunk>(std::move(function));
  for (;;) {
    Task<Result<const ChunkReader*>> coming = stream->next();
    Result<const ChunkReader*> chunk = co_await coming;
    if (!chunk) co_return std::move(chunk).error();
    if (*chunk == nullptr) break;
    Task<std::optional<bool>> taking =
        ask([take, latest = stream->committed()->latest()] { return (*take)(*latest); });
    const std::optional<bool> is_wanted = co_await taking;
    if (!is_wanted) co_return observation_of_cancellation().error;
    if (!*is_wanted) stream->refuse();
  }
  if (stream->error()) co_return *stream->error();
  AnswerPtr completion = stream->take_completion();
  completion->info() = stream->committed()->info();
  co_return completion;
}

}  // namespace openailb::detail
