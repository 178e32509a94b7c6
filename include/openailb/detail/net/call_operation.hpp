#pragma once

#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/values/clock.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

namespace openailb::detail {

/// A call that runs on a LoopThread: who waits for it, and whether the user's functions may still be called.
/// Once it is done, abandoned or stopped, none of them is called any more, wherever they are posted. Those
/// that take part in it, such as a sink, are called one at a time.
class CallOperation : public LoopOperation {
 public:
  explicit CallOperation(std::shared_ptr<LoopThread> thread, std::stop_token stop = {})
      : thread_(std::move(thread)), stop_(std::move(stop)) {}

  const std::shared_ptr<LoopThread>& shared_thread() const noexcept { return thread_; }
  LoopThread& thread() const noexcept { return *thread_; }

  /// Whether it is done, and none of its functions is running on another thread.
  bool is_done() const {
    const std::lock_guard lock(mutex_);
    return is_over();
  }
  /// Blocks until it is done, but not for longer than `limit`. Throws std::logic_error on the thread itself.
  bool wait(std::optional<std::chrono::nanoseconds> limit = std::nullopt);
  /// Throws std::logic_error if somebody waits for the result already.
  void must_not_be_awaited() const {
    const std::lock_guard lock(mutex_);
    reject_second_waiter();
  }

  /// Lets LoopThread::resume call this when it is done. False, and it is not called, if it is done already.
  bool on_done(std::function<void()> continuation);
  /// The same, and it is called also if it is done already.
  void call_when_done(std::function<void()> continuation);
  /// The same as on_done() for a function of ours: it is called on the thread, and at once.
  bool notify_when_done(std::function<void()> notify);
  /// Forgets the continuation, unless it is being called.
  void forget_continuation() noexcept;
  /// Nobody will ask for the result. It goes on all the same; what it throws is reported.
  void detach();
  /// Ends it, since its owner does not want it any more. Nothing of the user's is called from now on.
  static void abandon(std::shared_ptr<CallOperation> call) noexcept;

  /// Calls one of the functions that the user gave for this call, if it may be called. Whether it was.
  bool call(const std::function<void()>& function);

 protected:
  /// Tells that it is done, with a result or an exception.
  void tell_done(const std::exception_ptr& exception) noexcept;

  mutable std::mutex mutex_{};  // guards what follows, and the result
  std::exception_ptr exception_{};

 private:
  bool is_over() const noexcept {
    const bool is_idle = running_on_ == std::thread::id() || running_on_ == std::this_thread::get_id();
    return is_done_ && is_idle;
  }
  void reject_second_waiter() const {
    if (continuation_) throw std::logic_error("openailb: this is awaited already");
  }
  bool set_continuation(std::function<void()>& continuation, Post resumption, bool is_ours);
  Post prepare_resumption();
  void function_ended() noexcept;
  void tell() noexcept;
  void run_continuation() noexcept;

  const std::shared_ptr<LoopThread> thread_;
  const std::stop_token stop_;

