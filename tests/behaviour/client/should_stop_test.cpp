// A caller who has a flag and no stop token.
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace openailb::should_stop_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Notes when it is asked, and says yes from a moment on.
struct Flag {
  Flag(const Simulation& simulated, std::chrono::nanoseconds when)
      : simulation(&simulated), raised_at(when) {}

  std::function<bool()> function() {
    return [this] {
      asked_at.push_back(simulation->elapsed());
      return asked_at.back() >= raised_at;
    };
  }

  const Simulation* simulation;
  std::chrono::nanoseconds raised_at;
  std::vector<std::chrono::nanoseconds> asked_at{};
};

void expect_canceled(const Result<ChatCompletion>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::canceled);
}

TEST(ShouldStop, IsAskedEveryFiftyMillisecondsAndEndsTheCall) {
  OneEndpoint simulation(hanging());
  Flag flag(simulation, 200ms);
  const Client client = simulation.client();
  expect_canceled(ask(client, {.should_stop = flag.function()}));
  EXPECT_THAT(flag.asked_at, ElementsAre(0ms, 50ms, 100ms, 150ms, 200ms));
  EXPECT_EQ(simulation.elapsed(), 200ms);
  EXPECT_EQ(counts(client).total_exclusions, 1) << "nobody's fault";
  EXPECT_EQ(in_flight(client), 0);
}

TEST(ShouldStop, BeforeTheCallSendsNothing) {
  OneEndpoint simulation(ok());
  expect_canceled(ask(simulation.client(), {.should_stop = [] { return true; }}));
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(ShouldStop, EndsABackoff) {
  Simulation simulation({{failing(503), ok()}});
  Flag flag(simulation, 100ms);
  expect_canceled(ask(simulation.client(), {.should_stop = flag.function()}));
  EXPECT_EQ(simulation.elapsed(), 100ms);
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(ShouldStop, EndsTheWaitForTheEndOfACooldown) {
  Simulation simulation({{failing(429, "", {{"retry-after", "20"}}), ok()}});
  Flag flag(simulation, 5s);
  expect_canceled(ask(simulation.client(), {.should_stop = flag.function()}));
  EXPECT_EQ(simulation.elapsed(), 5s);
}

TEST(ShouldStop, EndsAStreamBeforeItsFirstToken) {
  OneEndpoint simulation(hanging());
  Flag flag(simulation, 100ms);
  EXPECT_EQ(hear(simulation.client(), {.should_stop = flag.function()}).kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.elapsed(), 100ms);
}

TEST(ShouldStop, EndsAStreamAfterItsFirstToken) {
  OneEndpoint simulation(dripping({says("a"), says("b"), says("c"), done()}, 300ms));
  Flag flag(simulation, 700ms);
  const Heard heard = hear(simulation.client(), {.should_stop = flag.function()});
  EXPECT_THAT(heard.texts, ElementsAre("a", "b"));
  EXPECT_EQ(heard.kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.elapsed(), 700ms);
  EXPECT_EQ(simulation.network.in_flight(), 0U);
}

TEST(ShouldStop, ThatNeverSaysYesChangesNothing) {
  OneEndpoint simulation(after(1s, ok()));
  EXPECT_TRUE(ask(simulation.client(), {.should_stop = [] { return false; }}));
  EXPECT_EQ(simulation.elapsed(), 1s);
}

TEST(ShouldStop, StandsBesideAStopToken) {
  OneEndpoint simulation(hanging());
  std::stop_source stop;
  simulation.network.at(simulation.began + 120ms, [&] { stop.request_stop(); });
  expect_canceled(
      ask(simulation.client(), {.stop_token = stop.get_token(), .should_stop = [] { return false; }}));
  EXPECT_EQ(simulation.elapsed(), 120ms);
}

TEST(ShouldStop, WhatItThrowsComesOutOfTheCall) {
  Simulation simulation({{after(1s, ok())}});
  Flag flag(simulation, 100ms);
  const Client client = simulation.client();
  const auto throwing = [raised = flag.function()] {
    if (raised()) throw std::runtime_error("interrupted");
    return false;
  };
  EXPECT_THROW((void)ask(client, {.should_stop = throwing}), std::runtime_error);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0U);
  EXPECT_TRUE(ask(client)) << "the client goes on";
}

TEST(ShouldStop, HoldsForCallsOfAnyPath) {
  Simulation simulation({{hanging()}});
  Flag flag(simulation, 100ms);
  EXPECT_EQ(simulation.client().get("/models", {.should_stop = flag.function()}).error().kind,
            ErrorKind::canceled);
  EXPECT_EQ(simulation.elapsed(), 100ms);
}

}  // namespace
}  // namespace openailb::should_stop_test
