#pragma once

#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/waiter.hpp>
#include <openailb/detail/wire/only_if_used.hpp>
#include <openailb/event_loop.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>

namespace openailb::detail {

/// The coroutine type in which calls are written. A task starts when it is first awaited or start()ed, and
/// runs on the thread of its event loop. Destroying it cancels it. `co_await task` resumes the awaiting
/// coroutine when the task is done; result() then gives its value or rethrows what it threw.
///
/// In openailb, a `co_await` only initialises a named local or stands as a whole statement, with an lvalue
/// operand: g++ 12 destroys temporaries in its operand twice.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type;

  Task() = default;
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
  Task& operator=(Task&& other) noexcept {
    Task(std::move(other)).swap(*this);
    return *this;
  }
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  /// Runs it up to its first suspension.
  void start() {
    if (std::exchange(coroutine_.promise().started, true)) return;
    coroutine_.resume();
  }

  bool done() const noexcept { return coroutine_.done(); }
  T result() {
    auto& promise = coroutine_.promise();
    if (promise.exception) std::rethrow_exception(promise.exception);
    return *std::move(promise.value);
  }

  /// \name as a source of WhenAny
  ///@{
  bool ready() {
    start();
    return done();
  }
  void subscribe(Waiter& waiter) noexcept { coroutine_.promise().continuation = waiter.coroutine; }
  void unsubscribe() noexcept {
    if (coroutine_) coroutine_.promise().continuation = {};
  }
  ///@}

  auto operator co_await() & noexcept {
    struct Awaiter {
      Task& task;
      ~Awaiter() { task.unsubscribe(); }
      bool await_ready() const { return task.ready(); }
      void await_suspend(std::coroutine_handle<> parent) const noexcept {
        task.coroutine_.promise().continuation = parent;
      }
      T await_resume() const { return task.result(); }
    };
    return Awaiter{*this};
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  void swap(Task& other) noexcept { std::swap(coroutine_, other.coroutine_); }

  std::coroutine_handle<promise_type> coroutine_{};
};

template <class T>
struct Task<T>::promise_type {
  std::optional<T> value{};
  std::exception_ptr exception{};
  std::coroutine_handle<> continuation{};
  bool started{};

  Task get_return_object() noexcept { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept {
    // The awaiting coroutine is resumed here rather than by symmetric transfer, which grows the stack on g++
    // below -O2. It may destroy this coroutine, so nothing is touched afterwards.
    struct ResumeContinuation {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> finished) const noexcept {
        if (std::coroutine_handle<> next = finished.promise().continuation) next.resume();
      }
      void await_resume() const noexcept {}
    };
    return ResumeContinuation{};
  }
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

/// Waits until the first of several sources is ready: transfers, timers, tasks (which it starts). Make it a
/// named local and `co_await` that; afterwards, ask each source whether it is ready.
template <class... Sources>
class [[nodiscard]] WhenAny {
 public:
  explicit WhenAny(Sources&... sources) noexcept : sources_(sources...) {}
  WhenAny(const WhenAny&) = delete;
  WhenAny& operator=(const WhenAny&) = delete;
  ~WhenAny() {
    if (waiter_.coroutine) unsubscribe();
  }

  bool await_ready() {
    return std::apply([](auto&... source) { return (source.ready() || ...); }, sources_);
  }
  void await_suspend(std::coroutine_handle<> coroutine) noexcept {
    waiter_.coroutine = coroutine;
    std::apply([this](auto&... source) { (source.subscribe(waiter_), ...); }, sources_);
  }
  void await_resume() noexcept {
    if (waiter_.coroutine) unsubscribe();
    waiter_.unlink();  // a task resumes it directly; another source may have put it on the ready list
    waiter_.coroutine = {};
  }

 private:
  void unsubscribe() noexcept {
    std::apply([](auto&... source) { (source.unsubscribe(), ...); }, sources_);
  }

  std::tuple<Sources&...> sources_;
  Waiter waiter_{};
};

/// Runs a task to its end on the calling thread, and polls meanwhile whether it is to stop, if `polling` is
/// given.
template <class T>
T run(EventLoop& loop, Task<T> task, StopPolling* polling = nullptr) {
  if (polling != nullptr) polling->poll(loop.now());
  task.start();
  while (!task.done()) {
    if (polling == nullptr) {
      loop.run_once();
    } else {
      loop.run_once(loop.now() + StopPolling::interval);
      polling->poll(loop.now());
    }
  }
  return task.result();
}

}  // namespace openailb::detail
