#pragma once

#include <openailb/detail/net/loop_operation.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/unhandled.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace openailb::detail {

/// A thread that runs one event loop, and with it the calls and streams that live there, until end(). All
/// code of users that it runs, it runs where no coroutine of the library is running: they may start calls,
/// drop what they like, and end it. What may happen when memory has run out is noexcept, and needs none.
class LoopThread : public std::enable_shared_from_this<LoopThread> {
 public:
  using Function = std::function<void()>;

  /// Without an executor, continuations run on this thread.
  LoopThread(std::unique_ptr<EventLoop> loop, std::function<void(Function)> executor,
             std::function<void(std::exception_ptr)> on_unhandled)
      : executor_(std::move(executor)), on_unhandled_(std::move(on_unhandled)), loop_(std::move(loop)) {}

  /// Begins the thread.
  void begin() {
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
  }
  /// Cancels all that runs there, and ends the thread. Waits for that, unless it is called on the thread
  /// itself.
  void end() noexcept;

  /// Until end().
  EventLoop& loop() const noexcept { return *loop_; }
  bool is_current() const noexcept { return std::this_thread::get_id() == id_.load(); }

  /// \name from any thread
  ///@{
  /// Calls a function on the thread; after its end, at once.
  void post(Function function) { post(prepare_post(std::move(function))); }
  void post(Post post) noexcept;
  /// Attaches an operation, and starts it; after its end, cancels it.
  void spawn(const std::shared_ptr<LoopOperation>& operation);
  /// Cancels an operation that is still attached. From now on its should_stop is not asked.
  void cancel(std::shared_ptr<LoopOperation> operation) noexcept;
  /// Calls a function of the user's where the user wants it: in the executor, or else on the thread. Throws
  /// what the executor throws.
  void call_for_user(Post post) {
    if (!executor_) return this->post(std::move(post));
    executor_(std::move(post.front().function));
  }
  /// The same, but reports what the executor throws.
  void resume(Post continuation) noexcept;
  /// Shows an exception that nobody else can see.
  void report(const std::exception_ptr& exception) const noexcept;
  ///@}

  /// \name on the thread, for operations
  ///@{
  /// The operation's work is done, and it is to leave.
  void finished(LoopOperation& operation) noexcept {
    finished_.splice(finished_.end(), operations_, operation.place_);
  }
  /// The operation has nothing to do until somebody asks it. It stays.
  void set_idle(LoopOperation& operation) noexcept {
    if (std::exchange(operation.is_active_, false)) --active_;
  }
  /// An active operation waits for something outside of the loop, until set_active().
  void pause() noexcept { --active_; }
  void set_active() noexcept { ++active_; }
  ///@}

 private:
  void run() noexcept;
  bool run_posted();
  void run_loop();
  void run_finished() noexcept;
  void attach(LoopOperation& operation);
  void poll_for_stops();
  void ask_to_stop(LoopOperation& operation);
  void cancel_all(const char* why) noexcept;
  void cancel_all() noexcept;
  std::shared_ptr<LoopOperation> remove(LoopOperation& operation, LoopOperation::List& from) noexcept;
  void call(const Function& function) const noexcept;

  const std::function<void(Function)> executor_;
  const std::function<void(std::exception_ptr)> on_unhandled_;
  std::unique_ptr<EventLoop> loop_;  // null after the end of the thread
  std::thread thread_{};
  std::atomic<std::thread::id> id_{};

  std::mutex mutex_{};  // guards what follows
  std::condition_variable called_{};
  Post posted_{};
  bool is_idle_{};  // it waits for called_, not in the loop
  bool ending_{};
  bool ended_{};

  // What follows is used by the thread alone.
  LoopOperation::List operations_{};
  LoopOperation::List finished_{};  // those of them that are to leave
  std::ptrdiff_t active_{};         // of all these
  std::size_t polled_{};            // of all these
  TimePoint next_poll_{};
};

inline void LoopThread::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    loop_->wake();
    called_.notify_one();
  }
  is_current() ? thread_.detach() : thread_.join();
}

inline void LoopThread::post(Post post) noexcept {
  std::unique_lock lock(mutex_);
  if (ended_) {
    lock.unlock();
    return call(post.front().function);
  }
  posted_.splice(posted_.end(), post);
  if (posted_.size() > 1 || ending_ || is_current()) return;  // then it looks without being called
  if (!is_idle_) return loop_->wake();
  lock.unlock();  // or else it would wake only to wait for the lock
  called_.notify_one();
}

inline void LoopThread::spawn(const std::shared_ptr<LoopOperation>& operation) {
  Post start = prepare_post([this, one = operation.get()] { attach(*one); });
  start.front().kept_alive = operation;
  Post cancellation = prepare_post([this, one = operation.get()] {
    if (one->is_attached_) remove(*one, operations_)->cancel("it was dropped");
  });
  operation->node_.emplace_back();
  operation->cancel_post_ = std::move(cancellation);
  post(std::move(start));
}

