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

/// Keeps requests away from what fails too often: the state machine of sony/gobreaker v2, without I/O and
/// with the time passed in. State changes are lazy: only state(), an admission and a report move the clock
/// on, and a time earlier than one that it has seen counts as that one. Thread-safe; nothing blocks for long,
/// since user code runs outside the lock.
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

  /// Leave to send a request, or why there is none: circuit_open, with the time until it is half-open as
  /// retry_after, or too_many_probes. A refusal is counted nowhere.
  Result<Permit> try_acquire(Clock::time_point now = Clock::now()) {
    auto [permit, reopens_in] = admit(now);
    if (permit) return *std::move(permit);
    return Error{.kind = reopens_in ? ErrorKind::circuit_open : ErrorKind::too_many_probes,
                 .message = "circuit breaker '" + name() + (reopens_in ? "' is open" : "' has no probe left"),
                 .retry_after = reopens_in};
  }

  /// As try_acquire, without the words: null when refused.
  [[nodiscard]] std::optional<Permit> acquire(Clock::time_point now = Clock::now()) {
    return admit(now).permit;
  }

  /// False: a request would be refused now. True is a hint that one might be admitted. Takes no lock.
  bool may_admit(Clock::time_point now = Clock::now()) const noexcept { return now > admits_after(); }

  /// After which time a request may be admitted: time_point::min() when closed, or half-open with room for
  /// a probe; the end of the timeout when open; time_point::max() when half-open and full. Takes no lock.
  Clock::time_point admits_after() const noexcept { return admits_after_.load(std::memory_order_acquire); }

  /// Runs `function` if it is admitted and reports what it returned: a Result<T>, or a T or nothing, which is
  /// given as a Result<T>. An exception is reported as the Error that describes it, and rethrown.
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

  /// What a report of this error, or of none if null, counts as: is_excluded is asked, then is_successful,
  /// and `otherwise` is what counts where both are silent.
  Outcome judge(const Error* error, Outcome otherwise) const {
    if (settings_.is_excluded && settings_.is_excluded(error)) return Outcome::exclusion;
    if (settings_.is_successful) return settings_.is_successful(error) ? Outcome::success : Outcome::failure;
    return otherwise;
  }

  /// Closes it at once, for whoever knows that what it guards works again; nothing if it is closed. What was
  /// admitted before no longer counts. gobreaker has no such control; resilience4j and Polly do.
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

  /// The counts as they stand, which a window that has passed unnoticed still includes.
  Counts counts() const {
    Lock lock(mutex_);
    return counts_.totals();
  }

  /// The settings' name.
  const std::string& name() const noexcept { return settings_.name; }

  /// The settings with all that was unset filled in and interval rounded up; null functions other than
  /// ready_to_trip stay null.
  const BreakerSettings& settings() const noexcept { return settings_; }

 private:
  friend class Permit;

  using Lock = std::unique_lock<std::mutex>;
  using Admission = Permit::Admission;
  static constexpr std::chrono::nanoseconds zero{0}, least{1};

  struct Change {
    State from, to;
  };

  /// Without a permit: how long the breaker stays open, or null when it is half-open and full.
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

  /// Whether an outcome of that admission would still count and is worth asking the predicates about.
  bool awaits(const Admission& admission, Clock::time_point now) {
    if (!settings_.is_excluded && !settings_.is_successful) return true;
    Lock lock(mutex_);
    advance(now);
    const bool would_count = admission.generation == generation_ && counts_.holds(admission.age);
    deliver(lock);
    return would_count;
  }

  void settle(const Admission& admission, Outcome outcome, Clock::time_point now) {
    Lock lock(mutex_);
    advance(now);
    if (admission.generation == generation_) {
      switch (outcome) {
        case Outcome::success: on_success(admission); break;
        case Outcome::failure: on_failure(admission, lock); break;
        case Outcome::exclusion: on_exclusion(admission); break;
      }
    }
    deliver(lock);
  }

  void abandon(const Admission& admission) noexcept {
    const Lock lock(mutex_);
    if (admission.generation == generation_) on_exclusion(admission);
  }

  void on_success(const Admission& admission) {
    counts_.on_success(admission.age);
    if (state_ == State::half_open && counts_.totals().consecutive_successes >= settings_.max_requests)
      change_state(State::closed);
  }

  void on_failure(const Admission& admission, Lock& lock) {
    if (state_ == State::half_open) return change_state(State::open);
    if (!counts_.on_failure(admission.age)) return;
    const Counts counts = counts_.totals();
    lock.unlock();
    const bool trip = settings_.ready_to_trip(counts);
    lock.lock();
    // Others may have changed the state meanwhile, which would have begun a new generation.
    if (trip && admission.generation == generation_) change_state(State::open);
  }

  void on_exclusion(const Admission& admission) noexcept {
    counts_.on_exclusion(admission.age);
    publish();
  }

  bool full() const noexcept {
    const Counts& counts = counts_.totals();
    return state_ == State::half_open && counts.requests - counts.total_exclusions >= settings_.max_requests;
  }

  /// Does what time alone does.
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

  /// Moves on to the bucket of this moment. Buckets begin at exactly a multiple of their period; windows and
  /// the open state end just after theirs.
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

  /// Tells may_admit and admits_after. They are read far more often than the answer changes, so their cache
  /// line is left alone when it does not.
  void publish() noexcept {
    const auto after = state_ == State::open ? expiry_
                       : full()              ? (Clock::time_point::max)()
                                             : (Clock::time_point::min)();
    if (after != admits_after()) admits_after_.store(after, std::memory_order_release);
  }

  /// Hands the pending changes on, in order and outside the lock. One caller at a time does so and takes
  /// along what others, or on_state_change itself, append meanwhile. Unlocks if it throws.
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

  alignas(64) mutable std::mutex mutex_;  // guards what follows, on a cache line apart from what is only read
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
  if (breaker_) breaker_->abandon(admission_);
}

inline void Permit::settle(Outcome outcome, Clock::time_point now) {
  if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) breaker->settle(admission_, outcome, now);
}

inline void Permit::report(const Error* error, Outcome otherwise, Clock::time_point now) {
  Permit claimed(std::move(*this));  // whatever a predicate throws or does, this is the first report
  if (!claimed.breaker_ || !claimed.breaker_->awaits(claimed.admission_, now)) return;
  claimed.settle(claimed.breaker_->judge(error, otherwise), now);
}

}  // namespace openailb
