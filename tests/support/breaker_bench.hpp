#pragma once

#include <openailb/circuit_breaker.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test {

using namespace std::chrono_literals;
using TimePoint = CircuitBreaker::Clock::time_point;

inline constexpr TimePoint start{1h};

inline const Error failed{.message = "failed"};

/// As in the tests of gobreaker: three valid requests, of which 60 % failed.
inline bool mostly_failures(const Counts& counts) {
  const auto valid = static_cast<double>(counts.requests - counts.total_exclusions);
  return valid >= 3 && static_cast<double>(counts.total_failures) / valid >= 0.6;
}

inline BreakerSettings custom() {
  return {.name = "cb", .max_requests = 3, .interval = 30s, .timeout = 90s, .ready_to_trip = mostly_failures};
}

inline BreakerSettings rolling() {
  BreakerSettings settings = custom();
  settings.name = "rw";
  settings.bucket_period = 3s;
  return settings;
}

/// A breaker with a clock that only the test moves, and a record of its changes.
class Bench {
 public:
  explicit Bench(BreakerSettings settings = {}) : breaker(recording(std::move(settings)), start) {}

  /// Admits a request and reports it at once for each letter, a success, a failure or an exclusion. Gives the
  /// letters of those that were admitted.
  std::string play(const std::string& outcomes) {
    std::string admitted;
    for (const char outcome : outcomes) {
      auto permit = breaker.try_acquire(now);
      if (!permit) continue;
      admitted += outcome;
      if (outcome == 'S') permit->report(nullptr, now);
      if (outcome == 'F') permit->report(&failed, now);
      if (outcome == 'X') permit->exclude(now);
    }
    return admitted;
  }

  Permit admit() { return breaker.try_acquire(now).value(); }
  State state() { return breaker.state(now); }
  Counts counts() const { return breaker.counts(); }

  /// Opens the breaker, whatever its settings, and lets it become half-open.
  void half_open() {
    for (int request = 0; request < 100 && state() == State::closed; ++request) play("F");
    ASSERT_EQ(state(), State::open);
    now += breaker.settings().timeout + 1ns;
    ASSERT_EQ(state(), State::half_open);
  }

  TimePoint now = start;
  std::vector<std::string> changes;
  CircuitBreaker breaker;

 private:
  BreakerSettings recording(BreakerSettings settings) {
    auto next = std::move(settings.on_state_change);
    settings.on_state_change = [this, next](const std::string& name, State from, State to) {
      std::ostringstream text;
      text << name << ": " << from << " to " << to;
      changes.push_back(text.str());
      if (next) next(name, from, to);
    };
    return settings;
  }
};

}  // namespace openailb::test
