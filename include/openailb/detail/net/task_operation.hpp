#pragma once

#include <openailb/detail/net/call_operation.hpp>
#include <openailb/detail/net/loop_operation.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace openailb::detail {

/// A task that runs on a LoopThread, and its result, a Result, for which other threads may wait.
template <class T>
class TaskOperation final : public CallOperation {
 public:
  using MakeTask = std::function<Task<T>(CallOperation& call)>;

  /// `make_task(*this)` makes the task, which ends when `stop` stops. After the constructor,
  /// LoopThread::spawn.
  TaskOperation(std::shared_ptr<LoopThread> thread, std::stop_token stop, const MakeTask& make_task)
      : CallOperation(std::move(thread), std::move(stop)), task_(make_task(*this)), watching_(watch()) {}
  /// A result that is there already.
  TaskOperation(std::shared_ptr<LoopThread> thread, T result)
      : CallOperation(std::move(thread)), result_(std::move(result)) {
    tell_done(nullptr);
  }

  /// The result, or what the task threw. To be asked once, when it is done.
  T take();

  void start() override { watching_.start(); }
  void finish() noexcept override;
  void cancel(const char* why) noexcept override;

 private:
  struct Done {};

  /// Tells the thread when the task is done.
  Task<Done> watch() {
    WhenAny over(task_);
    co_await over;
    thread().finished(*this);
    co_return Done{};
  }
  void be_done(std::optional<T> result, const std::exception_ptr& exception) noexcept;
  static T out_of_memory() { return Error{.kind = ErrorKind::canceled, .message = "out of memory"}; }

  Task<T> task_{};
  Task<Done> watching_{};  // made with it, so that nothing is needed for its end
  std::optional<T> result_{};
};

template <class T>
T TaskOperation<T>::take() {
  const std::lock_guard lock(mutex_);
  if (std::exception_ptr thrown = std::exchange(exception_, nullptr)) std::rethrow_exception(thrown);
  if (!result_) throw std::logic_error("openailb: the result of a Future can be taken only once");
  T taken = *std::move(result_);
  result_.reset();
  return taken;
}

template <class T>
void TaskOperation<T>::finish() noexcept {
  std::optional<T> result;
  std::exception_ptr exception;
  try {
    result.emplace(task_.result());
  } catch (const std::bad_alloc&) {
    result.emplace(out_of_memory());  // which needs none
  } catch (...) {
    exception = std::current_exception();
  }
  be_done(std::move(result), exception);
}

template <class T>
void TaskOperation<T>::cancel(const char* why) noexcept {
  std::optional<T> result(out_of_memory());
  try {
    result->error().message = std::string("canceled: ") + why;
  } catch (const std::bad_alloc&) {
    // Then that is what it says.
  }
  be_done(std::move(result), nullptr);
}

/// Its task has been destroyed by then.
template <class T>
void TaskOperation<T>::be_done(std::optional<T> result, const std::exception_ptr& exception) noexcept {
  watching_ = {};
  task_ = {};
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
  }
  tell_done(exception);
}

/// Lets what `make_task(CallOperation&)` makes run on a thread. If the thread ends before it, its result is
/// an error.
template <class T>
std::shared_ptr<TaskOperation<Result<T>>> run_on(const std::shared_ptr<LoopThread>& thread,
                                                 std::stop_token stop,
                                                 const typename TaskOperation<Result<T>>::MakeTask& make_task,
                                                 std::unique_ptr<StopPolling> polling = nullptr,
                                                 const std::shared_ptr<LoopOperation>& source = nullptr) {
  auto pending = std::make_shared<TaskOperation<Result<T>>>(thread, std::move(stop), make_task);
  pending->polling = std::move(polling);
  pending->source = source;
  thread->spawn(pending);
  return pending;
}

}  // namespace openailb::detail
