// Objects live at the account that made them: calls that name one go to its home.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::object_affinity_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

SimulatedAnswer made(const std::string& id) { return answering(R"({"id": ")" + id + R"("})"); }
SimulatedAnswer not_found() { return failing(404, error_json("No such File object")); }

/// Three endpoints. Each makes files named after it, and knows no others.
struct Accounts : Simulation {
  Accounts() {
    for (int index = 0; index < 3; ++index) {
      add([this, index, count = 0](const HttpRequest& request) mutable {
        if (request.method == "POST" && request.url.ends_with("/files")) {
          const std::string id = "file-" + std::to_string(index) + "x" + std::to_string(count++);
          kept.insert({index, id});
          return made(id);
        }
        for (const auto& [keeper, id] : kept) {
          const bool names_it =
              request.url.find(id) != std::string::npos || request.body.find(id) != std::string::npos;
          if (names_it && keeper != index) return not_found();
        }
        return answering(R"({"ok": true})");
      });
    }
  }

  std::set<std::pair<int, std::string>> kept{};
};

std::string make_file(const Client& client) {
  return client.post("/files", {{"purpose", "batch"}})->at("id");
}

TEST(ObjectAffinity, IsTheEndpointThatMadeTheObject) {
  Accounts accounts;
  const Client client = accounts.client();
  const std::string zero = make_file(client), one = make_file(client);
  EXPECT_EQ(client.owner_of(zero), "endpoint-0");
  EXPECT_EQ(client.owner_of(one), "endpoint-1");
  EXPECT_EQ(client.owner_of("file-unknown"), std::nullopt);
  accounts.sent.clear();
  for (int call = 0; call < 3; ++call) {
    EXPECT_TRUE(client.get("/files/" + one));
    EXPECT_TRUE(client.get("/files/" + zero + "/content"));
  }
  EXPECT_TRUE(client.batches.create({.input_file_id = one}));
  EXPECT_TRUE(client.del("/files/" + one));
  EXPECT_THAT(accounts.asked(), ElementsAre(1, 0, 1, 0, 1, 0, 1, 1));
}

TEST(ObjectAffinity, OfWhatAFleetMadeIsKnownWhateverTheIdLooksLike) {
  for (const char* id : {"1", "report", "übung/1 a?b", "v1", "a\"b\\c", "4711.pdf"}) {
    Simulation simulation({{failing(503)}, {answering(nlohmann::json({{"id", id}}).dump())}});
    const Client client = simulation.client();
    ASSERT_TRUE(client.files.create({.file = file_from_bytes("a", "text"), .purpose = "batch"}));
    EXPECT_EQ(client.owner_of(id), "endpoint-1");
    simulation.serve(0, ok());
    simulation.sent.clear();
    for (int call = 0; call < 2; ++call) {
      EXPECT_TRUE(client.files.retrieve(id));
      EXPECT_TRUE(client.files.content(id));
      EXPECT_TRUE(client.batches.create({.input_file_id = id}));
    }
    EXPECT_THAT(simulation.asked(), ElementsAre(1, 1, 1, 1, 1, 1)) << id;
  }
}

TEST(ObjectAffinity, IsNotMadeOfAnswersThatNobodyKeeps) {
  const std::string answer = R"({"id": "id-1", "data": [{"id": "id-1"}], "choices": [{"message": {}}]})";
  Simulation simulation({{answering(answer)}});
  const Client client = simulation.client();
  for (const char* path : {"/chat/completions", "/completions", "/embeddings", "/images/generations",
                           "/audio/speech", "/moderations", "/v1/embeddings"}) {
    EXPECT_TRUE(client.post(path, {{"model", "m"}}));
    EXPECT_EQ(client.owner_of("id-1"), std::nullopt) << path;
  }
  EXPECT_TRUE(client.post("/chat/completions", {{"model", "m"}, {"store", true}}));
  EXPECT_EQ(client.owner_of("id-1"), "endpoint-0");
}

