#pragma once

#include <openailb/options.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

namespace openailb::detail {

/// What a client may spend on attempts beyond those that are free; see RetryBudgetOptions. Calls and time add
/// to it, each attempt takes one, and what is saved melts away within about ten seconds. So the attempts that
/// it pays are never more than per_call of all calls, and per_second of all seconds and of ten at the start.
/// Thread-safe.
class RetryBudget {
 public:
  /// Null options: there is no limit.
  RetryBudget(const std::optional<RetryBudgetOptions>& options, TimePoint now)
      : options_(options), at_(now), balance_(options ? by_time_alone() : 0.0) {}

  /// What one attempt costs, taken out of the budget. It goes back when this is destroyed, unless it was
  /// spent.
  struct GiveBack {
    void operator()(RetryBudget* budget) const noexcept { budget->add(1.0); }
  };
  using Reserved = std::unique_ptr<RetryBudget, GiveBack>;
  static void spend(Reserved& reserved) noexcept { static_cast<void>(reserved.release()); }

  /// For each call, when it begins.
  void deposit(TimePoint now) {
    if (!options_) return;
    const std::lock_guard lock(mutex_);
    pass_time(now);
    balance_ += options_->per_call;
  }

  /// Null when the budget is used up.
  Reserved reserve(TimePoint now) {
    if (!options_) return Reserved(this);
    const std::lock_guard lock(mutex_);
    pass_time(now);
    constexpr double rounding = 1e-9;
    if (balance_ < 1.0 - rounding) return nullptr;
    balance_ -= 1.0;
    return Reserved(this);
  }

  /// Whether it pays for a last resort without a pause. It does not while none of them is answered: then
  /// every endpoint is down, and calls need the budget for their retries, as with one endpoint. Those under
  /// way count, or a crowd that comes at once would use it up.
  bool pays_at_once() const noexcept { return !options_ || in_a_row_.load() < most_in_a_row; }
  void last_resort_begins() noexcept { ++in_a_row_; }
  void answered() noexcept {
    if (in_a_row_.load() != 0) in_a_row_.store(0);
  }

 private:
  using Seconds = std::chrono::duration<double>;
  static constexpr Seconds saved_for{10.0};
  static constexpr int most_in_a_row = 5;

  /// What the balance settles at when there are no calls.
  double by_time_alone() const { return options_->per_second * saved_for.count(); }

  void pass_time(TimePoint now) {
    const double passed = Seconds((std::max)(now, at_) - at_) / saved_for;
    at_ = (std::max)(now, at_);
    // It comes nearer to where it settles, and never by more than per_second a second.
    balance_ += (by_time_alone() - balance_) * (passed / (1.0 + passed));
  }
  void add(double amount) noexcept {
    const std::lock_guard lock(mutex_);
    balance_ += amount;
  }

  const std::optional<RetryBudgetOptions> options_;
  std::mutex mutex_{};
  TimePoint at_;
  double balance_;
  std::atomic<int> in_a_row_{};  // last resorts, since any attempt was answered
};

}  // namespace openailb::detail
