// Hedges: a second attempt races the first, and the first answer wins.

#include "support/hedged.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace openailb::hedge_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;

void expect_nothing_left(const Simulation& simulation, const Client& client) {
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0U);
  for (const EndpointStatus& endpoint : client.endpoints()) {
    const Counts& counts = endpoint.counts;
    EXPECT_EQ(counts.requests, counts.total_successes + counts.total_failures + counts.total_exclusions);
  }
}

TEST(Hedge, IsNotSentUnlessAskedFor) {
  Simulation simulation({{after(1h, ok())}, {ok()}});
  simulation.options.timeout = 0s;
  simulation.options.deadline = 0s;
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(Hedge, ThatAnswersFirstWins) {
  Hedged simulation({{after(10s, ok("slow"))}, {after(2s, ok("fast"))}});
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text(), "fast");
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 1s));
  EXPECT_EQ(simulation.elapsed(), 3s);

  EXPECT_EQ(result->info.endpoint, "endpoint-1");
  const std::vector<Attempt>& attempts = result->info.attempts;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].endpoint, "endpoint-0");
  EXPECT_EQ(attempts[0].kind, ErrorKind::canceled);
  EXPECT_EQ(attempts[0].message, "canceled: endpoint-1 answered first");
  EXPECT_EQ(attempts[0].elapsed, 3s);
  EXPECT_EQ(attempts[1].endpoint, "endpoint-1");
  EXPECT_EQ(attempts[1].kind, std::nullopt);
  EXPECT_EQ(attempts[1].elapsed, 2s);
  EXPECT_EQ(counts(client, 0).total_exclusions, 1U);
  EXPECT_EQ(counts(client, 1).total_successes, 1U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, ThatAnswersLaterLoses) {
  Hedged simulation({{after(2s, ok("first"))}, {after(2s, ok("second"))}});
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text(), "first");
  EXPECT_EQ(simulation.elapsed(), 2s);
  ASSERT_EQ(result->info.attempts.size(), 2U);
  EXPECT_EQ(result->info.attempts[0].endpoint, "endpoint-1");
  EXPECT_EQ(result->info.attempts[0].message, "canceled: endpoint-0 answered first");
  EXPECT_EQ(result->info.attempts[0].elapsed, 1s);
  EXPECT_EQ(counts(client, 0).total_successes, 1U);
  EXPECT_EQ(counts(client, 1).total_exclusions, 1U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, ThatTiesIsEitherWinnerOrLoser) {
  Hedged simulation({{after(3s, ok("first"))}, {after(2s, ok("second"))}});
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text(), result->info.endpoint == "endpoint-0" ? "first" : "second");
  ASSERT_EQ(result->info.attempts.size(), 2U);
  EXPECT_EQ(result->info.attempts[0].kind, ErrorKind::canceled);
  EXPECT_EQ(result->info.attempts[1].kind, std::nullopt);
  EXPECT_EQ(counts(client, 0).total_successes + counts(client, 1).total_successes, 1U);
  EXPECT_EQ(counts(client, 0).total_exclusions + counts(client, 1).total_exclusions, 1U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, IsNotSentWhenTheAnswerComesInTime) {
  Hedged simulation({{after(999ms, ok())}, {ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(Hedge, GoesOnWhenTheFirstFails) {
  Hedged simulation({{after(2s, failing(500))}, {after(3s, ok())}, {ok()}});
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  EXPECT_EQ(simulation.elapsed(), 4s);
  ASSERT_EQ(result->info.attempts.size(), 2U);
  EXPECT_EQ(result->info.attempts[0].status, 500);
  EXPECT_EQ(result->info.attempts[1].endpoint, "endpoint-1");
  EXPECT_EQ(counts(client, 0).total_failures, 1U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, ThatFailsLeavesTheFirstAlone) {
  Hedged simulation({{after(5s, ok())}, {failing(500)}, {ok()}});
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1)) << "a call is hedged once";
  EXPECT_EQ(simulation.elapsed(), 5s);
  ASSERT_EQ(result->info.attempts.size(), 2U);
  EXPECT_EQ(result->info.attempts[0].endpoint, "endpoint-1");
  EXPECT_EQ(result->info.attempts[0].status, 500);
  EXPECT_EQ(counts(client, 1).total_failures, 1U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, ThatFailsAsTheFirstDoesIsFollowedByTheNextEndpoint) {
  Hedged simulation({{after(2s, failing(500))}, {after(2s, failing(503))}, {after(9s, ok())}});
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 2)) << "and the third is not hedged";
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 1s, 3s));
  EXPECT_EQ(result->info.attempts.size(), 3U);
}

