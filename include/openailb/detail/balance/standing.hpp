#pragma once

#include <openailb/circuit_breaker.hpp>
#include <openailb/clock.hpp>
#include <openailb/detail/balance/cooldowns.hpp>
#include <openailb/detail/balance/track_record.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/permit.hpp>

#include <atomic>
#include <optional>
#include <string_view>
#include <utility>

namespace openailb::detail {

class Standing;

/// Permission to make one attempt on an endpoint: a place in its in-flight count, and its breaker's permit.
/// Without a permit the attempt is a last resort: it is made although the breaker refuses.
class Admission {
 public:
  Admission(Standing& standing, std::optional<Permit> permit, TimePoint now) noexcept;
  Admission(Admission&& other) noexcept
      : standing_(std::exchange(other.standing_, nullptr)),
        permit_(std::move(other.permit_)),
        admitted_(other.admitted_),
        settled_(other.settled_) {}
  Admission& operator=(Admission&&) = delete;
  ~Admission();

  /// Whether a success of this attempt may close the breaker: it is a last resort or a half-open probe.
  bool is_probe() const noexcept { return !permit_ || permit_->half_open(); }
  bool is_last_resort() const noexcept { return !permit_; }
  TimePoint admitted() const noexcept { return admitted_; }

  /// Records how long the answer, or a stream's first token, has taken.
  void answered(bool stream, TimePoint now) const noexcept;
  /// The only way to report an outcome: tells the breaker, the model's cooldown and the track record how the
  /// attempt ended (null: with success). Only the first report counts. An attempt without a report is
  /// excluded.
  void settle(const Failure* failure, std::string_view model, TimePoint now);

 private:
  Standing* standing_;
  std::optional<Permit> permit_;
  TimePoint admitted_;
  bool settled_{};
};

/// What a client knows of an endpoint: whether it can be asked now, and how it has done lately. Thread-safe.
class Standing {
 public:
  Standing(BreakerSettings breaker, TimePoint now) : breaker_(std::move(breaker), now) {}

  /// The breaker does not admit before this time; TimePoint::max() when all its probes are taken.
  TimePoint admits_at() const noexcept {
    const TimePoint after = breaker_.admits_after();
    const bool is_a_time = after != (TimePoint::min)() && after != (TimePoint::max)();
    return is_a_time ? after + TimePoint::duration(1) : after;
  }
  /// Whether any model is or was rate limited here.
  bool any_cooldown() const { return cooldowns_.any(); }
  /// Until when the model is rate limited here.
  TimePoint cooldown_until(std::string_view model) const {
    return cooldowns_.any() ? cooldowns_.until(model) : (TimePoint::min)();
  }
  const TrackRecord& record() const noexcept { return record_; }

  /// Null when the breaker refuses.
  std::optional<Admission> admit(TimePoint now) {
    std::optional<Permit> permit = breaker_.acquire(now);
    if (!permit) return std::nullopt;
    return Admission(*this, std::move(permit), now);
  }
  /// The same, but as a last resort when the breaker refuses.
  Admission admit_anyway(TimePoint now) { return {*this, breaker_.acquire(now), now}; }

  State state(TimePoint now) { return breaker_.state(now); }
  Counts counts() const { return breaker_.counts(); }
  int in_flight() const noexcept { return in_flight_.load(); }
  auto cooldowns(TimePoint now) const { return cooldowns_.remaining(now); }

 private:
  friend class Admission;

  CircuitBreaker breaker_;
  Cooldowns cooldowns_{};
  TrackRecord record_{};
  std::atomic<int> in_flight_{};
};

inline Admission::Admission(Standing& standing, std::optional<Permit> permit, TimePoint now) noexcept
    : standing_(&standing), permit_(std::move(permit)), admitted_(now) {
  ++standing_->in_flight_;
}

inline Admission::~Admission() {
  if (standing_ != nullptr) --standing_->in_flight_;
}

inline void Admission::answered(bool stream, TimePoint now) const noexcept {
  standing_->record_.answered(stream, now - admitted_, now);
}

inline void Admission::settle(const Failure* failure, std::string_view model, TimePoint now) {
  if (std::exchange(settled_, true)) return;
  std::optional<Outcome> outcome = Outcome::success;
  if (failure == nullptr) {
    standing_->cooldowns_.succeeded(model, now);
  } else {
    outcome = failure->treatment.breaker;
    if (failure->failure_class == FailureClass::rate_limited) {
      standing_->cooldowns_.rate_limited(model, failure->error.retry_after, admitted_, now);
    }
    if (outcome == Outcome::failure) standing_->record_.failed(now - admitted_, now);
  }
  const Error* error = failure == nullptr ? nullptr : &failure->error;
  if (!outcome) {
    if (permit_) permit_->exclude(now);
  } else if (permit_) {
    permit_->report(error, *outcome, now);
  } else if (standing_->breaker_.judge(error, *outcome) == Outcome::success) {
    standing_->breaker_.close(now);
  }
}

}  // namespace openailb::detail
