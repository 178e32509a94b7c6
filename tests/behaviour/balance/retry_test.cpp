// When attempts are made: failover first, then the retries of the official SDKs, within the call's time.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace openailb::retry_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using ::testing::ElementsAre;

void keep_closed(Simulation& simulation) {
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return false; };
}

TEST(Attempts, GoToUntriedEndpointsFirstThenToTriedOnes) {
  Simulation simulation({{failing(503)}, {failing(503)}, {failing(503)}});
  EXPECT_FALSE(ask(simulation.client()));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 2, 0, 1));
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 0s, 0s, 437500us, 1312500us));
}

TEST(Attempts, NoneIsMadeOnATriedEndpointWithoutRetries) {
  Simulation simulation({{failing(503)}, {failing(503)}});
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 0}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
}

TEST(Attempts, TheErrorIsTheLastOnesWithAll) {
  Simulation simulation({{failing(503, error_json("overloaded"))}, {refused()}});
  const Result<ChatCompletion> result = ask(simulation.client(), {.max_retries = 1});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "3 attempts failed: endpoint-0, 2 times: 503 overloaded; "
            "endpoint-1: could not connect to 127.0.0.1:9");
  EXPECT_EQ(result.error().kind, ErrorKind::internal_server);
  EXPECT_EQ(result.error().status, 503);
  ASSERT_EQ(result.error().attempts.size(), 3U);
  EXPECT_EQ(result.error().attempts[1].endpoint, "endpoint-1");
  EXPECT_EQ(result.error().attempts[1].kind, ErrorKind::connection);
  EXPECT_EQ(result.error().attempts[1].status, 0);
}

TEST(Attempts, AnAnswerTellsThemToo) {
  Simulation simulation({{after(2s, failing(500))}, {after(3s, ok())}});
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_TRUE(result);
  const std::vector<Attempt>& attempts = result->info.attempts;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].elapsed, 2s);
  EXPECT_EQ(attempts[0].status, 500);
  EXPECT_EQ(attempts[1].endpoint, "endpoint-1");
  EXPECT_EQ(attempts[1].kind, std::nullopt);
  EXPECT_EQ(attempts[1].status, 200);
  EXPECT_EQ(attempts[1].elapsed, 3s);
}

TEST(MaxEndpoints, LimitsHowManyMayFailWithTheRequestInTheirHands) {
  Simulation simulation({{failing(500)}, {broken()}, {ok()}, {ok()}});
  simulation.options.max_endpoints = 2;
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 0}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
}

TEST(MaxEndpoints, DoesNotCountThoseThatDidNotRunIt) {
  for (const auto& answer :
       {failing(503), refused(), failing(401), failing(402), failing(403), failing(404), failing(429)}) {
    Simulation simulation({{answer}, {answer}, {answer}, {ok()}});
    simulation.options.max_endpoints = 1;
    EXPECT_TRUE(ask(simulation.client(), {.max_retries = 0})) << answer.status;
  }
}

TEST(MaxEndpoints, CountsAnEndpointOnce) {
  Simulation simulation({{failing(500)}, {failing(503)}, {failing(503)}});
  simulation.options.max_endpoints = 1;
  keep_closed(simulation);
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 2}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0)) << "endpoint-1 and -2 must not be fed the killer";
}

