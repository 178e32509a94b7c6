// Which endpoints are asked for a model, and by what name.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb::served_models_test {
namespace {

using namespace detail;
using namespace test;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Result<ChatCompletion> ask_for(const Client& client, const std::string& model, RequestOptions options = {}) {
  return client.chat.completions.create(question(model), std::move(options));
}

TEST(AllowList, ChoosesTheEndpoints) {
  Simulation simulation({{ok()}, {ok()}, {ok()}});
  simulation.endpoints[0].models = {"gpt-4o", "o*"};
  simulation.endpoints[1].models = {"claude-*"};
  const Client client = simulation.client();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(ask_for(client, "gpt-4o"));
  EXPECT_THAT(simulation.asked(), AllOf(Contains(0), Contains(2), Not(Contains(1))));
  simulation.sent.clear();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(ask_for(client, "claude-4"));
  EXPECT_THAT(simulation.asked(), AllOf(Contains(1), Contains(2), Not(Contains(0))));
  simulation.sent.clear();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(ask_for(client, "llama"));
  EXPECT_THAT(simulation.asked(), ElementsAre(2, 2));
}

TEST(AllowList, HasTheCallersNames) {
  Simulation simulation({{ok()}});
  simulation.endpoints[0].models = {"mine"};
  simulation.endpoints[0].model_map = {{"mine", "theirs"}};
  EXPECT_TRUE(ask_for(simulation.client(), "mine"));
  EXPECT_FALSE(ask_for(simulation.client(), "theirs"));
}

TEST(AllowList, DoesNotFailOverToWhatDoesNotServe) {
  Simulation simulation({{failing(503)}, {ok()}});
  simulation.endpoints[1].models = {"other"};
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 0}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(AllowList, DoesNotConcernCallsWithoutAModel) {
  Simulation simulation({{answering("{}")}, {answering("{}")}});
  for (EndpointConfig& endpoint : simulation.endpoints) endpoint.models = {"gpt-4o"};
  const Client client = simulation.client();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(client.get("/models"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
}

TEST(AllowList, AModelThatNobodyServesIsABadRequest) {
  Simulation simulation({{ok()}, {ok()}});
  for (EndpointConfig& endpoint : simulation.endpoints) endpoint.models = {"gpt-4o"};
  const Result<ChatCompletion> result = ask_for(simulation.client(), "gpt-5");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
  EXPECT_EQ(result.error().message,
            "not sent: no endpoint serves the model gpt-5: check it, or add it to EndpointConfig::models");
  EXPECT_THAT(simulation.sent, IsEmpty());
}

TEST(AllowList, TheNamedEndpointMustServeTheModelToo) {
  Simulation simulation({{ok()}, {ok()}});
  simulation.endpoints[0].models = {"gpt-4o"};
  const Result<ChatCompletion> result = ask_for(simulation.client(), "gpt-5", {.endpoint = "endpoint-0"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
  EXPECT_THAT(result.error().message, HasSubstr("endpoint-0 does not serve the model gpt-5"));
  EXPECT_THAT(simulation.sent, IsEmpty());
  EXPECT_THAT(ask_for(simulation.client(), "gpt-5", {.endpoint = "no-such"}).error().message,
              HasSubstr("there is no endpoint named no-such"));
}

TEST(MappedModel, ByAPattern) {
  Simulation simulation({{ok()}});
  simulation.endpoints[0].model_map = {{"*", "openai/*"}, {"gpt-4*", "four"}, {"gpt-4o", "exact"}};
  const Client client = simulation.client();
  for (const char* model : {"gpt-4o", "gpt-4.1", "o3"}) EXPECT_TRUE(ask_for(client, model));
  const auto sent = [&](std::size_t index) {
    return json::parse(simulation.request(index).body).at("model");
  };
  EXPECT_EQ(sent(0), "exact");
  EXPECT_EQ(sent(1), "four");
  EXPECT_EQ(sent(2), "openai/o3");
}

TEST(MappedModel, HasACooldownOfItsOwn) {
  Simulation simulation({{failing(429, {}, {{"retry-after", "30"}}), ok()}});
  simulation.endpoints[0].model_map = {{"*", "openai/*"}};
  const Client client = simulation.client();
  EXPECT_FALSE(ask_for(client, "gpt-4o", {.max_retries = 0}));
  const auto cooldowns = client.endpoints()[0].cooldowns;
  EXPECT_TRUE(cooldowns.contains("openai/gpt-4o"));
  EXPECT_TRUE(ask_for(client, "o3"));
  EXPECT_EQ(simulation.elapsed().count(), 0) << "another model waits for nothing";
}

TEST(ModelSettings, ThatAreWrongAreRejected) {
  const auto fault = [](const EndpointConfig& wrong) {
    Simulation simulation({{ok()}});
    simulation.endpoints[0].models = wrong.models;
    simulation.endpoints[0].model_map = wrong.model_map;
    try {
      static_cast<void>(simulation.client());
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(fault({.models = {""}}), AllOf(HasSubstr("endpoint-0"), HasSubstr("models has a name")));
  EXPECT_THAT(fault({.models = {"\xFF"}}), HasSubstr("models has a name"));
  EXPECT_THAT(fault({.model_map = {{"", "x"}}}), HasSubstr("model_map has an empty name"));
  EXPECT_THAT(fault({.model_map = {{"gpt-4o", "openai/*"}}}), HasSubstr("gpt-4o"));
  EXPECT_EQ(fault({.model_map = {{"*", "openai/*"}}, .models = {"*", "a**b"}}), "");
}

}  // namespace
}  // namespace openailb::served_models_test
