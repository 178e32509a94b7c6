#pragma once

#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/http.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace openailb::test {

/// An event loop whose transfers end as they begin, with what a function answers. Loops share nothing but
/// that function, so that threads meet only inside the client.
class InstantLoop : public EventLoop {
 public:
  using Server = std::function<HttpResponse(const HttpRequest&)>;

  explicit InstantLoop(
      Server server, ClockFunction clock = [] { return std::chrono::steady_clock::now(); })
      : EventLoop(std::move(clock)), server_(std::move(server)) {}

  void start(Transfer& transfer, HttpRequest request) override {
    transfer.response = server_(request);
    transfer.finish();
  }
  void cancel(Transfer&) noexcept override {}

  void wait(TimePoint until) override {
    std::unique_lock lock(mutex_);
    const auto is_over = [this] { return woken_ || anything_ready(); };
    if (until == (TimePoint::max)()) {
      changed_.wait(lock, is_over);
    } else {
      changed_.wait_until(lock, until, is_over);
    }
    woken_ = false;
  }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }

 private:
  Server server_;
  std::mutex mutex_{};
  std::condition_variable changed_{};
  bool woken_{};
};

}  // namespace openailb::test
