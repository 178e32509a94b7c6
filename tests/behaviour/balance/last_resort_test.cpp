// A breaker decides the order in which endpoints are asked, never whether: what happens when some, or all,
// refuse.

#include "support/open_breakers.hpp"
#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace openailb::last_resort_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;

/// An endpoint that nobody answers at.
SimulatedAnswer black_hole() { return {.connects = false}; }

// The order.

TEST(LastResort, IsAskedWhenNobodyElseIsLeft) {
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.serve(0, ok());
  EXPECT_TRUE(ask(client, {.max_retries = 0}));
  EXPECT_EQ(state(client, 0), State::closed) << "an answer closes it at once";
}

TEST(LastResort, ComesAfterAllThatAdmit) {
  OpenBreakers fleet(4);
  const Client client = fleet.client();
  fleet.open(client, 1);
  for (std::size_t index : {0U, 2U, 3U}) fleet.serve(index, failing(503));
  fleet.serve(1, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 2, 3, 1));
  EXPECT_EQ(fleet.sent.back().at - fleet.sent.front().at, 0s) << "at once, since it fails quickly";
}

TEST(LastResort, TheOneThatFailedLongestAgoIsFirst) {
  OpenBreakers fleet(3);
  const Client client = fleet.client();
  fleet.open(client, 2);
  fleet.open(client, 0);
  fleet.open(client, 1);
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(fleet.asked(), ElementsAre(2, 0, 1));
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(fleet.asked(), ElementsAre(2, 0, 1, 2, 0, 1)) << "a failure puts it to the end";
}

TEST(LastResort, TiesGoToTheLeastRecentlyPicked) {
  OpenBreakers fleet(3);
  for (std::size_t index = 0; index < 3; ++index) fleet.serve(index, failing(503));
  const Client client = fleet.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0}));  // all fail at the same moment
  fleet.sent.clear();
  fleet.serve(0, ok());
  EXPECT_TRUE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(fleet.asked(), ElementsAre(0));
}

TEST(LastResort, ThatFailsQuicklyComesBeforeARetryOfOneThatAdmits) {
  OpenBreakers fleet(2);
  fleet.options.breaker = {};  // three failures
  fleet.endpoints[1].breaker = touchy;
  const Client client = fleet.client();
  fleet.open(client, 1);
  fleet.serve(0, failing(503));
  EXPECT_FALSE(ask(client));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 1, 0, 0)) << "and those that admit are retried before it";
}

TEST(LastResort, ThatFailsSlowlyComesAfterARetry) {
  OpenBreakers fleet(2);
  fleet.options.breaker = {};
  fleet.endpoints[1].breaker = touchy;
  const Client client = fleet.client();
  fleet.open(client, 1, after(375ms, failing(503)));
  fleet.serve(0, script({failing(503), ok()}));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 0));

  fleet.sent.clear();
  fleet.serve(0, failing(503));
  fleet.serve(1, ok());
  EXPECT_TRUE(ask(client, {.max_retries = 1}));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 0, 1)) << "when no retry is left";
}

TEST(LastResort, ThatFailsJustSoonerThanABackoffComesAtOnce) {
  OpenBreakers fleet(2);
  fleet.options.breaker = {};
  fleet.endpoints[1].breaker = touchy;
  const Client client = fleet.client();
  fleet.open(client, 1, after(375ms - 1ns, failing(503)));
  fleet.serve(0, failing(503));
  fleet.serve(1, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 1));
}

TEST(LastResort, ThatFailsSlowlyIsAskedAtOnceWhereThereIsNothingToWaitFor) {
  OpenBreakers fleet(3);
  const Client client = fleet.client();
  for (std::size_t index = 0; index < 3; ++index) fleet.open(client, index, black_hole());
  fleet.serve(0, ok());
  const auto began = fleet.elapsed();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(fleet.elapsed(), began);
}

TEST(LastResort, OneThatFailsSlowlyIsRetriedLast) {
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0, after(1s, failing(503)));
  EXPECT_FALSE(ask(client, {.max_retries = 2}));
  EXPECT_EQ(fleet.sent.size(), 3U);
  EXPECT_EQ(fleet.sent[1].at - fleet.sent[0].at, 1s + 437500us);
}

