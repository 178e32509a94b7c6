#pragma once

#include <openailb/detail/net/stop_polling.hpp>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <utility>

namespace openailb::detail {

class LoopThread;

/// A function that is to be called on a LoopThread.
struct Posted {
  std::function<void()> function;
  std::shared_ptr<void> kept_alive{};  ///< until it was called
};
/// A list of one. It is made before it is needed: to post it then takes no memory, so an end is possible when
/// there is none.
using Post = std::list<Posted>;
inline Post prepare_post(std::function<void()> function) {
  Post post;
  post.push_back({.function = std::move(function)});
  return post;
}

/// Something that runs on a LoopThread: a call in flight, or an open stream. Its functions are
/// called on that thread, and never inside a coroutine of the library.
class LoopOperation : public std::enable_shared_from_this<LoopOperation> {
 public:
  LoopOperation() = default;
  LoopOperation(const LoopOperation&) = delete;
  LoopOperation& operator=(const LoopOperation&) = delete;
  virtual ~LoopOperation() = default;

  /// Begins its work.
  virtual void start() = 0;
  /// Called when its work is done and it has left the thread; see LoopThread::finished.
  virtual void finish() noexcept {}
  /// Ends its work. It has left the thread.
  virtual void cancel(const char* why) noexcept = 0;

  std::unique_ptr<StopPolling> polling{};  ///< asks the call's should_stop; null when it has none
  std::shared_ptr<LoopOperation>
      source{};  ///< what it reads, and is dropped with it; null when it reads none

 private:
  friend class LoopThread;
  using List = std::list<std::shared_ptr<LoopOperation>>;
  List node_{};         // one empty place, until it is attached
  Post cancel_post_{};  // for LoopThread::cancel
  List::iterator place_{};
  std::atomic<bool> is_dropped_{};
  bool is_attached_{};
  bool is_active_{};
};

}  // namespace openailb::detail
