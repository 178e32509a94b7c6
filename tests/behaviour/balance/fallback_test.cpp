// Fallback models: what a call does when its model has failed on every endpoint.

#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test::fallback_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Answers = std::map<std::string, SimulatedAnswer>;

/// Endpoints that answer by model, all in the same way; a model that is not named is answered well.
struct ByModel : Simulation {
  explicit ByModel(const Answers& answers, int count = 1) {
    for (int index = 0; index < count; ++index) {
      add([answers](const HttpRequest& request) {
        const auto found = answers.find(json::parse(request.body).at("model"));
        return found == answers.end() ? ok() : found->second;
      });
    }
    options.breaker.ready_to_trip = [](const Counts&) { return false; };
    options.max_retries = 0;
  }

  /// What was asked for, in order: "0 gpt-4o".
  std::vector<std::string> wire() const {
    std::vector<std::string> all;
    for (std::size_t index = 0; index < sent.size(); ++index) {
      const std::string model = json::parse(request(index).body).at("model");
      all.push_back(std::to_string(sent[index].endpoint) + ' ' + model);
    }
    return all;
  }
};

SimulatedAnswer too_long() { return failing(400, error_json("too long", "context_length_exceeded")); }
SimulatedAnswer refused_content() { return failing(400, error_json("filtered", "content_filter")); }

TEST(FallbackModel, IsAskedForWhenEveryEndpointHasFailed) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"b", failing(500)}}, 2);
  const auto result = ask(simulation.client(), {.fallback_models = {"b", "c", "d"}});
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "1 gpt-4o", "0 b", "1 b", "0 c"));
  EXPECT_EQ(result->info.model, "c");
  ASSERT_EQ(result->info.attempts.size(), 5U);
  EXPECT_EQ(result->info.attempts[1].model, "gpt-4o");
  EXPECT_EQ(result->info.attempts[2].model, "b");
  EXPECT_EQ(result->info.attempts[4].model, "c");
}

TEST(FallbackModel, IsNotAskedForWhenTheModelAnswers) {
  ByModel simulation({});
  const auto result = ask(simulation.client(), {.fallback_models = {"b"}});
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o"));
  EXPECT_EQ(result->info.model, "gpt-4o");
  EXPECT_EQ(result->info.attempts.at(0).model, "gpt-4o");
}

TEST(FallbackModel, HasItsOwnRetriesAndItsNameOnEachEndpoint) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"theirs", failing(503)}});
  simulation.endpoints[0].model_map = {{"b", "theirs"}};
  const auto result = ask(simulation.client(), {.max_retries = 1, .fallback_models = {"b", "c"}});
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 gpt-4o", "0 theirs", "0 theirs", "0 c"));
  EXPECT_EQ(result->info.attempts[2].model, "b") << "the caller's name";
}

TEST(FallbackModel, IsForWhateverIsNotTheCallersFault) {
  for (const int status : {401, 402, 403, 404, 408, 409, 429, 500, 503}) {
    ByModel simulation({{"gpt-4o", failing(status)}});
    EXPECT_TRUE(ask(simulation.client(), {.fallback_models = {"b"}})) << status;
  }
  for (const SimulatedAnswer& answer : {refused(), broken(), answering("{}")}) {
    ByModel simulation({{"gpt-4o", answer}});
    EXPECT_TRUE(ask(simulation.client(), {.fallback_models = {"b"}}));
  }
}

TEST(FallbackModel, IsNotForTheCallersFault) {
  for (const SimulatedAnswer& answer : {failing(400), failing(422), too_long(), refused_content()}) {
    ByModel simulation({{"gpt-4o", answer}});
    EXPECT_FALSE(ask(simulation.client(), {.fallback_models = {"b"}}));
    EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o"));
  }
}

