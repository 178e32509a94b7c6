#include "support/simulation.hpp"
#include <openailb/client.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::client_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Client, AnswersAQuestion) {
  Simulation simulation({{ok("Hello!")}});
  const Client client = simulation.client();
  const auto completion = client.chat.completions.create({
      .model = "gpt-4o",
      .messages = {user_message("Hello!")},
  });
  EXPECT_EQ(completion->choices[0].message.content, "Hello!");
  EXPECT_EQ(completion->text(), "Hello!");
}

TEST(Client, TakesAJsonBodyInsteadOfParams) {
  Simulation simulation({{ok()}});
  const json body{{"model", "m"}, {"messages", json::array()}, {"top_k", 40}};
  EXPECT_TRUE(simulation.client().chat.completions.create(body));
  EXPECT_EQ(json::parse(simulation.request(0).body), body);
}

TEST(Client, PostsToAnyPath) {
  Simulation simulation(
      {{failing(503)}, {{.headers = {{"x-request-id", "r"}}, .body = R"({"data":[1,2]})"}}});
  simulation.endpoints[1].model_map = {{"small", "text-embedding-3-small"}};
  const Result<json> result = simulation.client().post("/embeddings", {{"model", "small"}, {"input", "x"}},
                                                       {.extra_body = {{"dimensions", 2}}});
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, json::parse(R"({"data":[1,2]})"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  EXPECT_EQ(simulation.request(1).url, "https://endpoint-1.example/v1/embeddings");
  EXPECT_EQ(json::parse(simulation.request(1).body),
            json::parse(R"({"model":"text-embedding-3-small","input":"x","dimensions":2})"));
}

TEST(Client, PostsWhatIsNoObject) {
  Simulation simulation({{answering("[]")}});
  EXPECT_TRUE(simulation.client().post("/x", json::array({1, 2})));
  EXPECT_EQ(simulation.request(0).body, "[1,2]");
}

TEST(Client, GetsAnyPath) {
  Simulation simulation({{answering(R"({"data":[]})")}});
  EXPECT_TRUE(simulation.client().get("models?limit=2", {.extra_query = {{"after", "x"}}}));
  EXPECT_EQ(simulation.request(0).method, "GET");
  EXPECT_EQ(simulation.request(0).url, "https://endpoint-0.example/v1/models?limit=2&after=x");
  EXPECT_EQ(simulation.request(0).body, "");
  EXPECT_FALSE(simulation.request(0).headers.contains("content-type"));
}

TEST(Client, ThatIsCopiedSharesItsState) {
  Simulation simulation({{failing(500)}, {ok()}});
  const Client client = simulation.client();
  const Client copy = client;  // NOLINT
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(i % 2 == 0 ? client : copy, {.max_retries = 0}));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client, {.max_retries = 0}));
  EXPECT_EQ(client.endpoints().at(0).state, State::open);
  EXPECT_EQ(copy.endpoints().at(0).state, State::open);
}

TEST(Client, ThatWasMovedFromStillWorks) {
  Simulation simulation({{ok()}, {ok()}});
  Client client = simulation.client();
  const Client taken = std::move(client);
  EXPECT_TRUE(ask(client));  // NOLINT
  EXPECT_TRUE(ask(taken));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  Simulation other({{ok()}});
  Client third = other.client();
  third = std::move(client);
  EXPECT_TRUE(ask(third));
  EXPECT_TRUE(ask(client));  // NOLINT
  EXPECT_EQ(simulation.sent.size(), 4U);
  EXPECT_TRUE(other.sent.empty());
}

TEST(Client, IsOutlivedByItsResources) {
  Simulation simulation({{ok()}});
  auto client = std::make_optional(simulation.client());
  const auto completions = client->chat.completions;
  const auto chat = client->chat;
  client.reset();
  EXPECT_TRUE(completions.create(question()));
  EXPECT_TRUE(chat.completions.create(question()));
}

TEST(Client, MayCallItselfWhileACallIsUnderWay) {
  Simulation simulation({{after(10s, ok("outer"))}, {ok("inner")}});
  const Client client = simulation.client();
  std::string inner;
  int meanwhile = 0;
  simulation.network.at(simulation.network.now() + 1s, [&] {
    inner = ask(client).value().text();
    meanwhile = in_flight(client);
  });
  EXPECT_EQ(ask(client).value().text(), "outer");
  EXPECT_EQ(inner, "inner");
  EXPECT_EQ(meanwhile, 1);
  EXPECT_EQ(in_flight(client), 0);
}

