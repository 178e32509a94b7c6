#include <openailb/circuit_breaker.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace openailb::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Nanoseconds = std::chrono::nanoseconds;
using TimePoint = CircuitBreaker::Clock::time_point;

constexpr TimePoint start{1h};

const Error failed{.message = "failed"};

/// As in the tests of gobreaker: three valid requests, of which 60 % failed.
bool mostly_failures(const Counts& counts) {
  const auto valid = static_cast<double>(counts.requests - counts.total_exclusions);
  return valid >= 3 && static_cast<double>(counts.total_failures) / valid >= 0.6;
}

BreakerSettings custom() {
  return {.name = "cb", .max_requests = 3, .interval = 30s, .timeout = 90s, .ready_to_trip = mostly_failures};
}

BreakerSettings rolling() {
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

// What a user sees of the types

TEST(State, HasTheOrderOfGobreakerAndPrintsItsName) {
  EXPECT_LT(State::closed, State::half_open);
  EXPECT_LT(State::half_open, State::open);
  EXPECT_EQ(to_string(State::closed), "closed");
  EXPECT_EQ(to_string(State::half_open), "half_open");
  EXPECT_EQ(to_string(State::open), "open");
  EXPECT_EQ(to_string(static_cast<State>(100)), "unknown");
}

TEST(CircuitBreaker, IsNeitherCopiedNorMovedAndPermitsAreOnlyMoved) {
  EXPECT_FALSE(std::is_move_constructible_v<CircuitBreaker>);
  EXPECT_FALSE(std::is_move_assignable_v<CircuitBreaker>);
  EXPECT_FALSE(std::is_copy_constructible_v<Permit>);
  EXPECT_FALSE(std::is_copy_assignable_v<Permit>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Permit>);
  EXPECT_TRUE(std::is_nothrow_move_assignable_v<Permit>);
  EXPECT_TRUE(std::is_nothrow_destructible_v<Permit>);
  EXPECT_TRUE(std::atomic<TimePoint>::is_always_lock_free);
}

TEST(CircuitBreaker, FillsInWhatIsUnset) {
  const CircuitBreaker breaker;
  const BreakerSettings& settings = breaker.settings();
  EXPECT_EQ(breaker.name(), "");
  EXPECT_EQ(settings.max_requests, 1U);
  EXPECT_EQ(settings.interval, 0s);
  EXPECT_EQ(settings.timeout, 60s);
  ASSERT_TRUE(settings.ready_to_trip);
  EXPECT_FALSE(settings.ready_to_trip({.consecutive_failures = 5}));
  EXPECT_TRUE(settings.ready_to_trip({.consecutive_failures = 6}));
  EXPECT_FALSE(settings.on_state_change);
  EXPECT_EQ(breaker.counts(), Counts{});
}

TEST(CircuitBreaker, KeepsWhatIsSet) {
  const CircuitBreaker fixed(custom());
  EXPECT_EQ(fixed.name(), "cb");
  EXPECT_EQ(fixed.settings().max_requests, 3U);
  EXPECT_EQ(fixed.settings().interval, 30s);
  EXPECT_EQ(fixed.settings().timeout, 90s);
  EXPECT_TRUE(fixed.settings().ready_to_trip({3, 1, 2, 0, 0, 1}));

  const CircuitBreaker rolls(rolling());
  EXPECT_EQ(rolls.name(), "rw");
  EXPECT_EQ(rolls.settings().interval, 30s);
  EXPECT_EQ(rolls.settings().bucket_period, 3s);
}

TEST(CircuitBreaker, TakesNegativeDurationsForUnset) {
  const CircuitBreaker breaker({.interval = -30s, .bucket_period = -3s, .timeout = -90s});
  EXPECT_EQ(breaker.settings().max_requests, 1U);
  EXPECT_EQ(breaker.settings().interval, 0s);
  EXPECT_EQ(breaker.settings().timeout, 60s);
}

TEST(CircuitBreaker, RoundsTheIntervalUpToWholeBuckets) {
  Bench bench({.interval = 10s, .bucket_period = 3s});
  EXPECT_EQ(bench.breaker.settings().interval, 12s);
  bench.play("F");
  bench.now += 12s - 1ns;  // in the last of four buckets
  bench.play("S");
  EXPECT_EQ(bench.counts(), (Counts{2, 1, 1, 0, 1, 0}));
  bench.now += 1ns;  // in a fifth
  bench.play("S");
  EXPECT_EQ(bench.counts(), (Counts{2, 2, 0, 0, 2, 0}));
}

TEST(CircuitBreaker, HasAFixedWindowWhenOneBucketIsAll) {
  const std::array<Nanoseconds, 4> periods{0s, -1s, 10s, 15s};
  for (const auto period : periods) {
    Bench bench({.interval = 10s, .bucket_period = period});
    const Nanoseconds window = bench.breaker.settings().interval;
    EXPECT_EQ(window, std::max<Nanoseconds>(period, 10s));
    bench.play("F");
    bench.now += window;
    bench.play("F");
    EXPECT_EQ(bench.counts(), (Counts{2, 0, 2, 0, 0, 2})) << "still in the window at exactly its end";
    bench.now += 1ns;
    bench.play("S");
    EXPECT_EQ(bench.counts(), (Counts{1, 1, 0, 0, 1, 0}));
    bench.now += window;
    bench.play("S");
    EXPECT_EQ(bench.counts(), (Counts{2, 2, 0, 0, 2, 0})) << "the window began when the last one was left";
  }
}

TEST(CircuitBreaker, WithoutAnIntervalCountsWithoutEndAndIgnoresBuckets) {
  for (const BreakerSettings& settings : {BreakerSettings{}, {.interval = -1s, .bucket_period = 1s}}) {
    Bench bench(settings);
    EXPECT_EQ(bench.breaker.settings().bucket_period, 0s);
    bench.play("FFSX");
    bench.now += 24h * 365;
    bench.play("F");
    EXPECT_EQ(bench.counts(), (Counts{5, 1, 3, 1, 0, 1}));
  }
}

TEST(CircuitBreaker, TakesDurationsThatReachBeyondTheClock) {
  Bench bench({.interval = Nanoseconds::max(), .timeout = Nanoseconds::max()});
  bench.play("FFFFFF");
  EXPECT_EQ(bench.state(), State::open);
  bench.now = TimePoint::max();
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_FALSE(bench.breaker.may_admit(bench.now));
}

// The walks of gobreaker's own tests

TEST(CircuitBreaker, DefaultSettings) {
  Bench bench;
  bench.play("FFFFF");
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{5, 0, 5, 0, 0, 5}));
  bench.play("S");
  EXPECT_EQ(bench.counts(), (Counts{6, 1, 5, 0, 1, 0}));
  bench.play("F");
  EXPECT_EQ(bench.counts(), (Counts{7, 1, 6, 0, 0, 1}));
  EXPECT_EQ(bench.state(), State::closed);

  bench.play("FFFFF");
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.counts(), Counts{});
  EXPECT_EQ(bench.play("SF"), "");
  EXPECT_EQ(bench.counts(), Counts{});
  bench.now += 59'999ms;
  EXPECT_EQ(bench.state(), State::open);

  bench.now += 1s;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.play("F"), "F");
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.counts(), Counts{});

  bench.now += 60s + 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.play("S"), "S");
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
  EXPECT_THAT(bench.changes, ElementsAre(": closed to open", ": open to half_open", ": half_open to open",
                                         ": open to half_open", ": half_open to closed"));
}

