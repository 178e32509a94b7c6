// client.responses without a stream: what it sends, and what it takes for an answer.
#include "support/async.hpp"
#include "support/resources.hpp"
#include <openailb/detail/wire/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::responses_test {
namespace {

using namespace test;
using nlohmann::json;
using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A response as OpenAI's reference shows it, with a refusal, thinking and tools besides.
const json answer = json::parse(R"({
  "id": "resp_1", "object": "response", "created_at": 1741476542, "completed_at": 1741476543.5,
  "status": "completed", "background": false, "error": null, "incomplete_details": null,
  "instructions": null, "max_output_tokens": null, "max_tool_calls": 3, "model": "gpt-5.4",
  "output": [
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed",
     "action": {"type": "search", "query": "unicorns"}},
    {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [
      {"type": "output_text", "text": "In a peaceful grove", "annotations": [], "logprobs": []},
      {"type": "output_text", "text": ", a unicorn.", "annotations": [{"type": "url_citation", "url": "u"}]},
      {"type": "output_text", "text": "", "annotations": []},
      {"type": "refusal", "refusal": "No more."}]},
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "now", "arguments": "",
     "status": "completed"},
    {"type": "custom_tool_call", "id": "ct_1", "call_id": "call_2", "name": "code", "input": ""},
    {"type": "tool_search_call", "id": "ts_1", "arguments": {"query": "q"}},
    {"type": "message", "id": "msg_2", "status": "completed", "role": "assistant", "content": []}],
  "parallel_tool_calls": true, "previous_response_id": null,
  "reasoning": {"effort": "high", "summary": null}, "service_tier": "default", "store": true,
  "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
  "top_p": 0.5, "truncation": "disabled",
  "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 4},
            "output_tokens": 87, "output_tokens_details": {"reasoning_tokens": 32}, "total_tokens": 123},
  "user": null, "metadata": {"topic": "demo"}
})");

Result<Response> create_from(const json& document) {
  Simulation simulation({{answering(document.dump())}});
  return simulation.client().responses.create({.model = "m", .input = "x"});
}

TEST(Responses, SayWhatWasAsked) {
  Simulation simulation({{answering(answer.dump())}});
  const auto response = simulation.client().responses.create(
      {.model = "gpt-5.4", .input = "Tell me a three sentence bedtime story about a unicorn."});
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/responses {"model":"gpt-5.4",)"
                          R"("input":"Tell me a three sentence bedtime story about a unicorn."})"));
  EXPECT_EQ(response->output_text(), "In a peaceful grove, a unicorn.");
  EXPECT_EQ(response->id, "resp_1");
  EXPECT_EQ(response->object, "response");
  EXPECT_EQ(response->created_at, 1741476542);
  EXPECT_EQ(response->completed_at, 1741476543);
  EXPECT_EQ(response->status, "completed");
  EXPECT_FALSE(response->error);
  EXPECT_FALSE(response->incomplete_details);
  EXPECT_EQ(response->background, false);
  EXPECT_EQ(response->max_tool_calls, 3);
  EXPECT_EQ(response->model, "gpt-5.4");
  EXPECT_EQ(response->reasoning->effort, "high");
  EXPECT_EQ(response->service_tier, "default");
  EXPECT_EQ(response->temperature, 1.0);
  EXPECT_EQ(response->top_p, 0.5);
  EXPECT_EQ(response->text, json::parse(R"({"format":{"type":"text"}})"));
  EXPECT_EQ(response->usage->input_tokens_details->cached_tokens, 4);
  EXPECT_EQ(response->usage->output_tokens_details->reasoning_tokens, 32);
  EXPECT_EQ(response->usage->total_tokens, 123);
  EXPECT_EQ(response->metadata.at("topic"), "demo");
  EXPECT_EQ(response->info.endpoint, "endpoint-0");
  ASSERT_EQ(response->output.size(), 7U);
  EXPECT_EQ(response->output[0].extra, json({{"encrypted_content", "gAAAA"}}));
  EXPECT_EQ(response->output[1].extra["action"]["query"], "unicorns");
  EXPECT_EQ(response->output[2].role, "assistant");
  EXPECT_EQ(response->output[2].content.at(3).refusal, "No more.");
  EXPECT_EQ(response->output[3].call_id, "call_1");
  EXPECT_EQ(response->output[3].name, "now");
}

