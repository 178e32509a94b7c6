#pragma once

#include <openailb/detail/balance/cooldowns.hpp>
#include <openailb/detail/balance/token_bucket.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace openailb::detail {

/// What one attempt is expected to take of a quota.
struct RequestCost {
  std::string model{};  ///< by its name at the endpoint
  double tokens{};      ///< of the request and its answer
};

/// The limits of an account: what it may still send, and until when it is rate limited. The endpoints of a
/// quota group share one. Thread-safe.
class AccountLimits {
 public:
  /// Without limits per minute.
  explicit AccountLimits(TimePoint now) : requests_(now), tokens_(now) {}

  /// Changes the limits; zero: none. What was used stays used.
  void set_limits(int requests_per_minute, int tokens_per_minute, TimePoint now) {
    requests_.set_most(requests_per_minute, now);
    tokens_.set_most(tokens_per_minute, now);
  }
  /// Whether another one could take its place.
  bool is_as_new(TimePoint now) const {
    return requests_.is_as_new(now) && tokens_.is_as_new(now) && cooldowns_.are_over(now);
  }

  Cooldowns& cooldowns() noexcept { return cooldowns_; }
  const Cooldowns& cooldowns() const noexcept { return cooldowns_; }
  /// Whether its tokens are limited.
  bool counts_tokens() const noexcept { return tokens_.is_limited(); }

  /// False: no attempt has to wait. Takes no lock.
  bool limits_any() const noexcept {
    return cooldowns_.any() || requests_.is_limited() || tokens_.is_limited();
  }
  /// Until when such an attempt has to wait; a time that is past when it need not.
  TimePoint until(const RequestCost& cost, TimePoint now) const {
    TimePoint until = cooldowns_.any() ? cooldowns_.until(cost.model) : (TimePoint::min)();
    if (requests_.is_limited()) until = (std::max)(until, requests_.available_at(1.0, now));
    if (tokens_.is_limited()) {
      // Most answers give some of what was expected back, so who waits for that looks again before long.
      const TimePoint available = tokens_.available_at(cost.tokens, now);
      until = (std::max)(until, (std::min)(available, now + std::chrono::seconds(1)));
    }
    return until;
  }

  /// Takes what an attempt is expected to need. False: another call was faster.
  bool take(const RequestCost& cost, TimePoint now) {
    if (!requests_.take(1.0, now)) return false;
    if (tokens_.take(cost.tokens, now)) return true;
    requests_.give_back(1.0);
    return false;
  }
  /// Says how many tokens an attempt has used; `expected` were taken for it.
  void used(double tokens, double expected) { tokens_.give_back(expected - tokens); }

 private:
  Cooldowns cooldowns_{};
  TokenBucket requests_;
  TokenBucket tokens_;
};

}  // namespace openailb::detail