TEST(ObjectAffinity, OfUntypedCallsIsFoundInTheirPathsAlone) {
  Simulation simulation({{made("file-1a")}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  simulation.sent.clear();
  const nlohmann::json body{{"input_file_id", "file-1a"}, {"documents", {{{"id", "file-1a"}}}}};
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(client.post("/batches", body));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 0)) << "nobody looks at the body";
  simulation.sent.clear();
  for (int call = 0; call < 2; ++call) {
    EXPECT_TRUE(client.post("/fine_tuning/file-1a/pause", body));
    EXPECT_TRUE(client.upload("/files/file-1a/parts", {{.name = "a", .content = "b"}}));
    EXPECT_TRUE(client.download("/files/file-1a/content"));
    EXPECT_TRUE(client.post("/batches", body, {.objects = {"file-unknown", "file-1a"}}));
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
}

TEST(ObjectAffinity, IsNeitherMadeNorFoundInWhatIsNoId) {
  Simulation simulation({{answering(R"({"id": "part-7", "results": [{"id": "run-12"}]})")},
                         {answering(R"({"id": "run-12", "results": [{"id": "part-7"}]})")}});
  const Client client = simulation.client();
  const nlohmann::json parts{{"model", "m"}, {"documents", {{{"id", "part-7"}}, {{"id", "run-12"}}}}};
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(client.post("/rerank", parts));
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(client.post("/deployments/node-1/run", parts));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 0, 1, 0, 1));
  simulation.serve(0, failing(503));
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(client.post("/rerank", parts)) << "the other one is well";
}

