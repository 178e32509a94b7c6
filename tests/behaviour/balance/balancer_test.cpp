// Which endpoint a call goes to, and what its breaker makes of it.

#include "support/simulation.hpp"
#include <openailb/detail/balance/balancer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace openailb::balancer_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Does something in the middle of a call that is under way.
void in(Simulation& simulation, std::chrono::nanoseconds when, std::function<void()> action) {
  simulation.network.at(simulation.network.now() + when, std::move(action));
}

/// How many calls each endpoint answered.
std::vector<int> shares(Simulation& simulation, const Client& client, int calls) {
  std::vector<int> served(simulation.endpoints.size());
  for (int i = 0; i < calls; ++i) {
    const Result<ChatCompletion> result = ask(client);
    EXPECT_TRUE(result);
    if (result) ++served[static_cast<std::size_t>(result->info.endpoint.back() - '0')];
  }
  return served;
}

TEST(RoundRobinOfCalls, IsPlainWhenAllAreHealthy) {
  Simulation simulation({{ok()}, {ok()}, {ok()}});
  const Client client = simulation.client();
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 2, 0, 1, 2));
}

// Invariant 7: 90:30 where a counter is taken modulo the healthy ones.
TEST(RoundRobinOfCalls, SharesWhatAFailingEndpointLeavesEvenly) {
  for (const auto& answer : {failing(500), refused(), failing(401), failing(404), failing(409), failing(429),
                             answering("<html>")}) {
    for (std::size_t bad = 0; bad < 3; ++bad) {
      Simulation simulation({{ok()}, {ok()}, {ok()}});
      simulation.options.breaker.ready_to_trip = [](const Counts&) { return false; };
      simulation.serve(bad, answer);
      const Client client = simulation.client();
      std::vector<int> served = shares(simulation, client, 120);
      served.erase(served.begin() + static_cast<std::ptrdiff_t>(bad));
      EXPECT_THAT(served, ElementsAre(60, 60)) << answer.status << ' ' << bad;
    }
  }
}

TEST(RoundRobinOfCalls, SharesDifferByOneWhileBreakersOpenAndClose) {
  Simulation simulation({{ok()}, {ok()}, {ok()}, {ok()}});
  const Client client = simulation.client();
  std::vector<int> served(4);
  for (int i = 0; i < 400; ++i) {
    if (i % 40 == 0) simulation.serve(1, i % 80 == 0 ? failing(500) : ok());
    const Result<ChatCompletion> result = ask(client);
    ASSERT_TRUE(result);
    ++served[static_cast<std::size_t>(result->info.endpoint.back() - '0')];
    simulation.network.advance(1s);
    EXPECT_LE(std::max({served[0], served[2], served[3]}) - std::min({served[0], served[2], served[3]}), 1);
  }
}

TEST(Open, EndpointsAreSkipped) {
  Simulation simulation({{failing(500)}, {ok()}});
  const Client client = simulation.client();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(ask(client));
  EXPECT_EQ(std::ranges::count(simulation.asked(), 0U), 3) << "three failures in a row open it";
  EXPECT_EQ(client.endpoints().at(0).state, State::open);
}

TEST(WhenAllOpenFail, FailsAtOnceAndTellsTheSoonestReopening) {
  Simulation simulation({{failing(500)}, {failing(500)}});
  simulation.options.max_retries = 0;
  simulation.options.when_all_open = WhenAllOpen::fail;
  simulation.endpoints[0].breaker.timeout = 50s;
  simulation.endpoints[1].breaker.timeout = 20s;
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(client).error().kind, ErrorKind::internal_server);
  simulation.network.advance(5s);
  simulation.sent.clear();
  const auto before = simulation.elapsed();
  const Result<ChatCompletion> result = ask(client);
  EXPECT_EQ(simulation.elapsed(), before);
  EXPECT_TRUE(simulation.sent.empty());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::no_endpoint_available);
  EXPECT_TRUE(result.error().attempts.empty());
  EXPECT_THAT(result.error().message,
              AllOf(HasSubstr("endpoint-0"), HasSubstr("endpoint-1"), HasSubstr("45")));

  // Who waits for as long as the error says is served.
  simulation.serve(1, ok());
  simulation.network.advance(*result.error().retry_after);
  EXPECT_LE(*result.error().retry_after, 15s + 1ns);
  EXPECT_TRUE(ask(client));
}

