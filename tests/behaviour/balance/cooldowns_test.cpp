#include "support/simulation.hpp"
#include <openailb/detail/balance/cooldowns.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>

namespace openailb::cooldowns_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;

constexpr TimePoint start{100h};

TEST(Cooldowns, KnowsEachModelByItself) {
  Cooldowns cooldowns;
  EXPECT_FALSE(cooldowns.any());
  cooldowns.rate_limited("a", 10s, start, start);
  EXPECT_TRUE(cooldowns.any());
  EXPECT_EQ(cooldowns.until("a"), start + 10s);
  EXPECT_EQ(cooldowns.until("b"), TimePoint::min());
  EXPECT_THAT(cooldowns.remaining(start + 4s), ElementsAre(::testing::Pair("a", 6s)));
  EXPECT_TRUE(cooldowns.remaining(start + 10s).empty());
}

// Invariant 8.
TEST(Cooldowns, OnlyEverMovesLater) {
  Cooldowns cooldowns;
  cooldowns.rate_limited("a", 30s, start, start);
  cooldowns.rate_limited("a", 5s, start + 1s, start + 1s);
  EXPECT_EQ(cooldowns.until("a"), start + 30s);
  cooldowns.succeeded("a", start + 2s);
  EXPECT_EQ(cooldowns.until("a"), start + 30s);
  cooldowns.rate_limited("a", 40s, start + 3s, start + 3s);
  EXPECT_EQ(cooldowns.until("a"), start + 43s);
}

TEST(Cooldowns, LastsAnHourAtMost) {
  Cooldowns cooldowns;
  cooldowns.rate_limited("a", 24h, start, start);
  EXPECT_EQ(cooldowns.until("a"), start + 1h);
  cooldowns.rate_limited("b", std::chrono::nanoseconds::max(), start, start);
  EXPECT_EQ(cooldowns.until("b"), start + 1h);
}

TEST(Cooldowns, DoublesWithoutAWaitOfTheServersUpToAMinute) {
  Cooldowns cooldowns;
  TimePoint now = start;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
    cooldowns.rate_limited("a", std::nullopt, now, now);
    EXPECT_EQ(cooldowns.until("a"), now + pause);
    now += pause;
  }
}

// Eight calls that an endpoint refuses at once have been told one thing, not eight.
TEST(Cooldowns, IsRaisedOnceByThoseOfOneMoment) {
  Cooldowns cooldowns;
  for (int i = 0; i < 8; ++i) cooldowns.rate_limited("a", std::nullopt, start, start + i * 1ms);
  EXPECT_EQ(cooldowns.until("a"), start + 1007ms);
  cooldowns.rate_limited("a", std::nullopt, start + 1006ms, start + 1500ms);
  EXPECT_EQ(cooldowns.until("a"), start + 2500ms);
  cooldowns.rate_limited("a", std::nullopt, start + 2500ms, start + 3s);
  EXPECT_EQ(cooldowns.until("a"), start + 5s);
}

TEST(Cooldowns, BeginsAnewAfterAnHour) {
  Cooldowns cooldowns;
  for (int i = 0; i < 5; ++i) cooldowns.rate_limited("a", std::nullopt, cooldowns.until("a"), start);
  EXPECT_FALSE(cooldowns.are_over(start + 1h));
  EXPECT_TRUE(cooldowns.are_over(start + 2h));
  cooldowns.rate_limited("a", std::nullopt, start + 2h, start + 2h);
  EXPECT_EQ(cooldowns.until("a"), start + 2h + 1s);
}

TEST(Cooldowns, BeginsAnewAfterASuccess) {
  Cooldowns cooldowns;
  for (int i = 0; i < 5; ++i) cooldowns.rate_limited("a", std::nullopt, cooldowns.until("a"), start);
  EXPECT_EQ(cooldowns.until("a"), start + 16s);
  cooldowns.succeeded("a", start + 1min);
  EXPECT_FALSE(cooldowns.any());
  cooldowns.rate_limited("a", std::nullopt, start + 2min, start + 2min);
  EXPECT_EQ(cooldowns.until("a"), start + 2min + 1s);
}

TEST(Cooldowns, BeginsAnewAfterASuccessThatCameWhileItCooled) {
  Cooldowns cooldowns;
  for (int i = 0; i < 3; ++i) cooldowns.rate_limited("a", std::nullopt, cooldowns.until("a"), start);
  EXPECT_EQ(cooldowns.until("a"), start + 4s);
  cooldowns.succeeded("a", start + 1s);
  cooldowns.rate_limited("a", std::nullopt, start + 10s, start + 10s);
  EXPECT_EQ(cooldowns.until("a"), start + 11s);
}

SimulatedAnswer limited(Headers headers = {}, std::string body = {}) {
  return failing(429, std::move(body), std::move(headers));
}