TEST(FallbackModel, IsNotForACallThatIsCanceledOrOutOfTime) {
  ByModel simulation({{"gpt-4o", hanging()}});
  EXPECT_FALSE(ask(simulation.client(), {.deadline = 3s, .fallback_models = {"b"}}));
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 1s, [&] { stop.request_stop(); });
  EXPECT_FALSE(ask(simulation.client(), {.stop_token = stop.get_token(), .fallback_models = {"b"}}));
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 gpt-4o"));
}

TEST(FallbackModel, ComesWithinTheSameDeadline) {
  ByModel simulation({{"gpt-4o", after(2s, failing(503))}, {"b", hanging()}});
  const auto result = ask(simulation.client(), {.deadline = 5s, .fallback_models = {"b", "c"}});
  EXPECT_EQ(result.error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 5s);
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 b"));
}

TEST(FallbackModel, IsAskedForOnce) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"b", failing(503)}});
  EXPECT_FALSE(ask(simulation.client(), {.fallback_models = {"gpt-4o", "b", "b", "gpt-4o"}}));
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 b"));
}

TEST(FallbackModel, IsNamedByTheError) {
  ByModel simulation({{"gpt-4o", failing(503, error_json("overloaded"))}, {"b", failing(404)}}, 2);
  const auto result = ask(simulation.client(), {.endpoint = "endpoint-1", .fallback_models = {"b"}});
  ASSERT_FALSE(result);
  EXPECT_THAT(
      result.error().message,
      AllOf(HasSubstr("2 attempts failed: endpoint-1 with gpt-4o: 503 overloaded; endpoint-1 with b: 404")));
  EXPECT_EQ(result.error().status, 404);
  EXPECT_EQ(result.error().attempts.at(0).model, "gpt-4o");
}

TEST(FallbackModel, IsNotNamedByTheErrorOfOneModel) {
  ByModel simulation({{"gpt-4o", failing(400, error_json("no"))}});
  EXPECT_EQ(ask(simulation.client(), {.fallback_models = {"b"}}).error().message, "endpoint-0: 400 no");
}

TEST(FallbackModel, OnlyGoesWhereItIsServed) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"c", failing(503)}}, 3);
  simulation.endpoints[0].models = {"gpt-4o"};
  simulation.endpoints[1].models = {"gpt-4o", "b*"};
  simulation.endpoints[2].models = {"c"};
  const auto result = ask(simulation.client(), {.fallback_models = {"nobody's", "c", "b-1"}});
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "1 gpt-4o", "2 c", "1 b-1"));
}

TEST(FallbackModel, IsTakenAtOnceIfNobodyServesTheModel) {
  ByModel simulation({}, 2);
  for (EndpointConfig& endpoint : simulation.endpoints) endpoint.models = {"b"};
  const Client client = simulation.client();
  const auto result = ask(client, {.fallback_models = {"b"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.model, "b");
  EXPECT_THAT(simulation.wire(), ElementsAre("0 b"));
  EXPECT_THAT(ask(client, {.fallback_models = {"c"}}).error().message,
              HasSubstr("no endpoint serves the model gpt-4o"));
}

TEST(FallbackModel, ComesBeforeALongWait) {
  ByModel simulation({{"gpt-4o", failing(429, {}, {{"retry-after", "60"}})}}, 2);
  simulation.options.max_retries = 2;
  const Client client = simulation.client();
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(ask(client, {.fallback_models = {"b"}}));
  EXPECT_EQ(simulation.elapsed(), 0s);
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "1 gpt-4o", "0 b", "1 b"));
}

