#pragma once

#include <openailb/detail/wire/call.hpp>
#include <openailb/values/clock.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace openailb::detail {

/// A stop token that stops when a function says so, which poll() calls, or when another token stops.
class StopPolling {
 public:
  static constexpr std::chrono::milliseconds interval{50};

  StopPolling(std::function<bool()> should_stop, std::stop_token other)
      : should_stop_(std::move(should_stop)), on_other_(std::move(other), Request{&source_}) {}

  std::stop_token token() const noexcept { return source_.get_token(); }

  /// Stops, whatever the function says.
  void stop() noexcept { source_.request_stop(); }

  /// Calls the function, unless it was called less than `interval` ago.
  void poll(TimePoint now) {
    if (asked_at_ && now - *asked_at_ < interval) return;
    asked_at_ = now;
    ask();
  }
  /// Calls the function.
  void ask() {
    if (!source_.stop_requested() && should_stop_()) source_.request_stop();
  }

 private:
  struct Request {
    std::stop_source* source;
    void operator()() const noexcept { source->request_stop(); }
  };

  std::function<bool()> should_stop_;
  std::stop_source source_{};
  std::optional<TimePoint> asked_at_{};
  std::stop_callback<Request> on_other_;
};

/// Makes the call's stop token obey its should_stop as well; null if it has no such function.
inline std::unique_ptr<StopPolling> poll_for_stop(Call& call) {
  if (!call.should_stop) return nullptr;
  auto polling = std::make_unique<StopPolling>(std::move(call.should_stop), std::move(call.stop_token));
  call.stop_token = polling->token();
  return polling;
}

}  // namespace openailb::detail