/// From half-open with three probes: two that end and one that is under way while another is refused.
void recover(Bench& bench) {
  EXPECT_EQ(bench.play("SS"), "SS");
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.counts(), (Counts{2, 2, 0, 0, 2, 0}));
  Permit third = bench.admit();
  EXPECT_EQ(bench.counts(), (Counts{3, 2, 0, 0, 2, 0}));
  EXPECT_EQ(bench.breaker.try_acquire(bench.now).error().kind, ErrorKind::too_many_probes);
  third.success(bench.now);
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
  EXPECT_EQ(bench.changes.back(), bench.breaker.name() + ": half_open to closed");
}

TEST(CircuitBreaker, CustomSettings) {
  Bench bench(custom());
  bench.play("SFXSFXSFXSFXSFX");
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{15, 5, 5, 5, 0, 1}));
  bench.now += 29'999ms;
  bench.play("S");
  EXPECT_EQ(bench.counts(), (Counts{16, 6, 5, 5, 1, 0}));
  bench.now += 1s;
  bench.play("F");
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 1, 0, 0, 1}));

  bench.play("S");
  EXPECT_THAT(bench.changes, IsEmpty());
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.counts(), Counts{});
  EXPECT_THAT(bench.changes, ElementsAre("cb: closed to open"));
  bench.now += 90s + 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.changes.back(), "cb: open to half_open");

  EXPECT_EQ(bench.play("XXXX"), "XXXX");
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.play("F"), "F");
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.counts(), Counts{});
  EXPECT_EQ(bench.changes.back(), "cb: half_open to open");

  bench.now += 90s + 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
  recover(bench);
}

TEST(CircuitBreaker, RollingWindow) {
  Bench bench(rolling());
  bench.play("SFXSFXSFXSFXSFX");
  EXPECT_EQ(bench.counts(), (Counts{15, 5, 5, 5, 0, 1}));
  bench.now += 3s;
  bench.play("S");
  EXPECT_EQ(bench.counts(), (Counts{16, 6, 5, 5, 1, 0}));
  bench.now += 2s;
  bench.play("SX");
  EXPECT_EQ(bench.counts(), (Counts{18, 7, 5, 6, 2, 0}));
  bench.now += 2s;
  bench.play("XS");
  EXPECT_EQ(bench.counts(), (Counts{20, 8, 5, 7, 3, 0}));
  bench.now += 2s;
  bench.play("F");
  EXPECT_EQ(bench.counts(), (Counts{21, 8, 6, 7, 0, 1}));
  for (std::uint64_t i = 0; i < 6; ++i) {
    bench.now += 3s;
    bench.play("SF");
    EXPECT_EQ(bench.counts(), (Counts{23 + 2 * i, 9 + i, 7 + i, 7, 0, 1}));
  }

  bench.now += 3s;
  bench.play("F");
  EXPECT_EQ(bench.counts(), (Counts{19, 9, 8, 2, 0, 2})) << "the first bucket has fallen out";
  bench.play("FFFFF");
  EXPECT_EQ(bench.counts(), (Counts{24, 9, 13, 2, 0, 7}));
  EXPECT_EQ(bench.state(), State::closed);
  bench.play("F");  // 14 of 23
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.counts(), Counts{});
  EXPECT_THAT(bench.changes, ElementsAre("rw: closed to open"));

  bench.now += 90s + 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.changes.back(), "rw: open to half_open");
  recover(bench);
}

