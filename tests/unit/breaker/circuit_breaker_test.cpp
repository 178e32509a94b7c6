#include "support/breaker_bench.hpp"
#include <openailb/circuit_breaker.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace openailb::test::circuit_breaker_test {
namespace {

using namespace detail;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Nanoseconds = std::chrono::nanoseconds;

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

TEST(CircuitBreaker, TakesARollingWindowThatReachesBeyondTheClock) {
  for (const auto period : {Nanoseconds::max() / 5, Nanoseconds::max() / 2 + 1ns, Nanoseconds::max() - 1ns}) {
    Bench bench({.interval = Nanoseconds::max(), .bucket_period = period, .timeout = Nanoseconds::max()});
    EXPECT_EQ(bench.breaker.settings().interval, Nanoseconds::max() / period * period);
    bench.play("SFFFFFF");
    EXPECT_EQ(bench.state(), State::open);
    const auto refused = bench.breaker.try_acquire(bench.now);
    EXPECT_GT(refused.error().retry_after, 24h * 365 * 200);
  }
}

TEST(CircuitBreaker, RefusesAWindowOfMoreThanAMillionBuckets) {
  EXPECT_EQ(Bench({.interval = 1s, .bucket_period = 1us}).breaker.settings().interval, 1s);
  try {
    CircuitBreaker breaker({.name = "b", .interval = Nanoseconds::max(), .bucket_period = 1s});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "openailb: the breaker 'b' would have more than a million buckets: make interval shorter or "
                 "bucket_period longer");
  }
}

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

}  // namespace
}  // namespace openailb::test::circuit_breaker_test
