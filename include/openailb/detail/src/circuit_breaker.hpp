#pragma once

#include <openailb/circuit_breaker.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/counts.hpp>
#include <openailb/values/permit.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb {

namespace detail {

/// How many buckets a window has.
inline std::size_t buckets(const BreakerSettings& settings) {
  constexpr long long most = 1'000'000;
  if (settings.interval <= std::chrono::nanoseconds{}) return 1;
  const long long count = (settings.interval - std::chrono::nanoseconds(1)) / settings.bucket_period + 1;
  if (count > most) {
    throw std::invalid_argument("openailb: the breaker '" + settings.name +
                                "' would have more than a million buckets: make interval shorter or "
                                "bucket_period longer");
  }
  return static_cast<std::size_t>(count);
}

/// The settings with defaults for what is unset, and with interval rounded up.
inline BreakerSettings filled(BreakerSettings settings) {
  constexpr std::chrono::nanoseconds zero{};
  if (settings.max_requests == 0) settings.max_requests = 1;
  settings.interval = (std::max)(settings.interval, zero);
  if (settings.interval == zero || settings.bucket_period <= zero) settings.bucket_period = settings.interval;
  if (settings.interval > zero) {
    const auto most = (std::chrono::nanoseconds::max)() / settings.bucket_period;
    const auto count = static_cast<std::chrono::nanoseconds::rep>(buckets(settings));
    settings.interval = (std::min)(count, most) * settings.bucket_period;
  }
  if (settings.timeout <= zero) settings.timeout = std::chrono::seconds(60);
  if (!settings.ready_to_trip) {
    settings.ready_to_trip = [](const Counts& counts) { return counts.consecutive_failures > 5; };
  }
  return settings;
}

}  // namespace detail

OPENAILB_INLINE CircuitBreaker::CircuitBreaker(BreakerSettings settings, Clock::time_point now)
    : settings_(detail::filled(std::move(settings))), counts_(detail::buckets(settings_)), latest_(now) {
  begin_generation();
}

OPENAILB_INLINE Result<Permit> CircuitBreaker::try_acquire(Clock::time_point now) {
  auto [permit, reopens_in] = admit(now);
  if (permit) return *std::move(permit);
  return Error{.kind = reopens_in ? ErrorKind::circuit_open : ErrorKind::too_many_probes,
               .message = "circuit breaker '" + name() + (reopens_in ? "' is open" : "' has no probe left"),
               .retry_after = reopens_in};
}

OPENAILB_INLINE Outcome CircuitBreaker::outcome_of(const Error* error, Outcome otherwise) const {
  if (settings_.is_excluded && settings_.is_excluded(error)) return Outcome::exclusion;
  if (settings_.is_successful) return settings_.is_successful(error) ? Outcome::success : Outcome::failure;
  return otherwise;
}

OPENAILB_INLINE void CircuitBreaker::close(Clock::time_point now) {
  Lock lock(mutex_);
  advance(now);
  if (state_ != State::closed) change_state(State::closed);
  deliver(lock);
}

OPENAILB_INLINE State CircuitBreaker::state(Clock::time_point now) {
  Lock lock(mutex_);
  advance(now);
  const State state = state_;
  deliver(lock);
  return state;
}

OPENAILB_INLINE Counts CircuitBreaker::counts() const {
  Lock lock(mutex_);
  return counts_.totals();
}

