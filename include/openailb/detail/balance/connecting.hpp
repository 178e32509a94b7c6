#pragma once

#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>

namespace openailb::detail {

/// What is known of connecting to an endpoint: how long it takes there, and whether it can be done at all. An
/// endpoint that could not be connected to is in question until a connection is made: its next attempt has
/// all the time that the client gives for connecting, and finds out, while other calls ask others first. If
/// it fails, others come first for a while, which doubles with each such failure. Lock-free.
class Connecting final : public ConnectionObserver {
 public:
  /// How long others come first after the first such failure.
  explicit Connecting(std::chrono::nanoseconds pause) noexcept : pause_((std::min)(pause, longest)) {}

  void connected(std::optional<std::chrono::nanoseconds> took) noexcept override {
    if (took) learn(*took);
    if (failures_.load() == none) return;
    failures_.store(none);
    put_off_until_.store((TimePoint::min)());
  }
  /// An attempt was cut, with less time to connect than the client gives at most.
  void cut() noexcept {
    int expected = none;
    if (slowest_.load() == unknown) failures_.compare_exchange_strong(expected, 0);
  }
  /// An attempt that began then had all the time, and no connection was made. Of several at the same time,
  /// one counts.
  void failed(TimePoint began, TimePoint now) noexcept {
    if (began < failed_at_.load()) return;
    failed_at_.store(now);
    const int failures = (std::min)((std::max)(failures_.load(), 0) + 1, most_failures);
    failures_.store(failures);
    put_off_until_.store(saturating_add(now, pause_ * (1 << (failures - 1))));
  }
  /// An attempt finds out what is in question. Others come first for as long as it may take.
  void finds_out(TimePoint until) noexcept {
    if (until > put_off_until_.load()) put_off_until_.store(until);
  }

  /// What an attempt has to be given if another endpoint could be asked after this limit (zero: none).
  std::chrono::nanoseconds given(std::chrono::nanoseconds limit) const noexcept {
    const std::chrono::nanoseconds slowest = slowest_.load();
    return limit.count() == 0 || slowest == unknown ? limit : (std::max)(limit, margin * slowest);
  }
  /// How long an attempt must have been given for its endpoint to be blamed because it is not connected.
  std::chrono::nanoseconds blame_threshold() const noexcept {
    const std::chrono::nanoseconds slowest = slowest_.load();
    return slowest == unknown ? (std::chrono::nanoseconds::max)() : margin * slowest;
  }
  bool in_question() const noexcept { return failures_.load() != none; }
  /// Whether others come first.
  bool is_put_off(TimePoint now) const noexcept { return now < put_off_until_.load(); }

 private:
  static constexpr int none = -1, most_failures = 3, margin = 2;
  static constexpr std::chrono::nanoseconds unknown{-1}, longest{std::chrono::hours(1)};

  /// A maximum that comes an eighth nearer to each connection that is made sooner. Time does not lower it,
  /// since kept connections are used for hours.
  void learn(std::chrono::nanoseconds took) noexcept {
    std::chrono::nanoseconds slowest = slowest_.load(), next{};
    do next = took >= slowest ? took : slowest - (slowest - took) / 8;
    while (!slowest_.compare_exchange_weak(slowest, next));
  }

  const std::chrono::nanoseconds pause_;
  std::atomic<std::chrono::nanoseconds> slowest_{unknown};
  std::atomic<int> failures_{none};  // that had all the time; 0: only some that had not
  std::atomic<TimePoint> failed_at_{(TimePoint::min)()};
  std::atomic<TimePoint> put_off_until_{(TimePoint::min)()};
};

}  // namespace openailb::detail
