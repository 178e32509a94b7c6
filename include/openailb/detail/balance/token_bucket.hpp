#pragma once

#include <openailb/values/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>

namespace openailb::detail {

/// So much per minute, as a token bucket: what is not used is saved for up to a minute. Thread-safe.
class TokenBucket {
 public:
  /// Without a limit.
  explicit TokenBucket(TimePoint now) : latest_(now) {}

  /// Zero: no limit. What is left does not grow by that, and is no larger part than it was.
  void set_most(int per_minute, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const double most = per_minute;
    if (most == most_) return;
    refill(now);
    most_ = most;
    if (most == 0.0) return;  // what is left counts again when there is a limit again
    if (most < latest_limit_ && left_ > 0.0) left_ *= most / latest_limit_;
    latest_limit_ = most;
    left_ = std::clamp(left_, -most, most);
    refill(now);
  }
  bool is_limited() const noexcept { return most_ > 0.0; }
  /// Whether nothing has been taken that would not be there again.
  bool is_as_new(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    refill(now);
    if (is_limited()) return left_ >= most_;
    return left_ == unused || now - latest_ >= std::chrono::minutes(2);  // it never owes more
  }

  /// When so much will be there. What is more than a minute's is there when a minute's is.
  TimePoint available_at(double amount, TimePoint now) const {
    if (!is_limited()) return now;
    const std::lock_guard lock(mutex_);
    refill(now);
    const double most = most_, missing = (std::min)(amount, most) - left_;
    if (missing <= 0.0 || most == 0.0) return now;
    const std::chrono::duration<double> wait(60.0 * missing / most);
    return now + std::chrono::ceil<TimePoint::duration>(wait);
  }

  /// Takes so much if it is there.
  bool take(double amount, TimePoint now) {
    if (!is_limited()) return true;
    const std::lock_guard lock(mutex_);
    refill(now);
    constexpr double rounding = 1e-6;
    if (left_ + rounding < (std::min)(amount, most_.load())) return false;
    left_ -= amount;
    return true;
  }

  /// Gives back what was taken but not used; less than nothing if more was used.
  void give_back(double amount) {
    const std::lock_guard lock(mutex_);
    const double most = most_;
    if (most == 0.0) return;
    left_ = std::clamp(left_ + amount, -most, most);  // it never owes more than a minute's
  }

 private:
  void refill(TimePoint now) const {
    const double most = most_;
    if (now <= latest_ || most == 0.0) return;
    const std::chrono::duration<double> passed = now - latest_;
    left_ = (std::min)(left_ + most * passed.count() / 60.0, most);
    latest_ = now;
  }

  static constexpr double unused = std::numeric_limits<double>::infinity();

  std::atomic<double> most_{};
  mutable std::mutex mutex_{};
  double latest_limit_{};
  mutable double left_{unused};  // until there is a limit
  mutable TimePoint latest_;
};

}  // namespace openailb::detail
