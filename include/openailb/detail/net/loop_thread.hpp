#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/unhandled.hpp>
#include <openailb/event_loop.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Something that lives on a LoopThread: a call that is under way, or an open stream. Its functions are
/// called on that thread, and never inside a coroutine of the library.
class Resident {
 public:
  Resident() = default;
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  virtual ~Resident() = default;

  /// Begins its work.
  virtual void start() = 0;
  /// Called when its work is done and it has left the thread; see LoopThread::finished.
  virtual void finish() {}
  /// Ends its work. It has left the thread.
  virtual void cancel() noexcept = 0;

  std::unique_ptr<StopPolling> polling{};  ///< asks the call's should_stop; null when it has none

 private:
  friend class LoopThread;
  using List = std::list<std::shared_ptr<Resident>>;
  List::iterator place_{};
  bool lives_there_{};
  bool works_{};
};

/// A thread that runs one event loop, and with it the calls and streams that live there, until end(). All
/// code of users that it runs, it runs where no coroutine of the library is running: they may start calls,
/// drop what they like, and end it.
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
  void post(Function function);
  /// Lets a resident live and work there; after its end, cancels it.
  void take_in(std::shared_ptr<Resident> resident);
  /// Cancels a resident if it still lives there.
  void drop(std::shared_ptr<Resident> resident);
  /// Calls a continuation where the user wants it: in the executor, or else on the thread.
  void resume(Function continuation);
  /// Shows an exception that nobody else can see.
  void report(const std::exception_ptr& exception) const noexcept;
  ///@}

  /// \name on the thread, for residents
  ///@{
  /// The resident's work is done, and it is to leave.
  void finished(Resident& resident) { finished_.push_back(&resident); }
  /// The resident has nothing to do until somebody asks it. It stays.
  void rest(Resident& resident) noexcept {
    if (std::exchange(resident.works_, false)) --working_;
  }
  /// A resident that works waits for something outside of the loop, until go_on().
  void pause() noexcept { --working_; }
  void go_on() noexcept { ++working_; }
  ///@}

 private:
  void run() noexcept;
  bool run_posted();
  void run_loop();
  void run_finished();
  void poll_for_stops();
  void cancel_all() noexcept;
  void cancel_rest() noexcept;
  std::shared_ptr<Resident> remove(Resident& resident);
  void call(const Function& function) const noexcept;

  const std::function<void(Function)> executor_;
  const std::function<void(std::exception_ptr)> on_unhandled_;
  std::unique_ptr<EventLoop> loop_;  // null after the end of the thread
  std::thread thread_{};
  std::atomic<std::thread::id> id_{};

  std::mutex mutex_{};  // guards what follows
  std::condition_variable called_{};
  std::vector<Function> posted_{};
  bool is_idle_{};  // it waits for called_, not in the loop
  bool ending_{};
  bool ended_{};

  // What follows is used by the thread alone.
  Resident::List residents_{};
  std::ptrdiff_t working_{};  // of these
  std::set<Resident*> polled_{};
  std::vector<Resident*> finished_{};
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

inline void LoopThread::post(Function function) {
  std::unique_lock lock(mutex_);
  if (ended_) {
    lock.unlock();
    return call(function);
  }
  posted_.push_back(std::move(function));
  if (posted_.size() > 1 || ending_ || is_current()) return;  // then it looks without being called
  if (!is_idle_) return loop_->wake();
  lock.unlock();  // or else it would wake only to wait for the lock
  called_.notify_one();
}

inline void LoopThread::take_in(std::shared_ptr<Resident> resident) {
  post([this, resident = std::move(resident)] {
    if (loop_ == nullptr) return resident->cancel();
    residents_.push_back(resident);
    resident->place_ = std::prev(residents_.end());
    resident->lives_there_ = resident->works_ = true;
    ++working_;
    if (resident->polling) polled_.insert(resident.get());
    resident->start();
  });
}

inline void LoopThread::drop(std::shared_ptr<Resident> resident) {
  post([this, resident = std::move(resident)] {
    if (!resident->lives_there_) return;
    remove(*resident);
    resident->cancel();
  });
}

inline void LoopThread::resume(Function continuation) {
  if (!executor_) return post(std::move(continuation));
  try {
    executor_(
        [self = shared_from_this(), continuation = std::move(continuation)] { self->call(continuation); });
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
  std::vector<Function> functions;
  {
    std::unique_lock lock(mutex_);
    is_idle_ = working_ == 0;
    if (is_idle_) called_.wait(lock, [this] { return ending_ || !posted_.empty(); });
    is_idle_ = false;
    if (ending_) return false;
    functions.swap(posted_);
  }
  for (const Function& function : functions) {
    call(function);
    run_finished();
  }
  return true;
}

inline void LoopThread::run_loop() {
  try {
    TimePoint latest = polled_.empty() ? (TimePoint::max)() : loop_->now() + StopPolling::interval;
    {
      const std::lock_guard lock(mutex_);
      if (!posted_.empty()) latest = loop_->now();
    }
    loop_->run_once(latest);
    if (!polled_.empty()) poll_for_stops();
  } catch (...) {
    report(std::current_exception());
    cancel_all();  // without their loop they cannot go on
  }
  run_finished();
}

inline void LoopThread::run_finished() {
  for (Resident* one : std::exchange(finished_, {})) remove(*one)->finish();
}

inline void LoopThread::poll_for_stops() {
  for (Resident* one : polled_) {
    try {
      one->polling->poll(loop_->now());
    } catch (...) {
      report(std::current_exception());
      one->polling->stop();
    }
  }
}

inline std::shared_ptr<Resident> LoopThread::remove(Resident& resident) {
  rest(resident);
  std::shared_ptr<Resident> removed = std::move(*resident.place_);
  residents_.erase(resident.place_);
  resident.lives_there_ = false;
  polled_.erase(&resident);
  return removed;
}

/// The latest first: a chunk that is waited for before its stream.
inline void LoopThread::cancel_all() noexcept {
  finished_.clear();
  while (!residents_.empty()) remove(*residents_.back())->cancel();
}

/// The end of the thread. What is canceled may have continuations, and these may post.
inline void LoopThread::cancel_rest() noexcept {
  cancel_all();
  const std::unique_ptr<EventLoop> loop = std::move(loop_);
  for (;;) {
    std::vector<Function> functions;
    {
      const std::lock_guard lock(mutex_);
      ended_ = posted_.empty();
      if (ended_) return;
      functions.swap(posted_);
    }
    for (const Function& function : functions) call(function);
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
