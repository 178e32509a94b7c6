// A call over several endpoints goes on at least as long as with any one of them alone.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace openailb::persistence_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using ::testing::ElementsAre;

/// An endpoint that is in trouble for so long, and then well.
testing::SimulatedNetwork::Server in_trouble(const Simulation& simulation, nanoseconds lasts,
                                             SimulatedAnswer trouble) {
  return [&simulation, lasts, trouble = std::move(trouble)](const HttpRequest&) {
    return simulation.elapsed() < lasts ? trouble : ok();
  };
}

struct Trouble {
  std::string name;
  SimulatedAnswer answer;
  nanoseconds lasts;

  friend std::ostream& operator<<(std::ostream& out, const Trouble& one) { return out << one.name; }
};

std::vector<Trouble> troubles() {
  return {
      {"refused", refused(), 1300ms},
      {"reset", broken(), 1300ms},
      {"500", failing(500), 1300ms},
      {"408", failing(408), 1300ms},
      {"409", failing(409), 1300ms},
      {"html", answering("<html>"), 1300ms},
      {"half_json", answering("{\"id\":"), 1300ms},
      {"slow_500", after(2s, failing(500)), 5s},
      {"503_that_says_when", failing(503, "", {{"retry-after", "1"}}), 1900ms},
      {"429", failing(429), 2900ms},
      {"429_that_says_when", failing(429, "", {{"retry-after", "20"}}), 39s},
  };
}

/// What a call does while all of so many endpoints are in the same trouble.
bool outlasts(const Trouble& trouble, std::size_t endpoints, int max_retries) {
  Simulation simulation;
  for (std::size_t index = 0; index < endpoints; ++index) {
    simulation.add(in_trouble(simulation, trouble.lasts, trouble.answer));
  }
  const bool answered = ask(simulation.client(), {.max_retries = max_retries}).has_value();
  EXPECT_LE(simulation.sent.size(), endpoints + static_cast<std::size_t>(max_retries));
  return answered;
}

class SharedTrouble : public ::testing::TestWithParam<Trouble> {};
INSTANTIATE_TEST_SUITE_P(Answers, SharedTrouble, ::testing::ValuesIn(troubles()),
                         [](const auto& test) { return test.param.name; });

TEST_P(SharedTrouble, IsOutlastedBySeveralEndpointsIfByOne) {
  ASSERT_TRUE(outlasts(GetParam(), 1, 2)) << "one endpoint alone does";
  for (const std::size_t endpoints : {2U, 3U, 4U, 8U, 100U}) {
    EXPECT_TRUE(outlasts(GetParam(), endpoints, 2)) << endpoints << " endpoints";
  }
}

TEST_P(SharedTrouble, IsOutlastedAlikeWithMoreRetries) {
  Trouble longer = GetParam();
  while (outlasts(longer, 1, 5)) longer.lasts = longer.lasts * 11 / 10;
  longer.lasts = longer.lasts * 10 / 11;
  for (const std::size_t endpoints : {2U, 4U, 8U}) {
    EXPECT_TRUE(outlasts(longer, endpoints, 5)) << endpoints << " endpoints";
  }
}

