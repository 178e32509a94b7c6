#pragma once

#include <openailb/clock.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>

namespace openailb::detail {

/// So much per minute, as a token bucket: what is not used is saved for up to a minute. Thread-safe.
class MinuteBudget {
 public:
  /// Zero: no limit.
  MinuteBudget(int per_minute, TimePoint now) : most_(per_minute), left_(most_), latest_(now) {}

  bool is_limited() const noexcept { return most_ > 0.0; }

  /// When so much will be there. What is more than a minute's is there when a minute's is.
  TimePoint available_at(double amount, TimePoint now) const {
    if (!is_limited()) return now;
    const std::lock_guard lock(mutex_);
    refill(now);
    const double missing = (std::min)(amount, most_) - left_;
    if (missing <= 0.0) return now;
    const std::chrono::duration<double> wait(60.0 * missing / most_);
    return now + std::chrono::ceil<TimePoint::duration>(wait);
  }

  /// Takes so much if it is there.
  bool take(double amount, TimePoint now) {
    if (!is_limited()) return true;
    const std::lock_guard lock(mutex_);
    refill(now);
    constexpr double rounding = 1e-6;
    if (left_ + rounding < (std::min)(amount, most_)) return false;
    left_ -= amount;
    return true;
  }

  /// Gives back what was taken but not used; less than nothing if more was used.
  void give_back(double amount) {
    if (!is_limited()) return;
    const std::lock_guard lock(mutex_);
    left_ = std::clamp(left_ + amount, -most_, most_);  // it never owes more than a minute's
  }

 private:
  void refill(TimePoint now) const {
    if (now <= latest_) return;
    const std::chrono::duration<double> passed = now - latest_;
    left_ = (std::min)(left_ + most_ * passed.count() / 60.0, most_);
    latest_ = now;
  }

  const double most_;
  mutable std::mutex mutex_{};
  mutable double left_;
  mutable TimePoint latest_;
};

}  // namespace openailb::detail
