// What add_endpoint and set_endpoints change at endpoints that stay, and for calls that are under way.

#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace openailb::changed_endpoints_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Endpoints with names of their own, so that they stay the same whatever is set.
struct Named : Simulation {
  explicit Named(std::vector<std::vector<SimulatedAnswer>> scripts) : Simulation(std::move(scripts)) {
    for (std::size_t index = 0; index < endpoints.size(); ++index) {
      endpoints[index].name = std::string(1, static_cast<char>('a' + index));
    }
  }
  std::string header_of_last(const char* name) const {
    return std::string(header(network.requests().back().headers, name));
  }
};

std::vector<std::string> names(const Client& client) {
  std::vector<std::string> all;
  for (const EndpointStatus& endpoint : client.endpoints()) all.push_back(endpoint.name);
  return all;
}

TEST(AddedEndpoint, GetsNoNameThatIsTaken) {
  Simulation simulation({{ok()}, {ok()}, {ok()}, {ok()}});
  const Client client({simulation.endpoints[0], simulation.endpoints[1], simulation.endpoints[2]},
                      simulation.options);
  client.remove_endpoint("endpoint-0");
  client.add_endpoint(simulation.endpoints[3]);
  client.add_endpoint(simulation.endpoints[0]);
  EXPECT_THAT(names(client), ElementsAre("endpoint-1", "endpoint-2", "endpoint-3", "endpoint-4"));
  EXPECT_EQ(ask(client, {.endpoint = "endpoint-3"})->info.base_url, "https://endpoint-3.example/v1");
}

TEST(AddedEndpoint, HasTheLimitsAndTheListenerOfAnyOther) {
  Simulation simulation({{ok()}, {failing(500)}});
  std::vector<std::string> changed;
  simulation.options.on_event = [&](const Event& event) {
    if (const auto* change = std::get_if<BreakerChanged>(&event)) changed.emplace_back(change->endpoint);
  };
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  const Client client({simulation.endpoints[0]}, simulation.options);
  simulation.endpoints[1].requests_per_minute = 2;
  client.add_endpoint(simulation.endpoints[1]);
  for (int call = 0; call < 2; ++call) {
    EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-1"}));
  }
  EXPECT_EQ(ask(client, {.deadline = 1s, .endpoint = "endpoint-1"}).error().kind,
            ErrorKind::no_endpoint_available);
  EXPECT_EQ(simulation.sent.size(), 2U);
  EXPECT_THAT(changed, ElementsAre("endpoint-1"));
}

TEST(AddedEndpoint, HasNoMoreInFlightThanItMay) {
  Crowd crowd(2, 10s);
  EndpointConfig second = crowd.endpoints[1];
  second.name = "second";
  second.max_in_flight = 1;
  crowd.endpoints.resize(1);
  crowd.client().add_endpoint(second);
  for (int call = 0; call < 3; ++call) crowd.call(0s, {.endpoint = "second"});
  crowd.run();
  EXPECT_EQ(crowd.elapsed(), 30s);
}

TEST(ChangedEndpoint, IsAskedAsItIsSetNow) {
  Named simulation({{ok()}});
  EndpointConfig& endpoint = simulation.endpoints[0];
  endpoint.api_key = "old";
  endpoint.headers = {{"X-Old", "1"}};
  endpoint.query = {{"old", "1"}};
  endpoint.extra_body = {{"old", 1}};
  endpoint.model_map = {{"gpt-4o", "old"}};
  endpoint.organization = "old";
  endpoint.project = "old";
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  endpoint.api_key = "new";
  endpoint.headers = {{"X-New", "2"}};
  endpoint.query = {{"new", "2"}};
  endpoint.extra_body = {{"new", 2}};
  endpoint.model_map = {{"gpt-4o", "new"}};
  endpoint.organization = "new";
  endpoint.project = "new";
  client.set_endpoints(simulation.endpoints);
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.header_of_last("Authorization"), "Bearer new");
  EXPECT_EQ(simulation.header_of_last("X-New") + simulation.header_of_last("X-Old"), "2");
  EXPECT_EQ(simulation.header_of_last("OpenAI-Organization"), "new");
  EXPECT_EQ(simulation.header_of_last("OpenAI-Project"), "new");
  EXPECT_EQ(simulation.request(1).url, "https://endpoint-0.example/v1/chat/completions?new=2");
  const json body = json::parse(simulation.request(1).body);
  EXPECT_EQ(body.at("new"), 2);
  EXPECT_EQ(body.at("model"), "new");
  EXPECT_FALSE(body.contains("old"));
}

