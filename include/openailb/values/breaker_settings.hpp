#pragma once

#include <openailb/error.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/counts.hpp>

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

/// The state of a circuit breaker, as in sony/gobreaker v2: what it does with a request.
enum class State {
  closed,     ///< all requests are admitted
  half_open,  ///< a few requests are admitted, as probes that show whether things work again
  open,       ///< all requests are refused
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

/// How an admitted request ended, as its breaker counts it.
enum class Outcome {
  success,    ///< may close a half-open breaker
  failure,    ///< may open a closed breaker, and opens a half-open one
  exclusion,  ///< counts as neither: it says nothing about what the breaker guards
};

/// How a CircuitBreaker behaves: the Settings of sony/gobreaker v2. A zero, a negative duration and a null
/// function mean "unset". The functions are called from any thread and outside the breaker's lock, so they
/// may call the breaker. What they throw comes out of the breaker's function that called them.
struct BreakerSettings {
  OnlyByName only_by_name{};
  /// Named in the breaker's errors and passed to on_state_change.
  std::string name{};
  /// How many probes are admitted each time the breaker is half-open, not counting those that end as
  /// excluded, and how many successes in a row close the breaker. Unset: 1.
  std::uint32_t max_requests{};
  /// The length of the window over which a closed breaker counts. Unset: its counts are never cleared while
  /// it is closed.
  std::chrono::nanoseconds interval{};
  /// The window moves on in steps of this length, and interval is rounded up to a multiple of it. Unset: all
  /// counts are cleared each time interval has passed. Ignored when interval is unset.
  std::chrono::nanoseconds bucket_period{};
  /// How long the breaker stays open before it admits probes. Unset: 60 s.
  std::chrono::nanoseconds timeout{};
  /// Called after each failure of a closed breaker, with counts that include this failure. True opens the
  /// breaker. Unset: true after more than 5 failures in a row. If it throws, the failure stays counted and
  /// the breaker stays closed.
  std::function<bool(const Counts&)> ready_to_trip{};
  /// Called for each change of state: in the order of the changes, and by one thread at a time, whichever
  /// threads cause them. A thread that is calling it also delivers the changes that come meanwhile, even if
  /// it throws; then the first exception is rethrown.
  std::function<void(const std::string& name, State from, State to)> on_state_change{};
  /// Called with the error of a report, or null if there was none. True: the report counts as a success;
  /// false: as a failure. Unset: see Permit::report.
  std::function<bool(const Error*)> is_successful{};
  /// Called before is_successful. True: the report is excluded. Unset: false. If one of the two throws, the
  /// request is excluded.
  std::function<bool(const Error*)> is_excluded{};
};

}  // namespace openailb
