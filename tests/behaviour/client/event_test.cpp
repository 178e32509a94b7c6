// What a client's listener is told.

#include "support/async.hpp"
#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace openailb::event_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// An event in words.
struct Words {
  std::string operator()(const AttemptBegan& event) const {
    return std::to_string(event.number) + " begins at " + std::string(event.endpoint) + " with " +
           std::string(event.model) + (event.is_hedge ? ", hedge" : "") +
           (event.is_last_resort ? ", last resort" : "");
  }
  std::string operator()(const AttemptEnded& event) const {
    return std::string(event.endpoint) + ": " + outcome(event.kind) + ' ' + std::to_string(event.status) +
           " after " + duration_text(event.elapsed);
  }
  std::string operator()(const CallWaits& event) const {
    return "waits for " + std::string(openailb::to_string(event.reason)) + ", " +
           duration_text(event.at_most);
  }
  std::string operator()(const BreakerChanged& event) const {
    return std::string(event.endpoint) + " from " + std::string(openailb::to_string(event.from)) + " to " +
           std::string(openailb::to_string(event.to));
  }
  std::string operator()(const EndpointRateLimited& event) const {
    return std::string(event.endpoint) + " cools with " + std::string(event.model) + " for " +
           duration_text(event.remaining);
  }
  std::string operator()(const CallEnded& event) const {
    std::string text = std::string(event.method) + ' ' + std::string(event.path) + ' ' +
                       std::string(event.model) + ": " + outcome(event.kind) + " from [" +
                       std::string(event.endpoint) + "], " + std::to_string(event.attempts) + " attempts, " +
                       duration_text(event.elapsed);
    if (event.first_token) text += ", first token " + duration_text(*event.first_token);
    if (event.input_tokens) text += ", in " + std::to_string(*event.input_tokens);
    if (event.output_tokens) text += ", out " + std::to_string(*event.output_tokens);
    return text;
  }
  static std::string outcome(const std::optional<ErrorKind>& kind) {
    return kind ? std::string(openailb::to_string(*kind)) : "success";
  }
};

/// Endpoints, and a listener who writes everything down.
struct Heard : Simulation {
  std::vector<std::string> events{};
  explicit Heard(std::vector<std::vector<SimulatedAnswer>> scripts) : Simulation(std::move(scripts)) {
    options.on_event = [this](const Event& event) { events.push_back(std::visit(Words{}, event)); };
  }
};

TEST(Events, OfACallThatFailsOver) {
  Heard simulation({{failing(503)}, {after(2s, ok())}});
  simulation.endpoints[1].model_map = {{"gpt-4o", "large"}};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(
      simulation.events,
      ElementsAre("1 begins at endpoint-0 with gpt-4o", "endpoint-0: internal_server 503 after 0 ms",
                  "2 begins at endpoint-1 with large", "endpoint-1: success 200 after 2 s",
                  "POST /chat/completions gpt-4o: success from [endpoint-1], 2 attempts, 2 s, in 5, out 7"));
}

TEST(Events, OfARateLimitAndAWait) {
  Heard simulation({{failing(429, "{}", {{"retry-after", "7"}}), ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.events,
              ElementsAre("1 begins at endpoint-0 with gpt-4o", "endpoint-0: rate_limit 429 after 0 ms",
                          "endpoint-0 cools with gpt-4o for 7 s", HasSubstr("waits for rate_limit, 7"),
                          "2 begins at endpoint-0 with gpt-4o", "endpoint-0: success 200 after 0 ms",
                          HasSubstr("success from [endpoint-0], 2 attempts")));
}

TEST(Events, OfABreakerComeAlsoWhereTheSettingsHaveAFunction) {
  Heard simulation({{failing(500)}});
  int changes = 0;
  simulation.options.breaker = {.ready_to_trip = [](const Counts&) { return true; },
                                .on_state_change = [&](const std::string&, State, State) { ++changes; }};
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 1}));
  EXPECT_THAT(simulation.events,
              ElementsAre("1 begins at endpoint-0 with gpt-4o", "endpoint-0: internal_server 500 after 0 ms",
                          "endpoint-0 from closed to open", HasSubstr("waits for backoff"),
                          "2 begins at endpoint-0 with gpt-4o, last resort",
                          "endpoint-0: internal_server 500 after 0 ms",
                          HasSubstr("internal_server from [], 2 attempts")));
  EXPECT_EQ(changes, 1);
}

TEST(Events, OfAHedge) {
  Heard simulation({{after(9s, ok())}, {after(1s, ok())}});
  simulation.options.hedge = HedgeOptions{.delay = 2s, .max_fraction = 1.0};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.events,
              ElementsAre("1 begins at endpoint-0 with gpt-4o", "2 begins at endpoint-1 with gpt-4o, hedge",
                          "endpoint-0: canceled 0 after 3 s", "endpoint-1: success 200 after 1 s",
                          HasSubstr("success from [endpoint-1], 2 attempts, 3 s")));
}

