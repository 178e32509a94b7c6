#pragma once

#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/counts.hpp>
#include <openailb/values/permit.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace openailb {

/// Keeps requests away from something that fails too often. It is the state machine of sony/gobreaker v2: it
/// does no I/O, and its functions are told the time. The state changes only when state(), close(), an
/// admission or a report brings a new time. A time earlier than the latest one counts as the latest.
/// Thread-safe; nothing blocks for long, since user code runs outside the lock.
class CircuitBreaker {
 public:
  using Clock = std::chrono::steady_clock;

  /// A closed breaker whose first window begins now. Throws std::invalid_argument for a window of more than
  /// a million buckets.
  explicit CircuitBreaker(BreakerSettings settings = {}, Clock::time_point now = Clock::now());

  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// A permit to send a request, or the reason for refusing it: circuit_open, whose retry_after is the time
  /// until the breaker is half-open, or too_many_probes. Refusals are not counted.
  Result<Permit> try_acquire(Clock::time_point now = Clock::now());

  /// As try_acquire, but without an Error: null when refused.
  [[nodiscard]] std::optional<Permit> acquire(Clock::time_point now = Clock::now()) {
    return admit(now).permit;
  }

  /// False: the breaker would refuse a request now. True: it might admit one, as acquire() decides. Takes no
  /// lock.
  bool may_admit(Clock::time_point now = Clock::now()) const noexcept { return now > admits_after(); }

  /// The time after which a request may be admitted: time_point::min() when closed, or half-open with room
  /// for a probe; the end of the timeout when open; time_point::max() when half-open and full. Takes no lock.
  Clock::time_point admits_after() const noexcept { return admits_after_.load(std::memory_order_acquire); }

  /// Calls `function` if the breaker admits it, and reports what it returns. `function` returns a Result<T>,
  /// a T or nothing; execute() gives a T as a Result<T> and nothing as a Result<void>. An exception is
  /// reported as the Error that describes it, and rethrown.
  template <class Function>
  auto execute(Function&& function) {
    using Returned = std::remove_cvref_t<std::invoke_result_t<Function>>;
    using Answer = std::conditional_t<detail::is_result<Returned>, Returned, Result<Returned>>;
    auto permit = try_acquire();
    if (!permit) return Answer(std::move(permit).error());
    try {
      auto answer = [&]() -> Answer {
        if constexpr (std::is_void_v<Returned>) {
          std::invoke(std::forward<Function>(function));
          return Answer();
        } else {
          return std::invoke(std::forward<Function>(function));
        }
      }();
      permit->report(answer ? nullptr : &answer.error());
      return answer;
    } catch (...) {
      const Error error = detail::describe_current_exception();
      permit->report(&error);  // does nothing if it was the report above that threw
      throw;
    }
  }

  /// What a report of this error counts as; null means no error. is_excluded decides first, then
  /// is_successful. If neither does, it counts as `otherwise`.
  Outcome outcome_of(const Error* error, Outcome otherwise) const;

  /// Closes the breaker at once: for a caller who knows that what it guards works again. Does nothing if it
  /// is closed already. Late results of requests that were admitted before are then ignored. gobreaker has no
  /// such function; resilience4j and Polly have one.
  void close(Clock::time_point now = Clock::now());

  /// The state at that time.
  State state(Clock::time_point now = Clock::now());

  /// The counts at the latest time that the breaker was told: they still include a window that has ended
  /// since.
  Counts counts() const;

  /// The settings' name.
  const std::string& name() const noexcept { return settings_.name; }

  /// The settings with defaults for what was unset, and with interval rounded up. Null functions other than
  /// ready_to_trip stay null.
  const BreakerSettings& settings() const noexcept { return settings_; }

 private:
  friend class Permit;

  using Lock = std::unique_lock<std::mutex>;
  using Grant = Permit::Grant;
  static constexpr std::chrono::nanoseconds zero{0}, least{1};

  struct Change {
    State from, to;
  };

  /// Without a permit, reopens_in is how long the breaker stays open; null if it is half-open and has no
  /// probe left.
  struct Decision {
    std::optional<Permit> permit{};
    std::optional<std::chrono::nanoseconds> reopens_in{};
  };

  Decision admit(Clock::time_point now);
  bool awaits(const Grant& grant, Clock::time_point now);
  void settle(const Grant& grant, Outcome outcome, Clock::time_point now);
  void abandon(const Grant& grant) noexcept;
  void on_success(const Grant& grant);
  void on_failure(const Grant& grant, Lock& lock);
  void on_exclusion(const Grant& grant) noexcept;
  bool full() const noexcept;
  void advance(Clock::time_point now);
  void roll();
  void change_state(State to);
  void begin_generation();
  void expire_in(std::chrono::nanoseconds duration);
  void publish() noexcept;
  void deliver(Lock& lock);

  const BreakerSettings settings_;
  std::atomic<Clock::time_point> admits_after_{};

  alignas(64) mutable std::mutex mutex_;  // guards what follows; not on the cache line of what is only read
  State state_ = State::closed;
  bool delivering_ = false;
  std::uint64_t generation_ = 0;
  detail::RollingCounts counts_;
  Clock::time_point latest_;
  Clock::time_point start_;
  Clock::time_point expiry_;
  std::vector<Change> pending_;
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/circuit_breaker.hpp>
#endif
