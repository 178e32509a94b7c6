#pragma once

#include <openailb/breaker_settings.hpp>
#include <openailb/counts.hpp>
#include <openailb/error.hpp>
#include <openailb/permit.hpp>
#include <openailb/result.hpp>

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
  explicit CircuitBreaker(BreakerSettings settings = {}, Clock::time_point now = Clock::now())
      : settings_(detail::filled(std::move(settings))), counts_(detail::buckets(settings_)), latest_(now) {
    begin_generation();
  }

  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// A permit to send a request, or the reason for refusing it: circuit_open, whose retry_after is the time
  /// until the breaker is half-open, or too_many_probes. Refusals are not counted.
  Result<Permit> try_acquire(Clock::time_point now = Clock::now()) {
    auto [permit, reopens_in] = admit(now);
    if (permit) return *std::move(permit);
    return Error{.kind = reopens_in ? ErrorKind::circuit_open : ErrorKind::too_many_probes,
                 .message = "circuit breaker '" + name() + (reopens_in ? "' is open" : "' has no probe left"),
                 .retry_after = reopens_in};
  }

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
  Outcome judge(const Error* error, Outcome otherwise) const {
    if (settings_.is_excluded && settings_.is_excluded(error)) return Outcome::exclusion;
    if (settings_.is_successful) return settings_.is_successful(error) ? Outcome::success : Outcome::failure;
    return otherwise;
  }

  /// Closes the breaker at once: for a caller who knows that what it guards works again. Does nothing if it
  /// is closed already. Late results of requests that were admitted before are then ignored. gobreaker has no
  /// such function; resilience4j and Polly have one.
  void close(Clock::time_point now = Clock::now()) {
    Lock lock(mutex_);
    advance(now);
    if (state_ != State::closed) change_state(State::closed);
    deliver(lock);
  }

  /// The state at that time.
  State state(Clock::time_point now = Clock::now()) {
    Lock lock(mutex_);
    advance(now);
    const State state = state_;
    deliver(lock);
    return state;
  }

  /// The counts at the latest time that the breaker was told: they still include a window that has ended
  /// since.
  Counts counts() const {
    Lock lock(mutex_);
    return counts_.totals();
  }

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

  Decision admit(Clock::time_point now) {
    Lock lock(mutex_);
    advance(now);
    Decision decision;
    if (state_ == State::open) {
      // At exactly its expiry it is still open.
      decision.reopens_in = (std::min)(expiry_ - latest_, (std::chrono::nanoseconds::max)() - least) + least;
    } else if (!full()) {
      counts_.on_request();
      publish();
      decision.permit = Permit(*this, {generation_, counts_.age(), state_ == State::half_open});
    }
    deliver(lock);
    return decision;
  }

  /// False: an outcome of that request comes too late to count, so the predicates need not be asked. True
  /// if there are no predicates.
  bool awaits(const Grant& grant, Clock::time_point now) {
    if (!settings_.is_excluded && !settings_.is_successful) return true;
    Lock lock(mutex_);
    advance(now);
    const bool would_count = grant.generation == generation_ && counts_.holds(grant.age);
    deliver(lock);
    return would_count;
  }

  void settle(const Grant& grant, Outcome outcome, Clock::time_point now) {
    Lock lock(mutex_);
    advance(now);
    if (grant.generation == generation_) {
      switch (outcome) {
        case Outcome::success: on_success(grant); break;
        case Outcome::failure: on_failure(grant, lock); break;
        case Outcome::exclusion: on_exclusion(grant); break;
      }
    }
    deliver(lock);
  }

  void abandon(const Grant& grant) noexcept {
    const Lock lock(mutex_);
    if (grant.generation == generation_) on_exclusion(grant);
  }

  void on_success(const Grant& grant) {
    counts_.on_success(grant.age);
    if (state_ == State::half_open && counts_.totals().consecutive_successes >= settings_.max_requests)
      change_state(State::closed);
  }

  void on_failure(const Grant& grant, Lock& lock) {
    if (state_ == State::half_open) return change_state(State::open);
    if (!counts_.on_failure(grant.age)) return;
    const Counts counts = counts_.totals();
    lock.unlock();
    const bool trip = settings_.ready_to_trip(counts);
    lock.lock();
    // Another thread may have changed the state meanwhile, which begins a new generation.
    if (trip && grant.generation == generation_) change_state(State::open);
  }

  void on_exclusion(const Grant& grant) noexcept {
    counts_.on_exclusion(grant.age);
    publish();
  }

  bool full() const noexcept {
    const Counts& counts = counts_.totals();
    return state_ == State::half_open && counts.requests - counts.total_exclusions >= settings_.max_requests;
  }

  /// Moves the clock to `now`, and makes the changes that time alone brings.
  void advance(Clock::time_point now) {
    latest_ = (std::max)(latest_, now);
    if (latest_ <= expiry_) return;
    if (state_ == State::open)
      change_state(State::half_open);
    else if (counts_.size() == 1)
      begin_generation();
    else
      roll();
  }

  /// Moves on to the bucket of the latest time. A bucket begins exactly at a multiple of its period. A window
  /// of one bucket and the open state, however, end just after their time.
  void roll() {
    const std::chrono::nanoseconds elapsed = latest_ - start_;
    counts_.grow(static_cast<std::uint64_t>(elapsed / settings_.bucket_period));
    expire_in(settings_.bucket_period - elapsed % settings_.bucket_period - least);
  }

  void change_state(State to) {
    if (settings_.on_state_change) pending_.push_back({state_, to});
    state_ = to;
    begin_generation();
  }

  void begin_generation() {
    ++generation_;
    start_ = latest_;
    counts_.clear();
    expiry_ = (Clock::time_point::max)();
    if (state_ == State::open) expire_in(settings_.timeout);
    if (state_ == State::closed && settings_.interval > zero)
      counts_.size() > 1 ? roll() : expire_in(settings_.interval);
    publish();
  }

  void expire_in(std::chrono::nanoseconds duration) {
    const auto never = (Clock::time_point::max)();
    expiry_ = latest_ < never - duration ? latest_ + duration : never;
  }

  /// Updates what may_admit and admits_after read. They are read far more often than the value changes, so an
  /// unchanged value is not written: a write would take the cache line from the readers.
  void publish() noexcept {
    const auto after = state_ == State::open ? expiry_
                       : full()              ? (Clock::time_point::max)()
                                             : (Clock::time_point::min)();
    if (after != admits_after()) admits_after_.store(after, std::memory_order_release);
  }

  /// Passes the pending changes to on_state_change, in order and outside the lock. One thread at a time does
  /// so. It also delivers what other threads, or on_state_change itself, add meanwhile. Releases the lock if
  /// it has delivered anything.
  void deliver(Lock& lock) {
    if (pending_.empty() || delivering_) return;
    std::exception_ptr thrown;
    for (delivering_ = true; !pending_.empty(); lock.lock()) {
      const Change change = pending_.front();
      pending_.erase(pending_.begin());
      lock.unlock();
      try {
        settings_.on_state_change(settings_.name, change.from, change.to);
      } catch (...) {
        if (!thrown) thrown = std::current_exception();
      }
    }
    delivering_ = false;
    lock.unlock();
    if (thrown) std::rethrow_exception(thrown);
  }

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

inline Permit::~Permit() {
  if (breaker_) breaker_->abandon(grant_);
}

inline void Permit::settle(Outcome outcome, Clock::time_point now) {
  if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) breaker->settle(grant_, outcome, now);
}

inline void Permit::report(const Error* error, Outcome otherwise, Clock::time_point now) {
  Permit claimed(std::move(*this));  // this is the first report, whatever a predicate does or throws
  if (!claimed.breaker_ || !claimed.breaker_->awaits(claimed.grant_, now)) return;
  claimed.settle(claimed.breaker_->judge(error, otherwise), now);
}

}  // namespace openailb
