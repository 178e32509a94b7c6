// The retry budget: what a client may spend on attempts beyond those that are free.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

namespace openailb::retry_budget_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// What nobody can spend.
constexpr RetryBudgetOptions nothing{.per_call = 0.0, .per_second = 0.0};

void keep_closed(Simulation& simulation) {
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return false; };
}

TEST(RetryBudgetUsedUp, MakesACallFailWithItsLastErrorAtOnce) {
  Simulation simulation({{failing(503, error_json("overloaded"))}});
  simulation.options.retry_budget = nothing;
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::internal_server);
  EXPECT_EQ(result.error().message,
            "endpoint-0: 503 overloaded (not retried, as the client's retry budget is used up)");
  EXPECT_EQ(simulation.sent.size(), 1U);
  EXPECT_EQ(simulation.elapsed(), 0s) << "there is no backoff for a retry that cannot be made";
}

TEST(RetryBudgetUsedUp, LeavesTheFirstPassAlone) {
  Simulation simulation({{failing(503)}, {refused()}, {ok()}});
  simulation.options.retry_budget = nothing;
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 2));
}

TEST(RetryBudgetUsedUp, LeavesTheFirstAttemptAloneAlsoIfItIsALastResort) {
  Simulation simulation({{refused(), ok()}});
  simulation.options.retry_budget = nothing;
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_EQ(client.endpoints().at(0).state, State::open);
  EXPECT_TRUE(ask(client));
}

TEST(RetryBudgetUsedUp, AllowsNoSecondLastResort) {
  Simulation simulation({{refused()}, {refused()}});
  simulation.options.retry_budget = nothing;
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1)) << "both breakers admitted";
  const Result<ChatCompletion> result = ask(client);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0)) << "now both refuse";
  EXPECT_THAT(result.error().message, HasSubstr("retry budget is used up"));
}

TEST(RetryBudgetUsedUp, LeavesTheFreeRetryAlone) {
  Simulation simulation({{idle_connection_died(), ok()}});
  simulation.options.retry_budget = nothing;
  EXPECT_TRUE(ask(simulation.client()));
}

TEST(RetryBudgetUsedUp, StillWaitsForAnEndpointThatWasNotTried) {
  Simulation simulation({{failing(429, "", {{"retry-after", "5"}}), failing(503)}, {failing(400), ok()}});
  simulation.options.retry_budget = nothing;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));  // endpoint-0 cools now
  simulation.serve(1, failing(503));
  simulation.serve(0, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.asked().back(), 0U);
  EXPECT_GE(simulation.elapsed(), 5s);
}

TEST(RetryBudgetUsedUp, IsNotBlamedWhereThereWasNothingToRetry) {
  for (const SimulatedAnswer& answer : {failing(400), failing(401)}) {
    Simulation simulation({{answer}});
    simulation.options.retry_budget = nothing;
    EXPECT_THAT(ask(simulation.client()).error().message, Not(HasSubstr("budget"))) << answer.status;
  }
  Simulation without_retries({{failing(503)}});
  without_retries.options.retry_budget = nothing;
  EXPECT_THAT(ask(without_retries.client(), {.max_retries = 0}).error().message, Not(HasSubstr("budget")));
}

/// How many of so many calls at one instant were retried. The endpoint always fails.
std::size_t retried(Simulation& simulation, const Client& client, std::size_t calls) {
  const std::size_t before = simulation.sent.size();
  for (std::size_t call = 0; call < calls; ++call) {
    // Nobody waits for the backoff, so that no time passes.
    (void)ask(client, {.max_retries = 1});
  }
  return simulation.sent.size() - before - calls;
}

/// An endpoint that fails, and may be asked again within a microsecond.
void fail_quickly(Simulation& simulation) {
  simulation.add(script({failing(503, "", {{"retry-after-ms", "0.001"}})}));
  keep_closed(simulation);
}

TEST(RetryBudget, HoldsTenSecondsOfItsFloorAtTheStart) {
  Simulation simulation;
  fail_quickly(simulation);
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 2.0};
  EXPECT_EQ(retried(simulation, simulation.client(), 30), 20U);
}

