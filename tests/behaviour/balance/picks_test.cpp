// Which endpoint is picked where two rules meet: tiers and breakers, slots and retries, hedges and weights.

#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace openailb::picks_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;
using Caller = Crowd::Caller;

BreakerSettings opening_at_once() {
  return {.ready_to_trip = [](const Counts&) { return true; }};
}

TEST(LastResortPick, IsOfTheFirstTierThoughItFailedLater) {
  Simulation simulation({{failing(500), ok()}, {failing(500), ok()}});
  simulation.options.breaker = opening_at_once();
  simulation.endpoints[0].priority = 1;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-0"}));
  simulation.network.advance(1s);
  EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-1"}));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1));
}

TEST(LastResortPick, WhoseConnectionHadDiedIsRepeatedForFree) {
  Simulation simulation({{failing(500), idle_connection_died(), ok()}});
  simulation.options.breaker = opening_at_once();
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 0.0};
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_TRUE(ask(client));
}

TEST(LastResortPick, IsWaitedForWhileItsEndpointIsFull) {
  Crowd crowd(1, 10s);
  crowd.options.breaker = opening_at_once();
  crowd.endpoints[0].max_in_flight = 1;
  crowd.serve(0, [](const HttpRequest&) { return failing(500); });
  crowd.run(crowd.call(0s, {.max_retries = 0}));
  crowd.serve(0, [](const HttpRequest&) { return after(10s, ok()); });
  crowd.call(1s);
  Crowd::Caller& second = crowd.call(2s);
  crowd.run();
  ASSERT_TRUE(*second.answer);
  EXPECT_EQ(second.done_at, 21s);
}

