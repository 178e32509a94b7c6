// What a client keeps to of its own accord: requests and tokens per minute, and what answers say of them.

#include "support/crowd.hpp"
#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb::limits_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Callers = std::vector<Crowd::Caller*>;

TEST(RequestsPerMinute, AreNotExceeded) {
  Crowd crowd(1, 1ms);
  crowd.endpoints[0].requests_per_minute = 6;
  for (int i = 0; i < 12; ++i) crowd.call(0s);
  crowd.run();
  ASSERT_EQ(crowd.sent.size(), 12U);
  for (std::size_t i = 0; i < crowd.sent.size(); ++i) {
    const auto budget = 6 + 6 * std::chrono::duration<double>(crowd.sent[i].at).count() / 60.0;
    EXPECT_LE(static_cast<double>(i + 1), budget + 1e-6) << i;
  }
  EXPECT_LE(crowd.elapsed(), 80s) << "a minute's at once, and then one each ten seconds";
}

TEST(RequestsPerMinute, LeaveTheRestToTheOthers) {
  Simulation simulation({{ok()}, {ok()}});
  simulation.endpoints[0].requests_per_minute = 2;
  const Client client = simulation.client();
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(ask(client));
  EXPECT_EQ(std::ranges::count(simulation.asked(), 0U), 2);
  EXPECT_EQ(simulation.elapsed(), 0s);
}

TEST(RequestsPerMinute, CallThatCannotWaitSaysWhy) {
  Simulation simulation({{ok()}});
  simulation.endpoints[0].requests_per_minute = 1;
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  const Result<ChatCompletion> late = ask(client, {.deadline = 5s});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::no_endpoint_available);
  EXPECT_THAT(late.error().message, HasSubstr("endpoint-0 is rate limited for 60 s"));
  EXPECT_EQ(late.error().retry_after, 60s);
}

/// A completion that says how many tokens it took.
SimulatedAnswer using_tokens(int tokens) {
  return answering(
      R"({"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"total_tokens":)" +
      std::to_string(tokens) + "}}");
}

TEST(TokensPerMinute, AreCorrectedByWhatTheAnswerSays) {
  Simulation simulation({{using_tokens(600)}, {using_tokens(5)}});
  for (EndpointConfig& endpoint : simulation.endpoints) endpoint.tokens_per_minute = 600;
  const Client client = simulation.client();
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1, 1, 1)) << "the first has nothing left";
  EXPECT_EQ(simulation.elapsed(), 0s);
  simulation.network.advance(60s);
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.asked().back(), 0U);
}

TEST(TokensPerMinute, OfAStreamAreThoseOfItsLastChunk) {
  const std::string chunk = R"(data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[)";
  Simulation simulation(
      {{answering(chunk + R"({"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]})" + "\n\n" +
                  chunk + R"(],"usage":{"total_tokens":600}})" + "\n\ndata: [DONE]\n\n")}});
  simulation.endpoints[0].tokens_per_minute = 600;
  const Client client = simulation.client();
  auto stream = client.chat.completions.stream(question());
  while (stream.next()) {
  }
  EXPECT_FALSE(stream.error());
  EXPECT_FALSE(ask(client, {.deadline = 1s}));
}

TEST(TokensPerMinute, OfARequestThatWasNotRunAreGivenBack) {
  Simulation simulation({{refused(), using_tokens(10)}});
  simulation.endpoints[0].tokens_per_minute = 600;
  const Client client = simulation.client();
  EXPECT_TRUE(client.chat.completions.create(
      {.model = "m", .messages = {user_message("Hello!")}, .max_completion_tokens = 500}));
  EXPECT_LT(simulation.elapsed(), 1s) << "it did not wait for the tokens of the first attempt";
}

/// A request that sets more as its answer's most than it will take.
ChatCompletionCreateParams asking_for(std::int64_t most) {
  return {.model = "m", .messages = {user_message("Hello!")}, .max_completion_tokens = most};
}