TEST(Responses, SendAllThatIsSet) {
  Simulation simulation({{answering(answer.dump())}});
  EXPECT_TRUE(simulation.client().responses.create(
      {.model = "m",
       .input = {response_message("user", "Hi"), response_message("assistant", "Hello"),
                 function_call_output("call_1", "12:00")},
       .background = true,
       .context_management = ordered_json::array({{{"type", "compaction"}}}),
       .conversation = "conv_1",
       .include = {"reasoning.encrypted_content"},
       .instructions = "Be kind.",
       .max_output_tokens = 100,
       .max_tool_calls = 2,
       .metadata = {{"a", "b"}},
       .moderation = {{"model", "omni"}},
       .parallel_tool_calls = false,
       .previous_response_id = "resp_0",
       .prompt = {{"id", "pmpt_1"}},
       .prompt_cache_key = "k",
       .prompt_cache_options = {{"mode", "implicit"}},
       .prompt_cache_retention = "24h",
       .reasoning = {.effort = "low", .summary = "auto"},
       .safety_identifier = "s",
       .service_tier = "flex",
       .store = false,
       .stream_options = {.include_obfuscation = false},
       .temperature = 0.5,
       .text = {.format = json_schema_text_format("event", R"({"type":"object","a":1})"), .verbosity = "low"},
       .tool_choice = {{"type", "function"}, {"name", "now"}},
       .tools = {{.name = "now", .description = "The time", .parameters = R"({"z":1,"a":2})", .strict = true},
                 {.type = "file_search", .extra = {{"vector_store_ids", {"vs_1"}}}}},
       .top_logprobs = 1,
       .top_p = 0.25,
       .truncation = "auto",
       .user = "u"}));
  EXPECT_EQ(
      wire(simulation).at(0),
      R"(POST /v1/responses {"model":"m","input":[)"
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]},)"
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]},)"
      R"({"type":"function_call_output","call_id":"call_1","output":"12:00"}],"background":true,)"
      R"("context_management":[{"type":"compaction"}],"conversation":"conv_1",)"
      R"("include":["reasoning.encrypted_content"],"instructions":"Be kind.","max_output_tokens":100,)"
      R"("max_tool_calls":2,"metadata":{"a":"b"},"moderation":{"model":"omni"},"parallel_tool_calls":false,)"
      R"("previous_response_id":"resp_0","prompt":{"id":"pmpt_1"},"prompt_cache_key":"k",)"
      R"("prompt_cache_options":{"mode":"implicit"},"prompt_cache_retention":"24h",)"
      R"("reasoning":{"effort":"low","summary":"auto"},"safety_identifier":"s","service_tier":"flex",)"
      R"("store":false,"stream_options":{"include_obfuscation":false},"temperature":0.5,)"
      R"("text":{"format":{"type":"json_schema","name":"event","schema":{"type":"object","a":1},)"
      R"("strict":true},"verbosity":"low"},"tool_choice":{"type":"function","name":"now"},)"
      R"("tools":[{"type":"function","name":"now","description":"The time","parameters":{"z":1,"a":2},)"
      R"("strict":true},{"type":"file_search","vector_store_ids":["vs_1"]}],"top_logprobs":1,"top_p":0.25,)"
      R"("truncation":"auto","user":"u"})");
}

TEST(Responses, SendOutputBackAsItCame) {
  Simulation simulation({{answering(answer.dump())}});
  const Client client = simulation.client();
  const auto response = client.responses.create({.model = "m", .input = "x"});
  EXPECT_TRUE(client.responses.create({.model = "m", .input = response->output}));
  const json sent = json::parse(simulation.request(1).body);
  EXPECT_EQ(sent.at("input"), answer.at("output"));
}

TEST(Responses, ThatComeAsFailedFailOver) {
  json failed = answer;
  failed["status"] = "failed";
  failed["error"] = {{"code", "server_error"}, {"message", "boom"}};
  Simulation simulation({{answering(failed.dump())}, {answering(answer.dump())}});
  const Client client = simulation.client();
  EXPECT_EQ(client.responses.create({.model = "m", .input = "x"})->info.endpoint, "endpoint-1");
  const Error error =
      client.responses.create({.model = "m", .input = "x"}, {.max_retries = 0, .endpoint = "endpoint-0"})
          .error();
  EXPECT_EQ(error.kind, ErrorKind::internal_server);
  EXPECT_EQ(error.code, "server_error");
  EXPECT_EQ(json::parse(error.body).at("id"), "resp_1");
}

