// What each kind of answer means for the call and for the endpoint: the table of the semantics, seen from the
// outside.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <ostream>
#include <random>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

namespace openailb::failover_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;
using Indices = std::vector<std::size_t>;

/// What an answer leads to.
struct Row {
  bool another;     ///< another endpoint is asked at once
  bool same;        ///< the same endpoint is asked again
  Outcome breaker;  ///< what its breaker counts
  bool cooldown{};
  bool runs{};  ///< counts towards max_endpoints
};

constexpr Row client_error{.another = false, .same = false, .breaker = Outcome::success};
constexpr Row transient{.another = true, .same = true, .breaker = Outcome::failure, .runs = true};
constexpr Row unserved{
    .another = true, .same = true, .breaker = Outcome::failure};  // transient, but never run
constexpr Row invalid_response{.another = true, .same = true, .breaker = Outcome::failure, .runs = true};
constexpr Row clash{.another = true, .same = true, .breaker = Outcome::exclusion};
constexpr Row rate_limited{.another = true, .same = true, .breaker = Outcome::exclusion, .cooldown = true};
constexpr Row account{.another = true, .same = false, .breaker = Outcome::failure};  // quota and credential
constexpr Row turned_away{
    .another = true, .same = false, .breaker = Outcome::exclusion};  // refused, no model

struct Case {
  std::string name;
  SimulatedAnswer answer;
  ErrorKind kind;
  Row row;

  friend std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }
};

Headers should_retry(const char* value) { return {{"x-should-retry", value}}; }

std::vector<Case> cases() {
  using enum ErrorKind;
  const Row same_after_a_fault{.another = false, .same = true, .breaker = Outcome::success};
  const Row not_again{.another = true, .same = false, .breaker = Outcome::failure, .runs = true};
  return {
      {"400", failing(400, error_json("no")), bad_request, client_error},
      {"405", failing(405), api, client_error},
      {"413", failing(413), api, client_error},
      {"415", failing(415), api, client_error},
      {"418", failing(418), api, client_error},
      {"422", failing(422), unprocessable_entity, client_error},
      {"301", failing(301, "", {{"location", "https://elsewhere.example/"}}), api, client_error},
      {"307_to_another_origin", failing(307, "", {{"location", "https://elsewhere.example/"}}), api,
       client_error},
      {"403_of_the_content", failing(403, error_json("Your input was flagged")), permission_denied,
       client_error},
      {"400_to_be_retried", failing(400, "", should_retry("true")), bad_request, same_after_a_fault},
      {"no_connection", refused(), connection, unserved},
      {"unknown_host", {.failure = TransferFailure{.message = "could not resolve"}}, connection, unserved},
      {"connect_timeout",
       {.failure = TransferFailure{.kind = timeout, .message = "no connection within 5 s"}},
       timeout,
       unserved},
      {"reset", broken(), connection, transient},
      {"truncated",
       {.body = "{\"choices\":", .ending = SimulatedAnswer::Ending::reset},
       connection,
       transient},
      {"timeout", hanging(), timeout, transient},
      {"half_an_answer",
       {.body = "{\"choices\":", .ending = SimulatedAnswer::Ending::hang},
       timeout,
       transient},
      {"408", failing(408), api, unserved},
      {"500", failing(500), internal_server, transient},
      {"502", failing(502, "<html>"), internal_server, transient},
      {"504", failing(504), internal_server, transient},
      {"529", failing(529), internal_server, transient},
      {"503", failing(503), internal_server, unserved},
      {"500_not_to_be_retried", failing(500, "", should_retry("false")), internal_server, not_again},
      {"503_for_long", failing(503, "", {{"retry-after", "121"}}), internal_server, account},
      {"200_html", answering("<html>"), parse, invalid_response},
      {"200_whitespace", answering(" \n "), parse, invalid_response},
      {"200_empty", answering(""), parse, invalid_response},
      {"200_half_json", answering("{\"id\":"), parse, invalid_response},
      {"200_no_choice", answering(R"({"choices":[]})"), parse, invalid_response},
      {"200_no_choices", answering(R"({"id":"x","choices":null})"), parse, invalid_response},
      {"200_error_429", answering(R"({"error":{"message":"x","code":429}})"), rate_limit, rate_limited},
      {"200_error_502", answering(R"({"error":{"message":"x","code":502}})"), internal_server, transient},
      {"200_vllm_error", answering(R"({"object":"error","message":"x","type":"BadRequestError","code":400})"),
       bad_request, client_error},
      {"200_error_text", answering(R"({"error":"boom"})"), api, transient},
      {"409", failing(409), ErrorKind::conflict, clash},
      {"429", failing(429), rate_limit, rate_limited},
      {"429_retry_after", failing(429, "", {{"retry-after", "7"}}), rate_limit, rate_limited},
      {"402", failing(402), api, account},
      {"429_quota", failing(429, error_json("x", "insufficient_quota")), rate_limit, account},
      {"403_quota", failing(403, error_json("x", "insufficient_quota")), permission_denied, account},
      {"400_quota", failing(400, error_json("x", "insufficient_quota")), bad_request, account},
      {"400_anthropic_credit", failing(400, error_json("Your credit balance is too low to access the API.")),
       bad_request, account},
      {"401", failing(401), authentication, account},
      {"403_key", failing(403, error_json("x", "invalid_api_key")), permission_denied, account},
      {"400_gemini_key", failing(400, error_json("API key not valid. Please pass a valid API key.")),
       bad_request, account},
      {"403", failing(403, error_json("Country not supported")), permission_denied, turned_away},
      {"404", failing(404, error_json("no such model")), not_found, turned_away},
  };
}

