// Which endpoint a call goes to: weights, tiers and scorers.

#include "support/crowd.hpp"
#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb::routing_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// How many of so many calls each endpoint answers.
std::vector<int> shares(const Client& client, std::size_t endpoints, int calls) {
  std::vector<int> served(endpoints);
  for (int i = 0; i < calls; ++i) {
    const Result<ChatCompletion> result = ask(client);
    EXPECT_TRUE(result);
    if (result) ++served[static_cast<std::size_t>(result->info.endpoint.back() - '0')];
  }
  return served;
}

TEST(Weights, AreSharesOfTheCalls) {
  Simulation simulation({{ok()}, {ok()}, {ok()}});
  simulation.endpoints[1].weight = 2.0;
  simulation.endpoints[2].weight = 0.5;
  EXPECT_THAT(shares(simulation.client(), 3, 70), ElementsAre(20, 40, 10));
}

TEST(Weights, OfTheOthersShareWhatAFailingEndpointLeaves) {
  Simulation simulation({{failing(500)}, {ok()}, {ok()}});
  simulation.endpoints[2].weight = 3.0;
  EXPECT_THAT(shares(simulation.client(), 3, 100), ElementsAre(0, 25, 75));
}

TEST(Weights, MustBePositive) {
  for (const double wrong :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(Client({{.weight = wrong}}), std::invalid_argument) << wrong;
  }
}

TEST(Tiers, AreUsedOneAfterTheOther) {
  Simulation simulation({{ok()}, {ok()}, {ok()}, {ok()}});
  simulation.endpoints[0].priority = 2;
  simulation.endpoints[2].priority = 1;
  simulation.endpoints[3].priority = 1;
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 1, 1));

  simulation.serve(1, refused());
  simulation.sent.clear();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 2, 1, 3, 1, 2, 3)) << "the third failure opens its breaker";

  simulation.serve(2, failing(503));
  simulation.serve(3, failing(503));
  simulation.sent.clear();
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(2, 3, 0));
}

TEST(Tiers, TheFirstIsUsedAgainOnceItHasRecovered) {
  Simulation simulation({{refused()}, {ok()}});
  simulation.endpoints[1].priority = 1;
  const Client client = simulation.client();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(client));
  simulation.serve(0, ok());
  simulation.network.advance(31s);
  simulation.sent.clear();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0));
}

TEST(Tiers, RateLimitedEndpointLeavesItsCallsToTheNext) {
  Simulation simulation({{failing(429, "{}", {{"retry-after", "20"}}), ok()}, {ok()}});
  simulation.endpoints[1].priority = 1;
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1));
  EXPECT_LT(simulation.elapsed(), 1s);
}

TEST(EndpointScorer, OfAUserIsAFunctionThatSaysWhatAnEndpointCosts) {
  Simulation simulation({{ok()}, {ok()}, {ok()}});
  const std::map<std::string, double, std::less<>> prices{
      {"endpoint-0", 3.0}, {"endpoint-1", 1.0}, {"endpoint-2", 1.0}};
  simulation.options.scorer = [&](const EndpointLoad& endpoint) {
    return prices.find(endpoint.name)->second;
  };
  const Client client = simulation.client();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 2, 1, 2)) << "what costs the same takes turns";
  simulation.serve(1, failing(500));
  simulation.serve(2, failing(500));
  EXPECT_EQ(ask(client)->info.endpoint, "endpoint-0");
}

TEST(EndpointScorer, SeesTheCallAndOnlyTheEndpointsThatCanBeAsked) {
  Simulation simulation({{failing(500)}, {ok()}, {ok()}});
  std::vector<std::string> seen;
  double weights = 0.0;
  simulation.endpoints[2].weight = 4.0;
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  simulation.options.scorer = [&](const EndpointLoad& endpoint) {
    seen.push_back(std::string(endpoint.name) + ' ' + std::string(endpoint.model) + ' ' +
                   std::string(endpoint.session));
    weights = endpoint.all_weights;
    return endpoint.name == "endpoint-0" ? 0.0 : 1.0;
  };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client, {.session = "blue"}));
  seen.clear();
  EXPECT_TRUE(ask(client, {.session = "blue"}));
  EXPECT_THAT(seen, ElementsAre("endpoint-1 gpt-4o blue", "endpoint-2 gpt-4o blue"));
  EXPECT_EQ(weights, 5.0);
}

TEST(EndpointScorer, ComparesAnEndpointWithThoseOfItsTier) {
  Simulation simulation({{ok()}, {ok()}, {ok()}, {ok()}});
  for (const std::size_t index : {1U, 3U}) simulation.endpoints[index].priority = 1;
  simulation.endpoints[2].weight = 4.0;
  simulation.endpoints[3].weight = 7.0;
  std::map<std::string, double, std::less<>> weights;
  simulation.options.scorer = [&](const EndpointLoad& endpoint) {
    weights[std::string(endpoint.name)] = endpoint.all_weights;
    return 0.0;
  };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(weights,
            (decltype(weights){
                {"endpoint-0", 5.0}, {"endpoint-1", 8.0}, {"endpoint-2", 5.0}, {"endpoint-3", 8.0}}));
}

