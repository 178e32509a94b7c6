// client.models, and the ids in the paths of all resources.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace openailb::models_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const json model{{"id", "gpt-4o"}, {"object", "model"}, {"created", 1686935002}, {"owned_by", "openai"}};
const json list{{"object", "list"}, {"data", {model, {{"id", "other"}, {"max_model_len", 4096}}}}};

TEST(Models, AreListed) {
  Simulation simulation({{answering(list.dump())}});
  const auto models = simulation.client().models.list();
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/models"));
  ASSERT_EQ(models->data.size(), 2U);
  EXPECT_EQ(models->data[0].id, "gpt-4o");
  EXPECT_EQ(models->data[0].created, 1686935002);
  EXPECT_EQ(models->data[0].owned_by, "openai");
  EXPECT_EQ(models->data[1].extra, json({{"max_model_len", 4096}}));
  EXPECT_EQ(models->object, "list");
  EXPECT_FALSE(models->has_more);
  EXPECT_EQ(models->info.endpoint, "endpoint-0");
}

TEST(Models, AreListedByACertainEndpoint) {
  Simulation simulation({{answering(list.dump())}, {answering(list.dump())}});
  EXPECT_EQ(simulation.client().models.list({.endpoint = "endpoint-1"})->info.endpoint, "endpoint-1");
}

TEST(Models, AreRetrieved) {
  Simulation simulation({{answering(model.dump())}});
  const auto found = simulation.client().models.retrieve("gpt-4o");
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/models/gpt-4o"));
  EXPECT_EQ(found->id, "gpt-4o");
  EXPECT_EQ(found->object, "model");
}

TEST(Models, AreDeleted) {
  Simulation simulation({{answering(R"({"id":"ft:a","object":"model","deleted":true})")}});
  const auto gone = simulation.client().models.del("ft:a");
  EXPECT_THAT(wire(simulation), ElementsAre("DELETE /v1/models/ft:a"));
  EXPECT_EQ(gone->id, "ft:a");
  EXPECT_EQ(gone->object, "model");
  EXPECT_TRUE(gone->deleted);
}

TEST(Models, AreDeletedWhereTheAnswerIsEmpty) {
  Simulation simulation({{{.status = 204}}, {failing(500)}});
  const auto gone = simulation.client().models.del("ft:a");
  EXPECT_TRUE(gone->deleted);
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(Models, MayHaveAnyName) {
  Simulation simulation({{answering(model.dump())}});
  const Client client = simulation.client();
  for (const char* name : {"meta/llama 3", "a?b#c%2F", "..a", "\xC3\xA9\\", "/"}) {
    EXPECT_TRUE(client.models.retrieve(name)) << name;
  }
  EXPECT_THAT(wire(simulation),
              ElementsAre("GET /v1/models/meta%2Fllama%203", "GET /v1/models/a%3Fb%23c%252F",
                          "GET /v1/models/..a", "GET /v1/models/%C3%A9%5C", "GET /v1/models/%2F"));
}

TEST(Models, CannotHaveANameThatLeadsElsewhere) {
  Simulation simulation({{answering(model.dump())}});
  const Client client = simulation.client();
  for (const char* name : {"", ".", ".."}) {
    const Error error = client.models.del(name).error();
    EXPECT_EQ(error.kind, ErrorKind::bad_request) << name;
    EXPECT_THAT(error.message, HasSubstr("not sent: ")) << name;
  }
  EXPECT_EQ(client.models.retrieve("").error().message, "not sent: the id in the path /models/ is empty");
  EXPECT_EQ(client.models.retrieve("..").error().message, "not sent: an id in a path cannot be ..");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Models, ThatOneEndpointLacksAreAskedOfTheNext) {
  Simulation simulation({{failing(404, error_json("no such model"))}, {answering(model.dump())}});
  EXPECT_EQ(simulation.client().models.retrieve("meta/llama-3")->info.endpoint, "endpoint-1");
}

TEST(Models, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(model, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().models.retrieve("x")->id, "gpt-4o") << other;
  }
  for (const json& other : variations(list, {"data"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().models.list()->data.size(), 2U) << other;
  }
}

TEST(Models, AnswerThatIsNoObjectIsNonsense) {
  for (const char* nonsense : {"[]", "null", "7", "\"gpt-4o\""}) {
    Simulation simulation({{answering(nonsense)}, {answering(model.dump())}});
    EXPECT_EQ(simulation.client().models.retrieve("x")->info.endpoint, "endpoint-1") << nonsense;
  }
}

TEST(Models, AreListedByAnAsyncClient) {
  AsyncSimulation simulation({{answering(list.dump())}});
  const AsyncClient client = simulation.client();
  auto models = client.models.list();
  auto wrong = client.models.retrieve("");
  EXPECT_EQ(models.get()->data.size(), 2U);
  EXPECT_EQ(wrong.get().error().kind, ErrorKind::bad_request);
}

}  // namespace
}  // namespace openailb::models_test