/// A simulation in which no breaker opens and an attempt takes 10 s at most.
struct Unhurried : Simulation {
  explicit Unhurried(std::vector<std::vector<SimulatedAnswer>> scripts) : Simulation(std::move(scripts)) {
    options.timeout = 10s;
    options.breaker.ready_to_trip = [](const Counts&) { return false; };
    options.second_opinion = false;  // which has tests of its own
  }
};

class Semantics : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Answer, Semantics, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.name; });

TEST_P(Semantics, AnotherEndpointIsAskedAtOnce) {
  const auto& [name, answer, kind, row] = GetParam();
  Unhurried simulation({{answer}, {ok()}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  EXPECT_EQ(result.has_value(), row.another);
  EXPECT_EQ(simulation.asked(), row.another ? (Indices{0, 1}) : Indices{0});
  const std::vector<Attempt>& attempts = result ? result->info.attempts : result.error().attempts;
  EXPECT_EQ(attempts.at(0).kind, kind);
  if (row.another) {
    EXPECT_EQ(simulation.sent[1].at, kind == ErrorKind::timeout && row.runs ? 10s : 0s);
  }
}

TEST_P(Semantics, TheSameEndpointIsAskedAgainAfterAPause) {
  const auto& [name, answer, kind, row] = GetParam();
  Unhurried simulation({{answer, ok()}});
  simulation.options.max_retries = 1;
  const Result<ChatCompletion> result = ask(simulation.client());
  EXPECT_EQ(result.has_value(), row.same);
  EXPECT_EQ(simulation.sent.size(), row.same ? 2U : 1U);
  if (row.same) {
    EXPECT_GE(simulation.sent[1].at, 250ms);
  }
  if (!result) {
    EXPECT_EQ(result.error().kind, kind);
  }
}

TEST_P(Semantics, TheBreakerCountsIt) {
  const auto& [name, answer, kind, row] = GetParam();
  Unhurried simulation({{answer}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  const EndpointStatus status = client.endpoints().at(0);
  EXPECT_EQ(status.counts.requests, 1U);
  EXPECT_EQ(status.counts.total_successes, row.breaker == Outcome::success);
  EXPECT_EQ(status.counts.total_failures, row.breaker == Outcome::failure);
  EXPECT_EQ(status.counts.total_exclusions, row.breaker == Outcome::exclusion);
  EXPECT_EQ(status.cooldowns.contains("gpt-4o"), row.cooldown);
  EXPECT_EQ(status.in_flight, 0);
}

TEST_P(Semantics, TheErrorTellsWhoFailedHow) {
  const auto& [name, answer, kind, row] = GetParam();
  Unhurried simulation({{answer}});
  simulation.options.max_retries = 0;
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_FALSE(result);
  const Error& error = result.error();
  EXPECT_EQ(error.kind, kind);
  EXPECT_EQ(error.endpoint, "endpoint-0");
  EXPECT_THAT(error.message, ::testing::StartsWith("endpoint-0: "));
  ASSERT_EQ(error.attempts.size(), 1U);
  EXPECT_EQ(error.attempts[0].status, error.status);
  EXPECT_EQ(error.body,
            answer.failure || kind == ErrorKind::timeout || kind == ErrorKind::connection ? "" : answer.body);
}

// Invariant 5: were it counted as a failure, the breaker would open.
TEST_P(Semantics, OnlyWhatCountsAsAFailureOpensTheBreaker) {
  const auto& [name, answer, kind, row] = GetParam();
  Simulation simulation({{answer}});
  simulation.options.timeout = 10s;
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(ask(client));
    simulation.network.advance(10s);
  }
  EXPECT_EQ(client.endpoints().at(0).state == State::open, row.breaker == Outcome::failure);
}

/// How many requests a call makes when all endpoints give that answer.
std::size_t wire_requests(const Row& row, std::size_t endpoints, std::size_t retries) {
  const std::size_t first = row.another ? (row.runs ? std::min<std::size_t>(endpoints, 3) : endpoints) : 1;
  return first + (row.same ? retries : 0);
}

// Invariants 1 and 2.
class Bound : public ::testing::TestWithParam<std::tuple<std::size_t, int>> {};

INSTANTIATE_TEST_SUITE_P(Endpoints, Bound,
                         ::testing::Combine(::testing::Range<std::size_t>(1, 6), ::testing::Range(0, 5)));

TEST_P(Bound, OnWireRequestsHoldsForEveryAnswer) {
  const auto [endpoints, retries] = GetParam();
  for (const Case& one : cases()) {
    Unhurried simulation(std::vector<std::vector<SimulatedAnswer>>(endpoints, {one.answer}));
    simulation.options.max_retries = retries;
    const Client client = simulation.client();
    const Result<ChatCompletion> result = ask(client);
    const auto wire = wire_requests(one.row, endpoints, static_cast<std::size_t>(retries));
    EXPECT_EQ(simulation.sent.size(), wire) << one.name;
    EXPECT_LE(simulation.sent.size(), endpoints + static_cast<std::size_t>(retries)) << one.name;
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().attempts.size(), wire) << one.name;
    EXPECT_EQ(result.error().kind, one.kind) << one.name;
    EXPECT_EQ(in_flight(client), 0) << one.name;
  }
}

// Invariants 1, 2, 4, 5 and 6 in a long run of calls on endpoints that do anything.
TEST(Invariants, HoldWhateverTheEndpointsDo) {
  std::vector<Case> all = cases();
  for (int i = 0; i < 20; ++i) all.push_back({"ok", after(1s, ok()), ErrorKind::api, {}});
  std::mt19937 random(7);
  const auto below = [&](std::size_t size) {
    return std::uniform_int_distribution<std::size_t>(0, size - 1)(random);
  };
  Simulation simulation;
  std::vector<std::string> given;  // names of the answers of the present call
  for (int i = 0; i < 4; ++i) {
    simulation.add([&](const HttpRequest&) {
      const Case& one = all[below(all.size())];
      given.push_back(one.name);
      return one.answer;
    });
  }
  simulation.options.timeout = 10s;
  simulation.options.second_opinion = false;
  simulation.options.random = [&] { return std::uniform_real_distribution<double>(0, 1)(random); };
  const Client client = simulation.client();
  int failed = 0;
  for (int call = 0; call < 3000; ++call) {
    given.clear();
    simulation.sent.clear();
    const auto began = simulation.elapsed();
    const Result<ChatCompletion> result = ask(client, {.deadline = 30s});
    ASSERT_LE(given.size(), 4U + 2U);
    ASSERT_LE(simulation.elapsed(), began + 30s);
    for (const auto& sent : simulation.sent) ASSERT_LT(sent.at, began + 30s);
    ASSERT_EQ(in_flight(client), 0);
    ASSERT_EQ(simulation.network.in_flight(), 0U);
    const auto at_fault = [&](const std::string& name) {
      const auto one = std::ranges::find(all, name, &Case::name);
      return name != "ok" && !one->row.another && !one->row.same;
    };
    const auto fault = std::ranges::find_if(given, at_fault);
    if (fault != given.end()) {
      ASSERT_EQ(fault + 1, given.end()) << "a caller's fault is sent once";
    }
    if (result || fault != given.end() || std::ranges::find(given, "400_to_be_retried") != given.end())
      continue;
    ++failed;
    if (simulation.elapsed() >= began + 30s) continue;
    const auto asked = simulation.asked();
    const auto runs = std::ranges::count_if(
        given, [&](const std::string& name) { return std::ranges::find(all, name, &Case::name)->row.runs; });
    const auto status = client.endpoints();
    for (std::size_t index = 0; index < 4 && runs < 3; ++index) {
      const bool tried = std::ranges::find(asked, index) != asked.end();
      ASSERT_TRUE(tried || status[index].state == State::open || !status[index].cooldowns.empty()) << call;
    }
  }
  EXPECT_GT(failed, 10);
  for (const EndpointStatus& status : client.endpoints()) {
    EXPECT_LE(status.counts.total_successes + status.counts.total_failures + status.counts.total_exclusions,
              status.counts.requests);
  }
}

TEST(CallerFault, IsReturnedAsItIs) {
  const std::string body = error_json("max_tokens is too large", "invalid_value", "invalid_request_error");
  Simulation simulation({{failing(400, body, {{"x-request-id", "req-7"}})}});
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, 400);
  EXPECT_EQ(result.error().code, "invalid_value");
  EXPECT_EQ(result.error().type, "invalid_request_error");
  EXPECT_EQ(result.error().request_id, "req-7");
  EXPECT_EQ(result.error().body, body);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("max_tokens is too large"));
}