TEST(ChangedEndpoint, TakesItsPartByItsNewWeight) {
  Named simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client));
  simulation.endpoints[1].weight = 3.0;
  client.set_endpoints(simulation.endpoints);
  simulation.sent.clear();
  for (int call = 0; call < 40; ++call) EXPECT_TRUE(ask(client));
  EXPECT_EQ(std::ranges::count(simulation.asked(), 1U), 30);
}

TEST(ChangedEndpoint, IsOfItsNewPriorityAndServesItsNewModels) {
  Named simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  simulation.endpoints[0].priority = 1;
  client.set_endpoints(simulation.endpoints);
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(ask(client));
  simulation.endpoints[1].models = {"other"};
  client.set_endpoints(simulation.endpoints);
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 1, 0, 0));
}

TEST(ChangedEndpoint, MayHaveFewerInFlightFromThenOn) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].max_in_flight = 3;
  for (int call = 0; call < 3; ++call) crowd.call(0s);
  std::vector<Crowd::Caller*> later;
  for (int call = 0; call < 2; ++call) later.push_back(&crowd.call(5s));
  crowd.at(1s, [&] {
    EndpointConfig fewer = crowd.endpoints[0];
    fewer.max_in_flight = 1;
    crowd.client().set_endpoints({fewer});
  });
  crowd.run();
  EXPECT_EQ(later[0]->done_at, 20s) << "what is under way goes on";
  EXPECT_EQ(later[1]->done_at, 30s);
}

TEST(ChangedEndpoint, LetsThoseWhoWaitInWhenItsLimitIsLifted) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].max_in_flight = 1;
  std::vector<Crowd::Caller*> callers;
  for (int call = 0; call < 3; ++call) callers.push_back(&crowd.call(0s));
  crowd.at(2s, [&] {
    EndpointConfig free = crowd.endpoints[0];
    free.max_in_flight = 0;
    crowd.client().set_endpoints({free});
  });
  crowd.run();
  EXPECT_EQ(callers[1]->done_at, 12s);
  EXPECT_EQ(callers[2]->done_at, 12s);
  EXPECT_EQ(crowd.in_flight(0), 0);
}

TEST(ChangedEndpoint, KeepsToItsNewBudget) {
  Named simulation({{ok()}, {ok()}});
  simulation.endpoints[0].requests_per_minute = 100;
  simulation.endpoints[1].priority = 1;
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  simulation.endpoints[0].requests_per_minute = 2;
  client.set_endpoints(simulation.endpoints);
  simulation.sent.clear();
  for (int call = 0; call < 6; ++call) EXPECT_TRUE(ask(client));
  EXPECT_LE(std::ranges::count(simulation.asked(), 0U), 2);
  simulation.endpoints[0].requests_per_minute = 0;
  client.set_endpoints(simulation.endpoints);
  simulation.sent.clear();
  for (int call = 0; call < 6; ++call) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0, 0, 0));
}

TEST(ChangedEndpoint, HasNoNewBudgetWhenItIsSetAgain) {
  Named simulation({{ok()}});
  simulation.endpoints[0].requests_per_minute = 2;
  const Client client = simulation.client();
  for (int call = 0; call < 2; ++call) {
    EXPECT_TRUE(ask(client));
    client.set_endpoints(simulation.endpoints);
  }
  EXPECT_FALSE(ask(client, {.deadline = 1s}));
}