TEST(Hedge, IsNotWhatFollowsARefusal) {
  Hedged simulation({{after(500ms, failing(503))}, {after(3s, ok("second"))}, {after(1s, ok("third"))}});
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text(), "third");
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 500ms, 1500ms))
      << "at once, and hedged after its own second";
}

TEST(Hedge, IsCanceledByAFailureThatEndsTheCall) {
  Hedged simulation({{after(2s, failing(400, error_json("no such thing")))}, {after(9s, ok())}, {ok()}});
  simulation.options.second_opinion = false;
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
  EXPECT_EQ(result.error().message,
            "2 attempts failed: endpoint-1: canceled: the call had ended; endpoint-0: 400 no such thing");
  EXPECT_EQ(simulation.elapsed(), 2s);
  EXPECT_EQ(simulation.sent.size(), 2U);
  EXPECT_EQ(counts(client, 1).total_exclusions, 1U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, GoesOnWhenTheFirstsTimeIsOver) {
  Hedged simulation({{hanging()}, {after(5s, ok())}});
  const Result<ChatCompletion> result = ask(simulation.client(), {.timeout = 5s});
  ASSERT_TRUE(result);
  EXPECT_EQ(simulation.elapsed(), 6s);
  EXPECT_EQ(result->info.attempts[0].message, "no answer within 5 s");
}

TEST(Hedge, EndsAtTheDeadline) {
  Hedged simulation({{hanging()}, {hanging()}});
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client, {.deadline = 5s});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::timeout);
  EXPECT_EQ(result.error().attempts.size(), 2U);
  EXPECT_EQ(simulation.elapsed(), 5s);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, IsNotBegunAtTheDeadline) {
  Hedged simulation({{hanging()}, {ok()}});
  EXPECT_FALSE(ask(simulation.client(), {.deadline = 1s}));
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(Hedge, EndsWhenItsCallIsStopped) {
  Hedged simulation({{hanging()}, {hanging()}});
  const Client client = simulation.client();
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 3s, [&] { stop.request_stop(); });
  const Result<ChatCompletion> result = ask(client, {.stop_token = stop.get_token()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.elapsed(), 3s);
  EXPECT_EQ(simulation.sent.size(), 2U);
  EXPECT_EQ(counts(client, 0).total_exclusions + counts(client, 1).total_exclusions, 2U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, LeavesNothingBehindWhenAFunctionOfTheUsersThrows) {
  Hedged simulation({{after(9s, ok())}, {failing(500)}});
  simulation.options.classify = [](const Error&) -> std::optional<FailureClass> {
    throw std::runtime_error("the user's own");
  };
  const Client client = simulation.client();
  EXPECT_THROW((void)ask(client), std::runtime_error);
  EXPECT_EQ(simulation.sent.size(), 2U);
  expect_nothing_left(simulation, client);
}

TEST(Hedge, GoesOnlyToAnEndpointThatAdmits) {
  Hedged simulation({{ok()}, {failing(500)}, {ok()}});
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-1"}));
  ASSERT_EQ(client.endpoints().at(1).state, State::open);
  simulation.serve(0, after(5s, ok()));
  simulation.serve(2, after(5s, ok()));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 0, 2));
}

TEST(Hedge, IsNotSentToAnEndpointThatIsRateLimited) {
  Hedged simulation({{after(5s, ok())}, {failing(429, "", {{"retry-after", "60"}})}});
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.deadline = 1s, .max_retries = 0, .endpoint = "endpoint-1"}));
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 0));
}

