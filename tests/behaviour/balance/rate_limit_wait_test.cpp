// Calls that wait for rate limits: only their deadlines end them, not max_retries nor the retry budget.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace openailb::rate_limit_wait_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

SimulatedAnswer limited(const std::string& retry_after) {
  return failing(429, error_json("slow down"), {{"retry-after", retry_after}});
}
std::vector<SimulatedAnswer> limited_times(std::size_t times, const std::string& retry_after) {
  std::vector<SimulatedAnswer> answers(times, limited(retry_after));
  answers.push_back(ok());
  return answers;
}

/// Of those who wait for the same time, this call comes first.
void come_first(Simulation& simulation) {
  simulation.options.random = [] { return 0.0; };
}

TEST(WaitForRateLimits, IsOffUnlessAskedFor) {
  Simulation simulation({limited_times(10, "1")});
  EXPECT_EQ(ask(simulation.client()).error().kind, ErrorKind::rate_limit);
  EXPECT_EQ(simulation.sent.size(), 3U);
}

TEST(WaitForRateLimits, OutlastsAnyNumberOfThem) {
  Simulation simulation({limited_times(30, "10"), limited_times(30, "10")});
  const Result<ChatCompletion> answer =
      ask(simulation.client(), {.max_retries = 0, .wait_for_rate_limits = true});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(simulation.sent.size(), 61U);
  EXPECT_THAT(answer->info.attempts, SizeIs(61));
}

TEST(WaitForRateLimits, CanBeAClientsSetting) {
  Simulation simulation({limited_times(10, "1")});
  simulation.options.wait_for_rate_limits = true;
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_FALSE(ask(Simulation({limited_times(10, "1")}).client(), {.wait_for_rate_limits = false}));
}

TEST(WaitForRateLimits, WaitsForAsLongAsTheServerSays) {
  Simulation simulation({limited_times(2, "600")});
  come_first(simulation);
  EXPECT_TRUE(ask(simulation.client(), {.deadline = 2h, .wait_for_rate_limits = true}));
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 600s, 1200s));
}

TEST(WaitForRateLimits, AnotherCallsRateLimitIsWaitedForToo) {
  Simulation simulation({limited_times(1, "600")});
  come_first(simulation);
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_FALSE(ask(client)) << "a wait of ten minutes is not for calls with a person behind them";
  EXPECT_TRUE(ask(client, {.wait_for_rate_limits = true}));
  EXPECT_EQ(simulation.elapsed(), 600s);
}

TEST(WaitForRateLimits, DoesNotWaitPastTheDeadline) {
  Simulation simulation({limited_times(1, "600")});
  const Result<ChatCompletion> answer =
      ask(simulation.client(), {.deadline = 599s, .wait_for_rate_limits = true});
  EXPECT_EQ(answer.error().kind, ErrorKind::rate_limit);
  EXPECT_EQ(simulation.elapsed(), 0s);
}

TEST(WaitForRateLimits, EndsWithTheDeadline) {
  Simulation simulation({limited_times(1000, "1")});
  const Result<ChatCompletion> answer =
      ask(simulation.client(), {.deadline = 1min, .wait_for_rate_limits = true});
  EXPECT_EQ(answer.error().kind, ErrorKind::rate_limit);
  EXPECT_THAT(answer.error().message, HasSubstr("attempts failed: endpoint-0"));
  EXPECT_LE(simulation.elapsed(), 1min);
  EXPECT_GE(simulation.elapsed(), 40s);
}

TEST(WaitForRateLimits, IsNotHurriedByAServerThatSaysAtOnce) {
  Simulation simulation({limited_times(1000, "0")});
  EXPECT_FALSE(ask(simulation.client(), {.deadline = 1min, .wait_for_rate_limits = true}));
  EXPECT_LE(simulation.sent.size(), 15U);
}

TEST(WaitForRateLimits, OtherFailuresStillCost) {
  Simulation simulation({{limited("1"), failing(503), limited("1"), failing(503), ok()}});
  EXPECT_EQ(ask(simulation.client(), {.max_retries = 1, .wait_for_rate_limits = true}).error().kind,
            ErrorKind::internal_server);
  EXPECT_EQ(simulation.sent.size(), 4U) << "the second 503 has used up the retry";
}