TEST(WhenAllOpenFail, GivesTheLastAttemptsErrorWhereThereWasOne) {
  Simulation simulation({{failing(500, error_json("one"))}, {failing(502, error_json("two"))}});
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  simulation.options.when_all_open = WhenAllOpen::fail;
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, 502);
  EXPECT_EQ(result.error().message, "2 attempts failed: endpoint-0: 500 one; endpoint-1: 502 two");
  EXPECT_EQ(simulation.elapsed(), 0s);
  EXPECT_EQ(ask(client).error().kind, ErrorKind::no_endpoint_available);
}

/// A client whose only endpoint has just become half-open.
void open_and_wait(Simulation& simulation, const Client& client) {
  simulation.serve(0, failing(500));
  while (client.endpoints().at(0).state != State::open) EXPECT_FALSE(ask(client, {.max_retries = 0}));
  simulation.network.advance(30s + 1ns);
  EXPECT_EQ(client.endpoints().at(0).state, State::half_open);
  simulation.sent.clear();
}

// Invariant 6.
TEST(HalfOpen, AdmitsMaxRequestsProbesAtOnce) {
  for (std::uint32_t most : {1U, 3U}) {
    Simulation simulation({{failing(500)}});
    simulation.options.breaker.max_requests = most;
    simulation.options.when_all_open = WhenAllOpen::fail;
    const Client client = simulation.client();
    open_and_wait(simulation, client);
    simulation.serve(0, after(10s, ok()));
    int served = 0;
    int turned_away = 0;
    for (int i = 0; i < 6; ++i) {
      in(simulation, 1s * i, [&] {
        const Result<ChatCompletion> result = ask(client);
        ++(result ? served : turned_away);
        if (!result) {
          EXPECT_EQ(result.error().kind, ErrorKind::no_endpoint_available);
          EXPECT_THAT(result.error().message, HasSubstr("endpoint-0 is being probed"));
        }
      });
    }
    simulation.network.advance(1min);
    EXPECT_EQ(served, most);
    EXPECT_EQ(turned_away, 6 - static_cast<int>(most));
    EXPECT_EQ(simulation.sent.size(), most);
    EXPECT_EQ(client.endpoints().at(0).state, State::closed);
  }
}

TEST(HalfOpen, FullOneIsPassedOver) {
  Simulation simulation({{failing(500)}, {ok()}});
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  simulation.network.advance(31s);
  simulation.serve(0, after(10s, ok()));
  simulation.sent.clear();
  int served = 0;
  in(simulation, 1s, [&] {
    for (int i = 0; i < 4; ++i) served += ask(client).has_value();
  });
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(served, 4);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1, 1));
}

TEST(HalfOpen, ProbeThatSaysNothingLeavesRoomForAnother) {
  Simulation simulation({{failing(500)}});
  const Client client = simulation.client();
  open_and_wait(simulation, client);
  simulation.serve(0, script({failing(404), failing(409), ok()}));
  EXPECT_FALSE(ask(client));
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(client.endpoints().at(0).state, State::closed);
}

TEST(HalfOpen, IsClosedByACallersFault) {
  Simulation simulation({{failing(500)}});
  const Client client = simulation.client();
  open_and_wait(simulation, client);
  simulation.serve(0, failing(400));
  EXPECT_FALSE(ask(client));
  EXPECT_EQ(client.endpoints().at(0).state, State::closed) << "the endpoint answered";
}

