#pragma once

#include <openailb/circuit_breaker.hpp>
#include <openailb/detail/balance/account_limits.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/connecting.hpp>
#include <openailb/detail/balance/latency_stats.hpp>
#include <openailb/detail/balance/second_opinion.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/permit.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// What a client knows of an endpoint: whether its breaker admits, how many attempts are in flight, how it
/// has done lately, and what connecting to it takes. An endpoint that is configured anew keeps it.
/// Thread-safe.
struct EndpointHealth {
  EndpointHealth(BreakerSettings settings, std::shared_ptr<WaitQueue> queue, TimePoint now)
      : breaker(std::move(settings), now),
        connecting(breaker.settings().timeout),
        concurrency(std::move(queue)) {}

  /// The breaker does not admit before this time; TimePoint::max() when all its probes are taken.
  TimePoint admits_at() const noexcept {
    const TimePoint after = breaker.admits_after();
    const bool is_a_time = after != (TimePoint::min)() && after != (TimePoint::max)();
    return is_a_time ? after + TimePoint::duration(1) : after;
  }

  CircuitBreaker breaker;
  LatencyStats latency_stats{};
  RefusedModels refused_models{};
  Connecting connecting;
  ConcurrencyLimit concurrency;
};

/// Permission to make one attempt on an endpoint: a slot there and at the client, its part of the quota, and
/// the breaker's permit. Without a permit the attempt is a last resort: it is made although the breaker
/// refuses.
class AttemptLease {
 public:
  /// What an attempt needs besides the permit.
  struct Reservation {
    Slot at_endpoint{};
    Slot client_limit{};
    double tokens{};  ///< that were taken of the quota
  };

  /// The health and the quota of an endpoint that outlives it.
  AttemptLease(EndpointHealth& health, AccountLimits& quota, Reservation reservation,
               std::optional<Permit> permit, TimePoint now) noexcept
      : health_(&health),
        account_(&quota),
        reservation_(std::move(reservation)),
        permit_(std::move(permit)),
        admitted_(now) {}

  /// Whether a success of this attempt may close the breaker: it is a last resort or a half-open probe.
  bool is_probe() const noexcept { return !permit_ || permit_->half_open(); }
  bool is_half_open_probe() const noexcept { return permit_ && permit_->half_open(); }
  bool is_last_resort() const noexcept { return !permit_; }
  TimePoint admitted() const noexcept { return admitted_; }

  /// Records how long the answer, or a stream's first token, has taken.
  void answered(bool stream, TimePoint now) const noexcept {
    health_->latency_stats.answered(stream, now - admitted_, now);
  }
  /// Records that the account is rate limited from now on, although the attempt was answered.
  void mark_exhausted(std::string_view model, std::chrono::nanoseconds until_reset, TimePoint now) const {
    account_->cooldowns().mark_exhausted(model, until_reset, now);
  }
  /// Records how many tokens the attempt has used, once that is known.
  void used(double tokens) { account_->used(tokens, std::exchange(reservation_.tokens, tokens)); }
  bool counts_tokens() const noexcept { return account_->counts_tokens(); }

  /// The only way to report an outcome: tells the breaker, the model's cooldown and the track record how the
  /// attempt ended (null: with success). Only the first report counts. An attempt without a report is
  /// excluded.
  void report_outcome(const Failure* failure, std::string_view model, bool stream, TimePoint now);

 private:
  EndpointHealth* health_;
  AccountLimits* account_;
  Reservation reservation_;
  std::optional<Permit> permit_;
  TimePoint admitted_;
  bool settled_{};
};

inline void AttemptLease::report_outcome(const Failure* failure, std::string_view model, bool stream,
                                         TimePoint now) {
  if (std::exchange(settled_, true)) return;
  std::optional<Outcome> outcome = Outcome::success;
  if (failure == nullptr) {
    account_->cooldowns().succeeded(model, now);
  } else {
    outcome = failure->policy.breaker;
    if (failure->failure_class == FailureClass::rate_limited) {
      account_->cooldowns().rate_limited(model, failure->error.retry_after, admitted_, now);
    }
    if (!failure->may_have_executed) used(0.0);
    if (outcome == Outcome::failure) health_->latency_stats.failed(stream, now - admitted_, now);
  }
  const Error* error = failure == nullptr ? nullptr : &failure->error;
  if (!outcome) {
    if (permit_) permit_->exclude(now);
  } else if (permit_) {
    permit_->report(error, *outcome, now);
  } else if (health_->breaker.outcome_of(error, *outcome) == Outcome::success) {
    health_->breaker.close(now);
  }
}

}  // namespace openailb::detail
