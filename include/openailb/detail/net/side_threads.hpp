#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <system_error>
#include <thread>
#include <utility>

namespace openailb::detail {

/// Threads beside that of an event loop, one for each piece of work that would hold it up. The loop alone
/// uses this. The destructor waits for what is still under way.
class SideThreads {
 public:
  SideThreads() = default;
  SideThreads(const SideThreads&) = delete;
  SideThreads& operator=(const SideThreads&) = delete;
  ~SideThreads() {
    for (One& one : running_) one.thread.join();
  }

  /// False, and it is not run, when there can be no more threads.
  bool run(const std::function<void()>& work) {
    join_those_done();
    One& one = running_.emplace_back();
    try {
      one.thread = std::thread([&one, mine = std::function<void()>(work)]() mutable {
        std::exchange(mine, nullptr)();
        one.done = true;
      });
    } catch (const std::system_error&) {
      running_.pop_back();
      return false;
    }
    return true;
  }

 private:
  struct One {
    std::thread thread{};
    std::atomic<bool> done{};
  };

  void join_those_done() {
    std::erase_if(running_, [](One& one) {
      if (one.done) one.thread.join();
      return !one.thread.joinable();
    });
  }

  std::list<One> running_{};
};

}  // namespace openailb::detail
