#pragma once

#include <openailb/circuit_breaker.hpp>
#include <openailb/clock.hpp>
#include <openailb/detail/balance/connecting.hpp>
#include <openailb/detail/balance/quota.hpp>
#include <openailb/detail/balance/seats.hpp>
#include <openailb/detail/balance/track_record.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/permit.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// What a client knows of an endpoint: whether its breaker admits, how many attempts are in flight, how it
/// has done lately, and what connecting to it takes. An endpoint that is configured anew keeps it.
/// Thread-safe.
struct Standing {
  Standing(BreakerSettings settings, std::shared_ptr<WaitingRoom> room, TimePoint now)
      : breaker(std::move(settings), now), connecting(breaker.settings().timeout), seats(std::move(room)) {}

  /// The breaker does not admit before this time; TimePoint::max() when all its probes are taken.
  TimePoint admits_at() const noexcept {
    const TimePoint after = breaker.admits_after();
    const bool is_a_time = after != (TimePoint::min)() && after != (TimePoint::max)();
    return is_a_time ? after + TimePoint::duration(1) : after;
  }

  CircuitBreaker breaker;
  TrackRecord record{};
  Connecting connecting;
  Seats seats;
};

/// Permission to make one attempt on an endpoint: a seat there and at the client, its part of the quota, and
/// the breaker's permit. Without a permit the attempt is a last resort: it is made although the breaker
/// refuses.
class Admission {
 public:
  /// What an attempt needs besides the permit.
  struct Place {
    Seat at_endpoint{};
    Seat at_client{};
    double tokens{};  ///< that were taken of the quota
  };

  /// The standing and the quota of an endpoint that outlives it.
  Admission(Standing& standing, Quota& quota, Place place, std::optional<Permit> permit,
            TimePoint now) noexcept
      : standing_(&standing),
        quota_(&quota),
        place_(std::move(place)),
        permit_(std::move(permit)),
        admitted_(now) {}

  /// Whether a success of this attempt may close the breaker: it is a last resort or a half-open probe.
  bool is_probe() const noexcept { return !permit_ || permit_->half_open(); }
  bool is_half_open_probe() const noexcept { return permit_ && permit_->half_open(); }
  bool is_last_resort() const noexcept { return !permit_; }
  TimePoint admitted() const noexcept { return admitted_; }

  /// Records how long the answer, or a stream's first token, has taken.
  void answered(bool stream, TimePoint now) const noexcept {
    standing_->record.answered(stream, now - admitted_, now);
  }
  /// Records that the account is rate limited from now on, although the attempt was answered.
  void used_up(std::string_view model, std::chrono::nanoseconds until_reset, TimePoint now) const {
    quota_->cooldowns().used_up(model, until_reset, now);
  }
  /// Records how many tokens the attempt has used, once that is known.
  void used(double tokens) { quota_->used(tokens, std::exchange(place_.tokens, tokens)); }
  bool counts_tokens() const noexcept { return quota_->counts_tokens(); }

  /// The only way to report an outcome: tells the breaker, the model's cooldown and the track record how the
  /// attempt ended (null: with success). Only the first report counts. An attempt without a report is
  /// excluded.
  void settle(const Failure* failure, std::string_view model, bool stream, TimePoint now);

 private:
  Standing* standing_;
  Quota* quota_;
  Place place_;
  std::optional<Permit> permit_;
  TimePoint admitted_;
  bool settled_{};
};

inline void Admission::settle(const Failure* failure, std::string_view model, bool stream, TimePoint now) {
  if (std::exchange(settled_, true)) return;
  std::optional<Outcome> outcome = Outcome::success;
  if (failure == nullptr) {
    quota_->cooldowns().succeeded(model, now);
  } else {
    outcome = failure->treatment.breaker;
    if (failure->failure_class == FailureClass::rate_limited) {
      quota_->cooldowns().rate_limited(model, failure->error.retry_after, admitted_, now);
    }
    if (!failure->ran_it) used(0.0);
    if (outcome == Outcome::failure) standing_->record.failed(stream, now - admitted_, now);
  }
  const Error* error = failure == nullptr ? nullptr : &failure->error;
  if (!outcome) {
    if (permit_) permit_->exclude(now);
  } else if (permit_) {
    permit_->report(error, *outcome, now);
  } else if (standing_->breaker.judge(error, *outcome) == Outcome::success) {
    standing_->breaker.close(now);
  }
}

}  // namespace openailb::detail