TEST(CircuitBreaker, AResultOfAnOlderGenerationChangesNothing) {
  Bench bench(custom());
  bench.now += 29s;
  bench.play("S");
  Permit slow = bench.admit();
  EXPECT_EQ(bench.counts(), (Counts{2, 1, 0, 0, 1, 0}));
  bench.now += 1s + 1ns;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
  slow.success(bench.now);
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(CircuitBreaker, IsSuccessfulDecidesWhatAnErrorCountsAs) {
  Bench lenient({.is_successful = [](const Error*) { return true; }});
  lenient.play("FFFFF");
  EXPECT_EQ(lenient.state(), State::closed);
  EXPECT_EQ(lenient.counts(), (Counts{5, 5, 0, 0, 5, 0}));

  Bench strict({.is_successful = [](const Error* error) { return error == nullptr; }});
  strict.play("FFFFFF");
  EXPECT_EQ(strict.state(), State::open);

  Bench inverse({.is_successful = [](const Error* error) { return error != nullptr; }});
  inverse.play("S");
  EXPECT_EQ(inverse.counts(), (Counts{1, 0, 1, 0, 0, 1})) << "it is asked about a success, too";
}

TEST(CircuitBreaker, ExclusionsAreNeitherSuccessesNorFailures) {
  Bench bench;
  bench.play("XXX");
  EXPECT_EQ(bench.counts(), (Counts{3, 0, 0, 3, 0, 0}));
  bench.play("SSS");
  EXPECT_EQ(bench.counts(), (Counts{6, 3, 0, 3, 3, 0}));
  bench.play("FF");
  EXPECT_EQ(bench.counts(), (Counts{8, 3, 2, 3, 0, 2}));
}

TEST(CircuitBreaker, AsksIsExcludedFirst) {
  std::string asked;
  const auto answer = [&](char letter, bool said) {
    asked += letter;
    return said;
  };
  Bench bench(
      {.is_successful = [&](const Error* error) { return answer('s', error == nullptr); },
       .is_excluded =
           [&](const Error* error) { return answer('x', error && error->kind == ErrorKind::canceled); }});
  const Error canceled{.kind = ErrorKind::canceled};
  for (int i = 0; i < 3; ++i) bench.admit().report(&canceled, bench.now);
  EXPECT_EQ(bench.counts(), (Counts{3, 0, 0, 3, 0, 0}));
  EXPECT_EQ(asked, "xxx");
  bench.play("SSS");
  EXPECT_EQ(bench.counts(), (Counts{6, 3, 0, 3, 3, 0}));
  bench.play("FF");
  EXPECT_EQ(bench.counts(), (Counts{8, 3, 2, 3, 0, 2}));
  EXPECT_EQ(asked, "xxxxsxsxsxsxs");

  bench.admit().success(bench.now);
  bench.admit().failure(bench.now);
  bench.admit().exclude(bench.now);
  EXPECT_EQ(asked, "xxxxsxsxsxsxs") << "a plain outcome asks nobody";
  EXPECT_EQ(bench.counts(), (Counts{11, 4, 3, 4, 0, 1}));
}

TEST(CircuitBreaker, TwoStep) {
  Bench bench({.name = "tscb", .max_requests = 2});
  EXPECT_EQ(bench.breaker.name(), "tscb");
  bench.play("FFFFF");
  EXPECT_EQ(bench.counts(), (Counts{5, 0, 5, 0, 0, 5}));
  bench.play("S");
  EXPECT_EQ(bench.counts(), (Counts{6, 1, 5, 0, 1, 0}));
  bench.play("F");
  EXPECT_EQ(bench.counts(), (Counts{7, 1, 6, 0, 0, 1}));
  bench.play("FFFFF");
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.play("SFX"), "");
  EXPECT_EQ(bench.counts(), Counts{});
  bench.now += 59'999ms;
  EXPECT_EQ(bench.state(), State::open);
  bench.now += 1s;
  EXPECT_EQ(bench.state(), State::half_open);

  Permit first = bench.admit();
  Permit second = bench.admit();
  EXPECT_EQ(bench.play("SF"), "");
  first.exclude(bench.now);
  second.exclude(bench.now);
  EXPECT_EQ(bench.play("S"), "S");
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.play("F"), "F");
  EXPECT_EQ(bench.state(), State::open);

  bench.now += 60s + 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.play("S"), "S");
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.play("S"), "S");
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
}

// Time

TEST(CircuitBreaker, StaysOpenAtExactlyTheTimeout) {
  Bench bench;
  bench.play("FFFFFF");
  bench.now += 60s;
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.play("S"), "");
  bench.now += 1ns;
  EXPECT_EQ(bench.play("S"), "S") << "an admission moves time on as state() does";
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(CircuitBreaker, ReopensForAWholeTimeout) {
  Bench bench;
  bench.half_open();
  Permit probe = bench.admit();
  bench.now += 45s;
  probe.failure(bench.now);
  bench.now += 60s;
  EXPECT_EQ(bench.state(), State::open);
  bench.now += 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
}

TEST(CircuitBreaker, HalfOpenNeverExpires) {
  Bench bench(custom());
  bench.half_open();
  bench.play("SS");
  bench.now += 24h * 365;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.counts(), (Counts{2, 2, 0, 0, 2, 0}));
}

TEST(CircuitBreaker, ABucketBeginsAtExactlyItsPeriod) {
  Bench bench({.interval = 6s, .bucket_period = 3s});
  bench.play("F");
  bench.now += 3s - 1ns;
  bench.play("F");
  bench.now += 1ns;
  bench.play("S");
  bench.now += 3s - 1ns;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{3, 1, 2, 0, 1, 0}));
  bench.now += 1ns;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{1, 1, 0, 0, 1, 0}));
}

