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
#include <vector>

namespace openailb::homes_test {
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

TEST(Home, IsTheEndpointThatMadeTheObject) {
  Accounts accounts;
  const Client client = accounts.client();
  const std::string zero = make_file(client), one = make_file(client);
  EXPECT_EQ(client.home_of(zero), "endpoint-0");
  EXPECT_EQ(client.home_of(one), "endpoint-1");
  EXPECT_EQ(client.home_of("file-unknown"), std::nullopt);
  accounts.sent.clear();
  for (int call = 0; call < 3; ++call) {
    EXPECT_TRUE(client.get("/files/" + one));
    EXPECT_TRUE(client.get("/files/" + zero + "/content"));
  }
  EXPECT_TRUE(client.post("/batches", {{"input_file_id", one}}));
  EXPECT_TRUE(client.del("/files/" + one));
  EXPECT_THAT(accounts.asked(), ElementsAre(1, 0, 1, 0, 1, 0, 1, 1));
}

TEST(Home, IsFoundInEveryMemberThatNamesAnObject) {
  Simulation simulation({{made("file-a")}, {ok()}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "user_data"}}));
  const nlohmann::json bodies[] = {
      {{"previous_response_id", "file-a"}},
      {{"conversation", "file-a"}},
      {{"conversation", {{"id", "file-a"}}}},
      {{"file_ids", {"file-b", "file-a"}}},
      {{"training_file", "file-a"}},
      {{"input", {{{"role", "user"}, {"content", {{{"type", "input_file"}, {"file_id", "file-a"}}}}}}}},
      {{"tools", {{{"type", "code_interpreter"}, {"container", "file-a"}}}}},
  };
  for (const nlohmann::json& body : bodies) {
    simulation.sent.clear();
    EXPECT_TRUE(client.post("/responses", body));
    EXPECT_THAT(simulation.asked(), ElementsAre(0)) << body;
  }
}

TEST(Home, OfTheFilesInAMessageIsAskedForTheAnswer) {
  Simulation simulation({{made("file-a"), ok()}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "user_data"}}));
  simulation.sent.clear();
  for (int call = 0; call < 3; ++call) {
    EXPECT_TRUE(client.chat.completions.create(
        {{"model", "m"},
         {"messages", {{{"role", "user"}, {"content", {{{"file", {{"file_id", "file-a"}}}}}}}}}}));
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0));
}

TEST(Home, IsNotMadeOfWhatMerelyLooksLikeAnId) {
  Simulation simulation({{answering(R"({"id": "resp_1", "tools": [{"name": "run_tests"}], "output": [
      {"text": "file-a"}, {"type": "function_call", "call_id": "fc_1", "name": "batch_all"}]})")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/responses", {{"model", "m"}}));
  EXPECT_EQ(client.home_of("resp_1"), "endpoint-0");
  for (const char* other : {"run_tests", "file-a", "fc_1", "batch_all"}) {
    EXPECT_EQ(client.home_of(other), std::nullopt) << other;
  }
}