inline void LoopThread::attach(LoopOperation& operation) {
  if (loop_ == nullptr) return operation.cancel("the client of this call is gone");
  operations_.splice(operations_.end(), operation.node_);
  operations_.back() = operation.shared_from_this();
  operation.place_ = std::prev(operations_.end());
  operation.is_attached_ = operation.is_active_ = true;
  ++active_;
  if (operation.polling && polled_++ == 0) next_poll_ = loop_->now() + StopPolling::interval;
  operation.start();
  if (operation.polling) ask_to_stop(operation);
}

inline void LoopThread::cancel(std::shared_ptr<LoopOperation> operation) noexcept {
  for (LoopOperation* one = operation.get(); one != nullptr; one = one->source.get()) one->is_dropped_ = true;
  Post cancellation;
  cancellation.splice(cancellation.end(), operation->cancel_post_);
  if (cancellation.empty()) return;  // it was never taken in, or is dropped for the second time
  cancellation.front().kept_alive = std::move(operation);
  post(std::move(cancellation));
}

inline void LoopThread::resume(Post continuation) noexcept {
  try {
    call_for_user(std::move(continuation));
  } catch (...) {
    report(std::current_exception());
  }
}

inline void LoopThread::report(const std::exception_ptr& exception) const noexcept {
  show_unhandled(on_unhandled_, exception, "a continuation");
}

inline void LoopThread::run() noexcept {
  id_.store(std::this_thread::get_id());
  while (run_posted()) {
    if (active_ > 0) run_loop();
  }
  cancel_all();
}

/// Calls what was posted. If nobody has anything to do, waits for something. False when the thread is to end.
inline bool LoopThread::run_posted() {
  Post functions;
  {
    std::unique_lock lock(mutex_);
    is_idle_ = active_ == 0;
    if (is_idle_) called_.wait(lock, [this] { return ending_ || !posted_.empty(); });
    is_idle_ = false;
    if (ending_) return false;
    functions.swap(posted_);
  }
  for (const Posted& one : functions) {
    call(one.function);
    run_finished();
  }
  return true;
}

inline void LoopThread::run_loop() {
  try {
    TimePoint latest = polled_ == 0 ? (TimePoint::max)() : (std::max)(next_poll_, loop_->now());
    {
      const std::lock_guard lock(mutex_);
      if (!posted_.empty()) latest = loop_->now();
    }
    loop_->run_once(latest);
    poll_for_stops();
    run_finished();
  } catch (...) {
    report(std::current_exception());
    run_finished();
    cancel_all("its event loop failed");  // without their loop they cannot go on
  }
}

inline void LoopThread::run_finished() noexcept {
  while (!finished_.empty()) remove(*finished_.front(), finished_)->finish();
}

inline void LoopThread::poll_for_stops() {
  if (polled_ == 0 || loop_->now() < next_poll_) return;
  next_poll_ = loop_->now() + StopPolling::interval;
  for (const auto& one : operations_) {
    if (one->polling) ask_to_stop(*one);
  }
}

inline void LoopThread::ask_to_stop(LoopOperation& operation) {
  if (operation.is_dropped_) return;
  try {
    operation.polling->ask();
  } catch (...) {
    report(std::current_exception());
    operation.polling->stop();
  }
}

inline std::shared_ptr<LoopOperation> LoopThread::remove(LoopOperation& operation,
                                                         LoopOperation::List& from) noexcept {
  set_idle(operation);
  std::shared_ptr<LoopOperation> removed = std::move(*operation.place_);
  from.erase(operation.place_);
  operation.is_attached_ = false;
  if (operation.polling) --polled_;
  return removed;
}

/// The latest first: a chunk that is waited for before its stream.
inline void LoopThread::cancel_all(const char* why) noexcept {
  while (!operations_.empty()) remove(*operations_.back(), operations_)->cancel(why);
}

/// The end of the thread. What is canceled may have continuations, and these may post.
inline void LoopThread::cancel_all() noexcept {
  cancel_all("the client of this call is gone");
  const std::unique_ptr<EventLoop> loop = std::move(loop_);
  for (;;) {
    Post functions;
    {
      const std::lock_guard lock(mutex_);
      ended_ = posted_.empty();
      if (ended_) return;
      functions.swap(posted_);
    }
    for (const Posted& one : functions) call(one.function);
  }
}

inline void LoopThread::call(const Function& function) const noexcept {
  try {
    function();
  } catch (...) {
    report(std::current_exception());
  }
}

}  // namespace openailb::detail