OPENAILB_INLINE CircuitBreaker::Decision CircuitBreaker::admit(Clock::time_point now) {
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
OPENAILB_INLINE bool CircuitBreaker::awaits(const Grant& grant, Clock::time_point now) {
  if (!settings_.is_excluded && !settings_.is_successful) return true;
  Lock lock(mutex_);
  advance(now);
  const bool would_count = grant.generation == generation_ && counts_.holds(grant.age);
  deliver(lock);
  return would_count;
}

OPENAILB_INLINE void CircuitBreaker::settle(const Grant& grant, Outcome outcome, Clock::time_point now) {
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

OPENAILB_INLINE void CircuitBreaker::abandon(const Grant& grant) noexcept {
  const Lock lock(mutex_);
  if (grant.generation == generation_) on_exclusion(grant);
}

OPENAILB_INLINE void CircuitBreaker::on_success(const Grant& grant) {
  counts_.on_success(grant.age);
  if (state_ == State::half_open && counts_.totals().consecutive_successes >= settings_.max_requests)
    change_state(State::closed);
}

OPENAILB_INLINE void CircuitBreaker::on_failure(const Grant& grant, Lock& lock) {
  if (state_ == State::half_open) return change_state(State::open);
  if (!counts_.on_failure(grant.age)) return;
  const Counts counts = counts_.totals();
  lock.unlock();
  const bool trip = settings_.ready_to_trip(counts);
  lock.lock();
  // Another thread may have changed the state meanwhile, which begins a new generation.
  if (trip && grant.generation == generation_) change_state(State::open);
}

OPENAILB_INLINE void CircuitBreaker::on_exclusion(const Grant& grant) noexcept {
  counts_.on_exclusion(grant.age);
  publish();
}

OPENAILB_INLINE bool CircuitBreaker::full() const noexcept {
  const Counts& counts = counts_.totals();
  return state_ == State::half_open && counts.requests - counts.total_exclusions >= settings_.max_requests;
}

/// Moves the clock to `now`, and makes the changes that time alone brings.
OPENAILB_INLINE void CircuitBreaker::advance(Clock::time_point now) {
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
OPENAILB_INLINE void CircuitBreaker::roll() {
  const std::chrono::nanoseconds elapsed = latest_ - start_;
  counts_.grow(static_cast<std::uint64_t>(elapsed / settings_.bucket_period));
  expire_in(settings_.bucket_period - elapsed % settings_.bucket_period - least);
}

OPENAILB_INLINE void CircuitBreaker::change_state(State to) {
  if (settings_.on_state_change) pending_.push_back({state_, to});
  state_ = to;
  begin_generation();
}

OPENAILB_INLINE void CircuitBreaker::begin_generation() {
  ++generation_;
  start_ = latest_;
  counts_.clear();
  expiry_ = (Clock::time_point::max)();
  if (state_ == State::open) expire_in(settings_.timeout);
  if (state_ == State::closed && settings_.interval > zero)
    counts_.size() > 1 ? roll() : expire_in(settings_.interval);
  publish();
}

OPENAILB_INLINE void CircuitBreaker::expire_in(std::chrono::nanoseconds duration) {
  const auto never = (Clock::time_point::max)();
  expiry_ = latest_ < never - duration ? latest_ + duration : never;
}

/// Updates what may_admit and admits_after read. They are read far more often than the value changes, so an
/// unchanged value is not written: a write would take the cache line from the readers.
OPENAILB_INLINE void CircuitBreaker::publish() noexcept {
  const auto after = state_ == State::open ? expiry_
                     : full()              ? (Clock::time_point::max)()
                                           : (Clock::time_point::min)();
  if (after != admits_after()) admits_after_.store(after, std::memory_order_release);
}

/// Passes the pending changes to on_state_change, in order and outside the lock. One thread at a time does
/// so. It also delivers what other threads, or on_state_change itself, add meanwhile. Releases the lock if
/// it has delivered anything.
OPENAILB_INLINE void CircuitBreaker::deliver(Lock& lock) {
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

OPENAILB_INLINE Permit::~Permit() {
  if (breaker_) breaker_->abandon(grant_);
}

OPENAILB_INLINE void Permit::settle(Outcome outcome, Clock::time_point now) {
  if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) breaker->settle(grant_, outcome, now);
}

OPENAILB_INLINE void Permit::report(const Error* error, Outcome otherwise, Clock::time_point now) {
  Permit claimed(std::move(*this));  // this is the first report, whatever a predicate does or throws
  if (!claimed.breaker_ || !claimed.breaker_->awaits(claimed.grant_, now)) return;
  claimed.settle(claimed.breaker_->outcome_of(error, otherwise), now);
}

}  // namespace openailb