TEST(RetryPick, WaitsForASeatRatherThanAskWhatFailsSlowly) {
  Crowd crowd(2, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.endpoints[0].breaker.ready_to_trip = [](const Counts&) { return false; };
  crowd.endpoints[1].breaker = opening_at_once();
  crowd.serve(1, [](const HttpRequest&) { return after(1s, failing(500)); });
  crowd.run(crowd.call(0s, {.max_retries = 0, .endpoint = "endpoint-1"}));
  bool failed = false;
  crowd.serve(
      0, [&](const HttpRequest&) { return std::exchange(failed, true) ? after(10s, ok()) : failing(500); });
  Crowd::Caller& retries = crowd.call(2s);
  crowd.call(2200ms, {.endpoint = "endpoint-0"});
  crowd.run();
  EXPECT_TRUE(*retries.answer);
  EXPECT_THAT(crowd.asked(), ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(retries.done_at, 22200ms);
}

/// Two endpoints, of which the second has one slot, which is taken for a long time.
struct SecondIsFull : Crowd {
  SecondIsFull() : Crowd(2, 100s) {
    endpoints[1].max_in_flight = 1;
    serve(0, [](const HttpRequest&) { return after(1s, failing(500)); });
  }
  /// The call that takes the slot, once the settings are made.
  void fill() { call(0s, {.endpoint = "endpoint-1"}); }
};

TEST(SlotElsewhere, IsNotWaitedForByAPinnedCallThatHasFailed) {
  SecondIsFull crowd;
  crowd.fill();
  Caller& caller = crowd.call(1s, {.max_retries = 0, .endpoint = "endpoint-0"});
  crowd.run(caller);
  EXPECT_FALSE(*caller.answer);
  EXPECT_EQ(caller.done_at, 2s);
}

TEST(SlotElsewhere, KeepsNoPinnedCallFromItsLastResort) {
  SecondIsFull crowd;
  crowd.endpoints[0].breaker = opening_at_once();
  crowd.fill();
  crowd.run(crowd.call(1s, {.max_retries = 0, .endpoint = "endpoint-0"}));
  crowd.serve(0, [](const HttpRequest&) { return ok(); });
  Caller& caller = crowd.call(3s, {.endpoint = "endpoint-0"});
  crowd.run(caller);
  EXPECT_TRUE(*caller.answer);
  EXPECT_EQ(caller.done_at, 3s);
}

TEST(SlotOfAnEndpoint, IsWaitedForThoughCallsFailWhereAllBreakersRefuse) {
  Crowd crowd(1, 10s);
  crowd.options.when_all_open = WhenAllOpen::fail;
  crowd.endpoints[0].max_in_flight = 1;
  crowd.call(0s);
  Caller& second = crowd.call(1s);
  crowd.run();
  ASSERT_TRUE(*second.answer);
  EXPECT_EQ(second.done_at, 20s);
}

TEST(SlotOfAnEndpoint, IsNotWaitedForWhereItsBreakerRefusesAndCallsFail) {
  Crowd crowd(1, 100s);
  crowd.options.when_all_open = WhenAllOpen::fail;
  crowd.options.breaker = opening_at_once();
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].max_in_flight = 2;
  crowd.call(0s);
  crowd.at(1s, [&] { crowd.serve(0, [](const HttpRequest&) { return failing(500); }); });
  crowd.run(crowd.call(2s, {.max_retries = 0}));
  crowd.endpoints[0].max_in_flight = 1;
  crowd.client().set_endpoints(crowd.endpoints);
  Caller& caller = crowd.call(3s);
  crowd.run(caller);
  ASSERT_FALSE(*caller.answer);
  EXPECT_EQ(caller.answer->error().kind, ErrorKind::no_endpoint_available);
  EXPECT_EQ(caller.done_at, 3s);
}

TEST(RetryPick, IsNoEndpointThatHasNotRunTheRequestOnceMaxEndpointsHave) {
  Simulation simulation({{failing(503), ok()}, {failing(500, "", {{"x-should-retry", "false"}})}});
  simulation.options.max_endpoints = 1;
  EXPECT_FALSE(ask(simulation.client()));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
}

TEST(ModelsOfAnEndpoint, SayNothingOfCallsWithoutAModel) {
  Simulation simulation({{answering("{}")}});
  simulation.endpoints[0].models = {"gpt-4o"};
  EXPECT_TRUE(simulation.client().get("/models"));
  EXPECT_TRUE(simulation.client().post("/jobs", {{"a", 1}}));
}

TEST(ScorerOfAUser, WithoutACostForAnEndpointAsksItLast) {
  Simulation simulation({{ok()}, {ok()}});
  simulation.options.scorer = [](const EndpointLoad& endpoint) {
    return endpoint.name == "endpoint-0" ? std::numeric_limits<double>::quiet_NaN() : 5.0;
  };
  const Client client = simulation.client();
  for (int call = 0; call < 3; ++call) EXPECT_TRUE(ask(client));
  simulation.serve(1, failing(503));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 1, 1, 1, 0));
}

TEST(ScorerOfAUser, IsToldHowLongFirstTokensTakeWhenItPicksForAStream) {
  Simulation simulation({{after(1s, ok()), after(4s, streaming(whole("a"))), streaming(whole("a")), ok()}});
  std::vector<double> seconds;
  simulation.options.scorer = [&](const EndpointLoad& endpoint) {
    seconds.push_back(std::chrono::duration<double>(endpoint.latency).count());
    return 0.0;
  };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_FALSE(hear(client).kind);
  EXPECT_FALSE(hear(client).kind);
  EXPECT_TRUE(ask(client));
  ASSERT_EQ(seconds.size(), 4U);
  EXPECT_EQ(seconds[1], 0.0) << "no first token has come yet";
  EXPECT_NEAR(seconds[2], 4.0, 0.1);
  EXPECT_LE(seconds[3], 1.0);
}