  // Guarded by the mutex as well.
  std::condition_variable done_{};
  std::function<void()> continuation_{};
  Post resumption_{};             // calls it; empty when it is ours, or has begun
  bool is_ours_{};                // the continuation
  std::thread::id running_on_{};  // where one of its functions is running
  bool is_done_{};
  bool is_detached_{};
  bool is_abandoned_{};
};

inline bool CallOperation::wait(std::optional<std::chrono::nanoseconds> limit) {
  std::unique_lock lock(mutex_);
  if (!is_done_ && thread_->is_current()) {
    throw std::logic_error(
        "openailb: waiting here would never end, since this thread runs the call: use co_await or then()");
  }
  const auto over = [this] { return is_over(); };
  if (limit) return done_.wait_until(lock, saturating_add(std::chrono::steady_clock::now(), *limit), over);
  done_.wait(lock, over);
  return true;
}

inline bool CallOperation::set_continuation(std::function<void()>& continuation, Post resumption,
                                            bool is_ours) {
  const std::lock_guard lock(mutex_);
  reject_second_waiter();
  if (is_over()) return false;
  continuation_.swap(continuation);
  resumption_.swap(resumption);
  is_ours_ = is_ours;
  return true;
}

/// It owns this call, and this call owns it, until it begins or is forgotten.
inline Post CallOperation::prepare_resumption() {
  const auto self = std::static_pointer_cast<CallOperation>(shared_from_this());
  return prepare_post([self] { self->run_continuation(); });
}

inline bool CallOperation::on_done(std::function<void()> continuation) {
  const auto self = shared_from_this();  // from then on it may be resumed, which may end this call
  return set_continuation(continuation, prepare_resumption(), false);
}

inline void CallOperation::call_when_done(std::function<void()> continuation) {
  const auto self = shared_from_this();
  Post resumption = prepare_resumption();
  if (on_done(continuation)) return;
  {
    const std::lock_guard lock(mutex_);
    continuation_.swap(continuation);
  }
  thread_->resume(std::move(resumption));
}

inline bool CallOperation::notify_when_done(std::function<void()> notify) {
  return set_continuation(notify, {}, true);
}

inline void CallOperation::forget_continuation() noexcept {
  std::function<void()> forgotten;  // destroyed after the lock is released: they may own anything
  Post resumption;
  const std::lock_guard lock(mutex_);
  forgotten.swap(continuation_);
  resumption.swap(resumption_);
}

inline void CallOperation::detach() {
  std::exception_ptr unseen;
  {
    const std::lock_guard lock(mutex_);
    reject_second_waiter();
    is_detached_ = true;
    unseen = std::exchange(exception_, nullptr);
  }
  if (unseen) thread_->report(unseen);
}

inline void CallOperation::abandon(std::shared_ptr<CallOperation> call) noexcept {
  bool was_done = false;
  {
    const std::lock_guard lock(call->mutex_);
    call->is_abandoned_ = true;
    was_done = call->is_done_;
  }
  call->forget_continuation();
  LoopThread& thread = *call->thread_;
  if (!was_done) thread.cancel(std::move(call));
}

inline bool CallOperation::call(const std::function<void()>& function) {
  {
    const std::lock_guard lock(mutex_);
    if (is_done_ || is_abandoned_ || stop_.stop_requested()) return false;
    running_on_ = std::this_thread::get_id();
  }
  struct End {
    CallOperation& call;
    ~End() { call.function_ended(); }
  };
  const End end{*this};
  function();
  return true;
}

/// The call may have ended while the function was running.
inline void CallOperation::function_ended() noexcept {
  {
    const std::lock_guard lock(mutex_);
    running_on_ = {};
  }
  tell();
}

inline void CallOperation::tell_done(const std::exception_ptr& exception) noexcept {
  bool is_unseen = false;
  {
    const std::lock_guard lock(mutex_);
    is_done_ = true;
    is_unseen = exception && is_detached_;
    exception_ = is_unseen ? nullptr : exception;
  }
  tell();
  if (is_unseen) thread_->report(exception);
}

/// Tells those who wait for it, if it is done and none of its functions is running.
inline void CallOperation::tell() noexcept {
  Post resumption;
  bool is_ours = false;
  {
    const std::lock_guard lock(mutex_);
    if (!is_done_ || running_on_ != std::thread::id()) return;
    is_ours = is_ours_;
    resumption.swap(resumption_);
  }
  done_.notify_all();
  if (is_ours) return run_continuation();
  if (!resumption.empty()) thread_->resume(std::move(resumption));
}

/// Not before it may run: whoever awaits may be gone by then.
inline void CallOperation::run_continuation() noexcept {
  std::function<void()> continuation;
  {
    const std::lock_guard lock(mutex_);
    continuation.swap(continuation_);
  }
  try {
    if (continuation) continuation();
  } catch (...) {
    thread_->report(std::current_exception());
  }
}

}  // namespace openailb::detail