TEST(LastResort, OnATriedEndpointIsARetry) {
  for (int max_retries : {0, 1, 3}) {
    OpenBreakers fleet(2);
    const Client client = fleet.client();
    for (std::size_t index = 0; index < 2; ++index) fleet.open(client, index);
    EXPECT_FALSE(ask(client, {.max_retries = max_retries}));
    EXPECT_EQ(fleet.sent.size(), 2U + static_cast<std::size_t>(max_retries));
  }
}

TEST(LastResort, IsBoundByMaxEndpoints) {
  OpenBreakers fleet(4);
  fleet.options.max_endpoints = 2;
  const Client client = fleet.client();
  for (std::size_t index = 0; index < 4; ++index) fleet.open(client, index, failing(500));
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 1));
}

TEST(LastResort, IsBoundByTheDeadline) {
  OpenBreakers fleet(2);
  const Client client = fleet.client();
  fleet.open(client, 0, after(3s, failing(503)));
  fleet.open(client, 1, after(3s, failing(503)));
  EXPECT_FALSE(ask(client, {.deadline = 3s}));
  EXPECT_EQ(fleet.sent.size(), 1U);
}

// A wait that the deadline would cut is none: those that fail slowly are asked instead.
TEST(LastResort, ThatFailsSlowlyIsAskedWhenABackoffWouldBeCut) {
  OpenBreakers fleet(2);
  fleet.options.breaker = {};
  fleet.endpoints[1].breaker = touchy;
  const Client client = fleet.client();
  fleet.open(client, 1, after(1s, failing(503)));
  fleet.serve(0, failing(503));
  fleet.serve(1, ok());
  EXPECT_TRUE(ask(client, {.deadline = 400ms}));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 1));
}

// Cooldowns.

TEST(LastResort, OneThatCoolsIsLeftAlone) {
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.serve(0, failing(429, "", {{"retry-after", "20"}}));
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  fleet.serve(0, ok());
  const auto began = fleet.elapsed();
  EXPECT_TRUE(ask(client, {.max_retries = 0}));
  EXPECT_GE(fleet.elapsed() - began, 20s);
}

TEST(LastResort, ComesBeforeTheWaitForOneThatCools) {
  for (const auto& failure : {failing(503), after(5s, failing(503))}) {
    OpenBreakers fleet(2);
    const Client client = fleet.client();
    fleet.open(client, 1, failure);
    fleet.serve(0, failing(429, "", {{"retry-after", "20"}}));
    fleet.serve(1, ok());
    const auto began = fleet.elapsed();
    EXPECT_TRUE(ask(client));
    EXPECT_EQ(fleet.elapsed(), began);
    EXPECT_THAT(fleet.asked(), ElementsAre(0, 1));
  }
}

TEST(LastResort, ComesBeforeALongWaitThatAServerAsksFor) {
  OpenBreakers fleet(2);
  fleet.options.breaker = {};
  fleet.endpoints[1].breaker = touchy;
  const Client client = fleet.client();
  fleet.open(client, 1, after(1s, failing(503)));
  fleet.serve(0, failing(503, "", {{"retry-after", "30"}}));
  fleet.serve(1, ok());
  const auto began = fleet.elapsed();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(fleet.elapsed(), began);
}

// What it does to its breaker.

TEST(LastResort, ThatFailsChangesNothingInItsBreaker) {
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0);
  const Counts before = client.endpoints().at(0).counts;
  for (const auto& answer : {failing(500), failing(409), refused(), failing(401)}) {
    fleet.serve(0, answer);
    EXPECT_FALSE(ask(client, {.max_retries = 0}));
  }
  EXPECT_EQ(state(client, 0), State::open);
  EXPECT_EQ(client.endpoints().at(0).counts, before);
  fleet.network.advance(29s);
  EXPECT_EQ(state(client, 0), State::open);
  fleet.network.advance(2s);
  EXPECT_EQ(state(client, 0), State::half_open) << "no failure has made it longer";
}

