// When hedges are due, and how many may be sent.

#include <openailb/detail/balance/hedge_policy.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>

namespace openailb::hedge_policy_times_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;

constexpr HedgeOptions by_percentile{.percentile = 0.9, .max_fraction = 1.0};

/// Two endpoints. The second has answered after 1 ms, 2 ms, ... 50 ms.
struct Known {
  HedgePolicy hedging;
  explicit Known(HedgeOptions options = by_percentile, bool streams = false) : hedging(options) {
    for (int count = 1; count <= 50; ++count) hedging.answered(1, streams, count * 1ms);
  }
};

TEST(HedgeDelay, IsTheFixedOneFromTheStart) { EXPECT_EQ(HedgePolicy({.delay = 7ms}).delay(0, false), 7ms); }

TEST(HedgeDelay, IsUnknownBeforeFiftyAnswers) {
  HedgePolicy hedging(by_percentile);
  for (int count = 0; count < 49; ++count) hedging.answered(1, false, 1ms);
  EXPECT_EQ(hedging.delay(0, false), std::nullopt);
  hedging.answered(0, false, 1ms);
  EXPECT_EQ(hedging.delay(0, false), 1ms);
}

TEST(HedgeDelay, IsThePercentileOfTheOthers) {
  Known known;
  EXPECT_EQ(known.hedging.delay(0, false), 45ms);
  EXPECT_EQ(known.hedging.delay(1, false), std::nullopt) << "there is no other of which anything is known";
  known.hedging.answered(0, false, 1ms);
  EXPECT_EQ(known.hedging.delay(0, false), 45ms) << "its own answers do not count";
}

TEST(HedgeDelay, KeepsStreamsApart) {
  const Known known(by_percentile, true);
  EXPECT_EQ(known.hedging.delay(0, true), 45ms);
  EXPECT_EQ(known.hedging.delay(0, false), std::nullopt);
}

TEST(HedgeDelay, ForgetsOldAnswers) {
  Known known;
  for (int count = 0; count < 128; ++count) known.hedging.answered(1, false, 3ms);
  EXPECT_EQ(known.hedging.delay(0, false), 3ms);
}

TEST(HedgeDelay, IsZeroOnAnEndpointThatUsuallyTakesLonger) {
  Known known;
  known.hedging.answered(0, false, 46ms);
  EXPECT_EQ(known.hedging.delay(0, false), 0ms);
  known.hedging.answered(0, false, 30ms);
  EXPECT_EQ(known.hedging.delay(0, false), 45ms) << "the newest counts for an eighth";
}

TEST(HedgeDelay, LearnsFromAttemptsThatLostOnlyThatTheyTakeLonger) {
  Known known;
  known.hedging.answered(0, false, 40ms);
  known.hedging.add_censored_sample(0, false, 30ms);
  EXPECT_EQ(known.hedging.delay(0, false), 45ms);
  known.hedging.add_censored_sample(0, false, 100ms);
  EXPECT_EQ(known.hedging.delay(0, false), 0ms);
  for (int count = 0; count < 100; ++count) known.hedging.add_censored_sample(0, false, 1ms);
  EXPECT_EQ(known.hedging.delay(0, false), 0ms) << "it might have taken any time";
}

TEST(HedgeDelay, ForgetsEndpointsThatAreNotHeardOfAnyMore) {
  HedgePolicy hedging(by_percentile);
  for (std::size_t endpoint = 0; endpoint < 200000; ++endpoint) hedging.answered(endpoint, false, 1ms);
  EXPECT_LE(hedging.endpoints(), 25000U);
}

/// How many hedges may be sent after so many calls.
std::size_t allowed(double fraction, int calls) {
  HedgePolicy hedging({.max_fraction = fraction});
  for (int call = 0; call < calls; ++call) hedging.begin_call();
  std::size_t hedges = 0;
  while (hedging.take()) ++hedges;
  return hedges;
}

TEST(HedgeAllowance, IsAFractionOfTheCalls) {
  EXPECT_EQ(allowed(0.05, 19), 0U);
  EXPECT_EQ(allowed(0.05, 20), 1U);
  EXPECT_EQ(allowed(0.3, 100), 30U);
  EXPECT_EQ(allowed(0.0, 1000), 0U);
}

TEST(HedgeAllowance, IsSavedForAThousandCalls) { EXPECT_EQ(allowed(0.05, 100000), 50U); }

TEST(HedgeAllowance, CanBePutBack) {
  HedgePolicy hedging({.max_fraction = 1.0});
  hedging.begin_call();
  EXPECT_TRUE(hedging.take());
  EXPECT_FALSE(hedging.take());
  hedging.put_back();
  EXPECT_TRUE(hedging.take());
}

}  // namespace
}  // namespace openailb::hedge_policy_times_test
