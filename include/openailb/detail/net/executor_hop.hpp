#pragma once

#include <openailb/detail/net/call_operation.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace openailb::detail {

/// Waits until a function of the user's has run where continuations run, on an executor's thread or on the
/// loop's. It does not run if the call may call nothing of the user's any more.
class ExecutorHop : public EventSource {
 public:
  ExecutorHop(CallOperation& call, std::function<void()> function)
      : EventSource(call.thread().loop()), thread_(call.thread()), state_(std::make_shared<State>()) {
    auto guard = std::make_shared<CompletionGuard>(call.shared_thread(), state_);
    auto self = std::static_pointer_cast<CallOperation>(call.shared_from_this());
    Post hop = prepare_post([self = std::move(self), guard = std::move(guard),
                             function = std::move(function)] { run(*self, *guard->state, function); });
    thread_.call_for_user(std::move(hop));
    state_->hop = this;
    thread_.pause();
  }
  ~ExecutorHop() {
    state_->hop = nullptr;
    if (!is_done_) thread_.set_active();
  }

  bool ready() const noexcept { return is_done_; }
  /// Once ready: whether the function was called. Throws what it threw, or if the executor has dropped it.
  bool was_called() const {
    if (state_->exception) std::rethrow_exception(state_->exception);
    if (!state_->has_run) throw std::runtime_error("openailb: the executor has dropped a function");
    return state_->was_called;
  }

 private:
  struct State {
    ExecutorHop* hop{};  // used on the loop's thread
    bool has_run{};
    bool was_called{};
    std::exception_ptr exception{};
  };
  /// Comes back when nobody has the function any more, whether it was called or dropped.
  struct CompletionGuard {
    CompletionGuard(std::shared_ptr<LoopThread> loop_thread, std::shared_ptr<State> errand_state)
        : thread(std::move(loop_thread)), state(std::move(errand_state)), back(prepare_post([its = state] {
            if (its->hop != nullptr) its->hop->come_back();
          })) {}
    CompletionGuard(const CompletionGuard&) = delete;
    CompletionGuard& operator=(const CompletionGuard&) = delete;
    ~CompletionGuard() { thread->post(std::move(back)); }

    std::shared_ptr<LoopThread> thread;
    std::shared_ptr<State> state;
    Post back;
  };

  static void run(CallOperation& call, State& state, const std::function<void()>& function) noexcept {
    state.has_run = true;
    try {
      state.was_called = call.call(function);
    } catch (...) {
      state.exception = std::current_exception();
    }
  }
  void come_back() noexcept {
    is_done_ = true;
    thread_.set_active();
    notify();
  }

  LoopThread& thread_;
  std::shared_ptr<State> state_;
  bool is_done_{};
};

/// Calls a function of the user's where the user's code runs.
class InvokeUser {
 public:
  /// On the thread that runs the call.
  InvokeUser() = default;
  /// Where continuations run, for a call that lives on a LoopThread.
  explicit InvokeUser(CallOperation& call) noexcept : call_(&call) {}

  /// Null: it was not called, since the call has been stopped.
  template <class = OnlyIfUsed>
  Task<std::optional<bool>> operator()(std::function<bool()> question) const {
    std::optional<bool> said;
    if (call_ == nullptr) {
      said = question();
      co_return said;
    }
    auto answer = std::make_shared<bool>();
    ExecutorHop hop(*call_, [answer, question = std::move(question)] { *answer = question(); });
    WhenAny back(hop);
    co_await back;
    if (hop.was_called()) said = *answer;
    co_return said;
  }

 private:
  CallOperation* call_{};
};

}  // namespace openailb::detail
