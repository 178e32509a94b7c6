#pragma once

#include <openailb/breaker_settings.hpp>
#include <openailb/error.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace openailb {

class CircuitBreaker;

/// Leave to send one request, granted by a CircuitBreaker, which must outlive it. The first report wins,
/// later ones do nothing. Destroyed unreported it counts as excluded at the time of its admission, so that a
/// lost probe cannot keep others out; that moves no clock and calls no user code. For use by one thread at a
/// time.
class [[nodiscard]] Permit {
 public:
  using Clock = std::chrono::steady_clock;

  Permit(Permit&& other) noexcept
      : breaker_(std::exchange(other.breaker_, nullptr)), admission_(other.admission_) {}
  Permit& operator=(Permit&& other) noexcept {
    Permit taken(std::move(other));
    std::swap(breaker_, taken.breaker_);
    std::swap(admission_, taken.admission_);
    return *this;
  }
  ~Permit();

  /// Reports a success without asking is_excluded and is_successful.
  void success(Clock::time_point now = Clock::now()) { settle(Outcome::success, now); }
  /// Reports a failure without asking them.
  void failure(Clock::time_point now = Clock::now()) { settle(Outcome::failure, now); }
  /// Reports an exclusion without asking them.
  void exclude(Clock::time_point now = Clock::now()) { settle(Outcome::exclusion, now); }

  /// Reports that the request ended with this error, or with none if null. is_excluded and is_successful say
  /// what that counts as; unset, an error is a failure. They are not asked when the report comes too late to
  /// count.
  void report(const Error* error, Clock::time_point now = Clock::now()) {
    report(error, error ? Outcome::failure : Outcome::success, now);
  }

  /// The same, but where is_excluded does not hold and is_successful is unset, `otherwise` is what counts.
  void report(const Error* error, Outcome otherwise, Clock::time_point now = Clock::now());

  /// Whether this was granted as a probe of a half-open breaker.
  bool half_open() const noexcept { return admission_.half_open; }

 private:
  friend class CircuitBreaker;

  /// What the breaker must know of a request when its outcome arrives.
  struct Admission {
    std::uint64_t generation;  // outcomes count only in the generation that admitted them
    std::uint64_t age;         // the bucket in which the request was counted
    bool half_open;
  };

  Permit(CircuitBreaker& breaker, Admission admission) noexcept : breaker_(&breaker), admission_(admission) {}

  void settle(Outcome outcome, Clock::time_point now);

  CircuitBreaker* breaker_;  // null once reported or moved from
  Admission admission_;
};

}  // namespace openailb