TEST(OneEndpoint, IsRetriedAsTheOfficialClientsDo) {
  Simulation simulation(
      {{failing(429, "", {{"retry-after", "0.1"}}), failing(429, "", {{"retry-after", "0.1"}}), ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(simulation.sent.size(), 3U);
  EXPECT_LE(simulation.elapsed(), 220ms);
}

/// When the endpoint is asked again after a 503 with these headers; null if it is not.
std::optional<nanoseconds> pause(Headers headers) {
  Simulation simulation({{failing(503, "", std::move(headers)), ok()}});
  (void)ask(simulation.client());
  if (simulation.sent.size() < 2) return std::nullopt;
  return simulation.sent[1].at;
}

TEST(Pause, IsTheServers) {
  EXPECT_EQ(pause({{"retry-after", "20"}}), 20s);
  EXPECT_EQ(pause({{"retry-after", "0.25"}}), 250ms);
  EXPECT_EQ(pause({{"retry-after", "120"}}), 120s);
  EXPECT_EQ(pause({{"retry-after", "121"}}), std::nullopt);
  EXPECT_EQ(pause({{"retry-after", "Fri, 29 Sep 2023 16:26:57 GMT"}}), 20s);
  EXPECT_EQ(pause({{"retry-after", "Fri, 29 Sep 2023 16:28:38 GMT"}}), std::nullopt);
  EXPECT_EQ(pause({{"retry-after-ms", "125"}}), 125ms);
  EXPECT_EQ(pause({{"retry-after-ms", "-1"}, {"retry-after", "0.5"}}), 500ms);
  EXPECT_EQ(pause({{"retry-after-ms", "125"}, {"retry-after", "121"}}), 125ms);
  EXPECT_EQ(pause({{"x-should-retry", "true"}, {"retry-after", "121"}}), std::nullopt);
}

TEST(Pause, IsABackoffWhereTheServerSaysNothingOfUse) {
  for (const char* value :
       {"0", "-10", "", "nan", "inf", "Zun, 29 Sep 2023", "Fri, 29 Sep 2023 16:26:27 GMT"}) {
    EXPECT_EQ(pause({{"retry-after", value}}), 437500us) << value;  // 0.5 s less an eighth, as random is 0.5
  }
  EXPECT_EQ(pause({}), 437500us);
}

/// The pauses between the attempts on one endpoint that always fails.
std::vector<nanoseconds> backoffs(double random) {
  Simulation simulation({{failing(503)}});
  keep_closed(simulation);
  simulation.options.random = [random] { return random; };
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 7}));
  std::vector<nanoseconds> pauses;
  for (std::size_t i = 1; i < simulation.sent.size(); ++i) {
    pauses.push_back(simulation.sent[i].at - simulation.sent[i - 1].at);
  }
  return pauses;
}

TEST(Backoff, DoublesFromHalfASecondToEight) {
  EXPECT_THAT(backoffs(0.0), ElementsAre(500ms, 1s, 2s, 4s, 8s, 8s, 8s));
}

TEST(Backoff, IsShortenedByUpToAQuarter) {
  EXPECT_THAT(backoffs(1.0), ElementsAre(375ms, 750ms, 1500ms, 3s, 6s, 6s, 6s));
}

TEST(Backoff, WithoutARandomOfTheUsersStaysWithinItsBounds) {
  Simulation simulation({{failing(503)}});
  simulation.options.random = nullptr;
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 1}));
  EXPECT_LE(simulation.elapsed(), 500ms);
  EXPECT_GE(simulation.elapsed(), 375ms);
}

TEST(Backoff, IsNotBegunWhenTheDeadlineWouldCutIt) {
  Simulation simulation({{failing(503, "", {{"retry-after", "5"}})}});
  const Result<ChatCompletion> result = ask(simulation.client(), {.deadline = 5s});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::internal_server);
  EXPECT_EQ(simulation.elapsed(), 0s);
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(Backoff, DoesNotHoldUpAnotherEndpoint) {
  Simulation simulation({{failing(503, "", {{"retry-after", "30"}})}, {failing(503), ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1));
  EXPECT_EQ(simulation.elapsed(), 437500us);
}

TEST(IdleConnection, ThatHadDiedIsReplacedAtOnce) {
  Simulation simulation({{idle_connection_died(), ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.elapsed(), 0s);
  const Counts counts = client.endpoints().at(0).counts;
  EXPECT_EQ(counts.total_exclusions, 1U);
  EXPECT_EQ(counts.total_failures, 0U);
}

TEST(IdleConnection, IsReplacedForFreeOnceInACall) {
  std::vector<SimulatedAnswer> deaths(7, idle_connection_died());
  deaths.push_back(ok());
  Simulation simulation({std::move(deaths)});
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 0}));
  EXPECT_EQ(simulation.sent.size(), 2U);
  simulation.sent.clear();
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 2}));
  EXPECT_EQ(simulation.sent.size(), 4U) << "further ones are retries";
}

