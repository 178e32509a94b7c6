#pragma once

#include <openailb/counts.hpp>
#include <openailb/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace openailb {

/// What a circuit breaker does with a request, as in sony/gobreaker v2.
enum class State {
  closed,     ///< all are admitted
  half_open,  ///< a few are admitted as probes, to see whether things work again
  open,       ///< all are refused
};

/// The enumerator's own spelling, such as "half_open".
constexpr std::string_view to_string(State state) {
  switch (state) {
    case State::closed: return "closed";
    case State::half_open: return "half_open";
    case State::open: return "open";
  }
  return "unknown";
}

inline std::ostream& operator<<(std::ostream& out, State state) { return out << to_string(state); }

/// What came of an admitted request, in the eyes of its breaker.
enum class Outcome {
  success,    ///< may close a half-open breaker
  failure,    ///< may open a closed breaker, and opens a half-open one
  exclusion,  ///< neither: says nothing about what the breaker guards
};

/// How a CircuitBreaker behaves: the Settings of sony/gobreaker v2. A zero, a negative duration and a null
/// function mean "unset". The functions are called outside the breaker's lock, from any thread, so they may
/// call the breaker; what they throw comes out of the call that led to them.
struct BreakerSettings {
  /// Appears in the breaker's errors and is handed to on_state_change.
  std::string name{};
  /// How many probes a half-open period admits, not counting those that end as excluded, and how many
  /// successes in a row close the breaker. Unset: 1.
  std::uint32_t max_requests{};
  /// The length of the window over which the closed state counts. Unset: it counts without end.
  std::chrono::nanoseconds interval{};
  /// The window rolls in steps of this length, and interval is rounded up to a multiple of it. Unset: all of
  /// the window is cleared each time that interval has passed. Ignored when interval is unset.
  std::chrono::nanoseconds bucket_period{};
  /// How long the breaker stays open before it admits probes. Unset: 60 s.
  std::chrono::nanoseconds timeout{};
  /// Asked after each failure in the closed state, with counts that include it: open the breaker? Unset: when
  /// more than 5 failures came in a row. If it throws, the failure stays counted and the breaker closed.
  std::function<bool(const Counts&)> ready_to_trip{};
  /// Told of each change of state, in their order and never two at a time, whichever threads cause them.
  /// Changes that come meanwhile follow on the same thread, even if it throws; then the first exception is
  /// rethrown.
  std::function<void(const std::string& name, State from, State to)> on_state_change{};
  /// Asked what a report counts as: success or failure? Null stands for no error. Unset: see Permit::report.
  std::function<bool(const Error*)> is_successful{};
  /// Asked before is_successful: exclude it? Unset: no. If one of the two throws, the request is excluded.
  std::function<bool(const Error*)> is_excluded{};
};

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

/// The settings with all that was unset filled in and interval rounded up.
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

}  // namespace openailb
