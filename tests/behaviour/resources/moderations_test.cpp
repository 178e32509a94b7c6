// client.moderations: what it sends, and what it takes for an answer.
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace openailb::moderations_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;

const json answer{{"id", "modr-1"},
                  {"model", "omni-moderation-latest"},
                  {"results",
                   {{{"flagged", true},
                     {"categories", {{"violence", true}, {"self-harm/intent", false}, {"illicit", nullptr}}},
                     {"category_scores", {{"violence", 0.9971}, {"self-harm/intent", 1.6e-6}}},
                     {"category_applied_input_types", {{"violence", {"text", "image"}}}}}}}};

TEST(Moderations, SayWhatMayBeHarmful) {
  Simulation simulation({{answering(answer.dump())}});
  const auto found = simulation.client().moderations.create({.input = "I want to kill them."});
  EXPECT_THAT(wire(simulation), ElementsAre(R"(POST /v1/moderations {"input":"I want to kill them."})"));
  EXPECT_EQ(found->id, "modr-1");
  EXPECT_EQ(found->model, "omni-moderation-latest");
  const Moderation& result = found->results.at(0);
  EXPECT_TRUE(result.flagged);
  EXPECT_TRUE(result.categories.at("violence"));
  EXPECT_FALSE(result.categories.at("self-harm/intent"));
  EXPECT_EQ(result.categories.count("illicit"), 0U);
  EXPECT_DOUBLE_EQ(result.category_scores.at("violence"), 0.9971);
  EXPECT_THAT(result.category_applied_input_types.at("violence"), ElementsAre("text", "image"));
  EXPECT_EQ(found->info.status, 200);
}

TEST(Moderations, TakeSeveralTextsAndParts) {
  Simulation simulation({{answering(answer.dump())}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.moderations.create({.model = "m", .input = {"a", "b"}}));
  EXPECT_TRUE(client.moderations.create({.input = json::parse(R"([{"type":"text","text":"a"}])")}));
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/moderations {"model":"m","input":["a","b"]})",
                          R"(POST /v1/moderations {"input":[{"text":"a","type":"text"}]})"));
}

TEST(Moderations, WithoutAResultAreNonsense) {
  Simulation simulation({{answering(R"({"id":"modr-1","results":[]})")}, {answering(answer.dump())}});
  EXPECT_EQ(simulation.client().moderations.create({.input = "a"})->info.endpoint, "endpoint-1");
}

TEST(Moderations, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(answer, {"results"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_TRUE(simulation.client().moderations.create({.input = "a"})->results.at(0).flagged) << other;
  }
  for (const json& other : variations(answer["results"][0], {"flagged"})) {
    json document = answer;
    document["results"][0] = other;
    Simulation simulation({{answering(document.dump())}});
    EXPECT_TRUE(simulation.client().moderations.create({.input = "a"})->results.at(0).flagged) << other;
  }
}

}  // namespace
}  // namespace openailb::moderations_test
