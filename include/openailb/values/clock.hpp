#pragma once

#include <chrono>
#include <functional>

namespace openailb {

/// A time on the clock that all timeouts, breakers and backoffs use.
using TimePoint = std::chrono::steady_clock::time_point;

/// Returns the current time; may be called from any thread. Tests pass a clock that only they move.
using ClockFunction = std::function<TimePoint()>;

namespace detail {

/// `from` plus `wait`, or the latest time that the clock can express if that is too long.
constexpr TimePoint saturating_add(TimePoint from, std::chrono::nanoseconds wait) {
  return wait > (TimePoint::max)() - from ? (TimePoint::max)() : from + wait;
}

/// When a time limit that begins now ends. Zero means no limit.
constexpr TimePoint limit_from(TimePoint now, std::chrono::nanoseconds limit) {
  return limit.count() == 0 ? (TimePoint::max)() : saturating_add(now, limit);
}

}  // namespace detail

}  // namespace openailb