TEST(Events, OfACallThatWaitsForASlot) {
  Crowd crowd(1, 10s);
  std::vector<std::string> events;
  crowd.endpoints[0].max_in_flight = 1;
  crowd.options.on_event = [&](const Event& event) {
    if (std::holds_alternative<CallWaits>(event)) events.push_back(std::visit(Words{}, event));
  };
  crowd.call(0s);
  crowd.call(1s, {.deadline = 60s});
  crowd.run();
  EXPECT_THAT(events, ElementsAre("waits for max_in_flight, 60 s"));
}

TEST(Events, OfAStreamEndWithIt) {
  Heard simulation({{streaming(role() + says("a") + says("b") + finish() + done())}});
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  ASSERT_TRUE(stream.next());
  EXPECT_EQ(simulation.events.size(), 2U);
  while (stream.next()) {
  }
  ASSERT_EQ(simulation.events.size(), 3U);
  EXPECT_THAT(simulation.events[2], HasSubstr("success from [endpoint-0], 1 attempts"));
  EXPECT_THAT(simulation.events[2], HasSubstr("first token"));
}

TEST(Events, OfAStreamThatBreaksAndOfOneThatIsDropped) {
  Heard simulation({{streaming(role() + says("a"))}});
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  while (stream.next()) {
  }
  EXPECT_THAT(simulation.events.back(), HasSubstr("stream_interrupted from [endpoint-0]"));
  simulation.serve(0, streaming(role() + says("a") + says("b") + finish() + done()));
  {
    auto dropped = ask_to_stream(client);
    EXPECT_TRUE(dropped.next());
  }
  EXPECT_THAT(simulation.events.back(), HasSubstr("canceled from [endpoint-0]"));
}

TEST(Events, TellTheTokensThatAnAnswerTook) {
  const std::string chunk = R"(data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[)";
  Heard simulation(
      {{answering(R"({"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,)"
                  R"("message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],)"
                  R"("usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})"),
        streaming(chunk + R"({"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]})" + "\n\n" +
                  chunk + R"(],"usage":{"prompt_tokens":5,"completion_tokens":6}})" + "\n\n" + done()),
        answering(R"({"id":"resp_1","object":"response","status":"completed","output":[],)"
                  R"("usage":{"input_tokens":8,"output_tokens":9}})")}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.events.back(), HasSubstr(", in 3, out 4"));
  auto stream = ask_to_stream(client);
  while (stream.next()) {
  }
  EXPECT_THAT(simulation.events.back(), HasSubstr(", in 5, out 6"));
  EXPECT_TRUE(client.responses.create({.model = "m", .input = "Hello!"}));
  EXPECT_THAT(simulation.events.back(), HasSubstr(", in 8, out 9"));
}

TEST(Events, HaveNoKeyNorQueryNorText) {
  Heard simulation({{failing(500, error_json("the secret sk-12345"))}, {ok("an answer")}});
  for (EndpointConfig& endpoint : simulation.endpoints) endpoint.api_key = "sk-12345";
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client, {.extra_query = {{"token", "tk-6789"}}}));
  EXPECT_TRUE(client.get("/models?token=tk-6789"));
  for (const std::string& event : simulation.events) {
    for (const char* secret : {"sk-12345", "tk-6789", "an answer", "Hello!"}) {
      EXPECT_THAT(event, Not(HasSubstr(secret)));
    }
  }
}

TEST(Events, WhatTheListenerThrowsHarmsNoCall) {
  Simulation simulation({{failing(500)}, {ok()}});
  int thrown = 0;
  simulation.options.on_event = [](const Event&) { throw std::runtime_error("no room"); };
  simulation.options.on_unhandled = [&](std::exception_ptr) { ++thrown; };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(thrown, 5);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(Events, ACallThatIsNotSentHasNone) {
  Heard simulation({{ok()}});
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = -1}));
  EXPECT_TRUE(simulation.events.empty());
}

TEST(Events, OfACallThatIsStoppedWhileItWaits) {
  Heard simulation({{failing(503, "{}", {{"retry-after", "60"}})}});
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 5s, [&] { stop.request_stop(); });
  EXPECT_FALSE(ask(simulation.client(), {.stop_token = stop.get_token()}));
  EXPECT_THAT(simulation.events.back(), HasSubstr("canceled from [], 1 attempts, 5 s"));
}

TEST(Events, OfACallThatIsDroppedEndItsAttemptFirst) {
  AsyncSimulation simulation;
  std::vector<std::string> events;  // of the client's own thread
  simulation.add_holding(after(1ms, ok()));
  simulation.options.on_event = [&](const Event& event) { events.push_back(std::visit(Words{}, event)); };
  {
    const AsyncClient client = simulation.client();
    {
      const Future<ChatCompletion> dropped = ask(client);
      ASSERT_TRUE(simulation.held.wait());
    }
    simulation.released.open();
    EXPECT_TRUE(ask(client).get());
  }
  ASSERT_GE(events.size(), 3U);
  EXPECT_THAT(std::vector(events.begin(), events.begin() + 3),
              ElementsAre("1 begins at endpoint-0 with gpt-4o", HasSubstr("endpoint-0: canceled 0 after"),
                          HasSubstr("canceled from [], 1 attempts")));
}

}  // namespace
}  // namespace openailb::event_test
