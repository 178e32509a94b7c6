// What servers that speak OpenAI's API expect, and how they answer where they do not do as OpenAI does.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::test::compatible_servers_test {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

std::vector<std::string> ids_of(const Result<Page<Model>>& models) {
  std::vector<std::string> ids;
  for (const Model& model : models->data) ids.push_back(model.id);
  return ids;
}

TEST(CompatibleServers, VectorStoresAreAskedWithTheHeaderOfTheSdks) {
  Simulation simulation({{answering(R"({"object":"list","data":[]})")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.vector_stores.list());
  ASSERT_TRUE(client.vector_stores.files.list("vs_1"));
  ASSERT_TRUE(client.files.list());
  EXPECT_EQ(simulation.request(0).headers.at("OpenAI-Beta"), "assistants=v2");
  EXPECT_EQ(simulation.request(1).headers.at("OpenAI-Beta"), "assistants=v2");
  EXPECT_FALSE(simulation.request(2).headers.contains("OpenAI-Beta"));
}

TEST(CompatibleServers, AHeaderOfTheUsersIsKept) {
  Simulation simulation({{answering(R"({"object":"list","data":[]})")}});
  simulation.options.default_headers = {{"OpenAI-Beta", "assistants=v3"}};
  ASSERT_TRUE(simulation.client().vector_stores.list());
  EXPECT_EQ(simulation.request(0).headers.at("OpenAI-Beta"), "assistants=v3");
}

TEST(CompatibleServers, AzureHasDeploymentsOnlyForSomePaths) {
  Simulation simulation;
  simulation.network.serve("https://one.example", script({answering(R"({"object":"list","data":[]})")}));
  simulation.options.max_retries = 0;
  simulation.endpoints = {azure_endpoint("https://one.example", "key", "2024-10-21")};
  const Client client = simulation.client();
  static_cast<void>(client.chat.completions.create({.model = "gpt-4o", .messages = {user_message("Hi!")}}));
  static_cast<void>(client.files.list());
  static_cast<void>(client.models.list());
  static_cast<void>(client.vector_stores.files.list("vs_1"));
  static_cast<void>(client.responses.create({.model = "gpt-4o", .input = "Hi!"}));
  EXPECT_THAT(simulation.request(0).url,
              StartsWith("https://one.example/openai/deployments/gpt-4o/chat/completions?api-version="));
  EXPECT_EQ(simulation.request(1).url, "https://one.example/openai/files?api-version=2024-10-21");
  EXPECT_EQ(simulation.request(2).url, "https://one.example/openai/models?api-version=2024-10-21");
  EXPECT_EQ(simulation.request(3).url,
            "https://one.example/openai/vector_stores/vs_1/files?api-version=2024-10-21");
  EXPECT_EQ(simulation.request(4).url, "https://one.example/openai/responses?api-version=2024-10-21");
}

TEST(CompatibleServers, AListMayBeBareOrNull) {
  for (const char* empty : {"[]", R"({"data":null})", R"({"object":"list","data":[]})", R"({"data":[]})"}) {
    Simulation simulation({{answering(empty)}});
    const auto models = simulation.client().models.list();
    ASSERT_TRUE(models) << empty;
    EXPECT_TRUE(models->data.empty());
    EXPECT_FALSE(models->has_more);
  }
  Simulation bare({{answering(R"([{"id":"a"},{"id":"b"}])")}});
  EXPECT_THAT(ids_of(bare.client().models.list()), ElementsAre("a", "b"));
}

TEST(CompatibleServers, WhatIsNoListIsStillNone) {
  for (const char* other : {"{}", R"({"data":{}})", R"("models")", R"({"data":"x"})"}) {
    Simulation simulation({{answering(other)}});
    EXPECT_EQ(simulation.client().models.list().error().kind, ErrorKind::parse) << other;
  }
}

TEST(CompatibleServers, EmbeddingsWithoutAnIndexAreInOrder) {
  Simulation simulation({{answering(R"({"data":[{"embedding":[1]},{"embedding":[2]},{"embedding":[3]}]})")}});
  const auto answer = simulation.client().embeddings.create({.model = "m", .input = {"a", "b", "c"}});
  ASSERT_TRUE(answer);
  for (std::size_t index = 0; index < 3; ++index) {
    EXPECT_EQ(answer->data[index].index, static_cast<std::int64_t>(index));
  }
}

TEST(CompatibleServers, AVectorThatLacksANumberIsNone) {
  Simulation simulation({{answering(R"({"data":[{"embedding":[1,null,3]}]})")}});
  simulation.options.max_retries = 0;
  const auto answer = simulation.client().embeddings.create({.model = "m", .input = "a"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::parse);
}

TEST(CompatibleServers, AColonOfAModelStaysInThePath) {
  Simulation simulation({{answering(R"({"id":"ft:gpt-4o:org::1"})")}});
  ASSERT_TRUE(simulation.client().models.retrieve("ft:gpt-4o:org::1"));
  EXPECT_THAT(simulation.request(0).url, ::testing::EndsWith("/models/ft:gpt-4o:org::1"));
}

}  // namespace
}  // namespace openailb::test::compatible_servers_test
