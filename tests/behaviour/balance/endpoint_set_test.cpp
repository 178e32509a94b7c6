// Endpoints that come and go while calls are under way.

#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace openailb::endpoint_set_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names(const Client& client) {
  std::vector<std::string> all;
  for (const EndpointStatus& endpoint : client.endpoints()) all.push_back(endpoint.name);
  return all;
}

TEST(EndpointSet, EndpointThatIsAddedTakesItsTurns) {
  Simulation simulation({{ok()}, {ok()}, {ok()}});
  const Client client({simulation.endpoints[0], simulation.endpoints[1]}, simulation.options);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(ask(client));
  client.add_endpoint(simulation.endpoints[2]);
  EXPECT_THAT(names(client), ElementsAre("endpoint-0", "endpoint-1", "endpoint-2"));
  simulation.sent.clear();
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(2, 0, 1, 2, 0, 1)) << "it does not make up for what it missed";
}

TEST(EndpointSet, EndpointThatIsRemovedGetsNothingMore) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.remove_endpoint("endpoint-0");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 1, 1));
  EXPECT_EQ(ask(client, {.endpoint = "endpoint-0"}).error().kind, ErrorKind::bad_request);
}

TEST(EndpointSet, RemovedEndpointFinishesWhatItHas) {
  Simulation simulation({{streaming(says("a") + says("b") + says("c") + finish() + done())}, {ok()}});
  const Client client = simulation.client();
  auto stream = client.chat.completions.stream(question());
  ASSERT_TRUE(stream.next());
  client.remove_endpoint("endpoint-0");
  std::size_t chunks = 1;
  while (stream.next()) ++chunks;
  EXPECT_FALSE(stream.error());
  EXPECT_GE(chunks, 3U);
  EXPECT_EQ(stream.info().endpoint, "endpoint-0");
}

TEST(EndpointSet, CallUnderWayGoesOnWithWhatIsThereNow) {
  Crowd crowd(3, 1s);
  crowd.endpoints.resize(2);
  for (std::size_t index : {0U, 1U}) {
    crowd.serve(index, [](const HttpRequest&) { return after(2s, failing(500)); });
  }
  Crowd::Caller& caller = crowd.call(0s);
  crowd.at(1s, [&] {
    crowd.client().add_endpoint({.base_url = Simulation::origin(2) + "/v1", .name = "new"});
    crowd.client().remove_endpoint("endpoint-1");
  });
  crowd.run();
  EXPECT_THAT(crowd.asked(), ElementsAre(0, 2));
  ASSERT_TRUE(*caller.answer);
  EXPECT_EQ(caller.answer->value().info.endpoint, "new");
}

TEST(EndpointSet, CallThatWaitsForItsOnlyEndpointTakesANewOne) {
  Crowd crowd(2, 1s);
  crowd.endpoints.resize(1);
  crowd.serve(0, [](const HttpRequest&) { return failing(429, "{}", {{"retry-after", "30"}}); });
  Crowd::Caller& caller = crowd.call(0s);
  crowd.at(1s, [&] {
    crowd.client().set_endpoints({{.base_url = Simulation::origin(1) + "/v1", .name = "new"}});
  });
  crowd.run();
  ASSERT_TRUE(*caller.answer) << caller.answer->error().message;
  EXPECT_EQ(caller.answer->value().info.endpoint, "new");
}

TEST(EndpointSet, CallThatWaitsForASeatTakesANewEndpoint) {
  Crowd crowd(2, 1s);
  crowd.endpoints.resize(1);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.serve(0, [](const HttpRequest&) { return after(100s, ok()); });
  crowd.call(0s);
  Crowd::Caller& caller = crowd.call(1s);
  crowd.at(5s,
           [&] { crowd.client().add_endpoint({.base_url = Simulation::origin(1) + "/v1", .name = "new"}); });
  crowd.run();
  EXPECT_EQ(caller.answer->value().info.endpoint, "new");
  EXPECT_EQ(caller.done_at, 6s);
}

TEST(EndpointSet, EndpointsThatStayKeepWhatIsKnownOfThem) {
  Simulation simulation({{failing(500)}, {failing(429, "{}", {{"retry-after", "600"}})}, {ok()}});
  const Client client = simulation.client();
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(ask(client));
  auto endpoints = simulation.endpoints;
  for (std::size_t index = 0; index < 3; ++index) endpoints[index].name = "endpoint-" + std::to_string(index);
  endpoints[0].api_key = "a new key";
  std::swap(endpoints[0], endpoints[2]);
  client.set_endpoints(endpoints);
  const auto status = client.endpoints();
  EXPECT_EQ(status[2].name, "endpoint-0");
  EXPECT_EQ(status[2].state, State::open);
  EXPECT_FALSE(status[1].cooldowns.empty());
  endpoints[2].base_url = "https://elsewhere.example/v1";
  client.set_endpoints(endpoints);
  EXPECT_EQ(client.endpoints()[2].state, State::closed) << "another server has the name";
}