TEST(CallerFault, HasTheHeadersOfItsAnswer) {
  Simulation simulation(
      {{failing(400, "", {{"x-ratelimit-remaining-tokens", "7"}, {"x-echo", "sk-secret-key"}})}});
  simulation.endpoints[0].api_key = "sk-secret-key";
  const Result<ChatCompletion> result = ask(simulation.client());
  EXPECT_EQ(header(result.error().headers, "X-RateLimit-Remaining-Tokens"), "7");
  EXPECT_EQ(header(result.error().headers, "x-echo"), "[redacted]");
}

TEST(CallerFault, OfARedirectSaysWhereItLeads) {
  Simulation simulation({{failing(301, "", {{"location", "https://elsewhere.example/v1"}})}});
  EXPECT_THAT(ask(simulation.client()).error().message,
              ::testing::HasSubstr("a redirect to https://elsewhere.example/v1, which is not followed"));
}

TEST(NotFound, OfSomethingTheServerMadeIsNoFaultOfTheEndpoints) {
  Unhurried simulation({{failing(404)}, {failing(404)}});
  const Client client = simulation.client();
  const Result<nlohmann::json> result = client.get("/responses/resp_abc");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.counts.total_successes, 1U);
}

TEST(NullError, IsNoError) {
  Simulation simulation({{answering(R"({"error":null,"choices":[{"message":{"content":"hello"}}]})")}});
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text(), "hello");
}

