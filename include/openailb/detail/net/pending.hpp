#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/task.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace openailb::detail {

/// A task that runs on a LoopThread, and its result, for which other threads may wait.
template <class T>
class Pending final : public Resident, public std::enable_shared_from_this<Pending<T>> {
 public:
  /// `canceled` makes the result of a task that is canceled. After the constructor, LoopThread::take_in.
  Pending(std::shared_ptr<LoopThread> thread, Task<T> task, std::function<T()> canceled)
      : thread_(std::move(thread)), task_(std::move(task)), canceled_(std::move(canceled)) {}
  /// A result that is there already.
  Pending(std::shared_ptr<LoopThread> thread, T result)
      : thread_(std::move(thread)), result_(std::move(result)), is_done_(true) {}

  LoopThread& thread() const noexcept { return *thread_; }

  bool is_done() const {
    const std::lock_guard lock(mutex_);
    return is_done_;
  }
  /// Blocks until it is done, but not for longer than `limit`. Throws std::logic_error on the thread itself.
  bool wait(std::optional<std::chrono::nanoseconds> limit = std::nullopt);
  /// The result, or what the task threw. To be asked once, when it is done.
  T take();
  /// Lets LoopThread::resume call this when it is done. False, and it is not called, if it is done already.
  bool on_done(std::function<void()> continuation);
  /// The same for a function of ours: it is called on the thread, and at once.
  bool notify_when_done(std::function<void()> notify);
  /// Forgets the continuation, unless it is being called.
  void forget_continuation();
  /// Nobody will ask for the result. It goes on all the same; what it throws is reported.
  void detach();

  void start() override {
    watching_ = watch();
    watching_.start();
  }
  void finish() override;
  void cancel() noexcept override;

 private:
  struct Done {};

  /// Tells the thread when the task is done.
  Task<Done> watch() {
    FirstOf over(task_);
    co_await over;
    thread_->finished(*this);
    co_return Done{};
  }
  void end_task() noexcept {
    watching_ = {};
    task_ = {};
  }
  void be_done(std::optional<T> result, const std::exception_ptr& exception);
  void run_continuation();

  const std::shared_ptr<LoopThread> thread_;
  Task<T> task_{};
  Task<Done> watching_{};
  std::function<T()> canceled_{};

  mutable std::mutex mutex_{};  // guards what follows
  std::condition_variable done_{};
  std::optional<T> result_{};
  std::exception_ptr exception_{};
  std::function<void()> continuation_{};
  bool is_ours_{};  // the continuation
  bool is_done_{};
  bool is_detached_{};
};

template <class T>
bool Pending<T>::wait(std::optional<std::chrono::nanoseconds> limit) {
  std::unique_lock lock(mutex_);
  if (!is_done_ && thread_->is_current()) {
    throw std::logic_error(
        "openailb: waiting here would never end, since this thread runs the call: use co_await or then()");
  }
  const auto is_done = [this] { return is_done_; };
  if (limit) return done_.wait_until(lock, saturating_add(std::chrono::steady_clock::now(), *limit), is_done);
  done_.wait(lock, is_done);
  return true;
}

template <class T>
T Pending<T>::take() {
  const std::lock_guard lock(mutex_);
  if (std::exception_ptr thrown = std::exchange(exception_, nullptr)) std::rethrow_exception(thrown);
  if (!result_) throw std::logic_error("openailb: the result of a Future can be taken only once");
  T taken = *std::move(result_);
  result_.reset();
  return taken;
}

template <class T>
bool Pending<T>::on_done(std::function<void()> continuation) {
  const std::lock_guard lock(mutex_);
  if (continuation_) throw std::logic_error("openailb: this Future is awaited already");
  if (!is_done_) continuation_ = std::move(continuation);
  return !is_done_;
}

template <class T>
bool Pending<T>::notify_when_done(std::function<void()> notify) {
  const std::lock_guard lock(mutex_);
  is_ours_ = true;
  if (!is_done_) continuation_ = std::move(notify);
  return !is_done_;
}

template <class T>
void Pending<T>::forget_continuation() {
  std::function<void()> forgotten;  // destroyed after the lock is released: it may own anything
  const std::lock_guard lock(mutex_);
  forgotten.swap(continuation_);
}

template <class T>
void Pending<T>::detach() {
  std::exception_ptr unseen;
  {
    const std::lock_guard lock(mutex_);
    is_detached_ = true;
    unseen = std::exchange(exception_, nullptr);
  }
  if (unseen) thread_->report(unseen);
}

template <class T>
void Pending<T>::finish() {
  std::optional<T> result;
  std::exception_ptr exception;
  try {
    result = task_.result();
  } catch (...) {
    exception = std::current_exception();
  }
  end_task();
  be_done(std::move(result), exception);
}

template <class T>
void Pending<T>::cancel() noexcept {
  end_task();
  be_done(canceled_(), nullptr);
}

template <class T>
void Pending<T>::be_done(std::optional<T> result, const std::exception_ptr& exception) {
  bool is_awaited = false, is_ours = false, is_unseen = false;
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    exception_ = exception;
    is_done_ = true;
    is_awaited = continuation_ != nullptr;
    is_ours = is_ours_;
    is_unseen = exception && is_detached_;
  }
  done_.notify_all();
  if (is_ours) return run_continuation();
  if (is_awaited) thread_->resume([self = this->shared_from_this()] { self->run_continuation(); });
  if (is_unseen) thread_->report(exception);
}

/// Not before it may run: whoever awaits may be gone by then.
template <class T>
void Pending<T>::run_continuation() {
  std::function<void()> continuation;
  {
    const std::lock_guard lock(mutex_);
    continuation.swap(continuation_);
  }
  if (continuation) continuation();
}

}  // namespace openailb::detail
