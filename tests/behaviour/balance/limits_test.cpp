// What a client keeps to of its own accord: attempts in flight, requests and tokens per minute.

#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace openailb::limits_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Le;
using Callers = std::vector<Crowd::Caller*>;

TEST(MaxInFlight, OfAnEndpointLeavesTheRestToTheOthers) {
  Crowd crowd(2, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  for (int i = 0; i < 4; ++i) crowd.call(i * 1s);
  crowd.run();
  EXPECT_THAT(crowd.asked(), ElementsAre(0, 1, 1, 1));
}

TEST(MaxInFlight, WhenAllAreFullTheCallThatCameFirstGoesFirst) {
  Crowd crowd(2, 10s);
  for (EndpointConfig& endpoint : crowd.endpoints) endpoint.max_in_flight = 1;
  Callers callers;
  for (int i = 0; i < 6; ++i) callers.push_back(&crowd.call(i * 1s));
  crowd.run();
  EXPECT_THAT(crowd.most_at_once, ElementsAre(1, 1));
  for (std::size_t i = 0; i < callers.size(); ++i) {
    ASSERT_TRUE(*callers[i]->answer);
    EXPECT_EQ(callers[i]->done_at, 10s * (1 + static_cast<int>(i) / 2) + 1s * (static_cast<int>(i) % 2)) << i;
    EXPECT_EQ(callers[i]->answer->value().info.attempts.size(), 1U) << "to wait is no attempt";
  }
}

TEST(MaxInFlight, OfTheClientHoldsForAllEndpointsTogether) {
  Crowd crowd(3, 10s);
  crowd.options.max_in_flight = 2;
  for (int i = 0; i < 7; ++i) crowd.call(0s);
  int most = 0;
  for (int tick = 0; tick < 60; ++tick) {
    crowd.at(1s * tick,
             [&] { most = std::max(most, crowd.in_flight(0) + crowd.in_flight(1) + crowd.in_flight(2)); });
  }
  crowd.run();
  EXPECT_EQ(most, 2);
  EXPECT_EQ(crowd.elapsed(), 40s);
}

TEST(MaxInFlight, NewcomerDoesNotTakeTheSeatOfOneWhoWaits) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.call(0s);
  Crowd::Caller& waits = crowd.call(1s);
  Crowd::Caller& comes = crowd.call(10s);  // just as the seat is free again
  crowd.run();
  EXPECT_EQ(waits.done_at, 20s);
  EXPECT_EQ(comes.done_at, 30s);
}

TEST(MaxInFlight, CallThatWaitsCanBeStoppedAndTheNextGoesOn) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  std::stop_source stop;
  crowd.call(0s);
  Crowd::Caller& stopped = crowd.call(1s, {.stop_token = stop.get_token()});
  Crowd::Caller& late = crowd.call(2s, {.deadline = 3s});
  Crowd::Caller& waits = crowd.call(3s);
  crowd.at(4s, [&] { stop.request_stop(); });
  crowd.run();
  EXPECT_EQ(stopped.answer->error().kind, ErrorKind::canceled);
  EXPECT_EQ(stopped.done_at, 4s);
  EXPECT_EQ(late.answer->error().kind, ErrorKind::timeout);
  EXPECT_THAT(late.answer->error().message, HasSubstr("max_in_flight"));
  EXPECT_EQ(late.done_at, 5s);
  EXPECT_EQ(waits.done_at, 20s);
}

TEST(MaxInFlight, PinnedCallsWaitForTheirEndpointAndKeepNobodyElse) {
  Crowd crowd(2, 10s);
  for (EndpointConfig& endpoint : crowd.endpoints) endpoint.max_in_flight = 1;
  crowd.call(0s, {.endpoint = "endpoint-0"});
  Crowd::Caller& pinned = crowd.call(1s, {.endpoint = "endpoint-0"});
  Crowd::Caller& free = crowd.call(2s);
  crowd.run();
  EXPECT_EQ(free.done_at, 12s);
  EXPECT_EQ(pinned.done_at, 20s);
}

TEST(MaxInFlight, FailedAttemptGivesItsSeatToWhoWaits) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.serve(0, [first = true](const HttpRequest&) mutable {
    return std::exchange(first, false) ? after(5s, failing(500)) : after(1s, ok());
  });
  Crowd::Caller& fails = crowd.call(0s);
  Crowd::Caller& waits = crowd.call(1s);
  crowd.run();
  EXPECT_EQ(waits.done_at, 6s);
  EXPECT_TRUE(*fails.answer) << "it comes again after its backoff";
}

TEST(MaxInFlight, CallWaitsForASeatRatherThanAskWhatFailsSlowly) {
  Crowd crowd(2, 1s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.options.timeout = 60s;
  crowd.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  crowd.serve(1, [](const HttpRequest&) { return hanging(); });
  crowd.call(0s);
  crowd.call(0s);
  crowd.run();  // the second one has opened the breaker of the endpoint that hangs
  Callers callers;
  for (int i = 0; i < 3; ++i) callers.push_back(&crowd.call(70s + 100ms * i));
  crowd.run();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(callers[static_cast<std::size_t>(i)]->done_at, 71s + 1s * i) << i;
}

TEST(MaxInFlight, CallThatWaitsTakesWhateverCanBeAskedSooner) {
  Crowd crowd(2, 590s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.serve(1, [limits = 1](const HttpRequest&) mutable {
    return limits-- > 0 ? failing(429, "{}", {{"retry-after", "200"}}) : after(1s, ok());
  });
  crowd.call(0s);
  crowd.call(500ms, {.max_retries = 0, .endpoint = "endpoint-1"});
  Crowd::Caller& caller = crowd.call(1s);
  crowd.run();
  EXPECT_EQ(caller.answer->value().info.endpoint, "endpoint-1");
  EXPECT_LT(caller.done_at, 230s);
}

TEST(MaxInFlight, WhoCameFirstGoesFirstAlsoWhenTheLimitIsRaised) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].max_in_flight = 1;
  Callers callers;
  for (int i = 0; i < 5; ++i) callers.push_back(&crowd.call(1s * i));
  crowd.at(5s, [&] {
    EndpointConfig more = crowd.endpoints[0];
    more.max_in_flight = 2;
    crowd.client().set_endpoints({more});
  });
  crowd.run();
  EXPECT_EQ(callers[1]->done_at, 15s);
  EXPECT_EQ(callers[2]->done_at, 20s);
  EXPECT_EQ(callers[3]->done_at, 25s);
  EXPECT_EQ(callers[4]->done_at, 30s);
}

TEST(MaxInFlight, CountsAStreamToItsEnd) {
  Simulation simulation({{streaming(says("a") + says("b") + finish() + done())}});
  simulation.endpoints[0].max_in_flight = 1;
  const Client client = simulation.client();
  {
    auto stream = client.chat.completions.stream(question());
    ASSERT_TRUE(stream.next());
    EXPECT_EQ(ask(client, {.deadline = 1s}).error().kind, ErrorKind::timeout);
  }
  simulation.serve(0, ok());
  EXPECT_TRUE(ask(client, {.deadline = 1s}));
}

TEST(MaxInFlight, MustNotBeNegative) {
  EXPECT_THROW(Client({{.max_in_flight = -1}}), std::invalid_argument);
  EXPECT_THROW(Client({EndpointConfig{}}, {.max_in_flight = -1}), std::invalid_argument);
}

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
