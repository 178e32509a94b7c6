// What a listener is told of calls that change their model, wait, race or are streamed: each field by itself.

#include "support/async.hpp"
#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace openailb::call_events_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Texts = std::vector<std::string>;

/// Events of one kind; their texts are copied to be there later.
template <class Kind>
struct Kept {
  Kind event;
  std::string endpoint{}, model{};
};

/// All events, by their kinds.
struct Listener {
  std::vector<Kept<AttemptEnded>> attempts{};
  std::vector<Kept<CallWaits>> waits{};
  std::vector<Kept<EndpointRateLimited>> cooldowns{};
  std::vector<Kept<CallEnded>> calls{};

  EventListener function() {
    return [this](const Event& event) { std::visit(*this, event); };
  }
  void operator()(const AttemptBegan&) {}
  void operator()(const BreakerChanged&) {}
  void operator()(const AttemptEnded& event) {
    attempts.push_back({event, std::string(event.endpoint), std::string(event.model)});
  }
  void operator()(const CallWaits& event) { waits.push_back({event, "", std::string(event.model)}); }
  void operator()(const EndpointRateLimited& event) {
    cooldowns.push_back({event, std::string(event.endpoint), std::string(event.model)});
  }
  void operator()(const CallEnded& event) {
    calls.push_back({event, std::string(event.endpoint), std::string(event.model)});
  }
  Texts models_of_attempts() const {
    Texts all;
    for (const auto& one : attempts) all.push_back(one.model);
    return all;
  }
};

struct Listened : Simulation, Listener {
  explicit Listened(std::vector<std::vector<SimulatedAnswer>> scripts) : Simulation(std::move(scripts)) {
    options.on_event = function();
  }
};

