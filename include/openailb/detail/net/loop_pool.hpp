#pragma once

#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace openailb::detail {

class LoopPool;

/// An event loop on loan from its pool; the destructor gives it back.
class LoopLease {
 public:
  LoopLease() = default;
  LoopLease(std::shared_ptr<LoopPool> pool, std::unique_ptr<EventLoop> loop) noexcept
      : pool_(std::move(pool)), loop_(std::move(loop)) {}
  LoopLease(LoopLease&&) noexcept = default;
  LoopLease& operator=(LoopLease&&) = delete;
  ~LoopLease();

  EventLoop& operator*() const noexcept { return *loop_; }
  EventLoop* operator->() const noexcept { return loop_.get(); }

 private:
  std::shared_ptr<LoopPool> pool_{};
  std::unique_ptr<EventLoop> loop_{};
};

/// The loops of a client. A loop keeps its connections between calls. The loop that was used last is used
/// next, so that its connections stay warm. There are as many loops as calls and streams were under way at
/// once in the last two minutes. Thread-safe.
class LoopPool : public std::enable_shared_from_this<LoopPool> {
 public:
  using Factory = std::function<std::unique_ptr<EventLoop>()>;

  explicit LoopPool(Factory make) : make_(std::move(make)) {}

  LoopLease lease() {
    std::unique_ptr<EventLoop> loop;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        loop = std::move(idle_.back().loop);
        idle_.pop_back();
      }
    }
    if (!loop) loop = make_();
    return LoopLease(shared_from_this(), std::move(loop));
  }

 private:
  friend class LoopLease;

  struct Idle {
    std::unique_ptr<EventLoop> loop;
    TimePoint since;
  };
  static constexpr std::chrono::minutes kept_idle{2};

  /// Keeps a loop for the next call, and closes those that have been idle for long.
  void give_back(std::unique_ptr<EventLoop> loop) noexcept {
    std::vector<Idle> closed;  // destroyed after the lock is released: connections take time to close
    const std::lock_guard lock(mutex_);
    try {
      const TimePoint now = loop->now();
      idle_.push_back({std::move(loop), now});
      // The one used last is at the end, so the beginning has been idle for longest.
      const auto kept =
          std::ranges::find_if(idle_, [&](const Idle& one) { return now - one.since < kept_idle; });
      closed.assign(std::make_move_iterator(idle_.begin()), std::make_move_iterator(kept));
      idle_.erase(idle_.begin(), kept);
    } catch (...) {
      // No memory to keep it: it is closed instead.
    }
  }

  Factory make_;
  std::mutex mutex_{};
  std::vector<Idle> idle_{};
};

inline LoopLease::~LoopLease() {
  if (loop_) pool_->give_back(std::move(loop_));
}

}  // namespace openailb::detail
