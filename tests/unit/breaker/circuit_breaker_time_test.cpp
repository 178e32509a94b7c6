#include "support/breaker_bench.hpp"
#include <openailb/circuit_breaker.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace openailb::test::circuit_breaker_time_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;

TEST(CircuitBreakerTime, StaysOpenAtExactlyTheTimeout) {
  Bench bench;
  bench.play("FFFFFF");
  bench.now += 60s;
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(bench.play("S"), "");
  bench.now += 1ns;
  EXPECT_EQ(bench.play("S"), "S") << "an admission moves time on as state() does";
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(CircuitBreakerTime, ReopensForAWholeTimeout) {
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

TEST(CircuitBreakerTime, HalfOpenNeverExpires) {
  Bench bench(custom());
  bench.half_open();
  bench.play("SS");
  bench.now += 24h * 365;
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.counts(), (Counts{2, 2, 0, 0, 2, 0}));
}

TEST(CircuitBreakerTime, ABucketBeginsAtExactlyItsPeriod) {
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

TEST(CircuitBreakerTime, BucketsBeginAnewWhenItCloses) {
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

TEST(CircuitBreakerTime, CountsAreStaleUntilTimeIsMovedOn) {
  Bench bench({.interval = 10s});
  bench.play("F");
  bench.now += 1h;
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(CircuitBreakerTime, AReportMovesTimeOn) {
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

TEST(CircuitBreakerTime, AClockThatStepsBackMovesNothingBackwards) {
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

TEST(CircuitBreakerTime, AResultThatOutlivesItsBucketIsDropped) {
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

TEST(CircuitBreakerTime, ARunDecaysWithItsBuckets) {
  Bench bench({.interval = 6s, .bucket_period = 3s});
  bench.play("FFFF");
  bench.now += 3s;
  bench.play("F");
  EXPECT_EQ(bench.counts(), (Counts{5, 0, 5, 0, 0, 5}));
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 1, 0, 0, 1}));
}

TEST(CircuitBreakerTime, AJumpOverTheWholeRollingWindowClearsItWithoutANewGeneration) {
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

TEST(CircuitBreakerTime, SaysWhyItRefuses) {
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

TEST(CircuitBreakerTime, APermitKnowsWhetherItIsAProbe) {
  Bench bench;
  EXPECT_FALSE(bench.admit().half_open());
  bench.half_open();
  EXPECT_TRUE(bench.admit().half_open());
  bench.play("S");
  EXPECT_FALSE(bench.admit().half_open());
}

TEST(CircuitBreakerTime, CapsTheProbesOfAGenerationNotTheirConcurrency) {
  Bench bench({.max_requests = 2});
  bench.half_open();
  EXPECT_EQ(bench.play("S"), "S");
  Permit probe = bench.admit();
  EXPECT_EQ(bench.play("S"), "") << "one has ended and one is under way, which makes two";
  probe.success(bench.now);
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(CircuitBreakerTime, WithExclusionsOnlyStaysHalfOpenAndKeepsAdmitting) {
  Bench bench;
  bench.half_open();
  EXPECT_EQ(bench.play(std::string(1'000, 'X')), std::string(1'000, 'X'));
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.counts(), (Counts{1'000, 0, 0, 1'000, 0, 0}));
  bench.play("S");
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(CircuitBreakerTime, AHalfOpenResultThatComesAfterReopeningIsDropped) {
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

TEST(CircuitBreakerTime, PublishesWhenItMayAdmit) {
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

}  // namespace
}  // namespace openailb::test::circuit_breaker_time_test
