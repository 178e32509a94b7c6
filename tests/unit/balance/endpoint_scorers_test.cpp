// What the scorers say that an endpoint costs, and what they know of how long its answers take.

#include <openailb/detail/balance/latency_stats.hpp>
#include <openailb/endpoint_scorer.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace openailb::endpoint_scorers_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr TimePoint start{1000h};

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

TEST(DecayingEwma, IsAnAverageThatFades) {
  DecayingEwma latency;
  EXPECT_EQ(latency.now(start), 0s);
  latency.add(4s, start);
  EXPECT_NEAR(seconds(latency.now(start)), 4.0, 1e-6);
  EXPECT_NEAR(seconds(latency.now(start + 20s)), 4.0 / std::exp(1.0), 1e-6) << "also without answers";
  latency.add(1s, start + 20s);
  const double old_part = 1.0 / std::exp(1.0);
  EXPECT_NEAR(seconds(latency.now(start + 20s)), 4.0 * old_part + 1.0 * (1.0 - old_part), 1e-6);
}

TEST(DecayingEwma, OfAnEndpointThatStaysTheSameStaysTheSame) {
  DecayingEwma latency;
  TimePoint now = start;
  for (int count = 0; count < 100; ++count) latency.add(3s, now += 500ms);
  EXPECT_NEAR(seconds(latency.now(now)), 3.0, 1e-6);
}

TEST(DecayingEwma, OneSlowAnswerOfManyHardlyCounts) {
  DecayingEwma latency;
  TimePoint now = start;
  for (int count = 0; count < 100; ++count) latency.add(1s, now += 100ms);
  latency.add(11s, now += 100ms);
  EXPECT_LT(latency.now(now), 1100ms);
}

TEST(DecayingEwma, AFailureCountsAtOnceHoweverQuickItIs) {
  DecayingEwma latency;
  latency.add(1s, start);
  latency.add_failure(1ms, start);
  EXPECT_NEAR(seconds(latency.now(start)), 2.0, 1e-6);
  latency.add_failure(5s, start);
  EXPECT_NEAR(seconds(latency.now(start)), 5.0, 1e-6);
}

TEST(DecayingEwma, AFirstFailureIsNotWhatIsQuick) {
  DecayingEwma latency;
  latency.add_failure(1ms, start);
  EXPECT_NEAR(seconds(latency.now(start)), 1.0, 1e-6);
}

TEST(DecayingEwma, ManyFailuresDoNotAddUpForEver) {
  DecayingEwma latency;
  for (int count = 0; count < 2000; ++count) latency.add_failure(1ms, start);
  EXPECT_NEAR(seconds(latency.now(start)), 3600.0, 1e-3);
}

TEST(LeastInFlightScorer, IsForItsWeight) {
  EXPECT_LT(least_in_flight({.in_flight = 1}), least_in_flight({.in_flight = 2}));
  EXPECT_EQ(least_in_flight({.in_flight = 0}), least_in_flight({.weight = 2.0, .in_flight = 1}));
}

TEST(LowestLatencyScorer, TimesTheAttemptsUnderWay) {
  EXPECT_EQ(lowest_latency({.in_flight = 1, .latency = 1s}), lowest_latency({.latency = 2s}));
  EXPECT_EQ(lowest_latency({.weight = 2.0, .in_flight = 1, .latency = 1s}), lowest_latency({.latency = 1s}));
}

TEST(LowestLatencyScorer, AsksWhatHasNotAnsweredOnlyOnce) {
  EXPECT_LT(lowest_latency({}), lowest_latency({.latency = 1ns}));
  EXPECT_GT(lowest_latency({.in_flight = 1}), lowest_latency({.in_flight = 1000, .latency = 1h}));
}

/// Which of these endpoints a session would go to.
std::string home(const std::vector<std::string>& names, const std::string& session) {
  std::map<double, std::string> by_cost;
  for (const std::string& name : names) {
    const auto all_weights = static_cast<double>(names.size());
    by_cost[affinity({.name = name, .session = session, .all_weights = all_weights})] = name;
  }
  return by_cost.begin()->second;
}

TEST(AffinityScorer, MovesOnlyTheSessionsOfWhatHasGone) {
  std::map<std::string, int> shares;
  for (int number = 0; number < 3000; ++number) {
    const std::string session = "session-" + std::to_string(number);
    const std::string before = home({"a", "b", "c"}, session), after = home({"a", "b"}, session);
    ++shares[before];
    if (before != "c") {
      EXPECT_EQ(before, after);
    }
  }
  for (const auto& [name, share] : shares) EXPECT_NEAR(share, 1000, 100) << name;
}

TEST(AffinityScorer, PassesOverWhatHasHalfAsMuchAgainAsItsShare) {
  const auto cost = [](int in_flight) {
    return affinity({.in_flight = in_flight, .session = "one", .all_in_flight = 15, .all_weights = 4.0});
  };
  EXPECT_EQ(cost(0), cost(5));
  EXPECT_GT(cost(6), cost(5) + 1e6);
}

TEST(AffinityScorer, WithoutASessionIsLeftToTurns) {
  EXPECT_EQ(affinity({.name = "a"}), affinity({.name = "b", .in_flight = 7}));
}

}  // namespace
}  // namespace openailb::endpoint_scorers_test