TEST(Home, IsRememberedOnlyOfWhatIsStored) {
  Simulation simulation({{made("resp_1")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/responses", {{"model", "m"}, {"store", false}}));
  EXPECT_EQ(client.home_of("resp_1"), std::nullopt);
  simulation.serve(0, answering(R"({"id": "chatcmpl-1", "choices": [{"message": {"content": "Hi"}}]})"));
  ASSERT_TRUE(ask(client));
  EXPECT_EQ(client.home_of("chatcmpl-1"), std::nullopt);
  ASSERT_TRUE(client.chat.completions.create({{"model", "m"}, {"messages", {}}, {"store", true}}));
  EXPECT_EQ(client.home_of("chatcmpl-1"), "endpoint-0");
}

TEST(Home, IsLearnedFromLists) {
  Simulation simulation({{answering(R"({"data": [{"id": "file-a"}, {"id": "file-b"}]})")}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.get("/files"));
  EXPECT_EQ(client.home_of("file-b"), "endpoint-0");
}

TEST(Home, OfAnItemHasThePageThatFollowsIt) {
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

TEST(Home, IsNotMadeOfAnItemWhereAPageBegins) {
  Accounts accounts;
  const Client client = accounts.client();
  EXPECT_TRUE(client.get("/files?after=file-unknown"));
  EXPECT_EQ(client.home_of("file-unknown"), std::nullopt);
}

TEST(Home, IsAskedAgainInsteadOfOthers) {
  Simulation simulation({{made("file-a"), failing(503), failing(503), ok()}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  EXPECT_TRUE(client.get("/files/file-a"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0));
}

TEST(Home, IsNamedByTheError) {
  Simulation simulation({{made("file-a"), failing(503)}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  const Result<JsonResponse> answer = client.get("/files/file-a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().endpoint, "endpoint-0");
  EXPECT_THAT(answer.error().message,
              HasSubstr("no other endpoint was asked, as this one keeps what the call names"));
}

TEST(Home, IsStillAskedWhenItsBreakerRefuses) {
  Simulation simulation({{made("file-a"), failing(503)}, {ok()}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  for (int call = 0; call < 3; ++call) EXPECT_FALSE(client.get("/files/file-a"));
  simulation.serve(0, ok());
  EXPECT_TRUE(client.get("/files/file-a"));
  EXPECT_EQ(simulation.sent.back().endpoint, 0U);
}

TEST(Home, ObjectsInTwoPlacesCannotBeUsedTogether) {
  Accounts accounts;
  const Client client = accounts.client();
  const std::string zero = make_file(client), one = make_file(client);
  accounts.sent.clear();
  const Result<JsonResponse> answer = client.post("/vector_stores", {{"file_ids", {zero, one}}});
  EXPECT_EQ(answer.error().kind, ErrorKind::bad_request);
  EXPECT_EQ(answer.error().message, "not sent: file-0x0 is kept by endpoint-0, but file-1x0 by endpoint-1");
  EXPECT_THAT(accounts.sent, SizeIs(0));
}

TEST(Home, GivesWayToTheOnlyEndpointOfACall) {
  Accounts accounts;
  const Client client = accounts.client();
  const std::string zero = make_file(client);
  EXPECT_EQ(client.get("/files/" + zero, {.endpoint = "endpoint-2"}).error().status, 404);
  EXPECT_EQ(accounts.sent.back().endpoint, 2U);
}

TEST(Home, CanBeTold) {
  Accounts accounts;
  std::string file;
  {
    const Client client = accounts.client();
    make_file(client);
    file = make_file(client);
  }
  const Client client = accounts.client();
  client.remember_home(file, "endpoint-1");
  accounts.sent.clear();
  EXPECT_TRUE(client.get("/files/" + file));
  EXPECT_THAT(accounts.asked(), ElementsAre(1));
  EXPECT_THROW(client.remember_home(file, "nobody"), std::invalid_argument);
}

TEST(Home, ThatIsNotKnownIsSought) {
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
  EXPECT_EQ(client.home_of(file), "endpoint-2");
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.counts.total_failures, 0U);
  EXPECT_TRUE(client.get("/files/" + file));
  EXPECT_THAT(accounts.asked(), ElementsAre(0, 1, 2, 2));
}

TEST(Home, ThatIsNotKnownIsSoughtByWritesToo) {
  for (const int status : {404, 400}) {
    Simulation simulation(
        {{failing(status, error_json("Previous response with id 'resp_1' not found."))}, {ok()}});
    const Client client = simulation.client();
    EXPECT_TRUE(client.post("/responses", {{"previous_response_id", "resp_1"}}));
    EXPECT_EQ(client.home_of("resp_1"), "endpoint-1");
  }
  Simulation simulation({{failing(400, error_json("Invalid value: 'temprature'."))}, {ok()}});
  EXPECT_FALSE(simulation.client().post("/responses", {{"previous_response_id", "resp_1"}}));
  EXPECT_THAT(simulation.sent, SizeIs(1)) << "the request itself is wrong";
}

TEST(Home, ThatIsNotKnownIsSoughtByReadsOfOtherServicesIds) {
  Simulation simulation({{not_found()}, {ok()}});
  EXPECT_TRUE(simulation.client().get("/files/assistant-4711"));
  Simulation posted({{not_found()}, {ok()}});
  EXPECT_FALSE(posted.client().post("/files/assistant-4711", {{"a", 1}})) << "it may have changed something";
}

TEST(Home, ThatNobodyIsHasTheErrorOfAllEndpoints) {
  Simulation simulation({{not_found()}, {not_found()}});
  const Error error = simulation.client().get("/files/file-a").error();
  EXPECT_EQ(error.status, 404);
  EXPECT_THAT(error.attempts, SizeIs(2));
}

TEST(Home, MayBeTheEndpointThatIsDown) {
  for (const bool first : {true, false}) {
    Simulation simulation;
    simulation.add(script({first ? failing(503) : not_found()}));
    simulation.add(script({first ? not_found() : failing(503)}));
    const Error error = simulation.client().get("/files/file-a", {.max_retries = 0}).error();
    EXPECT_EQ(error.status, 503) << "nobody knows that the file does not exist: " << error.message;
  }
}

TEST(Home, IsNotMadeOfUsersOwnNames) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  const nlohmann::json run{{"model", "m"}, {"metadata", {{"run_id", "run-17"}}}};
  const nlohmann::json step{{"model", "m"}, {"metadata", {{"step_id", "step-2"}}}};
  const nlohmann::json both{{"model", "m"}, {"metadata", {{"run_id", "run-17"}, {"step_id", "step-2"}}}};
  ASSERT_TRUE(client.post("/responses", run));
  ASSERT_TRUE(client.post("/responses", step));
  EXPECT_TRUE(client.post("/responses", both)) << "neither is kept anywhere";
  EXPECT_TRUE(client.post("/responses", run));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
}

TEST(Home, IsNotMadeOfTheTextsOfAForm) {
  Simulation simulation({{answering(R"({"text": "part-time"})")}, {answering(R"({"text": "part-time"})")}});
  const Client client = simulation.client();
  for (int call = 0; call < 4; ++call) {
    EXPECT_TRUE(client.audio.transcriptions.create(
        {.model = "step-asr", .file = file_from_bytes("a.wav", "RIFF"), .prompt = "part-time"}));
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
}

TEST(Home, IsFoundInTheFieldsOfAFormThatNameAnObject) {
  Simulation simulation({{made("file-a"), answering(R"({"text": ""})")}, {answering(R"({"text": ""})")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "user_data"}}));
  simulation.sent.clear();
  for (const nlohmann::json& named :
       {nlohmann::json{{"file_id", "file-a"}}, nlohmann::json{{"file_ids", {"file-a"}}},
        nlohmann::json{{"video", {{"id", "file-a"}}}}}) {
    EXPECT_TRUE(client.audio.transcriptions.create({.model = "m", .file = file_from_bytes("a.wav", "RIFF")},
                                                   {.extra_body = named}));
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0));
}

TEST(Home, IsNotMadeOfAModelsName) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(client.get("/models/step-1-8k"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
}

TEST(Home, IsNotMadeOfTheIdsOfToolCalls) {
  // vLLM's.
  const nlohmann::json body{
      {"model", "m"},
      {"messages",
       {{{"role", "user"}, {"content", {{{"type", "file"}, {"file", {{"file_id", "none"}}}}}}},
        {{"role", "assistant"}, {"tool_calls", {{{"id", "chatcmpl-tool-1"}, {"type", "function"}}}}}}}};
  for (const char* path : {"/chat/completions", "/v1/chat/completions"}) {
    Simulation simulation({{ok()}, {ok()}});
    const Client client = simulation.client();
    for (int call = 0; call < 4; ++call) EXPECT_TRUE(client.post(path, body));
    EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1)) << path;
  }
}

TEST(Home, IsNotNeededForItemsThatAreThereInWhole) {
  Simulation simulation;
  for (int index = 0; index < 2; ++index) {
    const std::string answer = std::to_string(index);
    simulation.add(script({answering(R"({"id": "resp_)" + answer + R"(", "output": [{"id": "msg_)" + answer +
                                     R"("}, {"id": "rs_)" + answer + R"("}]})")}));
  }
  const Client client = simulation.client();
  const auto say = [&](nlohmann::json input, bool store) {
    return client.post("/responses", {{"model", "m"}, {"input", std::move(input)}, {"store", store}});
  };
  ASSERT_TRUE(say("Hello", true));
  ASSERT_TRUE(say("Hello", true));
  const nlohmann::json whole{
      {{"type", "message"}, {"id", "msg_0"}, {"content", {{{"type", "output_text"}, {"text", "Hi"}}}}},
      {{"type", "message"}, {"id", "msg_1"}, {"content", {{{"type", "output_text"}, {"text", "Hi"}}}}},
      {{"type", "function_call"}, {"id", "fc_1"}, {"call_id", "call_1"}, {"arguments", "{}"}}};
  simulation.sent.clear();
  for (const bool store : {true, false, true, false}) EXPECT_TRUE(say(whole, store));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
  simulation.sent.clear();
  for (const nlohmann::json& reference : {nlohmann::json{{"type", "item_reference"}, {"id", "msg_1"}},
                                          nlohmann::json{{"type", "reasoning"}, {"id", "rs_1"}}}) {
    EXPECT_TRUE(say({reference}, true));
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 1));
}

TEST(Home, IsLearnedFromAnswersWithBrokenCharacters) {
  Simulation simulation({{answering(R"({"id": "resp_1", "output": "half of it: \ud83d"})")}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/responses", {{"model", "m"}}));
  EXPECT_EQ(client.home_of("resp_1"), "endpoint-0");
}

TEST(Home, IsNotLearnedOfIdsWithoutEnd) {
  const std::string id = "file-" + std::string(100'000, 'a');
  Simulation simulation({{made(id)}});
  const Client client = simulation.client();
  ASSERT_TRUE(client.post("/files", {{"purpose", "batch"}}));
  EXPECT_EQ(client.home_of(id), std::nullopt);
}

TEST(Home, OfOldObjectsIsForgotten) {
  Accounts accounts;
  accounts.options.remembered_objects = 2;
  const Client client = accounts.client();
  const std::string first = make_file(client), second = make_file(client);
  EXPECT_TRUE(client.get("/files/" + first));  // so the second has been used longest ago
  const std::string third = make_file(client);
  EXPECT_TRUE(client.home_of(first));
  EXPECT_FALSE(client.home_of(second));
  EXPECT_TRUE(client.home_of(third));
}

TEST(Home, NobodyIsRememberedIfThatIsNotWanted) {
  Accounts accounts;
  accounts.options.remembered_objects = 0;
  const Client client = accounts.client();
  EXPECT_EQ(client.home_of(make_file(client)), std::nullopt);
}

}  // namespace
}  // namespace openailb::homes_test
