#pragma once

#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace openailb::detail {

/// Waits until a function has run where continuations run, on an executor's thread or on the loop's.
class Errand : public EventSource {
 public:
  Errand(const std::shared_ptr<LoopThread>& thread, std::function<void()> function)
      : EventSource(thread->loop()), thread_(*thread), state_(std::make_shared<State>()) {
    state_->errand = this;
    thread_.pause();
    auto way_back = std::make_shared<WayBack>(thread, state_);
    thread->resume([way_back, function = std::move(function)] {
      way_back->state->exception = nullptr;
      try {
        function();
      } catch (...) {
        way_back->state->exception = std::current_exception();
      }
    });
  }
  ~Errand() {
    state_->errand = nullptr;
    if (!is_done_) thread_.go_on();
  }

  bool ready() const noexcept { return is_done_; }
  /// What the function threw, or that it was never called.
  const std::exception_ptr& exception() const noexcept { return state_->exception; }

 private:
  struct State {
    Errand* errand{};  // used on the loop's thread
    std::exception_ptr exception{
        std::make_exception_ptr(std::runtime_error("openailb: the executor has dropped a function"))};
  };
  /// Comes back when nobody has the function any more, whether it was called or dropped.
  struct WayBack {
    WayBack(std::shared_ptr<LoopThread> loop_thread, std::shared_ptr<State> errand_state)
        : thread(std::move(loop_thread)), state(std::move(errand_state)) {}
    WayBack(const WayBack&) = delete;
    WayBack& operator=(const WayBack&) = delete;
    ~WayBack() {
      thread->post([state = std::move(state)] {
        if (state->errand != nullptr) state->errand->come_back();
      });
    }

    std::shared_ptr<LoopThread> thread;
    std::shared_ptr<State> state;
  };

  void come_back() noexcept {
    is_done_ = true;
    thread_.go_on();
    notify();
  }

  LoopThread& thread_;
  std::shared_ptr<State> state_;
  bool is_done_{};
};

/// Calls a function of the user's where continuations run.
struct AskByErrand {
  std::shared_ptr<LoopThread> thread;

  Task<bool> operator()(std::function<bool()> question) const {
    auto answer = std::make_shared<bool>();
    Errand errand(thread, [answer, question = std::move(question)] { *answer = question(); });
    FirstOf back(errand);
    co_await back;
    if (errand.exception()) std::rethrow_exception(errand.exception());
    co_return *answer;
  }
};

}  // namespace openailb::detail
