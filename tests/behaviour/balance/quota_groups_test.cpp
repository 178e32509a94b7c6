// Endpoints that share an account's limits, alone and beside each other, when the fleet changes.

#include "support/crowd.hpp"
#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb::quota_groups_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Headers for_a_while{{"retry-after", "100"}};

/// Endpoints "a", "b", ... of the group "acme", which has so many requests a minute.
struct Group : Simulation {
  explicit Group(std::size_t size, int requests_per_minute = 0) {
    for (std::size_t index = 0; index < size; ++index) {
      EndpointConfig& endpoint = add(script({ok()}));
      endpoint.name = std::string(1, static_cast<char>('a' + index));
      endpoint.quota_group = "acme";
      endpoint.requests_per_minute = requests_per_minute;
    }
  }
  std::vector<EndpointConfig> some(const std::vector<std::size_t>& indices) const {
    std::vector<EndpointConfig> all;
    for (const std::size_t index : indices) all.push_back(endpoints[index]);
    return all;
  }
};

/// How many calls are answered at once, without a wait.
int answered_at_once(const Client& client) {
  int count = 0;
  while (count < 20 && ask(client, {.deadline = 1s})) ++count;
  return count;
}

std::string refusal(const std::vector<EndpointConfig>& endpoints) {
  try {
    const Client client(endpoints);
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "accepted";
}

TEST(QuotaGroupLimits, MustBeTheSameForRequestsAndForTokens) {
  EXPECT_THAT(
      refusal({{.name = "one", .requests_per_minute = 5, .tokens_per_minute = 7, .quota_group = "g"},
               {.name = "two", .requests_per_minute = 5, .tokens_per_minute = 8, .quota_group = "g"}}),
      AllOf(HasSubstr("two"), HasSubstr("one"), HasSubstr("quota_group")));
  EXPECT_THAT(refusal({{.name = "one", .tokens_per_minute = 7, .quota_group = "g"},
                       {.name = "two", .quota_group = "g"}}),
              HasSubstr("quota_group"));
  EXPECT_EQ(refusal({{.requests_per_minute = 5, .tokens_per_minute = 7, .quota_group = "g"},
                     {.requests_per_minute = 5, .tokens_per_minute = 7, .quota_group = "g"},
                     {.requests_per_minute = 1, .tokens_per_minute = 1, .quota_group = "h"},
                     {.requests_per_minute = 2}}),
            "accepted");
}

TEST(QuotaGroupLimits, MustBeTheSameForOneThatJoins) {
  Group group(2, 5);
  const Client client(group.some({0}), group.options);
  group.endpoints[1].requests_per_minute = 6;
  EXPECT_THROW(client.add_endpoint(group.endpoints[1]), std::invalid_argument);
  group.endpoints[1].requests_per_minute = 5;
  group.endpoints[1].tokens_per_minute = 6;
  EXPECT_THROW(client.add_endpoint(group.endpoints[1]), std::invalid_argument);
  EXPECT_EQ(client.endpoints().size(), 1U);
  EXPECT_EQ(answered_at_once(client), 5);
}

TEST(AccountOfSeveralEndpoints, IsJoinedByAnEndpointThatIsAdded) {
  Group group(2, 5);
  const Client client(group.some({0}), group.options);
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(ask(client));
  client.add_endpoint(group.endpoints[1]);
  EXPECT_EQ(answered_at_once(client), 3) << "for both together";
}

TEST(AccountOfSeveralEndpoints, StaysTogetherWhenAnotherJoins) {
  Group group(3, 6);
  const Client client(group.some({0, 1}), group.options);
  client.set_endpoints(group.some({0, 1, 2}));
  client.set_endpoints(group.some({2, 1, 0}));
  EXPECT_EQ(answered_at_once(client), 6);
  client.remove_endpoint("c");
  EXPECT_EQ(answered_at_once(client), 0);
}

TEST(AccountOfSeveralEndpoints, CoolsForThoseThatJoinLater) {
  Group group(3);
  group.serve(0, failing(429, "{}", for_a_while));
  const Client client(group.some({0}), group.options);
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  client.add_endpoint(group.endpoints[1]);
  EXPECT_FALSE(ask(client, {.deadline = 1s}));
  client.set_endpoints(group.some({2}));
  EXPECT_FALSE(client.endpoints()[0].cooldowns.empty()) << "another endpoint of the same account";
  EXPECT_FALSE(ask(client, {.deadline = 1s}));
  EXPECT_THAT(group.asked(), ElementsAre(0));
}

TEST(AccountOfSeveralEndpoints, IsLeftByOneThatIsSetWithoutIt) {
  Group group(2, 2);
  const Client client = group.client();
  EXPECT_EQ(answered_at_once(client), 2);
  group.endpoints[1].quota_group = "";
  client.set_endpoints(group.endpoints);
  group.sent.clear();
  EXPECT_EQ(answered_at_once(client), 2) << "it has limits of its own now";
  EXPECT_THAT(group.asked(), ElementsAre(1, 1));
}

TEST(AccountOfSeveralEndpoints, IsAnotherOneByAnotherName) {
  Group group(2, 2);
  group.endpoints[1].quota_group = "other";
  group.serve(0, failing(429, "{}", for_a_while));
  const Client client = group.client();
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(client.endpoints()[1].cooldowns, IsEmpty());
  EXPECT_TRUE(ask(client, {.deadline = 1s}));
  EXPECT_EQ(group.asked().back(), 1U);
}

TEST(AccountOfSeveralEndpoints, IsNotWhatEndpointsOfOneUrlAre) {
  Simulation simulation({{ok()}});
  EndpointConfig& first = simulation.endpoints[0];
  first.requests_per_minute = 2;
  first.api_key = "one";
  EndpointConfig second = first;
  second.api_key = "two";
  const Client client({first, second}, simulation.options);
  EXPECT_EQ(answered_at_once(client), 4) << "two keys, and two accounts unless the user says otherwise";
}

TEST(AccountOfSeveralEndpoints, SharesWhatAnswersSayIsLeft) {
  SimulatedAnswer last = ok();
  last.headers = {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "60s"}};
  Simulation simulation({{last}, {ok()}, {ok()}});
  for (const std::size_t index : {0U, 1U}) simulation.endpoints[index].quota_group = "acme";
  const Client client = simulation.client();
  for (int call = 0; call < 3; ++call) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 2, 2));
}