TEST(TokensPerMinute, LargeEstimateShutsNoEndpoint) {
  for (const std::int64_t most : {std::int64_t{128'000}, std::numeric_limits<std::int64_t>::max()}) {
    Simulation simulation({{ok(), using_tokens(5)}});
    simulation.endpoints[0].tokens_per_minute = 30'000;
    const Client client = simulation.client();
    EXPECT_TRUE(client.chat.completions.create(asking_for(most)));
    EXPECT_TRUE(client.chat.completions.create(asking_for(1)));
    EXPECT_LE(simulation.elapsed(), 61s) << most;
  }
}

TEST(TokensPerMinute, UsageThatCannotBeShutsNoEndpoint) {
  for (const char* total : {"-1000000000000", "9000000000000000000"}) {
    Simulation simulation({
        {answering(R"({"id":"1","object":"chat.completion","choices":[{"index":0,"message":)"
                   R"({"role":"assistant","content":"hi"},"finish_reason":"stop"}],)"
                   R"("usage":{"total_tokens":)" +
                   std::string(total) + "}}")},
    });
    simulation.endpoints[0].tokens_per_minute = 600;
    const Client client = simulation.client();
    EXPECT_TRUE(ask(client));
    simulation.serve(0, using_tokens(5));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
    EXPECT_LE(simulation.elapsed(), 125s) << total;
  }
}

TEST(TokensPerMinute, WhatComesBackIsUsedSoon) {
  Crowd crowd(1, 1s);
  crowd.endpoints[0].tokens_per_minute = 30'000;
  crowd.serve(0, [](const HttpRequest&) { return after(1s, using_tokens(50)); });
  Callers callers;
  for (int i = 0; i < 4; ++i) {
    callers.push_back(&crowd.call(500ms * i, {.extra_body = {{"max_completion_tokens", 29'000}}}));
  }
  crowd.run();
  for (const Crowd::Caller* caller : callers) EXPECT_LE(caller->done_at, 6s);
}

TEST(TokensPerMinute, WithoutATotalAreThoseOfPromptAndAnswer) {
  Simulation simulation({{answering(R"({"id":"1","object":"chat.completion","choices":[{"index":0,"message":)"
                                    R"({"role":"assistant","content":"hi"},"finish_reason":"stop"}],)"
                                    R"("usage":{"prompt_tokens":5,"completion_tokens":1}})")}});
  simulation.endpoints[0].tokens_per_minute = 1000;
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.chat.completions.create(asking_for(900)));
  EXPECT_LE(simulation.elapsed(), 2s);
}

TEST(TokensPerMinute, RequestThatNeedsMoreThanAMinutesWaitsForAFullMinute) {
  Simulation simulation({{using_tokens(700)}});
  simulation.endpoints[0].tokens_per_minute = 600;
  const Client client = simulation.client();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(client.chat.completions.create(
        {.model = "m", .messages = {user_message("Hello!")}, .max_completion_tokens = 5000}));
  }
  EXPECT_GE(simulation.elapsed(), 70s);
  EXPECT_LE(simulation.elapsed(), 80s);
}

SimulatedAnswer with_nothing_left(const std::string& what, const std::string& reset) {
  SimulatedAnswer answer = ok();
  answer.headers = {{"x-ratelimit-remaining-" + what, "0"}, {"x-ratelimit-reset-" + what, reset}};
  return answer;
}

TEST(RateLimitHeaders, OfAnAnswerAreBelieved) {
  for (const std::string what : {"requests", "tokens"}) {
    Simulation simulation({{with_nothing_left(what, "6m0s"), ok()}, {ok()}});
    const Client client = simulation.client();
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ask(client));
    EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1)) << what;
    simulation.network.advance(6min);
    EXPECT_TRUE(ask(client));
    EXPECT_EQ(simulation.asked().back(), 0U);
  }
}

TEST(RateLimitHeaders, LoseNoCallWhenNobodyElseCanBeAsked) {
  Simulation simulation({{with_nothing_left("requests", "6m0s")}, {ok()}});
  simulation.endpoints[1].priority = 1;
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1)) << "the next tier comes before it";
  simulation.serve(1, refused());
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.asked().back(), 0U) << "a gateway may say so of one server of many";
  EXPECT_EQ(simulation.elapsed(), 0s);
}

TEST(RateLimitHeaders, ThatLeaveSomethingChangeNothing) {
  SimulatedAnswer answer = ok();
  answer.headers = {{"x-ratelimit-remaining-requests", "1"}, {"x-ratelimit-reset-requests", "6m0s"}};
  Simulation simulation({{answer}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0));
}

TEST(RateLimitHeaders, AreNo429) {
  Simulation simulation({{with_nothing_left("requests", "2s"), failing(429), ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  simulation.network.advance(2s);
  EXPECT_TRUE(ask(client));
  EXPECT_LT(simulation.elapsed(), 4s) << "the pause after the 429 is the first one, of a second";
}

TEST(QuotaGroup, CoolsTogether) {
  Simulation simulation({{failing(429, "{}", {{"retry-after", "20"}}), ok()}, {ok()}, {ok()}});
  simulation.endpoints[0].quota_group = "acme";
  simulation.endpoints[1].quota_group = "acme";
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 2)) << "the second has the same account";
  simulation.network.advance(20s);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 2, 1, 0, 2));
}

TEST(QuotaGroup, SharesTheBudgets) {
  Simulation simulation({{ok()}, {ok()}});
  for (EndpointConfig& endpoint : simulation.endpoints) {
    endpoint.quota_group = "acme";
    endpoint.requests_per_minute = 3;
  }
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
  EXPECT_FALSE(ask(client, {.deadline = 1s}));
}

TEST(QuotaGroup, WithTwoLimitsIsRejected) {
  try {
    const Client client({{.name = "one", .requests_per_minute = 5, .quota_group = "acme"},
                         {.name = "two", .requests_per_minute = 6, .quota_group = "acme"}});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("two"), HasSubstr("one"), HasSubstr("quota_group")));
  }
}

}  // namespace
}  // namespace openailb::limits_test