TEST(CircuitBreaker, BucketsBeginAnewWhenItCloses) {
  Bench bench({.interval = 6s, .bucket_period = 3s});
  bench.half_open();
  bench.now += 1s;
  bench.play("S");
  bench.play("F");
  bench.now += 3s - 1ns;
  bench.play("F");
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{2, 0, 2, 0, 0, 2}));
  bench.now += 1ns;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(CircuitBreaker, CountsAreStaleUntilTimeIsMovedOn) {
  Bench bench({.interval = 10s});
  bench.play("F");
  bench.now += 1h;
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(CircuitBreaker, AReportMovesTimeOn) {
  Bench bench({.interval = 10s});
  Permit permit = bench.admit();
  bench.now += 10s + 1ns;
  permit.success(bench.now);
  EXPECT_EQ(bench.counts(), Counts{});

  Bench rolls({.interval = 6s, .bucket_period = 3s});
  rolls.play("F");
  rolls.now += 3s;
  Permit late = rolls.admit();
  rolls.now += 3s;
  late.success(rolls.now);
  EXPECT_EQ(rolls.counts(), (Counts{1, 1, 0, 0, 1, 0}));
}

TEST(CircuitBreaker, AClockThatStepsBackMovesNothingBackwards) {
  Bench rolls({.interval = 6s, .bucket_period = 3s});
  rolls.now += 4s;
  rolls.play("F");
  rolls.now -= 1h;
  rolls.play("F");
  EXPECT_EQ(rolls.counts(), (Counts{2, 0, 2, 0, 0, 2}));
  rolls.now += 1h + 5s;  // both were booked to the second bucket, which falls out now
  EXPECT_EQ(rolls.state(), State::closed);
  EXPECT_EQ(rolls.counts(), Counts{});

  Bench bench;
  bench.play("FFFFF");
  bench.now -= 30min;
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
  bench.now += 30min + 60s;
  EXPECT_EQ(bench.state(), State::open) << "open for 60 s from the latest time that it has seen";
  bench.now += 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
  bench.now -= 1h;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.play("S"), "S");
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(CircuitBreaker, AResultThatOutlivesItsBucketIsDropped) {
  int asked = 0;
  Bench bench({.interval = 6s, .bucket_period = 3s, .ready_to_trip = [&](const Counts&) {
                 ++asked;
                 return false;
               }});
  Permit early = bench.admit();
  Permit late = bench.admit();
  bench.now += 5s;
  bench.play("S");
  early.failure(bench.now);
  EXPECT_EQ(bench.counts(), (Counts{3, 1, 1, 0, 0, 1}));
  EXPECT_EQ(asked, 1);
  bench.now += 1s;
  late.failure(bench.now);
  EXPECT_EQ(bench.counts(), (Counts{1, 1, 0, 0, 0, 0})) << "the run was broken by the first failure";
  EXPECT_EQ(asked, 1) << "there are no counts that include this failure";
}

TEST(CircuitBreaker, ARunDecaysWithItsBuckets) {
  Bench bench({.interval = 6s, .bucket_period = 3s});
  bench.play("FFFF");
  bench.now += 3s;
  bench.play("F");
  EXPECT_EQ(bench.counts(), (Counts{5, 0, 5, 0, 0, 5}));
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 1, 0, 0, 1}));
}

TEST(CircuitBreaker, AJumpOverTheWholeRollingWindowClearsItWithoutANewGeneration) {
  Bench bench({.interval = 6s, .bucket_period = 3s});
  bench.play("FF");
  bench.now += 3s;
  Permit permit = bench.admit();
  bench.now += 3s;
  bench.play("S");
  permit.success(bench.now);
  EXPECT_EQ(bench.counts(), (Counts{2, 2, 0, 0, 2, 0}))
      << "the same generation, though its first bucket is gone";
  bench.now += 1h;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
}

// Admission

TEST(CircuitBreaker, SaysWhyItRefuses) {
  Bench bench({.name = "Custom-Breaker", .max_requests = 1});
  bench.play("FFFFFF");
  bench.now += 15s;
  const Error open = bench.breaker.try_acquire(bench.now).error();
  EXPECT_EQ(open.kind, ErrorKind::circuit_open);
  EXPECT_THAT(open.message, HasSubstr("Custom-Breaker"));
  EXPECT_EQ(open.retry_after, 45s + 1ns);
  EXPECT_FALSE(bench.breaker.acquire(bench.now));

  bench.now += *open.retry_after;
  const Permit probe = bench.admit();
  EXPECT_TRUE(probe.half_open());
  const Error full = bench.breaker.try_acquire(bench.now).error();
  EXPECT_EQ(full.kind, ErrorKind::too_many_probes);
  EXPECT_THAT(full.message, HasSubstr("Custom-Breaker"));
  EXPECT_EQ(full.retry_after, std::nullopt);
  EXPECT_FALSE(bench.breaker.acquire(bench.now));
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 0, 0, 0})) << "refusals are not counted";
}

TEST(CircuitBreaker, APermitKnowsWhetherItIsAProbe) {
  Bench bench;
  EXPECT_FALSE(bench.admit().half_open());
  bench.half_open();
  EXPECT_TRUE(bench.admit().half_open());
  bench.play("S");
  EXPECT_FALSE(bench.admit().half_open());
}