TEST(AccountOfSeveralEndpoints, SharesTokensToo) {
  Group group(2);
  for (EndpointConfig& endpoint : group.endpoints) endpoint.tokens_per_minute = 30;
  const Client client = group.client();
  EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client)) << "each of these answers says that it took 12";
  EXPECT_FALSE(ask(client, {.deadline = 1s}));
}

TEST(BudgetAndRateLimit, HoldBoth) {
  Simulation simulation({{failing(429, "{}", for_a_while), ok()}});
  simulation.endpoints[0].requests_per_minute = 60;
  simulation.endpoints[0].tokens_per_minute = 60'000;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_FALSE(ask(client, {.deadline = 1s}));
  EXPECT_EQ(simulation.sent.size(), 1U) << "that the budgets have something left does not end the cooldown";
}

TEST(BudgetOfRequests, HoldsBesideThatOfTokens) {
  Simulation simulation({{ok()}});
  simulation.endpoints[0].requests_per_minute = 2;
  simulation.endpoints[0].tokens_per_minute = 60'000;
  const Client client = simulation.client();
  EXPECT_EQ(answered_at_once(client), 2);
  EXPECT_TRUE(ask(client));
  EXPECT_GE(simulation.elapsed(), 30s);
}

TEST(BudgetOfTokens, HoldsBesideThatOfRequests) {
  Crowd crowd(1, 1ms);
  crowd.endpoints[0].requests_per_minute = 3;
  crowd.endpoints[0].tokens_per_minute = 12;
  for (int call = 0; call < 3; ++call) crowd.call(0s);
  crowd.run();
  EXPECT_EQ(crowd.sent.size(), 3U);
  EXPECT_GE(crowd.sent[1].at, 59s) << "an answer takes 12 tokens";
  EXPECT_GE(crowd.sent[2].at, 119s);
  EXPECT_LE(crowd.sent[2].at, 125s) << "no request is lost while its tokens are missing";
}

}  // namespace
}  // namespace openailb::quota_groups_test
