// Numbers and texts that no setting may have, at its bounds: of a client, an endpoint and a call.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::refused_settings_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::string refusal(EndpointConfig endpoint, ClientOptions options = {}) {
  try {
    const Client client({std::move(endpoint)}, std::move(options));
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "accepted";
}
std::string refusal_of_hedging(HedgeOptions hedge) { return refusal({}, {.hedge = hedge}); }
std::string refusal_of_budget(RetryBudgetOptions budget) { return refusal({}, {.retry_budget = budget}); }

TEST(RefusedSettings, OfAnEndpointAreNegativeLimits) {
  EXPECT_THAT(refusal({.max_in_flight = -1}), AllOf(HasSubstr("endpoint-0"), HasSubstr("max_in_flight")));
  EXPECT_THAT(refusal({.requests_per_minute = -1}),
              AllOf(HasSubstr("endpoint-0"), HasSubstr("requests_per_minute")));
  EXPECT_THAT(refusal({.tokens_per_minute = -1}),
              AllOf(HasSubstr("endpoint-0"), HasSubstr("tokens_per_minute")));
  EXPECT_EQ(refusal({.max_in_flight = 1, .requests_per_minute = 1, .tokens_per_minute = 1}), "accepted");
}

TEST(RefusedSettings, OfAnEndpointAreRefusedWhenItIsAddedOrSetToo) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  for (const EndpointConfig& bad : std::vector<EndpointConfig>{{.max_in_flight = -1},
                                                               {.requests_per_minute = -1},
                                                               {.tokens_per_minute = -1},
                                                               {.weight = 0.0},
                                                               {.models = {""}},
                                                               {.model_map = {{"a", ""}}},
                                                               {.api_key = "a\n"}}) {
    EXPECT_THROW(client.add_endpoint(bad), std::invalid_argument);
    EXPECT_THROW(client.set_endpoints({bad}), std::invalid_argument);
  }
  EXPECT_EQ(client.endpoints().size(), 1U);
  EXPECT_TRUE(ask(client));
}

TEST(RefusedSettings, OfAnEndpointAreWeightsThatAreNoShares) {
  for (const double weight : {-1.0, 0.0, 0.0009, 1000.1, not_a_number, 1e300}) {
    EXPECT_THAT(refusal({.weight = weight}), HasSubstr("weight")) << weight;
  }
  for (const double weight : {0.001, 1000.0}) EXPECT_EQ(refusal({.weight = weight}), "accepted") << weight;
}

TEST(RefusedSettings, OfAnEndpointAreModelsWithoutAName) {
  for (const char* model : {"", "caf\xe9"}) {
    EXPECT_THAT(refusal({.models = {"gpt-4o", model}}), AllOf(HasSubstr("endpoint-0"), HasSubstr("models")));
  }
}

TEST(RefusedSettings, OfAClientAreNegativeNumbers) {
  EXPECT_THAT(refusal({}, {.max_in_flight = -1}), HasSubstr("max_in_flight"));
  EXPECT_THAT(refusal({}, {.failover_connect_timeout = -1ns}), HasSubstr("failover_connect_timeout"));
  EXPECT_THAT(refusal({}, {.max_endpoints = -1}), HasSubstr("max_endpoints"));
  EXPECT_THAT(refusal({}, {.idle_timeout = -1ns}), HasSubstr("idle_timeout"));
  EXPECT_EQ(refusal({}, {.failover_connect_timeout = 0ns, .max_in_flight = 1, .hedge = HedgeOptions{}}),
            "accepted");
}

TEST(RefusedSettings, OfHedgingAreSharesThatAreNone) {
  EXPECT_THAT(refusal_of_hedging({.delay = -1ns}), HasSubstr("hedge.delay"));
  for (const double share : {-0.1, 1.1, not_a_number}) {
    EXPECT_THAT(refusal_of_hedging({.percentile = share}), HasSubstr("hedge.percentile")) << share;
    EXPECT_THAT(refusal_of_hedging({.max_fraction = share}), HasSubstr("hedge.max_fraction")) << share;
  }
  for (const double share : {0.0, 1.0}) {
    EXPECT_EQ(refusal_of_hedging({.percentile = share, .max_fraction = share}), "accepted") << share;
  }
}

TEST(RefusedSettings, OfTheRetryBudgetAreAmountsThatAreNone) {
  for (const double amount : {-0.1, 1.1e9, not_a_number}) {
    EXPECT_THAT(refusal_of_budget({.per_call = amount}), HasSubstr("retry_budget.per_call")) << amount;
    EXPECT_THAT(refusal_of_budget({.per_second = amount}), HasSubstr("retry_budget.per_second")) << amount;
  }
  for (const double amount : {0.0, 1e9}) {
    EXPECT_EQ(refusal_of_budget({.per_call = amount, .per_second = amount}), "accepted") << amount;
  }
}

TEST(RefusedSettings, OfACallAreNegativeNumbers) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  const auto fault = [&](RequestOptions options) {
    const auto answer = ask(client, std::move(options));
    return answer ? "accepted" : answer.error().message;
  };
  EXPECT_EQ(fault({.timeout = -1ns}), "not sent: timeout is negative");
  EXPECT_EQ(fault({.deadline = -1ns}), "not sent: deadline is negative");
  EXPECT_EQ(fault({.max_retries = -1}), "not sent: max_retries is negative");
  EXPECT_TRUE(simulation.sent.empty());
  EXPECT_EQ(fault({.timeout = 0ns, .deadline = 0ns, .max_retries = 0}), "accepted");
}

TEST(RefusedSettings, OfACallWithoutABodyAreMembersForIt) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  const RequestOptions extra{.extra_body = {{"a", 1}}};
  EXPECT_THAT(client.get("/models", extra).error().message, HasSubstr("extra_body needs a request"));
  EXPECT_THAT(client.del("/files/file-1", extra).error().message, HasSubstr("extra_body needs a request"));
  EXPECT_TRUE(simulation.sent.empty());
}

}  // namespace
}  // namespace openailb::refused_settings_test
