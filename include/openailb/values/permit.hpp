#pragma once

#include <openailb/error.hpp>
#include <openailb/values/breaker_settings.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace openailb {

class CircuitBreaker;

/// Permission to send one request, granted by a CircuitBreaker, which must outlive it. Only the first report
/// counts. A permit that is destroyed without a report counts as excluded at the time of its admission, so
/// that a lost probe cannot keep others out; this moves no clock and calls no user code. For use by one
/// thread at a time.
class [[nodiscard]] Permit {
 public:
  using Clock = std::chrono::steady_clock;

  Permit(Permit&& other) noexcept : breaker_(std::exchange(other.breaker_, nullptr)), grant_(other.grant_) {}
  Permit& operator=(Permit&& other) noexcept {
    Permit taken(std::move(other));
    std::swap(breaker_, taken.breaker_);
    std::swap(grant_, taken.grant_);
    return *this;
  }
  ~Permit();

  /// Reports a success without asking is_excluded and is_successful.
  void success(Clock::time_point now = Clock::now()) { settle(Outcome::success, now); }
  /// Reports a failure without asking them.
  void failure(Clock::time_point now = Clock::now()) { settle(Outcome::failure, now); }
  /// Reports an exclusion without asking them.
  void exclude(Clock::time_point now = Clock::now()) { settle(Outcome::exclusion, now); }

  /// Reports that the request ended with this error, or without one if null. is_excluded and is_successful
  /// decide what that counts as; if both are unset, an error is a failure. They are not asked when the report
  /// comes too late to count.
  void report(const Error* error, Clock::time_point now = Clock::now()) {
    report(error, error ? Outcome::failure : Outcome::success, now);
  }

  /// The same, but the report counts as `otherwise` if is_excluded does not hold and is_successful is unset.
  void report(const Error* error, Outcome otherwise, Clock::time_point now = Clock::now());

  /// Whether this was granted as a probe of a half-open breaker.
  bool half_open() const noexcept { return grant_.half_open; }

 private:
  friend class CircuitBreaker;

  /// What the breaker needs to know about a request when its outcome arrives. A new generation begins when
  /// the state changes, and when a plain window has passed and all counts are cleared.
  struct Grant {
    std::uint64_t generation;  // an outcome counts only in the generation that admitted its request
    std::uint64_t age;         // the bucket in which the request was counted
    bool half_open;
  };

  Permit(CircuitBreaker& breaker, Grant grant) noexcept : breaker_(&breaker), grant_(grant) {}

  void settle(Outcome outcome, Clock::time_point now);

  CircuitBreaker* breaker_;  // null once reported or moved from
  Grant grant_;
};

}  // namespace openailb
