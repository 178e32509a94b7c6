#pragma once

#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/pending_call.hpp>
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
class Errand : public EventSource {
 public:
  Errand(PendingCall& call, std::function<void()> function)
      : EventSource(call.thread().loop()), thread_(call.thread()), state_(std::make_shared<State>()) {
    auto way_back = std::make_shared<WayBack>(call.shared_thread(), state_);
    auto self = std::static_pointer_cast<PendingCall>(call.shared_from_this());
    Post errand = prepare_post([self = std::move(self), way_back = std::move(way_back),
                                function = std::move(function)] { run(*self, *way_back->state, function); });
    thread_.call_for_user(std::move(errand));
    state_->errand = this;
    thread_.pause();
  }
  ~Errand() {
    state_->errand = nullptr;
    if (!is_done_) thread_.go_on();
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
    Errand* errand{};  // used on the loop's thread
    bool has_run{};
    bool was_called{};
    std::exception_ptr exception{};
  };
  /// Comes back when nobody has the function any more, whether it was called or dropped.
  struct WayBack {
    WayBack(std::shared_ptr<LoopThread> loop_thread, std::shared_ptr<State> errand_state)
        : thread(std::move(loop_thread)), state(std::move(errand_state)), back(prepare_post([its = state] {
            if (its->errand != nullptr) its->errand->come_back();
          })) {}
    WayBack(const WayBack&) = delete;
    WayBack& operator=(const WayBack&) = delete;
    ~WayBack() { thread->post(std::move(back)); }

    std::shared_ptr<LoopThread> thread;
    std::shared_ptr<State> state;
    Post back;
  };

  static void run(PendingCall& call, State& state, const std::function<void()>& function) noexcept {
    state.has_run = true;
    try {
      state.was_called = call.call(function);
    } catch (...) {
      state.exception = std::current_exception();
    }
  }
  void come_back() noexcept {
    is_done_ = true;
    thread_.go_on();
    notify();
  }

  LoopThread& thread_;
  std::shared_ptr<State> state_;
  bool is_done_{};
};

/// Calls a function of the user's where the user's code runs.
class Ask {
 public:
  /// On the thread that runs the call.
  Ask() = default;
  /// Where continuations run, for a call that lives on a LoopThread.
  explicit Ask(PendingCall& call) noexcept : call_(&call) {}

  /// Null: it was not called, since the call has been stopped.
  template <class = OnlyIfUsed>
  Task<std::optional<bool>> operator()(std::function<bool()> question) const {
    std::optional<bool> said;
    if (call_ == nullptr) {
      said = question();
      co_return said;
    }
    auto answer = std::make_shared<bool>();
    Errand errand(*call_, [answer, question = std::move(question)] { *answer = question(); });
    FirstOf back(errand);
    co_await back;
    if (errand.was_called()) said = *answer;
    co_return said;
  }

 private:
  PendingCall* call_{};
};

}  // namespace openailb::detail