TEST(EndpointScorer, ThatMakesNoSenseLosesNoCall) {
  for (const double cost : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity()}) {
    Simulation simulation({{ok()}, {ok()}});
    simulation.options.scorer = [cost](const EndpointLoad&) { return cost; };
    const Client client = simulation.client();
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ask(client));
    EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1)) << cost;
  }
}

TEST(EndpointScorer, WhatItThrowsComesOutAndLeavesNothingBehind) {
  Simulation simulation({{ok()}});
  bool throws = true;
  simulation.options.scorer = [&](const EndpointLoad&) -> double {
    if (throws) throw std::runtime_error("no price");
    return 0.0;
  };
  const Client client = simulation.client();
  EXPECT_THROW((void)ask(client), std::runtime_error);
  EXPECT_EQ(in_flight(client), 0);
  throws = false;
  EXPECT_TRUE(ask(client));
}

TEST(LeastInFlight, GoesWhereMostIsFree) {
  Crowd crowd(3, 10s);
  crowd.options.scorer = least_in_flight;
  crowd.endpoints[2].weight = 2.0;
  crowd.serve(1, [](const HttpRequest&) { return after(100s, ok()); });
  for (int i = 0; i < 40; ++i) crowd.call(i * 1s);
  crowd.run();
  const auto asked = crowd.asked();
  EXPECT_LE(std::ranges::count(asked, 1U), 4) << "it takes ten times as long as the others";
  EXPECT_GT(std::ranges::count(asked, 2U), std::ranges::count(asked, 0U));
}

TEST(LowestLatency, PrefersTheFasterEndpointAndLooksAtTheOtherNowAndThen) {
  Crowd crowd(2, 100ms);
  crowd.options.scorer = lowest_latency;
  crowd.serve(0, [](const HttpRequest&) { return after(1s, ok()); });
  for (int i = 0; i < 600; ++i) crowd.call(i * 200ms);
  crowd.run();
  const auto slow = std::ranges::count(crowd.asked(), 0U);
  EXPECT_GE(slow, 3);
  EXPECT_LE(slow, 30);
}

TEST(LowestLatency, AsksANewEndpointOnceUntilItHasAnswered) {
  Crowd crowd(3, 5s);
  crowd.options.scorer = lowest_latency;
  for (int i = 0; i < 6; ++i) crowd.call(i * 1ms);
  crowd.run();
  EXPECT_THAT(crowd.asked(), ElementsAre(0, 1, 2, 0, 1, 2));
}

TEST(LowestLatency, IsNotWonByFailingQuickly) {
  Crowd crowd(2, 100ms);
  crowd.options.scorer = lowest_latency;
  crowd.options.breaker.ready_to_trip = [](const Counts&) { return false; };
  crowd.serve(0, [](const HttpRequest&) { return after(1ms, failing(500)); });
  for (int i = 0; i < 100; ++i) crowd.call(i * 200ms);
  crowd.run();
  EXPECT_LE(std::ranges::count(crowd.asked(), 0U), 60);
}

TEST(Affinity, KeepsASessionAtItsEndpoint) {
  Simulation simulation({{ok()}, {ok()}, {ok()}, {ok()}});
  simulation.options.scorer = affinity;
  const Client client = simulation.client();
  std::map<std::string, std::string> home;
  std::map<std::string, int> sessions;
  for (int session = 0; session < 400; ++session) {
    const std::string name = "session-" + std::to_string(session);
    home[name] = ask(client, {.session = name})->info.endpoint;
    ++sessions[home[name]];
  }
  for (const auto& [name, endpoint] : home)
    EXPECT_EQ(ask(client, {.session = name})->info.endpoint, endpoint);
  for (const auto& [endpoint, count] : sessions) EXPECT_NEAR(count, 100, 30) << endpoint;

  // Only the sessions of one that leaves move, and they come back with it.
  simulation.serve(1, failing(500));
  for (const auto& [name, endpoint] : home) {
    const std::string now = ask(client, {.session = name})->info.endpoint;
    if (endpoint != "endpoint-1") {
      EXPECT_EQ(now, endpoint);
    }
  }
}

TEST(Affinity, PassesOverAnEndpointThatHasMoreThanItsShare) {
  Crowd crowd(4, 10s);
  crowd.options.scorer = affinity;
  for (int i = 0; i < 40; ++i) crowd.call(i * 1ms, {.session = "all the same"});
  crowd.run();
  EXPECT_THAT(crowd.most_at_once, Each(::testing::Le(16)));
}

TEST(Affinity, WithoutASessionTakesTurns) {
  Simulation simulation({{ok()}, {ok()}});
  simulation.options.scorer = affinity;
  EXPECT_THAT(shares(simulation.client(), 2, 10), ElementsAre(5, 5));
}

TEST(Affinity, FollowsTheWeights) {
  std::map<std::string, int> best;
  for (int session = 0; session < 30'000; ++session) {
    const std::string name = std::to_string(session);
    const EndpointLoad light{.name = "light", .weight = 1.0, .session = name, .all_weights = 3.0};
    const EndpointLoad heavy{.name = "heavy", .weight = 2.0, .session = name, .all_weights = 3.0};
    ++best[affinity(light) < affinity(heavy) ? "light" : "heavy"];
  }
  EXPECT_NEAR(best["light"], 10'000, 300);
}

}  // namespace
}  // namespace openailb::routing_test
