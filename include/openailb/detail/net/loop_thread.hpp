#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/net/loop_operation.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/unhandled.hpp>
#include <openailb/event_loop.hpp>

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
  /// Cancels all that lives there, and ends the thread. Waits for that, unless it is called on the thread
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
  /// Lets a resident live and work there; after its end, cancels it.
  void spawn(const std::shared_ptr<LoopOperation>& resident);
  /// Cancels a resident if it still lives there. From now on its should_stop is not asked.
  void drop(std::shared_ptr<LoopOperation> resident) noexcept;
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

  /// \name on the thread, for residents
  ///@{
  /// The resident's work is done, and it is to leave.
  void finished(LoopOperation& resident) noexcept {
    finished_.splice(finished_.end(), residents_, resident.place_);
  }
  /// The resident has nothing to do until somebody asks it. It stays.
  void rest(LoopOperation& resident) noexcept {
    if (std::exchange(resident.is_active_, false)) --working_;
  }
  /// A resident that works waits for something outside of the loop, until go_on().
  void pause() noexcept { --working_; }
  void go_on() noexcept { ++working_; }
  ///@}

 private:
  void run() noexcept;
  bool run_posted();
  void run_loop();
  void run_finished() noexcept;
  void settle_in(LoopOperation& resident);
  void poll_for_stops();
  void ask_to_stop(LoopOperation& resident);
  void cancel_all(const char* why) noexcept;
  void cancel_rest() noexcept;
  std::shared_ptr<LoopOperation> remove(LoopOperation& resident, LoopOperation::List& from) noexcept;
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
  LoopOperation::List residents_{};
  LoopOperation::List finished_{};  // those of them that are to leave
  std::ptrdiff_t working_{};        // of all these
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

inline void LoopThread::spawn(const std::shared_ptr<LoopOperation>& resident) {
  Post start = prepare_post([this, one = resident.get()] { settle_in(*one); });
  start.front().kept_alive = resident;
  Post farewell = prepare_post([this, one = resident.get()] {
    if (one->is_attached_) remove(*one, residents_)->cancel("it was dropped");
  });
  resident->home_.emplace_back();
  resident->cancel_post_ = std::move(farewell);
  post(std::move(start));
}

inline void LoopThread::settle_in(LoopOperation& resident) {
  if (loop_ == nullptr) return resident.cancel("the client of this call is gone");
  residents_.splice(residents_.end(), resident.home_);
  residents_.back() = resident.shared_from_this();
  resident.place_ = std::prev(residents_.end());
  resident.is_attached_ = resident.is_active_ = true;
  ++working_;
  if (resident.polling && polled_++ == 0) next_poll_ = loop_->now() + StopPolling::interval;
  resident.start();
  if (resident.polling) ask_to_stop(resident);
}

inline void LoopThread::drop(std::shared_ptr<LoopOperation> resident) noexcept {
  for (LoopOperation* one = resident.get(); one != nullptr; one = one->source.get()) one->is_dropped_ = true;
  Post farewell;
  farewell.splice(farewell.end(), resident->cancel_post_);
  if (farewell.empty()) return;  // it was never taken in, or is dropped for the second time
  farewell.front().kept_alive = std::move(resident);
  post(std::move(farewell));
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
    if (working_ > 0) run_loop();
  }
  cancel_rest();
}

/// Calls what was posted. If nobody has anything to do, waits for something. False when the thread is to end.
inline bool LoopThread::run_posted() {
  Post functions;
  {
    std::unique_lock lock(mutex_);
    is_idle_ = working_ == 0;
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
  for (const auto& one : residents_) {
    if (one->polling) ask_to_stop(*one);
  }
}

inline void LoopThread::ask_to_stop(LoopOperation& resident) {
  if (resident.is_dropped_) return;
  try {
    resident.polling->ask();
  } catch (...) {
    report(std::current_exception());
    resident.polling->stop();
  }
}

inline std::shared_ptr<LoopOperation> LoopThread::remove(LoopOperation& resident,
                                                         LoopOperation::List& from) noexcept {
  rest(resident);
  std::shared_ptr<LoopOperation> removed = std::move(*resident.place_);
  from.erase(resident.place_);
  resident.is_attached_ = false;
  if (resident.polling) --polled_;
  return removed;
}

/// The latest first: a chunk that is waited for before its stream.
inline void LoopThread::cancel_all(const char* why) noexcept {
  while (!residents_.empty()) remove(*residents_.back(), residents_)->cancel(why);
}

/// The end of the thread. What is canceled may have continuations, and these may post.
inline void LoopThread::cancel_rest() noexcept {
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