TEST(LastRetry, WaitsForAnEndpointThatSaidWhen) {
  Simulation simulation({{failing(429, "", {{"retry-after", "20"}}), ok()}, {refused()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(simulation.times().back(), ::testing::AllOf(::testing::Ge(20s), ::testing::Le(22s)));
}

TEST(LastRetry, DoesNotWaitIfTooLittleTimeWouldBeLeftForIt) {
  Simulation simulation({{failing(429, "", {{"retry-after", "20"}})}, {refused(), refused(), ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.deadline = 21s}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1));
  EXPECT_EQ(simulation.times().back(), 437500us + 875ms);
}

TEST(LastRetry, DoesNotWaitForAnEndpointThatWasRemoved) {
  Simulation simulation({{failing(429, "", {{"retry-after", "20"}})}, {}});
  Client client = simulation.client();
  simulation.serve(1, [&, next = script({refused(), refused(), ok()})](const HttpRequest& request) {
    if (simulation.sent.size() == 2) client.remove_endpoint("endpoint-0");
    return next(request);
  });
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.times().back(), 437500us + 875ms);
}

TEST(LastRetry, IsMadeWhereItWasWaitedFor) {
  for (const int status : {429, 503}) {
    for (std::size_t place = 0; place < 4; ++place) {
      Simulation simulation(std::vector<std::vector<SimulatedAnswer>>(4, {refused()}));
      simulation.serve(place, script({failing(status, "", {{"retry-after", "20"}}), ok()}));
      simulation.endpoints[place].priority = 1;
      EXPECT_TRUE(ask(simulation.client())) << status << " by endpoint-" << place;
    }
  }
}

TEST(LastRetry, IsMadeWhereItWasWaitedForIfABreakerRefusesThereToo) {
  Simulation simulation({{failing(503, "", {{"retry-after", "20"}}), ok()}, {refused()}, {refused()}});
  simulation.endpoints[0].breaker.ready_to_trip = [](const Counts&) { return true; };
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(simulation.asked().back(), 0U);
}

TEST(ARateLimit, IsWaitedForNoLongerWithManyEndpoints) {
  Simulation simulation;
  const SimulatedAnswer limited = failing(429, "", {{"retry-after", "1"}});
  for (int index = 0; index < 8; ++index) simulation.add(in_trouble(simulation, 2200ms, limited));
  EXPECT_TRUE(ask(simulation.client(), {.deadline = 4s, .wait_for_rate_limits = true}));
}

TEST(ARetry, ComesAfterAPauseAlsoIfTheOneBeforeMetARateLimitThatIsWaitedFor) {
  Simulation simulation({{failing(500), failing(429, "", {{"retry-after", "30"}})}, {}});
  simulation.serve(1, in_trouble(simulation, 1s, refused()));
  EXPECT_TRUE(ask(simulation.client(), {.wait_for_rate_limits = true}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(simulation.elapsed(), 437500us + 875ms);
}

TEST(LastRetry, DoesNotWaitForARateLimitThatOtherCallsProlong) {
  Simulation simulation({{failing(429, "", {{"retry-after", "20"}})}, {}});
  simulation.serve(1, in_trouble(simulation, 1s, refused()));
  const Client client = simulation.client();
  for (int second = 2; second < 100; ++second) {
    simulation.network.at(simulation.began + second * 1s, [&] { EXPECT_TRUE(ask(client)); });
  }
  EXPECT_TRUE(ask(client));
  EXPECT_LT(simulation.elapsed(), 25s) << "the other endpoint is well since the first second";
}

TEST(LastRetry, WaitsForNobodyWithOneEndpointAlone) {
  Simulation simulation({{failing(503, "", {{"retry-after", "7"}}), failing(503), ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 7s, 7s + 875ms));
}

TEST(APause, IsNotMadeIfTheDeadlineWouldEndIt) {
  Simulation simulation({{after(10s, failing(500))}, {after(1s, failing(500)), ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.deadline = 21500ms, .max_retries = 3}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(simulation.times().back(), 21s);
}

// A call that may ask only one endpoint asks it again where it would have gone elsewhere.

TEST(ThePinnedEndpoint, IsAskedAgainAfterAStrayPage) {
  Simulation simulation({{answering("<html>"), ok()}, {ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.endpoint = "endpoint-0"}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0));
  EXPECT_EQ(simulation.times().back(), 437500us) << "after its backoff";
}

TEST(TheOnlyEndpointThatServesTheModel, IsAskedAgainAfterAStrayPage) {
  Simulation simulation({{answering("<html>"), ok()}, {ok()}});
  simulation.endpoints[1].models = {"another"};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0));
}

TEST(ThePinnedEndpoint, IsNotAskedAgainAboutItsKey) {
  Simulation simulation({{failing(401), ok()}, {ok()}});
  EXPECT_FALSE(ask(simulation.client(), {.endpoint = "endpoint-0"}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

// What the retry budget pays while every endpoint is down.

/// A client whose breakers are all open, on endpoints that all refuse.
struct AllDown : Simulation {
  AllDown() : Simulation(std::vector<std::vector<SimulatedAnswer>>(4, {refused()})) {
    options.breaker.ready_to_trip = [](const Counts&) { return true; };
  }
};

TEST(LastResortsAtOnce, StopWhenFiveInARowHaveFailed) {
  AllDown fleet;
  const Client client = fleet.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0})) << "this one opens the breakers";
  fleet.sent.clear();
  EXPECT_FALSE(ask(client)) << "its first attempt and five more";
  EXPECT_THAT(fleet.asked(), ::testing::SizeIs(6));
  fleet.sent.clear();
  EXPECT_FALSE(ask(client));
  EXPECT_EQ(fleet.asked().size(), 6U) << "those that it has not asked come last, before it gives up";
  EXPECT_THAT(fleet.times()[1] - fleet.times()[0], 437500us) << "after a pause";
}

TEST(LastResortsAtOnce, AreMadeAgainOnceAnEndpointHasAnswered) {
  AllDown fleet;
  const Client client = fleet.client();
  for (int call = 0; call < 3; ++call) EXPECT_FALSE(ask(client));
  fleet.serve(0, ok());
  EXPECT_TRUE(ask(client, {.endpoint = "endpoint-0"}));
  fleet.serve(0, refused());
  EXPECT_FALSE(ask(client, {.max_retries = 0})) << "this one opens the first breaker again";
  fleet.sent.clear();
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_EQ(fleet.times().front(), fleet.times().back());
}

}  // namespace
}  // namespace openailb::persistence_test
