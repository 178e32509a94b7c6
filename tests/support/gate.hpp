#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace openailb::test {

/// How long a test's helper waits for what ought to happen at once, before it says that it did not.
inline constexpr std::chrono::seconds patience{20};

/// Holds threads back until it is opened: how a test orders events without sleeping.
class Gate {
 public:
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

  /// True once the gate is open; false when a stop was requested or patience ran out first.
  bool wait(std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    return opened_.wait_for(lock, stop, patience, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any opened_;
  bool open_ = false;
};

}  // namespace openailb::test
