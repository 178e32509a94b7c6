#pragma once

#include <coroutine>

namespace openailb {
class EventLoop;
}

namespace openailb::detail {

/// One suspended coroutine. The event sources for which it waits point to it, and put it on the loop's ready
/// list.
class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { unlink(); }

  std::coroutine_handle<> coroutine{};

  /// Takes it off the ready list.
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  friend class openailb::EventLoop;

  void link_before(Waiter& other) noexcept {
    previous_ = other.previous_;
    next_ = &other;
    previous_->next_ = this;
    other.previous_ = this;
  }

  Waiter* previous_{this};
  Waiter* next_{this};
};

}  // namespace openailb::detail