TEST(ChangedEndpoint, OfAnotherUrlIsNotRateLimitedAsTheOneBefore) {
  Named simulation({{failing(429, "{}", {{"retry-after", "100"}})}, {ok()}});
  const Client client({simulation.endpoints[0]}, simulation.options);
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  simulation.endpoints[0].base_url = simulation.endpoints[1].base_url;
  client.set_endpoints({simulation.endpoints[0]});
  EXPECT_THAT(client.endpoints()[0].cooldowns, IsEmpty());
  EXPECT_TRUE(ask(client, {.deadline = 1s}));
}

TEST(ChangedEndpoint, ThatHasANameKeepsItsObjectsAtAnotherUrl) {
  Named simulation({{ok()}, {answering("{}")}, {answering("{}")}});
  const Client client({simulation.endpoints[0], simulation.endpoints[2]}, simulation.options);
  client.pin_object("file-abc", "a");
  simulation.endpoints[0].base_url = simulation.endpoints[1].base_url;
  client.set_endpoints({simulation.endpoints[2], simulation.endpoints[0]});
  EXPECT_EQ(client.owner_of("file-abc"), "a");
  EXPECT_TRUE(client.get("/files/file-abc"));
  EXPECT_THAT(simulation.asked(), ElementsAre(1)) << "its account has moved, as the user says";
}

TEST(ChangedEndpoint, IsAnotherOneAtAnotherUrlIfItsNameWasOnceOnlyItsNumber) {
  for (const bool named_first : {false, true}) {
    Simulation simulation({{answering("{}")}, {answering("{}")}});
    simulation.endpoints[named_first ? 0 : 1].name = "endpoint-0";
    const Client client({simulation.endpoints[0]}, simulation.options);
    client.pin_object("file-abc", "endpoint-0");
    client.set_endpoints({simulation.endpoints[1]});
    EXPECT_EQ(client.get("/files/file-abc").error().kind, ErrorKind::bad_request) << named_first;
    EXPECT_THAT(simulation.sent, IsEmpty());
  }
}

TEST(EndpointSetThatChanges, KeepsTheTurnsOfHedges) {
  Named simulation({{after(5s, ok())}, {ok()}, {ok()}});
  simulation.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
  const Client client = simulation.client();
  std::vector<std::string> won;
  for (int call = 0; call < 4; ++call) {
    simulation.sent.clear();
    while (simulation.asked().empty() || simulation.asked().front() != 0) {
      simulation.sent.clear();
      EXPECT_TRUE(ask(client));
    }
    won.push_back(simulation.endpoints[simulation.asked().at(1)].name);
    client.set_endpoints(simulation.endpoints);
  }
  EXPECT_THAT(won, ElementsAre("b", "c", "b", "c"));
}

TEST(EndpointSetThatChanges, LetsTheHedgeOfARemovedEndpointWin) {
  Crowd crowd(2, 1s);
  crowd.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
  crowd.serve(0, [](const HttpRequest&) { return after(20s, ok("slow")); });
  crowd.serve(1, [](const HttpRequest&) { return after(5s, ok("hedge")); });
  Crowd::Caller& caller = crowd.call(0s);
  crowd.at(2s, [&] { crowd.client().remove_endpoint("endpoint-1"); });
  crowd.run();
  ASSERT_TRUE(*caller.answer);
  EXPECT_EQ(caller.answer->value().text(), "hedge");
  EXPECT_EQ(caller.done_at, 6s);
  EXPECT_EQ(crowd.in_flight(0), 0);
}

TEST(EndpointSetThatChanges, CallRetriesWithTheNewKey) {
  Crowd crowd(1, 1s);
  std::vector<std::string> keys;
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].api_key = "old";
  crowd.serve(0, [&](const HttpRequest& request) {
    keys.emplace_back(header(request.headers, "Authorization"));
    return keys.size() == 1 ? after(1s, failing(500)) : ok();
  });
  Crowd::Caller& caller = crowd.call(0s);
  crowd.at(500ms, [&] {
    EndpointConfig changed = crowd.endpoints[0];
    changed.api_key = "new";
    crowd.client().set_endpoints({changed});
  });
  crowd.run();
  EXPECT_TRUE(*caller.answer);
  EXPECT_THAT(keys, ElementsAre("Bearer old", "Bearer new"));
}