TEST(ObjectAffinity, IsNotFoundInExtraMembers) {
  Simulation simulation({{made("run-2024")}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/runs"));
  simulation.serve(0, answering(R"({"data": [{"embedding": [1.0]}]})"));
  simulation.serve(1, answering(R"({"data": [{"embedding": [1.0]}]})"));
  simulation.sent.clear();
  for (int call = 0; call < 4; ++call) {
    EXPECT_TRUE(
        client.embeddings.create({.model = "m", .input = "x"}, {.extra_body = {{"trace_id", "run-2024"}}}));
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 0, 1, 0));
}

TEST(ObjectAffinity, IsRememberedOnlyOfWhatIsStored) {
  Simulation simulation({{made("resp_1")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/responses", {{"model", "m"}, {"store", false}}));
  EXPECT_EQ(client.owner_of("resp_1"), std::nullopt);
  simulation.serve(0, answering(R"({"id": "chatcmpl-1", "choices": [{"message": {"content": "Hi"}}]})"));
  ASSERT_TRUE(ask(client));
  EXPECT_EQ(client.owner_of("chatcmpl-1"), std::nullopt);
  ASSERT_TRUE(client.chat.completions.create({{"model", "m"}, {"messages", {}}, {"store", true}}));
  EXPECT_EQ(client.owner_of("chatcmpl-1"), "endpoint-0");
}

TEST(ObjectAffinity, IsLearnedFromLists) {
  Simulation simulation({{answering(R"({"data": [{"id": "file-a"}, {"id": "file-b"}]})")}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.get("/files"));
  EXPECT_EQ(client.owner_of("file-b"), "endpoint-0");
}

TEST(ObjectAffinity, OfAnItemHasThePageThatFollowsIt) {
  Accounts accounts;
  const Client client = accounts.client();
  make_file(client);
  const std::string one = make_file(client);
  accounts.sent.clear();
  for (int call = 0; call < 2; ++call) {
    EXPECT_TRUE(client.get("/files?limit=2&after=" + one));
    EXPECT_TRUE(client.get("/files?before=" + one));
    EXPECT_TRUE(client.get("/files", {.extra_query = {{"after", one}}}));
  }
  EXPECT_THAT(accounts.asked(), ElementsAre(1, 1, 1, 1, 1, 1));
}

TEST(ObjectAffinity, IsNotMadeOfAnItemWhereAPageBegins) {
  Accounts accounts;
  const Client client = accounts.client();
  EXPECT_TRUE(client.get("/files?after=file-unknown"));
  EXPECT_EQ(client.owner_of("file-unknown"), std::nullopt);
}

TEST(ObjectAffinity, IsAskedAgainInsteadOfOthers) {
  Simulation simulation({{made("file-a"), failing(503), failing(503), ok()}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  EXPECT_TRUE(client.get("/files/file-a"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0));
}

TEST(ObjectAffinity, IsNamedByTheError) {
  Simulation simulation({{made("file-a"), failing(503)}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  const Result<JsonResponse> answer = client.get("/files/file-a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().endpoint, "endpoint-0");
  EXPECT_THAT(answer.error().message,
              HasSubstr("no other endpoint was asked, as this one keeps what the call names"));
}

TEST(ObjectAffinity, IsStillAskedWhenItsBreakerRefuses) {
  Simulation simulation({{made("file-a"), failing(503)}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  for (int call = 0; call < 3; ++call) EXPECT_FALSE(client.get("/files/file-a"));
  simulation.serve(0, ok());
  EXPECT_TRUE(client.get("/files/file-a"));
  EXPECT_EQ(simulation.sent.back().endpoint, 0U);
}

TEST(ObjectAffinity, GivesWayToTheOnlyEndpointOfACall) {
  Accounts accounts;
  const Client client = accounts.client();
  const std::string zero = make_file(client);
  EXPECT_EQ(client.get("/files/" + zero, {.endpoint = "endpoint-2"}).error().status, 404);
  EXPECT_EQ(accounts.sent.back().endpoint, 2U);
}

TEST(ObjectAffinity, CanBeTold) {
  Accounts accounts;
  std::string file;
  {
    const Client client = accounts.client();
    make_file(client);
    file = make_file(client);
  }
  const Client client = accounts.client();
  client.pin_object(file, "endpoint-1");
  accounts.sent.clear();
  EXPECT_TRUE(client.get("/files/" + file));
  EXPECT_THAT(accounts.asked(), ElementsAre(1));
  EXPECT_THROW(client.pin_object(file, "nobody"), std::invalid_argument);
}

TEST(ObjectAffinity, ThatIsNotKnownIsSought) {
  Accounts accounts;
  std::string file;
  {
    const Client client = accounts.client();
    make_file(client);
    make_file(client);
    file = make_file(client);
  }
  const Client client = accounts.client();
  accounts.sent.clear();
  EXPECT_TRUE(client.get("/files/" + file, {.max_retries = 0}));
  EXPECT_THAT(accounts.asked(), ElementsAre(0, 1, 2));
  EXPECT_EQ(client.owner_of(file), "endpoint-2");
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.counts.total_failures, 0U);
  EXPECT_TRUE(client.get("/files/" + file));
  EXPECT_THAT(accounts.asked(), ElementsAre(0, 1, 2, 2));
}

TEST(ObjectAffinity, ThatIsNotKnownIsSoughtByReadsOfOtherServicesIds) {
  Simulation simulation({{not_found()}, {ok()}});
  EXPECT_TRUE(simulation.client().get("/files/assistant-4711"));
  Simulation posted({{not_found()}, {ok()}});
  EXPECT_FALSE(posted.client().post("/files/assistant-4711", {{"a", 1}})) << "it may have changed something";
}

TEST(ObjectAffinity, ThatIsNotKnownIsNotSoughtByWrites) {
  const std::string gone = error_json("Previous response with id 'resp_1' not found.");
  Simulation simulation({{failing(400, gone)}, {ok()}});
  const Client client = simulation.client();
  EXPECT_FALSE(client.responses.create({.model = "m", .input = "Hi", .previous_response_id = "resp_1"}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
  for (const char* id : {"file-1", "report"}) {
    Simulation writes({{not_found()}, {ok()}});
    EXPECT_FALSE(writes.client().files.del(id)) << "another one may have another of this id";
    EXPECT_FALSE(writes.client().vector_stores.update(id, {.name = "n"}));
    EXPECT_THAT(writes.asked(), ElementsAre(0, 0));
  }
}

TEST(ObjectAffinity, OfWhatARequestNamesIsNotLearned) {
  Simulation simulation({{made("resp_2")}, {made("resp_3")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.responses.create({.model = "m", .input = "Hi", .previous_response_id = "resp_1"}));
  ASSERT_TRUE(client.post("/batches", {{"a", 1}}, {.objects = {"file-1"}}));
  EXPECT_EQ(client.owner_of("resp_1"), std::nullopt) << "many servers take it and do nothing with it";
  EXPECT_EQ(client.owner_of("file-1"), std::nullopt);
}

TEST(ObjectAffinity, IsSoughtOnlyAmongThoseWhoTrustEachOther) {
  const auto sought = [](const std::vector<std::string>& trust) {
    Simulation simulation({{not_found()}, {not_found()}, {not_found()}});
    for (std::size_t index = 0; index < 3; ++index) simulation.endpoints[index].trust = trust[index];
    const Client client = simulation.client();
    for (int call = 0; call < 3; ++call) EXPECT_EQ(client.files.retrieve("file-1").error().status, 404);
    const std::vector<std::size_t> asked = simulation.asked();
    return std::set<std::size_t>(asked.begin(), asked.end());
  };
  EXPECT_THAT(sought({"", "", ""}), ElementsAre(0, 1, 2));
  EXPECT_THAT(sought({"", "", "cheap"}), ElementsAre(0, 1));
  EXPECT_THAT(sought({"cheap", "", ""}), ElementsAre(1, 2));
  EXPECT_THAT(sought({"us", "us", "them"}), ElementsAre(0, 1));
}

TEST(ObjectAffinity, IsKnownWhateverItsTrust) {
  Simulation simulation({{failing(503)}, {made("file-1")}});
  simulation.endpoints[1].trust = "cheap";
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  simulation.sent.clear();
  EXPECT_TRUE(client.files.retrieve("file-1"));
  EXPECT_EQ(client.files.retrieve("file-2").error().status, 503);
  EXPECT_TRUE(client.files.retrieve("file-2", {.endpoint = "endpoint-1"}));
  EXPECT_EQ(simulation.asked().front(), 1U);
  EXPECT_EQ(simulation.asked().back(), 1U);
}

TEST(ObjectAffinity, ThatNobodyIsHasTheErrorOfAllEndpoints) {
  Simulation simulation({{not_found()}, {not_found()}});
  const Error error = simulation.client().get("/files/file-a").error();
  EXPECT_EQ(error.status, 404);
  EXPECT_THAT(error.attempts, SizeIs(2));
}

TEST(ObjectAffinity, MayBeTheEndpointThatIsDown) {
  for (const bool first : {true, false}) {
    Simulation simulation;
    simulation.add(script({first ? failing(503) : not_found()}));
    simulation.add(script({first ? not_found() : failing(503)}));
    const Error error = simulation.client().get("/files/file-a", {.max_retries = 0}).error();
    EXPECT_EQ(error.status, 503) << "nobody knows that the file does not exist: " << error.message;
  }
}

TEST(ObjectAffinity, IsNotMadeOfTheWordsOfAPath) {
  for (const char* path : {"/v1/text-to-speech/voices", "/engines/gpt-4o", "/api/system-status"}) {
    Simulation simulation({{ok()}, {ok()}});
    const Client client = simulation.client();
    for (int call = 0; call < 4; ++call) EXPECT_TRUE(client.get(path));
    EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1)) << path;
    simulation.serve(0, failing(503));
    EXPECT_TRUE(client.get(path)) << "another endpoint can be asked";
    EXPECT_TRUE(client.download(path));
    EXPECT_TRUE(client.post(path, {{"a", 1}}));
  }
}

TEST(ObjectAffinity, OfAnIdInAPathIsTheEndpointWhoseAnswerHasIt) {
  Simulation simulation({{made("ftjob-1")}, {not_found()}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.get("/fine_tuning/jobs/ftjob-1"));
  EXPECT_EQ(client.owner_of("ftjob-1"), "endpoint-0");
}

TEST(ObjectAffinity, IsNotMadeOfAModelsName) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(client.get("/models/step-1-8k"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
  simulation.serve(0, answering(R"({"data": [{"id": "step-1-8k"}]})"));
  for (const char* path : {"/models", "/v1/models"}) {
    EXPECT_TRUE(client.get(path, {.endpoint = "endpoint-0"}));
    EXPECT_TRUE(client.post(path, {{"a", 1}}, {.endpoint = "endpoint-0"}));
  }
  EXPECT_TRUE(client.models.list({.endpoint = "endpoint-0"}));
  EXPECT_TRUE(client.models.retrieve("step-1-8k", {.endpoint = "endpoint-0"}));
  EXPECT_EQ(client.owner_of("step-1-8k"), std::nullopt);
}

TEST(ObjectAffinity, IsLearnedFromAnswersWithBrokenCharacters) {
  Simulation simulation({{answering(R"({"id": "resp_1", "output": "half of it: \ud83d"})")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/responses", {{"model", "m"}}));
  EXPECT_EQ(client.owner_of("resp_1"), "endpoint-0");
}

TEST(ObjectAffinity, IsNotLearnedOfIdsWithoutEnd) {
  const std::string id = "file-" + std::string(100'000, 'a');
  Simulation simulation({{made(id)}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  EXPECT_EQ(client.owner_of(id), std::nullopt);
}

TEST(ObjectAffinity, NobodyIsRememberedIfThatIsNotWanted) {
  Accounts accounts;
  accounts.options.object_affinity_capacity = 0;
  const Client client = accounts.client();
  EXPECT_EQ(client.owner_of(make_file(client)), std::nullopt);
}

}  // namespace
}  // namespace openailb::object_affinity_test