TEST(ErrorInAChoice, IsTheErrorThatItDescribes) {
  Simulation simulation({{answering(
                             R"({"choices":[{"finish_reason":"error","message":{"content":""},
                                 "error":{"code":502,"message":"the provider is down"}}]})")},
                         {ok()}});
  const auto result = ask(simulation.client());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.attempts[0].kind, ErrorKind::internal_server);
  EXPECT_THAT(result->info.attempts[0].message, ::testing::HasSubstr("the provider is down"));
}

TEST(NoChoice, SaysWhatCameInstead) {
  Simulation simulation({{answering(R"({"code":401,"msg":"invalid key"})")}});
  const auto result = ask(simulation.client());
  EXPECT_EQ(result.error().kind, ErrorKind::parse);
  EXPECT_THAT(result.error().message,
              ::testing::HasSubstr(R"(without a choice: {"code":401,"msg":"invalid key"})"));
}

TEST(Credential, TheMessageNamesTheEndpointNeverTheKey) {
  Simulation simulation({{failing(401, error_json("Incorrect API key provided: sk-secret-key."))}});
  simulation.endpoints[0].name = "berlin";
  simulation.endpoints[0].api_key = "sk-secret-key";
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "berlin: 401 Incorrect API key provided: [redacted]. (check this endpoint's api_key)");
}

}  // namespace
}  // namespace openailb::failover_test