TEST(CircuitBreaker, CapsTheProbesOfAGenerationNotTheirConcurrency) {
  Bench bench({.max_requests = 2});
  bench.half_open();
  EXPECT_EQ(bench.play("S"), "S");
  Permit probe = bench.admit();
  EXPECT_EQ(bench.play("S"), "") << "one has ended and one is under way, which makes two";
  probe.success(bench.now);
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(CircuitBreaker, WithExclusionsOnlyStaysHalfOpenAndKeepsAdmitting) {
  Bench bench;
  bench.half_open();
  EXPECT_EQ(bench.play(std::string(1'000, 'X')), std::string(1'000, 'X'));
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.counts(), (Counts{1'000, 0, 0, 1'000, 0, 0}));
  bench.play("S");
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(CircuitBreaker, AHalfOpenResultThatComesAfterReopeningIsDropped) {
  Bench bench({.max_requests = 3});
  bench.half_open();
  Permit first = bench.admit();
  Permit second = bench.admit();
  Permit third = bench.admit();
  first.failure(bench.now);
  EXPECT_EQ(bench.state(), State::open);
  second.success(bench.now);
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.counts(), Counts{});
  bench.now += 60s + 1ns;
  EXPECT_EQ(bench.state(), State::half_open);
  third.failure(bench.now);
  EXPECT_EQ(bench.state(), State::half_open) << "that probe was of an earlier half-open period";
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(CircuitBreaker, PublishesWhenItMayAdmit) {
  Bench bench({.max_requests = 2});
  const auto may_admit = [&] { return bench.breaker.may_admit(bench.now); };
  EXPECT_TRUE(may_admit());
  EXPECT_EQ(bench.breaker.admits_after(), TimePoint::min());

  bench.play("FFFFFF");
  EXPECT_FALSE(may_admit());
  EXPECT_EQ(bench.breaker.admits_after(), start + 60s);
  bench.now += 60s;
  EXPECT_FALSE(may_admit());
  bench.now += 1ns;
  EXPECT_TRUE(may_admit());

  Permit first = bench.admit();
  EXPECT_EQ(bench.breaker.admits_after(), TimePoint::min());
  EXPECT_TRUE(may_admit());
  {
    const Permit second = bench.admit();
    EXPECT_EQ(bench.breaker.admits_after(), TimePoint::max());
    EXPECT_FALSE(may_admit());
  }
  EXPECT_TRUE(may_admit()) << "an abandoned probe makes room";
  Permit third = bench.admit();
  EXPECT_FALSE(may_admit());
  third.exclude(bench.now);
  EXPECT_TRUE(may_admit());
  first.success(bench.now);
  bench.play("S");
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.breaker.admits_after(), TimePoint::min());
}

// Permits

TEST(Permit, AbandonedCountsAsExcluded) {
  Bench bench;
  { const Permit lost = bench.admit(); }
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
  bench.half_open();
  { const Permit lost = bench.admit(); }
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(bench.play("S"), "S") << "a lost probe does not wedge the half-open state";
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(Permit, AbandonedIsBookedToItsAdmissionAndMovesNoClock) {
  Bench bench({.interval = 6s, .bucket_period = 3s});
  std::optional<Permit> lost = bench.admit();
  bench.now += 3s;
  bench.play("S");
  lost.reset();
  EXPECT_EQ(bench.counts(), (Counts{2, 1, 0, 1, 1, 0}));
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{1, 1, 0, 0, 1, 0}));

  lost = bench.admit();
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  lost.reset();
  EXPECT_EQ(bench.counts(), Counts{}) << "its bucket has fallen out";
}

TEST(Permit, AbandonedInAnOlderGenerationChangesNothing) {
  Bench bench;
  std::optional<Permit> lost = bench.admit();
  bench.half_open();
  Permit probe = bench.admit();
  lost.reset();
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(bench.play("S"), "");
  probe.success(bench.now);
}

TEST(Permit, AbandonedCallsNoUserCode) {
  std::string called;
  const auto call = [&](char letter, bool answer) {
    called += letter;
    return answer;
  };
  // Long ago, so that a clock that was read by mistake would end the timeout.
  const TimePoint now{};
  CircuitBreaker breaker({.timeout = 1ns,
                          .ready_to_trip = [&](const Counts&) { return call('r', true); },
                          .on_state_change = [&](const std::string&, State, State) { call('c', true); },
                          .is_successful = [&](const Error*) { return call('s', false); },
                          .is_excluded = [&](const Error*) { return call('x', false); }},
                         now);
  std::optional<Permit> lost = breaker.acquire(now);
  std::optional<Permit> late = breaker.acquire(now);
  lost.reset();
  EXPECT_EQ(called, "");
  breaker.acquire(now)->failure(now);
  EXPECT_EQ(called, "rc");
  late.reset();
  EXPECT_EQ(called, "rc");
  EXPECT_EQ(breaker.state(now), State::open);
}

TEST(Permit, OnlyTheFirstReportCounts) {
  const std::array<std::function<void(Permit&, TimePoint)>, 4> reports{
      [](Permit& permit, TimePoint now) { permit.success(now); },
      [](Permit& permit, TimePoint now) { permit.failure(now); },
      [](Permit& permit, TimePoint now) { permit.exclude(now); },
      [](Permit& permit, TimePoint now) { permit.report(&failed, now); }};
  const std::array<Counts, 4> outcomes{
      {{1, 1, 0, 0, 1, 0}, {1, 0, 1, 0, 0, 1}, {1, 0, 0, 1, 0, 0}, {1, 0, 1, 0, 0, 1}}};
  for (std::size_t first = 0; first < reports.size(); ++first) {
    Bench bench;
    {
      Permit permit = bench.admit();
      reports[first](permit, bench.now);
      for (const auto& report : reports) report(permit, bench.now + 1h);
    }
    EXPECT_EQ(bench.counts(), outcomes[first]);
  }
}

TEST(Permit, ASecondReportAsksNoPredicate) {
  int asked = 0;
  Bench bench({.is_successful = [&](const Error*) { return ++asked > 0; }});
  Permit permit = bench.admit();
  permit.report(&failed, bench.now);
  permit.report(&failed, bench.now);
  EXPECT_EQ(asked, 1);
}

TEST(Permit, AReportFromAnotherGenerationAsksNoPredicate) {
  int asked = 0;
  const auto ask = [&](const Error*) { return ++asked < 0; };
  Bench bench({.interval = 10s, .is_successful = ask, .is_excluded = ask});
  Permit permit = bench.admit();
  bench.now += 10s;
  bench.play("F");
  EXPECT_EQ(asked, 2);
  bench.now += 1ns;
  permit.report(&failed, bench.now);
  EXPECT_EQ(asked, 2) << "the report itself began the new generation";
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(Permit, AReportThatOutlivesItsBucketAsksNoPredicate) {
  int asked = 0;
  const auto ask = [&](const Error*) { return ++asked < 0; };
  Bench bench({.interval = 6s, .bucket_period = 3s, .is_successful = ask, .is_excluded = ask});
  Permit early = bench.admit();
  Permit late = bench.admit();
  bench.now += 6s - 1ns;
  early.report(&failed, bench.now);
  EXPECT_EQ(asked, 2);
  bench.now += 1ns;
  late.report(&failed, bench.now);
  EXPECT_EQ(asked, 2) << "the report itself moved on to the bucket in which it counts no more";
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(Permit, MovedFromReportsNothing) {
  Bench bench;
  Permit permit = bench.admit();
  Permit owner = std::move(permit);
  permit.failure(bench.now);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 0, 0, 0}));
  owner.success(bench.now);
  EXPECT_EQ(bench.counts(), (Counts{1, 1, 0, 0, 1, 0}));
}