TEST(EndpointSetThatChanges, CallWaitsNoLessForAnEndpointThatStays) {
  Crowd crowd(1, 1s);
  crowd.endpoints[0].name = "a";
  int asked = 0;
  crowd.serve(0, [&](const HttpRequest&) {
    return asked++ == 0 ? failing(503, "{}", {{"retry-after", "20"}}) : ok();
  });
  Crowd::Caller& caller = crowd.call(0s);
  crowd.at(2s, [&] { crowd.client().set_endpoints(crowd.endpoints); });
  crowd.run();
  EXPECT_TRUE(*caller.answer);
  EXPECT_EQ(crowd.sent.at(1).at, 20s);
}

TEST(EndpointSetThatChanges, RemovedEndpointCountsAmongThoseThatRanTheRequest) {
  for (const bool hedged : {false, true}) {
    Crowd crowd(4, 1s);
    crowd.options.max_endpoints = 2;
    if (hedged) crowd.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
    for (std::size_t index = 0; index < 4; ++index) {
      crowd.serve(index, [](const HttpRequest&) { return after(2s, failing(500)); });
    }
    crowd.call(0s, {.max_retries = 0});
    crowd.at(500ms, [&] { crowd.client().remove_endpoint("endpoint-0"); });
    crowd.run();
    EXPECT_THAT(crowd.asked(), ElementsAre(0, 1)) << hedged;
  }
}

/// A call that waits at its only endpoint, and goes to another one as soon as that is added.
void expect_news_are_heard(Crowd& crowd, Crowd::Caller& caller) {
  const EndpointConfig added{.base_url = Simulation::origin(1) + "/v1", .name = "new"};
  crowd.at(3s, [&] { crowd.client().add_endpoint(added); });
  crowd.run();
  ASSERT_TRUE(*caller.answer);
  EXPECT_EQ(caller.answer->value().info.endpoint, "new");
  EXPECT_EQ(caller.done_at, 4s);
}

TEST(EndpointSetThatChanges, IsHeardOfByACallThatWaitsForABudgetPerMinute) {
  Crowd crowd(2, 1s);
  crowd.endpoints.resize(1);
  crowd.endpoints[0].requests_per_minute = 1;
  crowd.call(0s);
  expect_news_are_heard(crowd, crowd.call(2s));
}

TEST(EndpointSetThatChanges, IsHeardOfByACallThatWaitsForABreaker) {
  Crowd crowd(2, 1s);
  crowd.endpoints.resize(1);
  crowd.options.when_all_open = WhenAllOpen::wait;
  crowd.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  crowd.serve(0, [](const HttpRequest&) { return failing(500); });
  crowd.call(0s, {.max_retries = 0});
  expect_news_are_heard(crowd, crowd.call(2s));
}

TEST(EndpointSetThatChanges, LeavesAPinnedCallWhoseEndpointIsGoneWithItsError) {
  Crowd crowd(2, 1s);
  crowd.serve(0, [](const HttpRequest&) { return failing(503, "{}", {{"retry-after", "20"}}); });
  Crowd::Caller& caller = crowd.call(0s, {.endpoint = "endpoint-0"});
  crowd.at(3s, [&] { crowd.client().remove_endpoint("endpoint-0"); });
  crowd.run();
  ASSERT_FALSE(*caller.answer);
  EXPECT_EQ(caller.answer->error().status, 503);
  EXPECT_EQ(caller.done_at, 3s) << "it does not wait for what is gone";
  EXPECT_THAT(crowd.asked(), ElementsAre(0));
}

TEST(EndpointSetThatChanges, StreamThatIsUnderWayCountsWhereItIs) {
  Named simulation({{dripping({role(), says("a"), says("b"), finish(), done()}, 1s)}});
  simulation.endpoints[0].max_in_flight = 1;
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  ASSERT_TRUE(stream.next());
  client.set_endpoints(simulation.endpoints);
  EXPECT_EQ(in_flight(client), 1) << "the endpoint has stayed";
  EXPECT_FALSE(listen(stream).kind);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(counts(client).total_successes, 1U);
}

}  // namespace
}  // namespace openailb::changed_endpoints_test
