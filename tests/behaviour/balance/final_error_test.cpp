// What a call says that can ask nobody: why not, and when it could.

#include "support/crowd.hpp"
#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

namespace openailb::final_error_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Endpoints whose breakers open at the first failure, and that nobody asks while they are open.
struct FailingFast : Simulation {
  explicit FailingFast(std::vector<std::vector<SimulatedAnswer>> scripts) : Simulation(std::move(scripts)) {
    options.when_all_open = WhenAllOpen::fail;
    options.breaker = {.timeout = 30s, .ready_to_trip = [](const Counts&) { return true; }};
    options.max_retries = 0;
  }
};

const Headers for_ten_seconds{{"retry-after", "10"}};

TEST(FinalError, SaysOfEachEndpointWhyItCannotBeAsked) {
  FailingFast simulation({{failing(500)}, {failing(429, "{}", for_ten_seconds)}});
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  const Error error = ask(client, {.deadline = 5s}).error();
  EXPECT_EQ(error.kind, ErrorKind::no_endpoint_available);
  EXPECT_THAT(error.message, AllOf(HasSubstr("endpoint-0 failed too often and is left alone for 30 s"),
                                   HasSubstr("endpoint-1 is rate limited for 10 s")));
  EXPECT_EQ(error.retry_after, 10s) << "the first of them";
  EXPECT_TRUE(error.attempts.empty());
}

TEST(FinalError, NamesOnlyTheEndpointsThatMayBeAsked) {
  FailingFast simulation({{failing(500)}, {failing(500)}});
  simulation.endpoints[1].models = {"other"};
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_THAT(ask(client).error().message, AllOf(HasSubstr("endpoint-0"), Not(HasSubstr("endpoint-1"))));
  EXPECT_EQ(simulation.elapsed(), 0s);
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(FinalError, SaysWhenTheFirstOfAllCanBeAskedWhereverItStands) {
  for (const std::size_t first : {0U, 1U}) {
    Simulation simulation({{}, {}});
    simulation.serve(first, failing(429, "{}", for_ten_seconds));
    simulation.serve(1 - first, failing(429, "{}", {{"retry-after", "50"}}));
    const Client client = simulation.client();
    EXPECT_FALSE(ask(client, {.max_retries = 0}));
    EXPECT_EQ(ask(client, {.deadline = 5s}).error().retry_after, 10s) << first;
  }
}

TEST(FinalError, SaysNothingOfABreakerThatWouldKeepNobodyFromAsking) {
  Simulation simulation({{failing(429, "{}", {{"retry-after", "50"}}), failing(500)}});
  simulation.options.breaker = {.timeout = 90s, .ready_to_trip = [](const Counts&) { return true; }};
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_FALSE(client.chat.completions.create(question("other")));
  const Error error = ask(client, {.deadline = 5s}).error();
  EXPECT_THAT(error.message, HasSubstr("endpoint-0 is rate limited for 50 s"));
  EXPECT_EQ(error.retry_after, 50s);
}

TEST(ErrorOfACall, TellsAttemptsThatFailedInOtherPlacesOrWaysApart) {
  Simulation alike({{failing(500, error_json("no"))}, {failing(500, error_json("no"))}});
  EXPECT_THAT(
      ask(alike.client(), {.max_retries = 0}).error().message,
      AllOf(HasSubstr("endpoint-0: 500 no"), HasSubstr("endpoint-1: 500 no"), Not(HasSubstr("times"))));
  Simulation otherwise({{failing(500, error_json("one")), failing(500, error_json("two"))}});
  EXPECT_THAT(ask(otherwise.client(), {.max_retries = 1}).error().message,
              AllOf(HasSubstr("500 one"), HasSubstr("500 two"), Not(HasSubstr("times"))));
}

TEST(StoppedCall, NamesTheEndpointThatItAskedLast) {
  Simulation simulation({{failing(503, "{}", {{"retry-after", "60"}})}});
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 5s, [&] { stop.request_stop(); });
  const Error error = ask(simulation.client(), {.stop_token = stop.get_token()}).error();
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_EQ(error.endpoint, "endpoint-0");
  EXPECT_THAT(error.message, HasSubstr("503"));
  EXPECT_EQ(error.attempts.size(), 1U);
}

TEST(FinalError, SaysWhenAnEndpointCanBeAskedThatIsBothOpenAndRateLimited) {
  FailingFast simulation({{failing(429, "{}", {{"retry-after", "100"}}), failing(500)}});
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_FALSE(client.chat.completions.create(question("other")));
  const Error error = ask(client).error();
  EXPECT_EQ(error.kind, ErrorKind::no_endpoint_available);
  EXPECT_EQ(error.retry_after, 100s) << "the breaker admits sooner, but that is of no use";
}

TEST(FinalError, SaysThatAnEndpointIsBeingProbed) {
  Crowd crowd(1, 10s);
  crowd.options.when_all_open = WhenAllOpen::fail;
  crowd.options.breaker = {.timeout = 30s, .ready_to_trip = [](const Counts&) { return true; }};
  crowd.serve(0, [](const HttpRequest&) { return failing(500); });
  crowd.run(crowd.call(0s, {.max_retries = 0}));
  crowd.serve(0, [](const HttpRequest&) { return after(10s, ok()); });
  crowd.call(31s);
  Crowd::Caller& second = crowd.call(32s);
  crowd.run();
  ASSERT_FALSE(*second.answer);
  EXPECT_THAT(second.answer->error().message, HasSubstr("endpoint-0 is being probed after failures"));
  EXPECT_FALSE(second.answer->error().retry_after) << "nobody knows how long that takes";
}

TEST(FinalError, SaysThatADeadlinePassedWhileTheCallWaitedForASeat) {
  Crowd crowd(1, 100s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.call(0s);
  Crowd::Caller& second = crowd.call(1s, {.deadline = 5s});
  crowd.run();
  ASSERT_FALSE(*second.answer);
  EXPECT_EQ(second.answer->error().kind, ErrorKind::timeout);
  EXPECT_THAT(second.answer->error().message,
              AllOf(HasSubstr("the deadline of 5 s passed before any attempt"), HasSubstr("max_in_flight")));
  EXPECT_EQ(second.done_at, 6s);
}

TEST(FinalError, SaysWhoDoesNotServeAModel) {
  Simulation simulation({{ok()}, {ok()}});
  for (EndpointConfig& endpoint : simulation.endpoints) endpoint.models = {"other"};
  const Client client = simulation.client();
  EXPECT_THAT(ask(client).error().message, HasSubstr("no endpoint serves the model gpt-4o"));
  EXPECT_THAT(ask(client, {.endpoint = "endpoint-1"}).error().message,
              HasSubstr("endpoint-1 does not serve the model gpt-4o"));
  EXPECT_THAT(ask(client, {.endpoint = "paris"}).error().message,
              HasSubstr("there is no endpoint named paris"));
  EXPECT_EQ(ask(client).error().kind, ErrorKind::bad_request);
}

}  // namespace
}  // namespace openailb::final_error_test
