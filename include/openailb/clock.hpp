#pragma once

#include <chrono>
#include <functional>

namespace openailb {

/// The clock of every timeout, breaker and backoff.
using TimePoint = std::chrono::steady_clock::time_point;

/// Tells the time; from any thread. Tests give a clock that only they move.
using ClockFunction = std::function<TimePoint()>;

namespace detail {

/// `from` and a wait, which may be longer than the clock can tell.
constexpr TimePoint saturating_add(TimePoint from, std::chrono::nanoseconds wait) {
  return wait > (TimePoint::max)() - from ? (TimePoint::max)() : from + wait;
}

/// When a limit runs out that begins now; zero means no limit.
constexpr TimePoint limit_from(TimePoint now, std::chrono::nanoseconds limit) {
  return limit.count() == 0 ? (TimePoint::max)() : saturating_add(now, limit);
}

}  // namespace detail

}  // namespace openailb