TEST(Permit, AssignedOverIsAbandoned) {
  Bench bench;
  Permit permit = bench.admit();
  Permit other = bench.admit();
  permit = std::move(other);
  EXPECT_EQ(bench.counts(), (Counts{2, 0, 0, 1, 0, 0}));
  Permit& itself = permit;
  permit = std::move(itself);
  permit.success(bench.now);
  EXPECT_EQ(bench.counts(), (Counts{2, 1, 0, 1, 1, 0}));
}

TEST(Permit, ReportsWhatElseItWouldCountAs) {
  const std::array<Outcome, 3> outcomes{Outcome::success, Outcome::failure, Outcome::exclusion};
  const std::array<Counts, 3> counts{{{1, 1, 0, 0, 1, 0}, {1, 0, 1, 0, 0, 1}, {1, 0, 0, 1, 0, 0}}};
  enum : std::size_t { success, failure, exclusion };
  const auto yes = [](const Error*) { return true; };
  const auto no = [](const Error*) { return false; };
  for (std::size_t otherwise = 0; otherwise < outcomes.size(); ++otherwise) {
    for (const Error* error : {&failed, static_cast<const Error*>(nullptr)}) {
      const auto counted = [&](BreakerSettings settings) {
        Bench bench(std::move(settings));
        bench.admit().report(error, outcomes[otherwise], bench.now);
        return bench.counts();
      };
      EXPECT_EQ(counted({}), counts[otherwise]);
      EXPECT_EQ(counted({.is_excluded = no}), counts[otherwise]);
      EXPECT_EQ(counted({.is_excluded = yes}), counts[exclusion]);
      EXPECT_EQ(counted({.is_successful = yes}), counts[success]);
      EXPECT_EQ(counted({.is_successful = no}), counts[failure]);
      EXPECT_EQ(counted({.is_successful = yes, .is_excluded = yes}), counts[exclusion]);
      EXPECT_EQ(counted({.is_successful = yes, .is_excluded = no}), counts[success]);
    }
  }
}

// Executing a function

TEST(Execute, ReportsAResult) {
  CircuitBreaker breaker;
  const Result<int> good = breaker.execute([]() -> Result<int> { return 42; });
  EXPECT_EQ(*good, 42);
  EXPECT_EQ(breaker.counts(), (Counts{1, 1, 0, 0, 1, 0}));
  const Result<int> bad = breaker.execute([]() -> Result<int> { return failed; });
  EXPECT_EQ(bad.error().message, "failed");
  EXPECT_EQ(breaker.counts(), (Counts{2, 1, 1, 0, 0, 1}));
  const Result<void> nothing = breaker.execute([]() -> Result<void> { return {}; });
  EXPECT_TRUE(nothing);
  EXPECT_FALSE(breaker.execute([]() -> Result<void> { return failed; }));
  EXPECT_EQ(breaker.counts(), (Counts{4, 2, 2, 0, 0, 1}));
}

TEST(Execute, WrapsAPlainValue) {
  CircuitBreaker breaker;
  EXPECT_EQ(*breaker.execute([] { return std::string("value"); }), "value");
  EXPECT_EQ(**breaker.execute([] { return std::make_unique<int>(7); }), 7);
  int runs = 0;
  const Result<void> nothing = breaker.execute([&] { ++runs; });
  EXPECT_TRUE(nothing);
  EXPECT_EQ(runs, 1);
  const Result<int> copy = breaker.execute([&]() -> const int& { return runs; });
  EXPECT_EQ(*copy, 1);
  EXPECT_EQ(breaker.counts(), (Counts{4, 4, 0, 0, 4, 0}));
}

TEST(Execute, DoesNotRunWhatIsRefused) {
  CircuitBreaker breaker({.ready_to_trip = [](const Counts&) { return true; }});
  breaker.acquire()->failure();
  bool ran = false;
  const Result<void> refused = breaker.execute([&] { ran = true; });
  EXPECT_EQ(refused.error().kind, ErrorKind::circuit_open);
  EXPECT_FALSE(ran);
}

/// For a function that is expected to throw.
template <class Function>
void execute(CircuitBreaker& breaker, Function function) {
  static_cast<void>(breaker.execute(function));
}