// Invariant 10.
TEST(OldGeneration, ChangesNothing) {
  for (const auto& late : {ok(), failing(500), failing(409), refused()}) {
    Simulation simulation({{after(100s, late)}});
    const Client client = simulation.client();
    in(simulation, 1s, [&] {
      open_and_wait(simulation, client);
      simulation.serve(0, ok());
      EXPECT_TRUE(ask(client));
      simulation.serve(0, failing(500));
      EXPECT_FALSE(ask(client, {.max_retries = 0}));
    });
    const auto before_the_end = std::make_shared<std::optional<EndpointStatus>>();
    in(simulation, 99s, [&] { *before_the_end = client.endpoints().at(0); });
    (void)ask(client, {.max_retries = 0});
    const EndpointStatus at_the_end = client.endpoints().at(0);
    ASSERT_TRUE(*before_the_end);
    EXPECT_EQ((*before_the_end)->counts, at_the_end.counts) << late.status;
    EXPECT_EQ(at_the_end.counts.consecutive_failures, 1U);
    EXPECT_EQ((*before_the_end)->in_flight, 1);
    EXPECT_EQ(at_the_end.in_flight, 0);
  }
}

TEST(Breaker, ThatClosesWhileACallGivesUpLeavesItNoWait) {
  const BreakerSettings trips_at_once{.timeout = 1s, .ready_to_trip = [](const Counts&) { return true; }};
  const TimePoint begin{24h};
  Balancer balancer({{.base_url = "https://one.example/v1"}},
                    {.breaker = trips_at_once, .when_all_open = WhenAllOpen::fail}, begin);
  const auto call = *make_call({.method = "GET", .path = "/models"}, balancer.options(), {});
  CallState failed = *balancer.begin(*call, begin);
  auto failing = balancer.next(call, failed, begin).attempt;
  const Failure failure{.policy = {.breaker = Outcome::failure}};
  failing->report_outcome(&failure, begin);

  const TimePoint later = begin + 2s;
  CallState probing = *balancer.begin(*call, later), kept_out = *balancer.begin(*call, later);
  auto probe = balancer.next(call, probing, later).attempt;
  const Balancer::Step nothing = balancer.next(call, kept_out, later);
  ASSERT_TRUE(probe && !nothing.attempt && !nothing.wait);
  probe->report_outcome(nullptr, later);  // on another thread, before the other call has its error
  const Error error = balancer.give_up(*call, kept_out, later);
  EXPECT_EQ(error.kind, ErrorKind::no_endpoint_available);
  EXPECT_EQ(error.retry_after, 0ns);
  EXPECT_THAT(error.message, HasSubstr("endpoint-0 has just become available again"));
}

TEST(Pin, SendsTheCallToThatEndpointAlone) {
  Simulation simulation({{ok()}, {failing(500), ok(), failing(500)}, {ok()}});
  simulation.endpoints[1].name = "berlin";
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client, {.endpoint = "berlin"}));
  EXPECT_FALSE(ask(client, {.max_retries = 1, .endpoint = "berlin"}));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 1, 1, 1));
}

TEST(Pin, ToAnOpenEndpointAsksItAsALastResort) {
  Simulation simulation({{failing(500), failing(500), failing(500), ok()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.endpoint = "endpoint-0"}));
  EXPECT_EQ(client.endpoints().at(0).state, State::open);
  EXPECT_TRUE(ask(client, {.endpoint = "endpoint-0"}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0));
}