TEST(Hedge, StaysWithinMaxEndpoints) {
  Hedged simulation({{after(5s, ok())}, {ok()}});
  simulation.options.max_endpoints = 1;
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(Hedge, IsNotSentForACallThatIsPinned) {
  Hedged simulation({{after(5s, ok())}, {ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.endpoint = "endpoint-0"}));
  EXPECT_EQ(simulation.sent.size(), 1U);
}

TEST(Hedge, IsSentForNoOtherPath) {
  Hedged simulation({{after(5s, answering("{}"))}});
  simulation.serve(0, after(5s, answering("{}")));
  simulation.add(script({answering("{}")}));
  const Client client = simulation.client();
  EXPECT_TRUE(client.post("/batches", nlohmann::json{{"model", "m"}}));
  EXPECT_EQ(simulation.sent.size(), 1U) << "it might create a second batch";
}

/// How many requests a call with these parameters sends, when the first is slow.
std::size_t requests_of(ChatCompletionCreateParams params, bool with_tools, RequestOptions options = {}) {
  Hedged simulation({{after(5s, ok())}, {ok()}});
  simulation.options.hedge->with_tools = with_tools;
  EXPECT_TRUE(simulation.client().chat.completions.create(std::move(params), std::move(options)));
  return simulation.sent.size();
}

TEST(Hedge, IsSentForRequestsWithToolsOnlyWhenAskedFor) {
  const nlohmann::json tools = nlohmann::json::array(
      {{{"type", "function"}, {"function", {{"name", "pay"}, {"parameters", nlohmann::json::object()}}}}});
  EXPECT_EQ(requests_of(question(), false), 2U);
  EXPECT_EQ(requests_of(question(), false, {.extra_body = {{"tools", tools}}}), 1U);
  EXPECT_EQ(requests_of(question(), true, {.extra_body = {{"tools", tools}}}), 2U);
  EXPECT_EQ(requests_of(question(), false, {.extra_body = {{"functions", tools}}}), 1U);
}

TEST(Hedge, IsNotSentForWorkInTheBackground) {
  EXPECT_EQ(requests_of(question(), true, {.extra_body = {{"background", false}}}), 2U);
  EXPECT_EQ(requests_of(question(), true, {.extra_body = {{"background", true}}}), 1U);
}

TEST(Hedge, SaysThatItIsTheSecondAttempt) {
  Hedged simulation({{after(5s, ok())}, {ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(simulation.request(0).headers.at("x-stainless-retry-count"), "0");
  EXPECT_EQ(simulation.request(1).headers.at("x-stainless-retry-count"), "1");
}

TEST(Hedge, SharesTheRedirectsOfItsCall) {
  const SimulatedAnswer redirect{.status = 307, .headers = {{"location", "/v1/chat/completions"}}};
  Hedged simulation({{after(2s, redirect), redirect, redirect}, {after(2s, redirect), redirect, redirect}});
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 2}));
  EXPECT_EQ(simulation.sent.size(), 4U) << "two endpoints and two retries";
}

TEST(Hedge, TakesNoTurnOfACall) {
  Hedged simulation({{after(5s, ok())}, {ok()}, {ok()}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 8; ++call) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 2, 3, 0, 2, 1, 2, 3));
}

TEST(Hedge, IsSilentlyNotSentWhenTheRetryBudgetIsUsedUp) {
  Hedged simulation({{after(5s, ok())}, {ok()}});
  simulation.options.retry_budget =
      RetryBudgetOptions{.per_call = 0.0, .per_second = 0.1};  // 1 to begin with
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client, {.max_retries = 0}));
  EXPECT_EQ(simulation.sent.size(), 2U);
  simulation.serve(1, after(5s, ok()));
  simulation.serve(0, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.sent.size(), 4U);
}

TEST(HedgedStream, IsThatOfTheEndpointWhoseFirstTokenComesFirst) {
  Hedged simulation({{dripping({role(), says("slow"), finish(), done()}, 4s)},
                     {dripping({role(), says("fa"), says("st"), finish(), done()}, 1s)}});
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  EXPECT_EQ(simulation.elapsed(), 3s);
  EXPECT_EQ(stream.info().endpoint, "endpoint-1");
  ASSERT_EQ(stream.info().attempts.size(), 2U);
  EXPECT_EQ(stream.info().attempts[0].message, "canceled: endpoint-1 answered first");
  EXPECT_EQ(simulation.network.in_flight(), 1U) << "the loser is canceled at once";
  const Heard heard = listen(stream);
  EXPECT_EQ(heard.kind, std::nullopt);
  EXPECT_EQ(stream.completion().text(), "fast");
  expect_nothing_left(simulation, client);
}

TEST(HedgedStream, IsNotHedgedAfterItsFirstToken) {
  Hedged simulation({{dripping({says("a"), says("b"), finish(), done()}, 900ms)}, {streaming(whole("c"))}});
  EXPECT_EQ(hear(simulation.client()).kind, std::nullopt);
  EXPECT_EQ(simulation.sent.size(), 1U);
}

}  // namespace
}  // namespace openailb::hedge_test