/// How long an endpoint is left alone after this answer.
std::map<std::string, std::chrono::nanoseconds> cooldowns_after(SimulatedAnswer answer) {
  Simulation simulation({{std::move(answer)}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  return client.endpoints().at(0).cooldowns;
}

TEST(EndpointInCooldown, FollowsWhatTheServerSays) {
  const auto for_gpt = [](auto wait) { return ElementsAre(::testing::Pair("gpt-4o", wait)); };
  EXPECT_THAT(cooldowns_after(limited()), for_gpt(1s));
  EXPECT_THAT(cooldowns_after(limited({{"retry-after", "20"}})), for_gpt(20s));
  EXPECT_THAT(cooldowns_after(limited({{"retry-after-ms", "1500.5"}, {"retry-after", "20"}})),
              for_gpt(1500500us));
  EXPECT_THAT(cooldowns_after(limited({{"retry-after", "Fri, 29 Sep 2023 16:26:57 GMT"}})), for_gpt(20s));
  EXPECT_THAT(cooldowns_after(limited({{"retry-after", "1800"}})), for_gpt(30min));
  EXPECT_THAT(cooldowns_after(limited({{"retry-after", "86400"}})), for_gpt(1h));
  EXPECT_THAT(cooldowns_after(
                  limited({{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "6m0s"}})),
              for_gpt(6min));
  EXPECT_THAT(
      cooldowns_after(limited({{"x-ratelimit-remaining-tokens", "7"}, {"x-ratelimit-reset-tokens", "6m0s"}})),
      for_gpt(1s));
  EXPECT_THAT(cooldowns_after(limited({}, R"([{"error":{"code":429,"details":[{"retryDelay":"34s"}]}}])")),
              for_gpt(34s));
  EXPECT_THAT(cooldowns_after(limited({}, R"({"error":{"code":429,"details":[{"retryDelay":"0s"}]}})")),
              for_gpt(1s));
  EXPECT_THAT(cooldowns_after(answering(R"({"error":{"message":"slow","code":429}})")), for_gpt(1s));
}

TEST(EndpointInCooldown, IsLeftAloneByItsWireModelAlone) {
  Simulation simulation({{limited({{"retry-after", "1800"}}), ok()}});
  simulation.endpoints[0].model_map = {{"small", "same"}, {"large", "same"}, {"other", "another"}};
  const Client client = simulation.client();
  EXPECT_FALSE(client.chat.completions.create(question("small")));
  EXPECT_FALSE(client.chat.completions.create(question("large")));
  EXPECT_EQ(simulation.sent.size(), 1U);
  EXPECT_TRUE(client.chat.completions.create(question("other")));
  EXPECT_EQ(simulation.sent.size(), 2U);
}

TEST(EndpointInCooldown, IsAskedByNobodyBeforeItsTime) {
  Simulation simulation({{limited({{"retry-after", "30"}}), ok()}, {ok()}});
  const Client client = simulation.client();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(ask(client));
    simulation.network.advance(3s);
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.sent.back(), (Simulation::Sent{0, 30s}));
}

TEST(EndpointInCooldown, IsWaitedForWhenThereIsNoOther) {
  Simulation simulation({{limited({{"retry-after", "120"}}), ok()}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_TRUE(ask(client));
  ASSERT_EQ(simulation.sent.size(), 2U);
  EXPECT_GE(simulation.sent[1].at, 120s);
  EXPECT_LE(simulation.sent[1].at, 132s);
}

TEST(EndpointInCooldown, IsNotWaitedForLongerThanTwoMinutesWhateverTheJitter) {
  Simulation simulation({{limited({{"retry-after", "121"}}), ok()}});
  simulation.options.random = [] { return 0.0; };
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  const Result<ChatCompletion> second = ask(client);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::no_endpoint_available);
  EXPECT_EQ(second.error().retry_after, 121s);
  EXPECT_THAT(second.error().message, ::testing::HasSubstr("endpoint-0 is rate limited for 121 s"));
  EXPECT_EQ(simulation.elapsed(), 0s);
}

TEST(EndpointInCooldown, IsNotWaitedForBeyondTheDeadline) {
  Simulation simulation({{limited({{"retry-after", "30"}}), ok()}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  const Result<ChatCompletion> second = ask(client, {.deadline = 30s});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::no_endpoint_available);
  EXPECT_EQ(second.error().retry_after, 30s);
  EXPECT_EQ(simulation.elapsed(), 0s);
}

TEST(EndpointInCooldown, IsWaitedForUpToTheDeadlineWhateverTheJitter) {
  Simulation simulation({{limited({{"retry-after", "30"}}), ok()}});
  simulation.options.max_retries = 0;
  simulation.options.random = [] { return 0.999; };
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_TRUE(ask(client, {.deadline = 31s}));
  EXPECT_GE(simulation.elapsed(), 30s);
  EXPECT_LT(simulation.elapsed(), 31s);
}

TEST(EndpointInCooldown, TheSoonestIsWaitedFor) {
  Simulation simulation({{limited({{"retry-after", "50"}}), ok()}, {limited({{"retry-after", "20"}}), ok()}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1));
  EXPECT_LE(simulation.elapsed(), 22s);
}

TEST(EndpointInCooldown, AShorterRetryAfterTakesNothingBack) {
  Simulation simulation({{after(5s, limited({{"retry-after", "1"}}))}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  // While a call is under way another one is told to wait for longer.
  simulation.network.at(simulation.network.now() + 1s, [&] {
    simulation.serve(0, limited({{"retry-after", "1000"}}));
    EXPECT_FALSE(ask(client));
  });
  EXPECT_FALSE(ask(client));
  EXPECT_EQ(client.endpoints().at(0).cooldowns.at("gpt-4o"), 1000s - 4s);
}

}  // namespace
}  // namespace openailb::cooldowns_test