TEST(RetryBudget, GrowsByItsFloor) {
  Simulation simulation;
  fail_quickly(simulation);
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 2.0};
  const Client client = simulation.client();
  retried(simulation, client, 30);
  std::size_t retries = 0;
  for (int tenth = 0; tenth < 100; ++tenth) {
    simulation.network.advance(100ms);
    retries += retried(simulation, client, 1);
  }
  EXPECT_LE(retries, 20U);
  EXPECT_GE(retries, 18U);
}

TEST(RetryBudget, GrowsWithEachCall) {
  Simulation simulation;
  fail_quickly(simulation);
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.25, .per_second = 0.0};
  EXPECT_EQ(retried(simulation, simulation.client(), 100), 25U);
}

TEST(RetryBudget, ForgetsWhatWasSavedLongAgo) {
  Simulation simulation;
  simulation.add(script({ok()}));
  keep_closed(simulation);
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 1.0, .per_second = 0.0};
  const Client client = simulation.client();
  for (int call = 0; call < 100; ++call) EXPECT_TRUE(ask(client));
  simulation.serve(0, failing(503, "", {{"retry-after-ms", "0.001"}}));
  simulation.network.advance(1h);
  EXPECT_EQ(retried(simulation, client, 1), 1U) << "the call's own";
  EXPECT_EQ(ask(client, {.max_retries = 2}).error().attempts.size(), 2U);
}

TEST(RetryBudget, GetsBackWhatACallHasNotSpent) {
  Simulation simulation({{failing(503)}});
  keep_closed(simulation);
  simulation.options.retry_budget =
      RetryBudgetOptions{.per_call = 0.0, .per_second = 0.1};  // so 1 to begin with
  const Client client = simulation.client();
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 100ms, [&] { stop.request_stop(); });
  EXPECT_EQ(ask(client, {.stop_token = stop.get_token()}).error().kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.sent.size(), 1U) << "stopped in its backoff";
  EXPECT_EQ(ask(client, {.max_retries = 1}).error().attempts.size(), 2U);
}

TEST(RetryBudget, SwitchedOffLimitsNothing) {
  Simulation simulation;
  fail_quickly(simulation);
  simulation.options.retry_budget = std::nullopt;
  EXPECT_EQ(retried(simulation, simulation.client(), 1000), 1000U);
}

TEST(RetryBudget, KeepsTheRequestsToADeadFleetAtOneAndAFifthPerCall) {
  Simulation simulation({{refused()}, {refused()}, {refused()}, {refused()}});
  const Client client = simulation.client();
  constexpr std::size_t calls = 5000;
  for (std::size_t call = 0; call < calls; ++call) {
    EXPECT_FALSE(ask(client, {.max_retries = 0}));
    simulation.network.advance(1ms);
  }
  const double seconds = std::chrono::duration<double>(simulation.elapsed()).count();
  const double above_the_floor = static_cast<double>(simulation.sent.size()) - 10.0 * (seconds + 10.0);
  EXPECT_LE(above_the_floor / calls, 1.21);
  EXPECT_GE(above_the_floor / calls, 1.15);
}

TEST(RetryBudget, IsRejectedIfItsNumbersAreWrong) {
  const auto refusal = [](RetryBudgetOptions budget) -> std::string {
    try {
      const Client client({{.base_url = "https://one.example"}}, {.retry_budget = budget});
      return "accepted";
    } catch (const std::invalid_argument& wrong) {
      return wrong.what();
    }
  };
  EXPECT_EQ(refusal({}), "accepted");
  EXPECT_EQ(refusal(nothing), "accepted");
  EXPECT_EQ(refusal({.per_call = -0.1}), "openailb: retry_budget.per_call is not between 0 and 1e9");
  EXPECT_EQ(refusal({.per_second = NAN}), "openailb: retry_budget.per_second is not between 0 and 1e9");
}

}  // namespace
}  // namespace openailb::retry_budget_test
