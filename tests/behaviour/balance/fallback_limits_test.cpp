// Which failures lead to which fallback model, and to no other, and what a model that a call falls back on
// begins anew with.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace openailb::fallback_limits_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Endpoints that answer by model, all in the same way; a model that is not named is answered well.
struct ByModel : Simulation {
  explicit ByModel(const std::map<std::string, SimulatedAnswer>& answers, int count = 1) {
    for (int index = 0; index < count; ++index) {
      add([answers](const HttpRequest& request) {
        const auto found = answers.find(json::parse(request.body).at("model"));
        return found == answers.end() ? ok() : found->second;
      });
    }
    options.breaker.ready_to_trip = [](const Counts&) { return false; };
    options.max_retries = 0;
  }
  /// The models that were asked for, in order.
  std::vector<std::string> models() const {
    std::vector<std::string> all;
    for (const HttpRequest& request : network.requests())
      all.push_back(json::parse(request.body).at("model"));
    return all;
  }
};

SimulatedAnswer too_long() { return failing(400, error_json("too long", "context_length_exceeded")); }
SimulatedAnswer refused_content() { return failing(400, error_json("filtered", "content_filter")); }

TEST(RefusedContent, IsForNothingElse) {
  for (const SimulatedAnswer& answer :
       {failing(400), failing(400, error_json("moderation must be auto or low")),
        failing(400, error_json("bad")), failing(422, error_json("messages is missing")), too_long(),
        failing(401, error_json("your account was flagged")), failing(402, error_json("flagged")),
        failing(404, error_json("content_filter was not found")), failing(429, error_json("flagged")),
        failing(500, error_json("content_filter is down")), failing(503), refused()}) {
    ByModel simulation({{"gpt-4o", answer}});
    EXPECT_FALSE(ask(simulation.client(), {.content_filter_fallback = "lax"}));
    EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o")) << answer.status << answer.body;
  }
}

TEST(RefusedContent, IsForARefusalInsideOfA200) {
  ByModel simulation({{"gpt-4o", answering(error_json("no", "content_filter"))}});
  EXPECT_TRUE(ask(simulation.client(), {.content_filter_fallback = "lax"}));
  EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o", "lax"));
}

TEST(RefusedContent, IsForModerationsThatForbid) {
  ByModel simulation({{"gpt-4o", failing(403, error_json("moderation: not allowed"))}});
  EXPECT_TRUE(ask(simulation.client(), {.content_filter_fallback = "lax"}));
}

TEST(RefusedContent, IsTakenOnceAndThenTheCallFails) {
  ByModel simulation({{"gpt-4o", refused_content()}, {"lax", refused_content()}});
  EXPECT_FALSE(ask(simulation.client(), {.content_filter_fallback = "lax"}));
  EXPECT_FALSE(ask(simulation.client(), {.content_filter_fallback = "gpt-4o"}));
  EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o", "lax", "gpt-4o"));
}

TEST(SpecialFallbacks, AreNotTakenIfNobodyServesThem) {
  ByModel simulation({{"gpt-4o", too_long()}, {"filtered", refused_content()}});
  simulation.endpoints[0].models = {"gpt-4o", "filtered"};
  const Client client = simulation.client();
  EXPECT_EQ(ask(client, {.context_length_fallback = "long"}).error().code, "context_length_exceeded");
  EXPECT_EQ(
      client.chat.completions.create(question("filtered"), {.content_filter_fallback = "lax"}).error().code,
      "content_filter");
}

TEST(SpecialFallbacks, FollowEachOther) {
  ByModel simulation({{"gpt-4o", too_long()}, {"long", refused_content()}});
  const auto answer =
      ask(simulation.client(), {.context_length_fallback = "long", .content_filter_fallback = "lax"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->info.model, "lax");
  EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o", "long", "lax"));
}

TEST(TooLongRequest, IsForSizesThatServersRefuseInTheirWays) {
  const std::string says = error_json("This model's maximum context length is 8192 tokens");
  for (const int status : {400, 413, 422, 500}) {
    ByModel simulation({{"gpt-4o", failing(status, says)}});
    EXPECT_TRUE(ask(simulation.client(), {.context_length_fallback = "long"})) << status;
  }
  for (const int status : {401, 402, 404, 429, 502, 503}) {
    ByModel simulation({{"gpt-4o", failing(status, says)}});
    EXPECT_FALSE(ask(simulation.client(), {.context_length_fallback = "long"})) << status;
  }
  ByModel inside({{"gpt-4o", answering(says)}});
  EXPECT_TRUE(ask(inside.client(), {.context_length_fallback = "long"}));
}

TEST(NextModel, IsNotOneThatOnlyAnotherEndpointThanThePinnedServes) {
  ByModel simulation({{"gpt-4o", failing(503)}}, 2);
  simulation.endpoints[0].models = {"gpt-4o", "c"};
  simulation.endpoints[1].models = {"gpt-4o", "b"};
  const auto answer = ask(simulation.client(), {.endpoint = "endpoint-0", .fallback_models = {"b", "c"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->info.model, "c");
  EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o", "c"));
}

TEST(NextModel, ThatThePinnedEndpointDoesNotServeKeepsNoCallFromWaiting) {
  Simulation simulation({{failing(429, "{}", {{"retry-after", "60"}}), ok()}, {ok()}});
  simulation.endpoints[0].models = {"gpt-4o"};
  const auto answer = ask(simulation.client(), {.endpoint = "endpoint-0", .fallback_models = {"b"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->info.model, "gpt-4o");
  EXPECT_GE(simulation.elapsed(), 60s);
}

TEST(NextModel, IsNamedByTheErrorThoughBothFailedInTheSameWay) {
  ByModel simulation({{"gpt-4o", failing(404)}, {"b", failing(404)}});
  EXPECT_THAT(ask(simulation.client(), {.fallback_models = {"b"}}).error().message,
              AllOf(HasSubstr("endpoint-0 with gpt-4o: 404"), HasSubstr("endpoint-0 with b: 404")));
}

TEST(NextModel, BeginsWithAllEndpointsHoweverManyTheFirstModelHasBroken) {
  ByModel simulation({{"gpt-4o", failing(500)}}, 3);
  simulation.options.max_endpoints = 2;
  const auto answer = ask(simulation.client(), {.fallback_models = {"b"}});
  ASSERT_TRUE(answer);
  EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o", "gpt-4o", "b"));
}

TEST(NextModel, IsAskedForByEachModelOfTheListInTurn) {
  ByModel simulation({{"gpt-4o", failing(404)}, {"b", failing(404)}, {"c", failing(404)}});
  const auto answer = ask(simulation.client(), {.fallback_models = {"b", "c"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().attempts.size(), 3U);
  EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o", "b", "c"));
}

TEST(NextModel, OfACallThatNobodyMayAnswerNowIsTakenAtOnce) {
  ByModel simulation({{"gpt-4o", failing(429, "{}", {{"retry-after", "100"}})}});
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  const auto answer = ask(client, {.fallback_models = {"b"}});
  ASSERT_TRUE(answer) << "no attempt has failed, and none can be made";
  EXPECT_EQ(simulation.elapsed(), 0s);
  EXPECT_THAT(simulation.models(), ElementsAre("gpt-4o", "b"));
}

}  // namespace
}  // namespace openailb::fallback_limits_test