TEST(IdleConnection, OfASecondEndpointIsNotReplacedForFree) {
  Simulation simulation({{idle_connection_died(), failing(503)}, {idle_connection_died(), ok()}});
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 0}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 1));
}

TEST(IdleConnection, IsReplacedByAFreshOneOfTheSameEndpoint) {
  Simulation simulation({{idle_connection_died(), ok()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0)) << "it was the endpoint's turn, and it is well";
  EXPECT_FALSE(simulation.request(0).fresh_connection);
  EXPECT_TRUE(simulation.request(1).fresh_connection);
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.asked().back(), 1U);
}

TEST(IdleConnection, OfAnEndpointThatThenRefusesLeadsToAnother) {
  Simulation simulation({{idle_connection_died(), refused()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 1));
  EXPECT_EQ(client.endpoints().at(0).counts.total_failures, 1U);
}

TEST(IdleConnection, DoesNotCountAsHavingRunTheRequest) {
  Simulation simulation({{idle_connection_died()}, {ok()}});
  simulation.options.max_endpoints = 1;
  EXPECT_TRUE(ask(simulation.client(), {.max_retries = 0}));
}

TEST(IdleConnection, IsClassifiedByTheUserIfTheyWish) {
  Simulation simulation({{idle_connection_died()}, {ok()}});
  simulation.options.classify = [](const Error&) { return FailureClass::client_error; };
  EXPECT_FALSE(ask(simulation.client()));
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(Timeouts, EndsOneAttempt) {
  Simulation simulation({{hanging()}, {after(9s, ok())}});
  simulation.options.timeout = 10s;
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_TRUE(result);
  EXPECT_EQ(simulation.elapsed(), 19s);
  EXPECT_EQ(result->info.attempts[0].message, "no answer within 10 s");
  EXPECT_EQ(simulation.network.in_flight(), 0U) << "what was given up is taken out of the network";
}

TEST(Timeouts, OfACallReplacesTheClients) {
  Simulation simulation({{hanging()}});
  simulation.options.timeout = 10s;
  EXPECT_FALSE(ask(simulation.client(), {.timeout = 3s, .max_retries = 0}));
  EXPECT_EQ(simulation.elapsed(), 3s);
}

TEST(Cancellation, BeforeTheStartSendsNothing) {
  Simulation simulation({{ok()}});
  std::stop_source stop;
  stop.request_stop();
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client, {.stop_token = stop.get_token()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::canceled);
  EXPECT_TRUE(simulation.sent.empty());
  EXPECT_EQ(client.endpoints().at(0).counts.requests, 0U);
}

/// A call that is canceled after 3 s.
Result<ChatCompletion> canceled_call(Simulation& simulation, const Client& client) {
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 3s, [&] { stop.request_stop(); });
  return ask(client, {.stop_token = stop.get_token()});
}

TEST(Cancellation, EndsAnAttemptAtOnceAndAsksNoPredicate) {
  Simulation simulation({{hanging()}, {ok()}});
  const auto asked = std::make_shared<int>(0);
  simulation.options.breaker.is_excluded = [asked](const Error*) { return ++*asked > 1000; };
  simulation.options.breaker.is_successful = [asked](const Error*) { return ++*asked > 1000; };
  const Client client = simulation.client();
  const Result<ChatCompletion> result = canceled_call(simulation, client);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::canceled);
  EXPECT_EQ(result.error().endpoint, "endpoint-0");
  EXPECT_EQ(simulation.elapsed(), 3s);
  EXPECT_EQ(simulation.sent.size(), 1U);
  EXPECT_EQ(*asked, 0);
  EXPECT_EQ(client.endpoints().at(0).counts.total_exclusions, 1U);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0U);
}

TEST(Cancellation, EndsABackoffAtOnce) {
  Simulation simulation({{failing(503, error_json("overloaded"), {{"retry-after", "20"}})}});
  const Result<ChatCompletion> result = canceled_call(simulation, simulation.client());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::canceled);
  EXPECT_EQ(result.error().message, "canceled by the caller after endpoint-0: 503 overloaded");
  EXPECT_EQ(result.error().attempts.size(), 1U);
  EXPECT_EQ(simulation.elapsed(), 3s);
}

}  // namespace
}  // namespace openailb::retry_test