TEST(FallbackModel, ComesAfterTheWaitOfACallThatWaitsForRateLimits) {
  Simulation simulation({{failing(429, {}, {{"retry-after", "60"}}), ok()}});
  const auto result = ask(simulation.client(), {.wait_for_rate_limits = true, .fallback_models = {"b"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.model, "gpt-4o");
  EXPECT_GE(simulation.elapsed(), 60s);
}

TEST(FallbackModel, TheLastOneIsWaitedForAsAnyOther) {
  Simulation simulation({{failing(503), failing(429, {}, {{"retry-after", "60"}}), ok()}});
  const auto result = ask(simulation.client(), {.max_retries = 1, .fallback_models = {"b"}});
  // The first model's retry is a 429 of a minute, for which it does not wait; the second one is answered.
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.model, "b");
  Simulation second({{failing(404), failing(429, {}, {{"retry-after", "60"}}), ok()}});
  const auto waited = ask(second.client(), {.max_retries = 1, .fallback_models = {"b"}});
  ASSERT_TRUE(waited);
  EXPECT_EQ(waited->info.model, "b");
  EXPECT_GE(second.elapsed(), 60s);
}

TEST(FallbackModel, LeavesTheRetryBudgetInForce) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"b", failing(503)}});
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 0.0};
  const auto result = ask(simulation.client(), {.max_retries = 3, .fallback_models = {"b"}});
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 b")) << "and no retry";
  EXPECT_THAT(result.error().message, HasSubstr("retry budget is used up"));
}

TEST(FallbackModel, IsALastResortWhereTheBreakerRefuses) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"b", failing(503)}});
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  simulation.options.retry_budget = RetryBudgetOptions{.per_call = 0.0, .per_second = 0.0};
  EXPECT_FALSE(ask(simulation.client(), {.fallback_models = {"b"}}));
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o")) << "a last resort costs, and nothing is left";
}

TEST(FallbackModel, IsTriedOnTheOnlyEndpoint) {
  ByModel simulation({{"gpt-4o", failing(503)}}, 3);
  EXPECT_TRUE(ask(simulation.client(), {.endpoint = "endpoint-2", .fallback_models = {"b"}}));
  EXPECT_THAT(simulation.wire(), ElementsAre("2 gpt-4o", "2 b"));
}

TEST(FallbackModel, StaysWhereTheObjectsAre) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"b", answering(R"({"id":"resp_2"})")}}, 3);
  const Client client = simulation.client();
  client.pin_object("resp_0123456789abcdef0123456789", "endpoint-1");
  const auto result = client.responses.create(
      {.model = "gpt-4o", .input = "Hi", .previous_response_id = "resp_0123456789abcdef0123456789"},
      {.fallback_models = {"b"}});
  ASSERT_TRUE(result);
  EXPECT_THAT(simulation.wire(), ElementsAre("1 gpt-4o", "1 b"));
}

TEST(FallbackModel, IsHedgedAtMostOncePerCall) {
  ByModel simulation({{"gpt-4o", after(3s, failing(503))}, {"b", after(3s, ok())}}, 3);
  simulation.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
  simulation.options.max_endpoints = 3;
  const auto result = ask(simulation.client(), {.fallback_models = {"b"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.model, "b");
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "1 gpt-4o", "2 gpt-4o", "1 b"));
}

TEST(FallbackModel, IsForStreamsUpToTheirCommitPoint) {
  ByModel simulation({{"gpt-4o", streaming(sse_event("{}"), Ending::reset)}, {"b", streaming(whole("b"))}});
  auto stream = ask_to_stream(simulation.client(), {.fallback_models = {"b"}});
  EXPECT_EQ(stream.info().model, "b");
  EXPECT_FALSE(listen(stream).kind);
  EXPECT_EQ(json::parse(simulation.request(1).body).at("stream"), true);
}

TEST(FallbackModel, IsNotForAStreamThatBreaksLater) {
  ByModel simulation({{"gpt-4o", streaming(sse_event(content_chunk("a")), Ending::reset)}});
  const Heard heard = hear(simulation.client(), {.fallback_models = {"b"}});
  EXPECT_EQ(heard.kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o"));
}

TEST(FallbackModel, IsForForms) {
  Simulation simulation({{failing(503), answering(R"({"text":"hello"})")}});
  const auto said = simulation.client().audio.transcriptions.create(
      {.model = "whisper-1", .file = file_from_bytes("a.wav", "RIFF")},
      {.max_retries = 0, .fallback_models = {"b"}});
  ASSERT_TRUE(said);
  EXPECT_EQ(said->info.model, "b");
  EXPECT_EQ(simulation.request(1).parts.at(0).content, "b");
}

TEST(ContextLengthFallback, IsForRequestsThatAreTooLong) {
  ByModel simulation({{"gpt-4o", too_long()}}, 2);
  const auto result =
      ask(simulation.client(), {.fallback_models = {"b"}, .context_length_fallback = "gpt-long"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.model, "gpt-long");
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "1 gpt-long"));
}

