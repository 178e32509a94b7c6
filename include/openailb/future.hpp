#pragma once

#include <openailb/result.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <utility>

namespace openailb {

namespace detail {

class AnyAnswer;
template <class Execution>
class Core;
template <class T>
class TaskOperation;
/// A call that is under way, whatever the type of its answer.
using PendingAnswer = TaskOperation<Result<std::unique_ptr<AnyAnswer>>>;
class CallOperation;
template <class Input, class Answer>
class CallsUnderWay;

/// A coroutine that waits for a call. When this is destroyed, it does not wait any more.
class Awaiting {
 public:
  Awaiting() = default;
  Awaiting(const Awaiting&) = delete;
  Awaiting& operator=(const Awaiting&) = delete;
  ~Awaiting();

  /// False if the call is done already. Nobody else may be waiting for it.
  bool begin(std::shared_ptr<CallOperation> call, std::coroutine_handle<> coroutine);

 private:
  std::shared_ptr<CallOperation> call_{};
};

/// What a Future does whatever the type of its answer.
class AnyFuture {
 public:
  AnyFuture(AnyFuture&&) noexcept;
  AnyFuture& operator=(AnyFuture&&) noexcept;
  ~AnyFuture();

  /// Whether the answer is there.
  bool ready() const;
  /// Waits for the answer, but not for longer than that. Whether it is there. Throws as Future::get() does.
  bool wait_for(std::chrono::nanoseconds limit) const;
  /// Lets the call go on without anybody waiting for its answer.
  void detach() &&;

 protected:
  explicit AnyFuture(std::shared_ptr<PendingAnswer> pending) noexcept;
  PendingAnswer& pending() const;
  /// Waits for the end of the call.
  PendingAnswer& finish() const;
  std::shared_ptr<CallOperation> call() const;
  bool ready_for_one() const;
  void call_when_done(std::function<void(PendingAnswer&)> function) &&;

 private:
  template <class Input, class Answer>
  friend class CallsUnderWay;

  /// Calls it on the client's thread even if there is an executor: the executor's thread may be waiting for
  /// what it tells.
  void notify_when_done(const std::function<void()>& notify);
  void cancel() noexcept;
  void wait_for_end() noexcept;

  std::shared_ptr<PendingAnswer> pending_;  // null when moved from
};

}  // namespace detail

/// The answer to a call of an AsyncClient, which is under way. Destroying the Future, or assigning another
/// one to it, cancels the call and does not wait for that.
///
///     Result<ChatCompletion> answer = co_await future;   // in any coroutine
///     std::move(future).then([](Result<ChatCompletion> answer) { ... });
///     if (future.ready()) use(future.get());             // in a program with a tick
///     Result<ChatCompletion> answer = future.get();      // blocks
///
/// Coroutines and functions go on where ClientOptions::executor runs them, or else on the client's own
/// thread, which must not be blocked. What a function of yours threw in the call, such as
/// ClientOptions::classify, comes out of get() and `co_await`. The result can be taken once, in one of these
/// ways: while a coroutine waits for it, the others throw std::logic_error. For use by one thread at a time.
/// It may outlive its client, whose end cancels the call.
///
/// Once get() has returned, none of the functions that were given to the call is called, nor running. The
/// same holds after the destructor on the thread where they are called, the executor's or else the client's
/// own: a window there may own both. A coroutine that waits is then not resumed, so its owner destroys it.
template <class T>
class [[nodiscard]] Future : public detail::AnyFuture {
 public:
  /// Waits for the answer. Throws std::logic_error on the client's own thread, where it would wait for ever.
  Result<T> get();
  /// Calls `function(Result<T>)` when the answer is there. What it throws goes to
  /// ClientOptions::on_unhandled. If a function of yours threw in the call, it gets an Error that tells so.
  template <class Function>
  void then(Function function) && {
    // Shared, since a std::function must be copyable, and the function need not be.
    std::move(*this).call_when_done([shared = std::make_shared<Function>(std::move(function))](
                                        Result<T> answer) { (*shared)(std::move(answer)); });
  }

  /// `co_await future`, of a named Future: gives its Result<T>.
  auto operator co_await() & noexcept {
    class Awaiter {
     public:
      explicit Awaiter(Future& future) noexcept : future_(future) {}
      Awaiter(const Awaiter&) = delete;
      Awaiter& operator=(const Awaiter&) = delete;

      bool await_ready() const { return future_.ready_for_one(); }
      bool await_suspend(std::coroutine_handle<> coroutine) {
        return waiting_.begin(future_.call(), coroutine);
      }
      Result<T> await_resume() const { return future_.get(); }

     private:
      Future& future_;
      detail::Awaiting waiting_{};
    };
    return Awaiter(*this);
  }

 private:
  template <class Execution>
  friend class detail::Core;
  template <class Chunk>
  friend class AsyncStream;
  template <class Input, class Answer>
  friend class detail::CallsUnderWay;

  explicit Future(std::shared_ptr<detail::PendingAnswer> pending) noexcept : AnyFuture(std::move(pending)) {}
  void call_when_done(std::function<void(Result<T>)> function) &&;
  Result<T> take();
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/future.hpp>
#endif