TEST(Execute, CountsAnExceptionAsAFailureAndRethrowsIt) {
  CircuitBreaker breaker;
  EXPECT_THROW(execute(breaker, [] { throw std::runtime_error("oops"); }), std::runtime_error);
  EXPECT_EQ(breaker.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_THROW(execute(breaker, []() -> Result<int> { throw 42; }), int);
  EXPECT_EQ(breaker.counts(), (Counts{2, 0, 2, 0, 0, 2}));
}

TEST(Execute, AsksThePredicatesAboutAnException) {
  std::vector<std::string> asked;
  CircuitBreaker breaker({.is_successful = [](const Error*) { return true; },
                          .is_excluded =
                              [&](const Error* error) {
                                asked.push_back(error->message);
                                return error->kind == ErrorKind::canceled;
                              }});
  EXPECT_THROW(execute(breaker, [] { throw std::runtime_error("oops"); }), std::runtime_error);
  EXPECT_EQ(breaker.counts(), (Counts{1, 1, 0, 0, 1, 0})) << "is_successful is always true";
  EXPECT_THROW(execute(breaker, [] { throw Exception({.kind = ErrorKind::canceled, .message = "mine"}); }),
               Exception);
  EXPECT_EQ(breaker.counts(), (Counts{2, 1, 0, 1, 1, 0}));
  EXPECT_THROW(execute(breaker, [] { throw 42; }), int);
  EXPECT_EQ(breaker.counts(), (Counts{3, 2, 0, 1, 2, 0}));
  EXPECT_THAT(asked, ElementsAre("oops", "mine", HasSubstr("no std::exception")));
}

TEST(Execute, CountsOnceWhenACallbackThrows) {
  std::vector<Counts> asked;
  CircuitBreaker breaker({.ready_to_trip = [&](const Counts& counts) -> bool {
    asked.push_back(counts);
    throw std::logic_error("callback");
  }});
  EXPECT_THROW(execute(breaker, []() -> Result<int> { return failed; }), std::logic_error);
  EXPECT_EQ(breaker.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_THROW(execute(breaker, [] { throw std::runtime_error("oops"); }), std::logic_error);
  EXPECT_EQ(breaker.counts(), (Counts{2, 0, 2, 0, 0, 2}));
  EXPECT_THAT(asked, ElementsAre(Counts{1, 0, 1, 0, 0, 1}, Counts{2, 0, 2, 0, 0, 2}));
}

// Callbacks

TEST(Callbacks, ReadyToTripIsAskedOnlyAfterAFailureInTheClosedState) {
  std::vector<Counts> asked;
  Bench bench({.ready_to_trip = [&](const Counts& counts) {
    asked.push_back(counts);
    return counts.consecutive_failures >= 2;
  }});
  bench.play("SXFSF");
  EXPECT_THAT(asked, ElementsAre(Counts{3, 1, 1, 1, 0, 1}, Counts{5, 2, 2, 1, 0, 1}));
  bench.play("F");
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_EQ(bench.state(), State::open);
  bench.now += 60s + 1ns;
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(asked.size(), 3U) << "a half-open failure needs no asking";
}

TEST(Callbacks, MayCallTheBreaker) {
  std::function<void()> use_the_breaker = [] {};
  const auto used = [&](bool answer) {
    use_the_breaker();
    return answer;
  };
  Bench bench({.ready_to_trip = [&](const Counts&) { return used(true); },
               .on_state_change = [&](const std::string&, State, State) { use_the_breaker(); },
               .is_successful = [&](const Error* error) { return used(error == nullptr); },
               .is_excluded = [&](const Error*) { return used(false); }});
  int uses = 0;
  use_the_breaker = [&] {
    ++uses;
    bench.state();
    bench.counts();
    if (auto permit = bench.breaker.acquire(bench.now)) permit->exclude(bench.now);
    bench.breaker.may_admit(bench.now);
  };
  bench.play("S");
  EXPECT_EQ(uses, 2);
  EXPECT_EQ(bench.counts(), (Counts{3, 1, 0, 2, 1, 0}));
  bench.play("F");
  EXPECT_EQ(uses, 6);
  EXPECT_EQ(bench.state(), State::open);
}

TEST(Callbacks, ATripIsDroppedWhenTheGenerationEndedWhileReadyToTripRan) {
  bool nested = false;
  Bench bench({.interval = 10s, .ready_to_trip = [&](const Counts&) {
                 if (std::exchange(nested, true)) return true;
                 bench.now += 11s;
                 bench.state();
                 return true;
               }});
  bench.play("F");
  EXPECT_EQ(bench.state(), State::closed) << "its failure belongs to a window that has passed";
  EXPECT_EQ(bench.counts(), Counts{});
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
}

TEST(Callbacks, ANestedFailureTripsOnce) {
  int depth = 0;
  Bench bench({.ready_to_trip = [&](const Counts& counts) {
    if (++depth == 1) bench.play("F");
    return counts.consecutive_failures >= 1;
  }});
  bench.play("F");
  EXPECT_EQ(depth, 2);
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_THAT(bench.changes, ElementsAre(": closed to open"));
}

TEST(Callbacks, AChangeMadeInsideOnStateChangeFollowsWhenItReturns) {
  std::vector<std::string> log;
  Bench bench({.ready_to_trip = [](const Counts&) { return true; },
               .on_state_change =
                   [&](const std::string&, State, State to) {
                     log.push_back("begin " + std::string(to_string(to)));
                     if (log.size() < 5) {
                       bench.now += 60s + 1ns;
                       bench.play("S");
                     }
                     log.push_back("end " + std::string(to_string(to)));
                   }});
  bench.play("F");
  EXPECT_THAT(log, ElementsAre("begin open", "end open", "begin half_open", "end half_open", "begin closed",
                               "end closed"));
}

TEST(Callbacks, AThrowingPredicateExcludesTheRequest) {
  const auto refuse_to_say = [](const Error*) -> bool { throw std::logic_error("predicate"); };
  for (const BreakerSettings& settings :
       {BreakerSettings{.is_successful = refuse_to_say}, BreakerSettings{.is_excluded = refuse_to_say}}) {
    Bench bench(settings);
    Permit permit = bench.admit();
    EXPECT_THROW(permit.report(&failed, bench.now), std::logic_error);
    EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
    permit.failure(bench.now);
    EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
    EXPECT_EQ(bench.play(""), "");
  }
}

TEST(Callbacks, AThrowingReadyToTripLeavesTheFailureCountedOnceAndTheBreakerClosed) {
  bool throws = true;
  Bench bench({.ready_to_trip = [&](const Counts& counts) {
    if (throws) throw std::logic_error("ready_to_trip");
    return counts.consecutive_failures > 1;
  }});
  {
    Permit permit = bench.admit();
    EXPECT_THROW(permit.failure(bench.now), std::logic_error);
  }
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_EQ(bench.state(), State::closed);
  throws = false;
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
}

TEST(Callbacks, AThrowingOnStateChangeLeavesTheChangeMade) {
  Bench bench(
      {.ready_to_trip = [](const Counts&) { return true; },
       .on_state_change = [](const std::string&, State, State) { throw std::logic_error("change"); }});
  EXPECT_THROW(bench.play("F"), std::logic_error);
  EXPECT_EQ(bench.state(), State::open);
  bench.now += 60s + 1ns;
  EXPECT_THROW(static_cast<void>(bench.admit()), std::logic_error);
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}))
      << "the permit that could not be handed out came back";
  EXPECT_THROW(bench.play("S"), std::logic_error);
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_THAT(bench.changes, ElementsAre(": closed to open", ": open to half_open", ": half_open to closed"));
}