TEST(EndpointSet, CallThatWaitsForARateLimitTakesANewEndpointAtOnce) {
  Crowd crowd(2, 1s);
  crowd.endpoints.resize(1);
  crowd.serve(0, [](const HttpRequest&) { return failing(429, "{}", {{"retry-after", "3000"}}); });
  Crowd::Caller& caller = crowd.call(0s, {.deadline = 4000s, .wait_for_rate_limits = true});
  crowd.at(1s, [&] {
    crowd.client().set_endpoints({{.base_url = Simulation::origin(1) + "/v1", .name = "new"}});
  });
  crowd.run();
  EXPECT_EQ(caller.done_at, 2s);
}

TEST(EndpointSet, ThatIsSetAgainKeepsItsTurns) {
  Simulation simulation({{ok()}, {ok()}, {ok()}});
  const Client client = simulation.client();
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(ask(client));
    client.set_endpoints(simulation.endpoints);
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 2, 0, 1, 2));
}

TEST(EndpointSet, OtherBudgetsKeepTheCooldowns) {
  Simulation simulation({{failing(429, "{}", {{"retry-after", "600"}})}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  for (EndpointConfig& endpoint : simulation.endpoints) endpoint.requests_per_minute = 100;
  client.set_endpoints(simulation.endpoints);
  EXPECT_FALSE(client.endpoints()[0].cooldowns.empty());
}

TEST(EndpointSet, EndpointWithoutANameIsAnotherOneAtAnotherUrl) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.pin_object("file-abc", "endpoint-0");
  client.set_endpoints({simulation.endpoints[1]});  // which is endpoint-0 now
  EXPECT_EQ(client.get("/files/file-abc").error().kind, ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(EndpointSet, BadChangesChangeNothing) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_THROW(client.set_endpoints({}), std::invalid_argument);
  EXPECT_THROW(client.set_endpoints({{.name = "a"}, {.name = "a"}}), std::invalid_argument);
  EXPECT_THROW(client.set_endpoints({{.name = "a"}, {.base_url = "nonsense"}}), std::invalid_argument);
  EXPECT_THROW(client.add_endpoint({.name = "endpoint-1"}), std::invalid_argument);
  EXPECT_THROW(client.add_endpoint({.base_url = "nonsense"}), std::invalid_argument);
  EXPECT_THROW(client.remove_endpoint("paris"), std::invalid_argument);
  client.remove_endpoint("endpoint-0");
  EXPECT_THROW(client.remove_endpoint("endpoint-1"), std::invalid_argument) << "the last one";
  EXPECT_THAT(names(client), ElementsAre("endpoint-1"));
  EXPECT_TRUE(ask(client));
}

TEST(EndpointSet, BadChangesLeaveTheLimitsAsTheyWere) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].max_in_flight = 1;
  EndpointConfig more = crowd.endpoints[0];
  more.max_in_flight = 5;
  EXPECT_THROW(crowd.client().set_endpoints({more, {.base_url = "nonsense", .name = "b"}}),
               std::invalid_argument);
  crowd.call(0s);
  crowd.call(0s);
  crowd.run();
  EXPECT_EQ(crowd.elapsed(), 20s);
  crowd.client().set_endpoints({more});
  crowd.call(20s);
  crowd.call(20s);
  crowd.run();
  EXPECT_EQ(crowd.elapsed(), 30s);
}

TEST(EndpointSet, HomesOutliveTheirEndpoint) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.pin_object("file-abc", "endpoint-0");
  client.remove_endpoint("endpoint-0");
  EXPECT_EQ(client.owner_of("file-abc"), "endpoint-0");
  const auto gone = client.get("/files/file-abc");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::bad_request);
  EXPECT_THAT(gone.error().message, HasSubstr("endpoint-0"));
  EXPECT_TRUE(simulation.sent.empty());
  simulation.endpoints[0].name = "endpoint-0";
  client.add_endpoint(simulation.endpoints[0]);
  EXPECT_TRUE(client.get("/files/file-abc"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(EndpointSet, HomesOfAnEndpointThatIsForgottenAreNobodys) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.pin_object("file-abc", "endpoint-0");
  client.remove_endpoint("endpoint-0");
  for (int i = 0; i < 1001; ++i) {
    client.add_endpoint({.name = "n" + std::to_string(i)});
    client.remove_endpoint("n" + std::to_string(i));
  }
  EXPECT_EQ(client.owner_of("file-abc"), std::nullopt);
  const auto gone = client.get("/files/file-abc");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::bad_request);
  EXPECT_THAT(gone.error().message, HasSubstr("removed long ago"));
}

TEST(EndpointSet, ChangesUnderLoadLoseNoCall) {
  Simulation simulation({{ok()}, {ok()}, {ok()}});
  // Each thread has a network of its own: a simulated one is for one thread.
  const AsyncClient client(simulation.endpoints, simulation.options);
  std::atomic<bool> over{};
  std::jthread changes([&] {
    for (int i = 0; i < 200; ++i) {
      client.remove_endpoint("endpoint-1");
      client.add_endpoint({.base_url = Simulation::origin(1) + "/v1", .name = "endpoint-1"});
    }
    over = true;
  });
  int calls = 0;
  while (!over || calls < 100) {
    EXPECT_TRUE(client.chat.completions.create(question()).get());
    ++calls;
  }
}

}  // namespace
}  // namespace openailb::endpoint_set_test