SimulatedAnswer with_nothing_left(const std::string& reset) {
  SimulatedAnswer answer = ok();
  answer.headers = {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", reset}};
  return answer;
}

TEST(CallEndedEvent, NamesTheModelThatACallFellBackOn) {
  Listened simulation({{failing(404), failing(404), ok()}});
  simulation.endpoints[0].model_map = {{"b", "their b"}};
  EXPECT_TRUE(ask(simulation.client(), {.fallback_models = {"b", "c"}}));
  ASSERT_THAT(simulation.calls, SizeIs(1));
  EXPECT_EQ(simulation.calls[0].model, "c");
  EXPECT_EQ(simulation.calls[0].event.attempts, 3);
  EXPECT_THAT(simulation.models_of_attempts(), ElementsAre("gpt-4o", "their b", "c"));
}

TEST(CallEndedEvent, NamesTheLastModelOfACallThatFailed) {
  Listened simulation({{failing(404)}});
  EXPECT_FALSE(ask(simulation.client(), {.fallback_models = {"b"}}));
  EXPECT_EQ(simulation.calls.at(0).model, "b");
  EXPECT_EQ(simulation.calls.at(0).endpoint, "");
  EXPECT_EQ(simulation.calls.at(0).event.kind, ErrorKind::not_found);
}

TEST(CallEndedEvent, SaysHowLongAStreamsFirstTokenTookTheWholeCall) {
  Listened simulation({{after(3s, failing(500))}, {after(2s, streaming(whole("a")))}});
  const Client client = simulation.client();
  EXPECT_FALSE(hear(client).kind);
  ASSERT_THAT(simulation.calls, SizeIs(1));
  EXPECT_EQ(simulation.calls[0].event.first_token, 5s);
  EXPECT_EQ(simulation.attempts.at(1).event.elapsed, 2s);
  EXPECT_TRUE(simulation.calls[0].event.is_stream);
}

TEST(CallEndedEvent, OfAnAnswerIsNoStreamAndHasNoFirstToken) {
  Listened simulation({{after(1s, ok())}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_FALSE(simulation.calls.at(0).event.is_stream);
  EXPECT_FALSE(simulation.calls.at(0).event.first_token);
}

TEST(CallEndedEvent, SaysHowLongAStreamTookToItsEndAndWhyItBroke) {
  Listened simulation({{dripping({role(), says("a"), says("b")}, 1s, Ending::reset)}});
  const Client client = simulation.client();
  EXPECT_EQ(hear(client).kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(simulation.calls.at(0).event.kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(simulation.calls.at(0).event.elapsed, 3s);
  EXPECT_EQ(simulation.calls.at(0).event.first_token, 2s);

  simulation.serve(0, dripping({role(), says("a")}, 1s, Ending::hang));
  EXPECT_EQ(hear(client, {.deadline = 10s}).kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.calls.at(1).event.kind, ErrorKind::timeout);
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 5s, [&] { stop.request_stop(); });
  EXPECT_EQ(hear(client, {.stop_token = stop.get_token()}).kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.calls.at(2).event.kind, ErrorKind::canceled);
}

TEST(CallEndedEvent, HasTheTokensOfAStreamedResponse) {
  Listened simulation(
      {{streaming(sse_event(R"({"type":"response.output_text.delta","sequence_number":1,"item_id":"m",)"
                            R"("output_index":0,"content_index":0,"delta":"hi"})") +
                  sse_event(R"({"type":"response.completed","sequence_number":2,"response":{"id":"r",)"
                            R"("object":"response","status":"completed","output":[],)"
                            R"("usage":{"input_tokens":8,"output_tokens":9,"total_tokens":17}}})"))}});
  const Client client = simulation.client();
  auto stream = client.responses.stream({.model = "m", .input = "Hello!"});
  while (stream.next()) {
  }
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(simulation.calls.at(0).event.input_tokens, 8);
  EXPECT_EQ(simulation.calls.at(0).event.output_tokens, 9);
}

TEST(CallEndedEvent, HasTheLatestCountOfEachKindThatAStreamHasSaid) {
  const std::string begin = R"(data: {"id":"1","object":"chat.completion.chunk","choices":[],"usage":)";
  const auto usage = [&](const std::string& said) { return begin + said + "}\n\n"; };
  Listened simulation(
      {{streaming(role() + usage(R"({"prompt_tokens":5,"completion_tokens":1})") + says("a") +
                  usage(R"({"completion_tokens":2})") + usage("{}") + usage("null") + finish() + done())}});
  EXPECT_FALSE(hear(simulation.client()).kind);
  EXPECT_EQ(simulation.calls.at(0).event.input_tokens, 5);
  EXPECT_EQ(simulation.calls.at(0).event.output_tokens, 2);
}

TEST(CallEndedEvent, HasNoTokensWhereAnAnswerSaysNoNumbers) {
  Listened simulation({{answering(R"({"choices":[{"message":{"content":"x"}}],)"
                                  R"("usage":{"prompt_tokens":"5","completion_tokens":null}})")}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_FALSE(simulation.calls.at(0).event.input_tokens);
  EXPECT_FALSE(simulation.calls.at(0).event.output_tokens);
}

TEST(CallEndedEvent, OfAnAttemptThatFailedHasNoTokens) {
  Listened simulation({{failing(500, R"({"error":{"message":"no"},"usage":{"prompt_tokens":5}})")}});
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 0}));
  EXPECT_FALSE(simulation.calls.at(0).event.input_tokens);
}

TEST(CallEndedEvent, HasTheInputTokensOfAnAnswerWithoutOthers) {
  Listened simulation({{answering(R"({"object":"list","data":[{"index":0,"embedding":[1.0]}],)"
                                  R"("usage":{"prompt_tokens":8,"total_tokens":8}})")}});
  EXPECT_TRUE(simulation.client().embeddings.create({.model = "m", .input = "Hello!"}));
  EXPECT_EQ(simulation.calls.at(0).event.input_tokens, 8);
  EXPECT_FALSE(simulation.calls.at(0).event.output_tokens);
}

TEST(CallEndedEvent, OfADownloadIsToldAtItsEnd) {
  Listened simulation({{dripping({"one", "two"}, 1s)}});
  const Client client = simulation.client();
  std::size_t told_before = 9;
  EXPECT_TRUE(client.download("/x", [&](std::string_view) { told_before = simulation.calls.size(); }));
  EXPECT_EQ(told_before, 0U);
  EXPECT_FALSE(simulation.calls.at(0).event.kind);
  EXPECT_EQ(simulation.calls.at(0).event.elapsed, 2s);
  EXPECT_FALSE(client.download("/x", [](std::string_view) { return false; }));
  EXPECT_EQ(simulation.calls.at(1).event.kind, ErrorKind::canceled);
}

TEST(EndpointRateLimitedEvent, IsToldWhenAnAnswerSaysThatNothingIsLeft) {
  Listened simulation({{with_nothing_left("6m0s")}});
  simulation.endpoints[0].model_map = {{"gpt-4o", "large"}};
  EXPECT_TRUE(ask(simulation.client()));
  ASSERT_THAT(simulation.cooldowns, SizeIs(1));
  EXPECT_EQ(simulation.cooldowns[0].endpoint, "endpoint-0");
  EXPECT_EQ(simulation.cooldowns[0].model, "large");
  EXPECT_EQ(simulation.cooldowns[0].event.remaining, 6min);
}

TEST(EndpointRateLimitedEvent, IsNotToldOfOtherAnswersOrFailures) {
  SimulatedAnswer answer = ok();
  answer.headers = {{"x-ratelimit-remaining-requests", "1"}, {"x-ratelimit-reset-requests", "6m0s"}};
  Listened simulation({{failing(503, "{}", {{"retry-after", "1"}})}, {answer}});
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.cooldowns, IsEmpty());
}

TEST(AttemptEndedEvent, NamesTheModelAsTheEndpointDoes) {
  Listened simulation({{failing(500)}, {ok()}});
  simulation.endpoints[0].model_map = {{"gpt-4o", "large"}};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.models_of_attempts(), ElementsAre("large", "gpt-4o"));
}

TEST(AttemptEndedEvent, OfAHedgeAndOfTheAttemptThatItBeatHaveTheirModels) {
  Listened simulation({{after(9s, ok())}, {after(1s, ok())}});
  simulation.endpoints[0].model_map = {{"gpt-4o", "large"}};
  simulation.options.hedge = HedgeOptions{.delay = 2s, .max_fraction = 1.0};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_THAT(simulation.models_of_attempts(), ElementsAre("large", "gpt-4o"));
  EXPECT_EQ(simulation.calls.at(0).event.attempts, 2);
  EXPECT_EQ(simulation.calls.at(0).event.elapsed, 3s);
}

TEST(AttemptEndedEvent, OfAnAttemptWhoseCallIsDroppedHasItsModelAndItsOwnTime) {
  Listener listener;
  {
    Crowd crowd(2, 10s);
    crowd.options.on_event = listener.function();
    crowd.endpoints[1].model_map = {{"gpt-4o", "large"}};
    crowd.serve(0, [](const HttpRequest&) { return after(4s, failing(500)); });
    crowd.call(0s);
    crowd.run(crowd.call(0s, {.deadline = 6s, .endpoint = "endpoint-1"}));
    listener.attempts.clear();
  }
  ASSERT_THAT(listener.attempts, SizeIs(1));
  EXPECT_EQ(listener.attempts[0].model, "large");
  EXPECT_EQ(listener.attempts[0].endpoint, "endpoint-1");
  EXPECT_EQ(listener.attempts[0].event.kind, ErrorKind::canceled);
  EXPECT_EQ(listener.attempts[0].event.elapsed, 2s);
  EXPECT_EQ(listener.calls.back().event.elapsed, 6s);
}

TEST(CallWaitsEvent, NamesTheModelTheReasonAndTheTime) {
  Listened simulation({{failing(503, "{}", {{"retry-after", "9"}}), ok()}});
  EXPECT_TRUE(ask(simulation.client()));
  ASSERT_THAT(simulation.waits, SizeIs(1));
  EXPECT_EQ(simulation.waits[0].model, "gpt-4o");
  EXPECT_EQ(simulation.waits[0].event.reason, WaitReason::backoff);
  EXPECT_EQ(simulation.waits[0].event.at_most, 9s);
}

TEST(CallWaitsEvent, NamesTheModelThatACallFellBackOn) {
  Listened simulation({{failing(404), failing(503, "{}", {{"retry-after", "9"}}), ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.fallback_models = {"b"}}));
  ASSERT_THAT(simulation.waits, SizeIs(1));
  EXPECT_EQ(simulation.waits[0].model, "b");
}

TEST(CallWaitsEvent, SaysThatItIsForABreaker) {
  Listened simulation({{failing(500), ok()}});
  simulation.options.when_all_open = WhenAllOpen::wait;
  simulation.options.breaker = {.timeout = 20s, .ready_to_trip = [](const Counts&) { return true; }};
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_TRUE(ask(client));
  ASSERT_THAT(simulation.waits, SizeIs(1));
  EXPECT_EQ(simulation.waits[0].event.reason, WaitReason::breaker);
}

TEST(CallWaitsEvent, SaysThatItIsForABudgetPerMinute) {
  Listened simulation({{ok()}});
  simulation.endpoints[0].requests_per_minute = 1;
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client));
  ASSERT_THAT(simulation.waits, SizeIs(1));
  EXPECT_EQ(simulation.waits[0].event.reason, WaitReason::rate_limit);
  EXPECT_GE(simulation.waits[0].event.at_most, 60s);
}

TEST(CallWaitsEvent, SaysThatItIsForTheRetryBudget) {
  Listened simulation(
      {{failing(503), failing(503), failing(503), failing(429, "{}", {{"retry-after", "1"}}), ok()}});
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 0.0};
  const Client client = simulation.client();
  for (int call = 0; call < 3; ++call) EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_TRUE(ask(client, {.wait_for_rate_limits = true}));
  std::vector<WaitReason> reasons;
  for (const auto& wait : simulation.waits) reasons.push_back(wait.event.reason);
  EXPECT_THAT(reasons, Contains(WaitReason::retry_budget))
      << "its breaker is open, and nothing is left for a retry";
}

}  // namespace
}  // namespace openailb::call_events_test