TEST(HedgeTurns, AreTakenByWeight) {
  Simulation simulation({{after(10s, ok())}, {ok()}, {ok()}});
  simulation.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
  simulation.endpoints[1].priority = simulation.endpoints[2].priority = 1;
  simulation.endpoints[2].weight = 3.0;
  const Client client = simulation.client();
  for (int call = 0; call < 8; ++call) EXPECT_TRUE(ask(client));
  EXPECT_EQ(std::ranges::count(simulation.asked(), 1U), 2);
  EXPECT_EQ(std::ranges::count(simulation.asked(), 2U), 6);
}

/// Endpoints that are hedged by what is known of their answers.
struct Learned : Simulation {
  explicit Learned(std::size_t size) {
    for (std::size_t index = 0; index < size; ++index) add(script({after(1s, ok())}));
    options.hedge = HedgeOptions{.max_fraction = 1.0};
  }
};

TEST(LearnedDelay, IsNoneForAnEndpointThatHasLostOnce) {
  Learned simulation(2);
  const Client client = simulation.client();
  for (int call = 0; call < 60; ++call) EXPECT_TRUE(ask(client));
  simulation.serve(0, after(100s, ok()));
  std::vector<std::chrono::nanoseconds> delays;
  for (int call = 0; call < 4; ++call) {
    simulation.sent.clear();
    EXPECT_TRUE(ask(client));
    if (simulation.sent.size() == 2U) delays.push_back(simulation.sent[1].at - simulation.sent[0].at);
  }
  EXPECT_THAT(delays, ElementsAre(1s, 0s)) << "it is known to be slower now than the other";
}

TEST(LearnedDelay, OfStreamsIsLearnedFromStreams) {
  Learned simulation(2);
  const Client client = simulation.client();
  for (int call = 0; call < 60; ++call) EXPECT_TRUE(ask(client));
  simulation.serve(0, after(9s, streaming(whole("a"))));
  simulation.serve(1, after(9s, streaming(whole("a"))));
  simulation.sent.clear();
  EXPECT_FALSE(hear(client).kind);
  EXPECT_EQ(simulation.sent.size(), 1U) << "nobody knows yet how long a first token takes";

  simulation.serve(0, after(1s, streaming(whole("a"))));
  simulation.serve(1, after(1s, streaming(whole("a"))));
  for (int call = 0; call < 60; ++call) EXPECT_FALSE(hear(client).kind);
  simulation.serve(0, after(9s, streaming(whole("a"))));
  simulation.serve(1, after(9s, streaming(whole("a"))));
  simulation.sent.clear();
  EXPECT_FALSE(hear(client).kind);
  EXPECT_EQ(simulation.sent.size(), 2U);
}

SimulatedAnswer with_nothing_left(const std::string& reset) {
  SimulatedAnswer answer = ok();
  answer.headers = {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", reset}};
  return answer;
}

TEST(NothingLeft, IsNotTakenBackByAnAnswerThatSaysLess) {
  Simulation simulation({{with_nothing_left("6m0s"), with_nothing_left("1s"), ok()}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(ask(client, {.endpoint = "endpoint-0"}));
  simulation.network.advance(10s);
  for (int call = 0; call < 3; ++call) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 1, 1, 1));
}

TEST(NothingLeft, IsBelievedForAnHourAtMost) {
  Simulation simulation({{with_nothing_left("50h0m0s"), ok()}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 3; ++call) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1));
  simulation.network.advance(61min);
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.asked().back(), 0U);
}

TEST(NothingLeft, OfOneModelOutlivesTheRateLimitOfAnother) {
  Simulation simulation(
      {{with_nothing_left("6m0s"), failing(429, "{}", {{"retry-after", "1"}}), ok()}, {ok()}});
  const Client client = simulation.client();
  const RequestOptions first{.endpoint = "endpoint-0"};
  EXPECT_TRUE(ask(client, first));
  RequestOptions once = first;
  once.max_retries = 0;
  EXPECT_FALSE(client.chat.completions.create(question("other"), once));
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 1, 1));
}

}  // namespace
}  // namespace openailb::picks_test