// Invariant 4: what a user's function throws reaches the caller, and leaves nothing behind.
struct Throwing {
  std::string name;
  std::function<void(Simulation&)> prepare;
  SimulatedAnswer answer;

  friend std::ostream& operator<<(std::ostream& out, const Throwing& one) { return out << one.name; }
};

struct Thrown : std::runtime_error {
  Thrown() : std::runtime_error("thrown by the user") {}
};

class UsersFunction : public ::testing::TestWithParam<Throwing> {};

INSTANTIATE_TEST_SUITE_P(
    Throws, UsersFunction,
    ::testing::Values(
        Throwing{"classify",
                 [](Simulation& s) {
                   s.options.classify = [](const Error&) -> std::optional<FailureClass> { throw Thrown(); };
                 },
                 failing(500)},
        Throwing{"classify_of_a_timeout",
                 [](Simulation& s) {
                   s.options.classify = [](const Error&) -> std::optional<FailureClass> { throw Thrown(); };
                 },
                 hanging()},
        Throwing{"ready_to_trip",
                 [](Simulation& s) {
                   s.options.breaker.ready_to_trip = [](const Counts&) -> bool { throw Thrown(); };
                 },
                 failing(500)},
        Throwing{"on_state_change",
                 [](Simulation& s) {
                   s.options.breaker.ready_to_trip = [](const Counts&) { return true; };
                   s.options.breaker.on_state_change = [](const std::string&, State, State) {
                     throw Thrown();
                   };
                 },
                 failing(500)},
        Throwing{"is_successful",
                 [](Simulation& s) {
                   s.options.breaker.is_successful = [](const Error*) -> bool { throw Thrown(); };
                 },
                 ok()},
        Throwing{"is_excluded",
                 [](Simulation& s) {
                   s.options.breaker.is_excluded = [](const Error*) -> bool { throw Thrown(); };
                 },
                 failing(500)},
        Throwing{"api_key",
                 [](Simulation& s) { s.endpoints[0].api_key = []() -> std::string { throw Thrown(); }; },
                 ok()},
        Throwing{"random", [](Simulation& s) { s.options.random = []() -> double { throw Thrown(); }; },
                 failing(500)}),
    [](const auto& test) { return test.param.name; });

TEST_P(UsersFunction, ReachesTheCallerAndLeavesNothingBehind) {
  const auto& [name, prepare, answer] = GetParam();
  Simulation simulation({{answer}});
  simulation.options.timeout = 10s;
  prepare(simulation);
  const Client client = simulation.client();
  EXPECT_THROW((void)ask(client), Thrown);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0U);
  const Counts counts = client.endpoints().at(0).counts;
  EXPECT_EQ(counts.requests, counts.total_successes + counts.total_failures + counts.total_exclusions)
      << "the permit is back";
}

TEST(UsersFunction, ThatThrowsDoesNotKeepAProbeForItself) {
  Simulation simulation({{failing(500)}});
  const auto throws = std::make_shared<bool>(false);
  simulation.options.classify = [throws](const Error&) -> std::optional<FailureClass> {
    if (*throws) throw Thrown();
    return std::nullopt;
  };
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  simulation.network.advance(31s);
  *throws = true;
  EXPECT_THROW((void)ask(client), Thrown);
  simulation.serve(0, ok());
  EXPECT_TRUE(ask(client));
}

TEST(Endpoints, TellWhatTheyAreDoing) {
  Simulation simulation({{failing(429, "", {{"retry-after", "30"}})}, {after(5s, ok())}});
  simulation.endpoints[1].name = "berlin";
  const Client client = simulation.client();
  std::vector<EndpointStatus> meanwhile;
  simulation.network.at(simulation.network.now() + 3s, [&] { meanwhile = client.endpoints(); });
  EXPECT_TRUE(ask(client));
  ASSERT_EQ(meanwhile.size(), 2U);
  EXPECT_EQ(meanwhile[0].name, "endpoint-0");
  EXPECT_EQ(meanwhile[0].base_url, "https://endpoint-0.example/v1");
  EXPECT_EQ(meanwhile[0].cooldowns.at("gpt-4o"), 27s);
  EXPECT_EQ(meanwhile[0].in_flight, 0);
  EXPECT_EQ(meanwhile[1].name, "berlin");
  EXPECT_EQ(meanwhile[1].state, State::closed);
  EXPECT_EQ(meanwhile[1].in_flight, 1);
  EXPECT_EQ(meanwhile[1].counts.requests, 1U);
}

}  // namespace
}  // namespace openailb::client_test