TEST(ContextLengthFallback, IsForNothingElse) {
  for (const SimulatedAnswer& answer : {failing(400), refused_content(), failing(503)}) {
    ByModel simulation({{"gpt-4o", answer}});
    EXPECT_FALSE(ask(simulation.client(), {.context_length_fallback = "gpt-long"}));
    EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o"));
  }
}

TEST(ContextLengthFallback, IsTakenOnceAndThenTheCallFails) {
  ByModel simulation({{"gpt-4o", too_long()}, {"gpt-long", too_long()}});
  const auto result =
      ask(simulation.client(), {.fallback_models = {"b"}, .context_length_fallback = "gpt-long"});
  EXPECT_EQ(result.error().code, "context_length_exceeded");
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 gpt-long"));
}

TEST(ContextLengthFallback, FallsBackItselfWhenItFailsOtherwise) {
  ByModel simulation({{"gpt-4o", too_long()}, {"gpt-long", failing(503)}});
  EXPECT_TRUE(ask(simulation.client(), {.fallback_models = {"b"}, .context_length_fallback = "gpt-long"}));
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 gpt-long", "0 b"));
}

TEST(ContextLengthFallback, FollowsAFallbackModelToo) {
  ByModel simulation({{"gpt-4o", failing(503)}, {"b", too_long()}});
  EXPECT_TRUE(ask(simulation.client(), {.fallback_models = {"b"}, .context_length_fallback = "gpt-long"}));
  EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "0 b", "0 gpt-long"));
}

TEST(ContentFilterFallback, IsForContentThatIsRefused) {
  for (const SimulatedAnswer& answer :
       {refused_content(), failing(400, error_json("no", "content_policy_violation")),
        failing(403, error_json("requires moderation: your input was flagged"))}) {
    ByModel simulation({{"gpt-4o", answer}}, 2);
    const auto result = ask(simulation.client(),
                            {.context_length_fallback = "gpt-long", .content_filter_fallback = "gpt-lax"});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->info.model, "gpt-lax");
    EXPECT_THAT(simulation.wire(), ElementsAre("0 gpt-4o", "1 gpt-lax"));
  }
}

std::string fault(const Client& client, RequestOptions options) {
  const auto result = ask(client, std::move(options));
  EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
  return result.error().message;
}

TEST(FallbackModel, ThatIsWrongIsRejected) {
  ByModel simulation({});
  const Client client = simulation.client();
  EXPECT_THAT(fault(client, {.fallback_models = {""}}), HasSubstr("fallback_models"));
  EXPECT_THAT(fault(client, {.fallback_models = {"\xFF"}}), HasSubstr("fallback_models"));
  EXPECT_THAT(fault(client, {.context_length_fallback = "\xFF"}), HasSubstr("context_length_fallback"));
  EXPECT_THAT(fault(client, {.content_filter_fallback = "\xFF"}), HasSubstr("content_filter_fallback"));
  for (const RequestOptions& options : std::vector<RequestOptions>{
           {.fallback_models = {"b"}}, {.context_length_fallback = "b"}, {.content_filter_fallback = "b"}}) {
    EXPECT_THAT(client.get("/models", options).error().message, HasSubstr("names a model"));
  }
  EXPECT_THAT(simulation.sent, IsEmpty());
}

}  // namespace
}  // namespace openailb::test::fallback_test