TEST(Responses, ThatFailBecauseOfTheirInputAreAskedForOnce) {
  for (const char* code : {"invalid_prompt", "image_too_large", "image_file_not_found"}) {
    json failed = answer;
    failed["error"] = {{"code", code}, {"message", "no"}};
    Simulation simulation({{answering(failed.dump())}, {answering(answer.dump())}});
    const auto response = simulation.client().responses.create({.model = "m", .input = "x"});
    EXPECT_EQ(response.error().kind, ErrorKind::bad_request) << code;
    EXPECT_THAT(simulation.asked(), ElementsAre(0)) << code;
  }
}

TEST(Responses, ThatFailWithoutAWordAreErrorsWhenTheyAreMade) {
  json failed = answer;
  failed["status"] = "failed";
  failed["error"] = nullptr;
  Simulation simulation({{answering(failed.dump())}, {answering(answer.dump())}});
  const auto response = simulation.client().responses.create({.model = "m", .input = "x"});
  EXPECT_TRUE(response) << "another endpoint has answered";
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
}

TEST(Responses, ThatFailedAreValuesWhenTheyAreRetrieved) {
  json failed = answer;
  failed["status"] = "failed";
  failed["error"] = {{"code", "server_error"}, {"message", "boom"}};
  Simulation simulation({{answering(failed.dump())}});
  const Client client = simulation.client();
  for (const auto& response : {client.responses.retrieve("resp_1"), client.responses.cancel("resp_1")}) {
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, "failed");
    EXPECT_EQ(response->error->code, "server_error");
    EXPECT_EQ(response->error->message, "boom");
  }
  EXPECT_EQ(client.endpoints()[0].counts.total_successes, 2);
}

TEST(Responses, ErrorThatIsNoResponseIsAnErrorEverywhere) {
  Simulation simulation({{answering(error_json("boom", "server_error"))}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_FALSE(client.responses.create({.model = "m", .input = "x"}));
  EXPECT_EQ(client.responses.retrieve("resp_1").error().kind, ErrorKind::internal_server);
}

TEST(Responses, WithoutAnythingAreNonsense) {
  for (const char* nonsense : {"{}", "[]", R"({"output":7})", R"({"detail":"Not here"})"}) {
    Simulation simulation({{answering(nonsense)}, {answering(answer.dump())}});
    EXPECT_EQ(simulation.client().responses.create({.model = "m", .input = "x"})->info.endpoint, "endpoint-1")
        << nonsense;
  }
}

TEST(Responses, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(answer, {"output", "error"})) {
    EXPECT_EQ(create_from(other)->output_text(), "In a peaceful grove, a unicorn.") << other;
  }
  for (std::size_t index = 0; index < answer["output"].size(); ++index) {
    for (const json& other : variations(answer["output"][index], {"type", "content"})) {
      json document = answer;
      document["output"][index] = other;
      EXPECT_EQ(create_from(document)->output_text(), "In a peaceful grove, a unicorn.") << other;
    }
  }
  for (const char* nothing : {"null", "{}", "\"\"", "false"}) {
    json document = answer;
    document["error"] = json::parse(nothing);
    EXPECT_TRUE(create_from(document)) << nothing;
  }
}

TEST(Responses, AreRetrieved) {
  Simulation simulation({{answering(answer.dump())}});
  const Client client = simulation.client();
  EXPECT_EQ(client.responses.retrieve("resp_1")->id, "resp_1");
  EXPECT_TRUE(client.responses.retrieve("resp_1", {.max_retries = 0}));
  EXPECT_TRUE(client.responses.retrieve("a/b", {.include = {"x", "y z"}}));
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/responses/resp_1", "GET /v1/responses/resp_1",
                                            "GET /v1/responses/a%2Fb?include%5B%5D=x&include%5B%5D=y%20z"));
}