TEST(WaitForRateLimits, AnEndpointThatRanTheRequestMayBeAskedAgain) {
  Simulation simulation(
      {{failing(500), limited("1"), ok()}, {failing(500, "", {{"x-should-retry", "false"}})}});
  simulation.options.max_endpoints = 2;
  EXPECT_TRUE(ask(simulation.client(), {.max_retries = 1, .wait_for_rate_limits = true}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 0));
}

TEST(WaitForRateLimits, CostsNoRetryBudget) {
  Simulation simulation({limited_times(200, "1")});
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 0.0};
  EXPECT_TRUE(ask(simulation.client(), {.deadline = 2h, .wait_for_rate_limits = true}));
}

TEST(WaitForRateLimits, OutlastsARetryBudgetThatIsUsedUp) {
  const auto ask_behind_an_open_breaker = [](nanoseconds deadline, WhenAllOpen when_all_open) {
    Simulation simulation({{failing(503), failing(503), failing(503), limited("1"), ok()}});
    simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 0.0};
    simulation.options.when_all_open = when_all_open;
    const Client client = simulation.client();
    for (int call = 0; call < 3; ++call) EXPECT_FALSE(ask(client, {.max_retries = 0}));
    const bool answered = ask(client, {.deadline = deadline, .wait_for_rate_limits = true}).has_value();
    return std::pair(answered, simulation.elapsed());
  };
  const auto [answered, waited] = ask_behind_an_open_breaker(1h, WhenAllOpen::ask);
  EXPECT_TRUE(answered) << "until the breaker admits";
  EXPECT_GE(waited, 30s);
  EXPECT_LE(waited, 40s);
  EXPECT_THAT(ask_behind_an_open_breaker(20s, WhenAllOpen::ask), Pair(false, Le(20s)));
  EXPECT_THAT(ask_behind_an_open_breaker(1h, WhenAllOpen::fail), Pair(false, 0s));
}

TEST(WaitForRateLimits, WhatAskingAgainDoesNotHelpIsNotWaitedFor) {
  Simulation simulation({{failing(429, error_json("no money", "insufficient_quota")), ok()}});
  EXPECT_FALSE(ask(simulation.client(), {.wait_for_rate_limits = true}));
  Simulation final({{failing(429, "", {{"x-should-retry", "false"}}), ok()}});
  EXPECT_FALSE(ask(final.client(), {.wait_for_rate_limits = true}));
  EXPECT_EQ(final.sent.size(), 1U);
}

TEST(WaitForRateLimits, AnEndpointThatIsNotLimitedComesFirst) {
  Simulation simulation({limited_times(5, "1"), {ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.wait_for_rate_limits = true}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
}

TEST(WaitForRateLimits, RemembersTheLatestHundredAttempts) {
  Simulation simulation({limited_times(150, "1")});
  const Result<ChatCompletion> answer =
      ask(simulation.client(), {.deadline = 2h, .wait_for_rate_limits = true});
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->info.attempts, SizeIs(101));
  Simulation endless({limited_times(1000, "1")});
  EXPECT_THAT(ask(endless.client(), {.deadline = 1h, .wait_for_rate_limits = true}).error().message,
              StartsWith("the last 100 attempts failed: endpoint-0, 100 times: 429 slow down"));
}

TEST(WaitForRateLimits, CallsThatWaitComeOneAfterTheOther) {
  std::vector<nanoseconds> came;
  for (const double random : {0.0, 0.25, 0.5, 0.75}) {
    Simulation simulation({limited_times(1, "20")});
    simulation.options.random = [random] { return random; };
    EXPECT_TRUE(ask(simulation.client(), {.wait_for_rate_limits = true}));
    came.push_back(simulation.sent.back().at);
  }
  EXPECT_THAT(came, ElementsAre(20s, 25s, 30s, 35s));
}

}  // namespace
}  // namespace openailb::rate_limit_wait_test