TEST(Pin, ToAnUnknownEndpointSendsNothingAndNamesIt) {
  Simulation simulation({{ok()}});
  const Result<ChatCompletion> result = ask(simulation.client(), {.endpoint = "paris"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
  EXPECT_THAT(result.error().message, HasSubstr("paris"));
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Breaker, HasOpenailbsDefaults) {
  Simulation simulation({{failing(500)}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.endpoints().at(0).state, State::closed);
    EXPECT_FALSE(ask(client));
  }
  EXPECT_EQ(client.endpoints().at(0).state, State::open);
  simulation.network.advance(30s);
  EXPECT_EQ(client.endpoints().at(0).state, State::open);
  simulation.network.advance(1ns);
  EXPECT_EQ(client.endpoints().at(0).state, State::half_open);
}

TEST(Breaker, SettingsOfAnEndpointGoBeforeTheClients) {
  Simulation simulation({{failing(500)}, {failing(500)}});
  simulation.options.max_retries = 0;
  simulation.options.breaker = {.name = "Custom", .timeout = 5s, .ready_to_trip = [](const Counts& counts) {
                                  return counts.consecutive_failures >= 1;
                                }};
  const auto changes = std::make_shared<std::vector<std::string>>();
  simulation.options.breaker.on_state_change = [changes](const std::string& name, State, State to) {
    changes->push_back(name + ' ' + std::string(to_string(to)));
  };
  simulation.endpoints[1].name = "berlin";
  simulation.endpoints[1].breaker = {.name = "Own", .timeout = 60s};
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_THAT(*changes, ElementsAre("Custom/endpoint-0 open", "Own/berlin open"));
  simulation.network.advance(6s);
  EXPECT_EQ(client.endpoints().at(0).state, State::half_open);
  EXPECT_EQ(client.endpoints().at(1).state, State::open);
}

TEST(Breaker, WithoutANameIsCalledAfterItsEndpoint) {
  Simulation simulation({{failing(500)}});
  const auto names = std::make_shared<std::vector<std::string>>();
  simulation.options.breaker.on_state_change = [names](const std::string& name, State, State) {
    names->push_back(name);
  };
  EXPECT_FALSE(ask(simulation.client()));
  EXPECT_THAT(*names, ElementsAre("endpoint-0"));
}

TEST(Predicates, ChangeTheBreakersColumnAlone) {
  Simulation simulation({{failing(500)}, {failing(400)}, {ok()}});
  simulation.options.max_retries = 0;
  simulation.options.second_opinion = false;
  const auto order = std::make_shared<std::vector<std::string>>();
  simulation.options.breaker.is_excluded = [order](const Error* error) {
    order->push_back("excluded " + std::to_string(error ? error->status : 0));
    return error && error->status == 500;
  };
  simulation.options.breaker.is_successful = [order](const Error* error) {
    order->push_back("successful " + std::to_string(error ? error->status : 0));
    return error == nullptr;
  };
  const Client client = simulation.client();
  const Result<ChatCompletion> failed = ask(client);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().status, 400) << "the call fails over and ends as ever";
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(*order,
              ElementsAre("excluded 500", "excluded 400", "successful 400", "excluded 0", "successful 0"));
  const auto status = client.endpoints();
  EXPECT_EQ(status[0].counts.total_exclusions, 1U);
  EXPECT_EQ(status[1].counts.total_failures, 1U);
  EXPECT_EQ(status[2].counts.total_successes, 1U);
}

TEST(ClassifyHook, ChangesTheWholeRow) {
  Simulation simulation({{failing(400)}, {failing(500)}, {ok()}});
  simulation.options.classify = [](const Error& error) -> std::optional<FailureClass> {
    if (error.status == 400) return FailureClass::rate_limited;
    if (error.status == 500) return FailureClass::client_error;
    return std::nullopt;
  };
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, 500);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  const auto status = client.endpoints();
  EXPECT_EQ(status[0].counts.total_exclusions, 1U);
  EXPECT_FALSE(status[0].cooldowns.empty());
  EXPECT_EQ(status[1].counts.total_successes, 1U);
}

TEST(ClassifyHook, LeavesWhatItReturnsNullFor) {
  Simulation simulation({{failing(500)}, {ok()}});
  simulation.options.classify = [](const Error&) { return std::nullopt; };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(client.endpoints().at(0).counts.total_failures, 1U);
}

}  // namespace
}  // namespace openailb::balancer_test