TEST(Responses, AreDeletedAndCanceled) {
  Simulation simulation(
      {{answering(R"({"id":"resp_1","object":"response","deleted":true})"), answering(answer.dump())}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.responses.del("resp_1")->deleted);
  EXPECT_EQ(client.responses.cancel("resp_1")->status, "completed");
  EXPECT_THAT(wire(simulation),
              ElementsAre("DELETE /v1/responses/resp_1", "POST /v1/responses/resp_1/cancel"));
}

TEST(Responses, NeedAnId) {
  Simulation simulation({{answering(answer.dump())}});
  const Client client = simulation.client();
  EXPECT_EQ(client.responses.retrieve("").error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.responses.del("..").error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.responses.cancel("").error().message, "not sent: the id in the path /responses/ is empty");
  EXPECT_EQ(client.responses.input_items.list(".").error().kind, ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Responses, ListWhatWentIn) {
  const json page = json::parse(R"({"object": "list", "data": [{"id": "msg_1", "type": "message",
      "role": "user", "content": [{"type": "input_text", "text": "Tell me"}]}],
      "first_id": "msg_1", "last_id": "msg_1", "has_more": false})");
  Simulation simulation({{answering(page.dump())}});
  const Client client = simulation.client();
  const auto items = client.responses.input_items.list("resp_1");
  EXPECT_EQ(items->data.at(0).content.at(0).text, "Tell me");
  EXPECT_EQ(items->last_id, "msg_1");
  EXPECT_TRUE(client.responses.input_items.list(
      "resp_1", {.after = "msg_1", .include = {"a"}, .limit = 2, .order = "asc"}));
  EXPECT_THAT(
      wire(simulation),
      ElementsAre("GET /v1/responses/resp_1/input_items",
                  "GET /v1/responses/resp_1/input_items?after=msg_1&include%5B%5D=a&limit=2&order=asc"));
  for (const json& other : variations(page, {"data"})) {
    Simulation odd({{answering(other.dump())}});
    EXPECT_EQ(odd.client().responses.input_items.list("resp_1")->data.size(), 1U) << other;
  }
}

TEST(Responses, CountTokens) {
  Simulation simulation({{answering(R"({"object":"response.input_tokens","input_tokens":11})")}});
  const auto count = simulation.client().responses.input_tokens.count(
      {.model = "gpt-5", .input = "Tell me a joke.", .instructions = "Be kind."});
  EXPECT_EQ(count->input_tokens, 11);
  EXPECT_EQ(count->object, "response.input_tokens");
  EXPECT_THAT(wire(simulation), ElementsAre(R"(POST /v1/responses/input_tokens {"model":"gpt-5",)"
                                            R"("input":"Tell me a joke.","instructions":"Be kind."})"));
}

TEST(Responses, AreCompacted) {
  const json compacted = json::parse(R"({"id": "resp_001", "object": "response.compaction",
      "created_at": 1764967971, "output": [
        {"id": "msg_000", "type": "message", "status": "completed", "role": "user",
         "content": [{"type": "input_text", "text": "Create a landing page."}]},
        {"id": "cmp_001", "type": "compaction", "encrypted_content": "gAAAAABpM0Yj-"}],
      "usage": {"input_tokens": 139, "output_tokens": 438, "total_tokens": 577}})");
  Simulation simulation({{answering(compacted.dump())}});
  const Client client = simulation.client();
  const auto shorter = client.responses.compact({.model = "gpt-5.4", .previous_response_id = "resp_0"});
  EXPECT_THAT(wire(simulation), ElementsAre(R"(POST /v1/responses/compact {"model":"gpt-5.4",)"
                                            R"("previous_response_id":"resp_0"})"));
  EXPECT_EQ(shorter->id, "resp_001");
  EXPECT_EQ(shorter->object, "response.compaction");
  EXPECT_EQ(shorter->created_at, 1764967971);
  EXPECT_EQ(shorter->usage->total_tokens, 577);
  EXPECT_EQ(json::parse(detail::write_json(shorter->output)), compacted.at("output"));
}

TEST(Responses, WorkOnAnAsyncClient) {
  AsyncSimulation simulation({{answering(answer.dump())}});
  const AsyncClient client = simulation.client();
  auto created = client.responses.create({.model = "m", .input = "x"});
  auto retrieved = client.responses.retrieve("resp_1");
  EXPECT_EQ(created.get()->id, "resp_1");
  EXPECT_EQ(retrieved.get()->id, "resp_1");
}

}  // namespace
}  // namespace openailb::responses_test