TEST(Callbacks, AThrowingOnStateChangeLosesNoOtherChange) {
  Bench bench({.ready_to_trip = [](const Counts&) { return true; },
               .on_state_change =
                   [&](const std::string&, State, State to) {
                     if (to == State::open) {
                       bench.now += 60s + 1ns;
                       bench.play("S");
                     }
                     throw std::runtime_error(std::string(to_string(to)));
                   }});
  try {
    bench.play("F");
    ADD_FAILURE() << "the callback's exception was swallowed";
  } catch (const std::runtime_error& first) {
    EXPECT_STREQ(first.what(), "open");
  }
  EXPECT_THAT(bench.changes, ElementsAre(": closed to open", ": open to half_open", ": half_open to closed"));
  EXPECT_EQ(bench.state(), State::closed);
}

// Threads

void in_parallel(int threads, const std::function<void(int)>& work) {
  std::vector<std::thread> running;
  for (int index = 0; index < threads; ++index) running.emplace_back(work, index);
  for (std::thread& thread : running) thread.join();
}

TEST(Threads, LoseNoCount) {
  CircuitBreaker breaker(custom(), start);
  in_parallel(10, [&](int) {
    for (int request = 0; request < 10'000; ++request) {
      auto permit = breaker.acquire(start);
      ASSERT_TRUE(permit);
      request % 2 == 0 ? permit->success(start) : permit->exclude(start);
    }
  });
  EXPECT_EQ(breaker.counts(), (Counts{100'000, 50'000, 0, 50'000, 50'000, 0}));
}

TEST(Threads, AreNotRefusedByAClosedRollingWindow) {
  // Twelve threads of S, F, X could by chance count three failures among the first five outcomes.
  BreakerSettings settings = rolling();
  settings.ready_to_trip = [](const Counts& counts) {
    return counts.requests > 1'000 && mostly_failures(counts);
  };
  CircuitBreaker breaker(settings, start);
  std::atomic<std::int64_t> ticks{0};
  in_parallel(12, [&](int) {
    for (int request = 0; request < 100; ++request) {
      const TimePoint now = start + Nanoseconds(1ms) * ticks++;
      auto permit = breaker.acquire(now);
      ASSERT_TRUE(permit);
      if (request % 3 == 0) permit->success(now);
      if (request % 3 == 1) permit->failure(now);
      if (request % 3 == 2) permit->exclude(now);
    }
  });
  const Counts counts = breaker.counts();
  EXPECT_EQ(counts.requests, 1'200U);
  EXPECT_EQ(counts.total_successes, 12U * 34);
  EXPECT_EQ(counts.total_failures, 12U * 33);
  EXPECT_EQ(counts.total_exclusions, 12U * 33);
}

TEST(Threads, GetNoMoreThanMaxRequestsProbes) {
  for (int round = 0; round < 200; ++round) {
    Bench bench({.max_requests = 3});
    bench.half_open();
    std::array<std::optional<Permit>, 4> permits;
    std::array<std::optional<Permit>, 4> more;
    in_parallel(4, [&](int index) {
      permits[static_cast<std::size_t>(index)] = bench.breaker.acquire(bench.now);
      more[static_cast<std::size_t>(index)] = bench.breaker.acquire(bench.now);
    });
    const auto granted = [](const auto& list) {
      return std::count_if(list.begin(), list.end(), [](const auto& permit) { return permit.has_value(); });
    };
    EXPECT_EQ(granted(permits) + granted(more), 3);
    EXPECT_FALSE(bench.breaker.may_admit(bench.now));
  }
}

TEST(Threads, HearOfEachChangeInOrderAndOneAtATime) {
  std::atomic<int> inside{0};
  std::atomic<int> overlaps{0};
  State last = State::closed;
  int changes = 0;
  int broken = 0;
  std::optional<CircuitBreaker> breaker;
  breaker.emplace(BreakerSettings{.timeout = 3ns,
                                  .ready_to_trip = [](const Counts&) { return true; },
                                  .on_state_change =
                                      [&](const std::string&, State from, State to) {
                                        if (++inside > 1) ++overlaps;
                                        if (from != std::exchange(last, to)) ++broken;
                                        if (++changes % 7 == 0) {
                                          --inside;
                                          throw std::runtime_error("change");
                                        }
                                        --inside;
                                      }},
                  start);
  std::atomic<std::int64_t> ticks{0};
  std::atomic<int> thrown{0};
  in_parallel(4, [&](int index) {
    for (int request = 0; request < 5'000; ++request) {
      const TimePoint now = start + Nanoseconds(ticks++);
      try {
        auto permit = breaker->acquire(now);
        if (permit) (request + index) % 3 == 0 ? permit->failure(now) : permit->success(now);
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    }
  });
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(broken, 0) << "a change was lost or came out of order";
  EXPECT_GT(changes, 1'000);
  EXPECT_GT(thrown, 0);
  EXPECT_EQ(last, breaker->state(start)) << "no change is left undelivered";
}

}  // namespace
}  // namespace openailb::test