TEST(LastResort, ThatSucceedsTellsOnStateChange) {
  OpenBreakers fleet(1);
  std::string told;
  fleet.options.breaker.on_state_change = [&](const std::string& name, State from, State to) {
    told += name + ' ' + std::string(to_string(from)) + ' ' + std::string(to_string(to)) + '\n';
  };
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.serve(0, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(told, "endpoint-0 closed open\nendpoint-0 open closed\n");
}

TEST(LastResort, ThatACallersFaultAnsweredIsASuccess) {
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.serve(0, failing(400));
  EXPECT_EQ(ask(client).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(state(client, 0), State::closed) << "the endpoint answered";
  EXPECT_EQ(fleet.sent.size(), 1U);
}

TEST(LastResort, IsJudgedByTheBreakersPredicates) {
  OpenBreakers fleet(1);
  bool excluded = true;
  fleet.options.breaker.is_excluded = [&](const Error* error) { return error == nullptr && excluded; };
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.serve(0, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(state(client, 0), State::open) << "the user says that it says nothing";
  excluded = false;
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(state(client, 0), State::closed);
}

TEST(LastResort, OfAStreamClosesTheBreakerAtItsFirstToken) {
  const std::string said = R"(data: {"choices":[{"delta":{"content":"a"}}]})";
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.serve(0, {.body = said + "\n\n", .ending = SimulatedAnswer::Ending::hang});
  auto stream = client.chat.completions.stream(question());
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(state(client, 0), State::closed);
  EXPECT_EQ(in_flight(client), 1);
  stream.close();
  EXPECT_EQ(in_flight(client), 0);
}

TEST(LastResort, IsInFlight) {
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.serve(0, after(10s, ok()));
  const auto seen = std::make_shared<int>(0);
  fleet.network.at(fleet.network.now() + 5s, [&] { *seen = in_flight(client); });
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(*seen, 1);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(LastResort, IsAskedOfAHalfOpenOneWhoseProbesAreTaken) {
  OpenBreakers fleet(1);
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.network.advance(31s);
  fleet.serve(0, after(10s, ok()));
  const auto served = std::make_shared<bool>();
  fleet.network.at(fleet.network.now() + 1s, [&] {
    EXPECT_EQ(state(client, 0), State::half_open);
    fleet.serve(0, ok());
    *served = ask(client).has_value();
    EXPECT_EQ(state(client, 0), State::closed);
  });
  EXPECT_TRUE(ask(client)) << "the probe";
  EXPECT_TRUE(*served);
}

// The worst days.

TEST(WorstDay, AllRefuseForATenthOfASecond) {
  Simulation simulation({{ok()}, {ok()}, {ok()}, {ok()}});
  const Client client = simulation.client();
  int failed = 0, after_the_return = 0;
  for (int call = 0; call < 400; ++call) {
    const bool down = simulation.elapsed() >= 1s && simulation.elapsed() < 1100ms;
    for (std::size_t index = 0; index < 4; ++index) simulation.serve(index, down ? refused() : ok());
    const bool served = ask(client, {.max_retries = 0}).has_value();
    failed += served ? 0 : 1;
    after_the_return += served || down ? 0 : 1;
    simulation.network.advance(25ms);
  }
  EXPECT_EQ(after_the_return, 0);
  EXPECT_LE(failed, 4);
}

TEST(WorstDay, EightRequestsThatBreakEveryEndpointAndThenGoodOnes) {
  Simulation simulation({{failing(500)}, {failing(500)}, {failing(500)}, {failing(500)}});
  simulation.options.max_endpoints = 4;
  const Client client = simulation.client();
  for (int call = 0; call < 8; ++call) EXPECT_FALSE(ask(client));
  for (std::size_t index = 0; index < 4; ++index) simulation.serve(index, ok());
  for (int call = 0; call < 992; ++call) EXPECT_TRUE(ask(client));
}

TEST(WorstDay, OneBadEndpointIsStillLeftAlone) {
  Simulation simulation({{failing(500)}, {ok()}, {ok()}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 400; ++call) {
    EXPECT_TRUE(ask(client));
    simulation.network.advance(25ms);
  }
  EXPECT_LE(std::ranges::count(simulation.asked(), 0U), 8);
}

}  // namespace
}  // namespace openailb::last_resort_test
