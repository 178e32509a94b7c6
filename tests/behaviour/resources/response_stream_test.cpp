// Streams of client.responses: their events, what these add up to, where they commit and how they end.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::response_stream_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string event(const std::string& type, json members = json::object()) {
  members["type"] = type;
  return "event: " + type + "\ndata: " + members.dump() + "\n\n";
}

json response(const std::string& status, json output = json::array(), json error = nullptr) {
  return {{"id", "resp_1"},     {"object", "response"},        {"created_at", 1741290958},
          {"status", status},   {"error", std::move(error)},   {"incomplete_details", nullptr},
          {"model", "gpt-5.4"}, {"output", std::move(output)}, {"usage", nullptr}};
}

std::string about_response(const std::string& type, const json& whole) {
  return event(type, {{"response", whole}});
}
std::string created() { return about_response("response.created", response("in_progress")); }
std::string in_progress() { return about_response("response.in_progress", response("in_progress")); }
std::string item_added(const json& item, int index = 0) {
  return event("response.output_item.added", {{"output_index", index}, {"item", item}});
}
std::string message_added(int index = 0) {
  return item_added({{"id", "msg_1"},
                     {"type", "message"},
                     {"status", "in_progress"},
                     {"role", "assistant"},
                     {"content", json::array()}},
                    index);
}
std::string part_added(const json& part = {{"type", "output_text"}, {"text", ""}, {"annotations", {}}}) {
  return event("response.content_part.added",
               {{"item_id", "msg_1"}, {"output_index", 0}, {"content_index", 0}, {"part", part}});
}
std::string text(const std::string& delta, int output_index = 0, int content_index = 0) {
  return event("response.output_text.delta", {{"item_id", "msg_1"},
                                              {"output_index", output_index},
                                              {"content_index", content_index},
                                              {"delta", delta},
                                              {"sequence_number", 7}});
}
json message(const std::string& said) {
  return {{"id", "msg_1"},
          {"type", "message"},
          {"status", "completed"},
          {"role", "assistant"},
          {"content", {{{"type", "output_text"}, {"text", said}, {"annotations", json::array()}}}}};
}
std::string completed(const std::string& said) {
  return about_response("response.completed", response("completed", json::array({message(said)})));
}

/// What OpenAI sends before the first word.
std::string beginning() { return created() + in_progress() + message_added() + part_added(); }

Stream<ResponseStreamEvent> open(const Client& client) {
  return client.responses.stream({.model = "m", .input = "x"});
}

/// What a stream adds up to, read to its end.
Response add_up(const std::string& events) {
  OneEndpoint simulation(streaming(events));
  auto stream = open(simulation.client());
  while (stream.next()) {
  }
  return stream.completion();
}

TEST(ResponseStream, GivesItsEventsAndAddsUpToTheResponse) {
  OneEndpoint simulation(streaming(beginning() + text("Hi") + text(" there") + completed("Hi there!")));
  auto stream = open(simulation.client());
  EXPECT_THAT(wire(simulation), ElementsAre(R"(POST /v1/responses {"model":"m","input":"x","stream":true})"));
  std::vector<std::string> types, texts;
  while (auto one = stream.next()) {
    types.push_back(one->type);
    if (!one->output_text().empty()) texts.push_back(stream.completion().output_text());
    if (one->type == "response.output_text.delta") {
      EXPECT_EQ(one->item_id, "msg_1");
      EXPECT_EQ(one->sequence_number, 7);
    }
  }
  EXPECT_FALSE(stream.error());
  EXPECT_THAT(types, ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                                 "response.content_part.added", "response.output_text.delta",
                                 "response.output_text.delta", "response.completed"));
  EXPECT_THAT(texts, ElementsAre("Hi", "Hi there"));
  EXPECT_EQ(stream.completion().output_text(), "Hi there!") << "the server has the last word";
  EXPECT_EQ(stream.completion().status, "completed");
  EXPECT_EQ(stream.completion().id, "resp_1");
  EXPECT_EQ(stream.info().endpoint, "endpoint-0");
}

TEST(ResponseStream, AddsUpFunctionCallsThinkingAndRefusals) {
  const std::string events =
      created() + item_added({{"type", "reasoning"}, {"id", "rs_1"}, {"summary", json::array()}}) +
      event("response.reasoning_summary_part.added",
            {{"output_index", 0}, {"summary_index", 0}, {"part", {{"type", "summary_text"}, {"text", ""}}}}) +
      event("response.reasoning_summary_text.delta",
            {{"output_index", 0}, {"summary_index", 0}, {"delta", "Hm"}}) +
      event("response.reasoning_summary_text.delta",
            {{"output_index", 0}, {"summary_index", 0}, {"delta", "m"}}) +
      event("response.reasoning_text.delta", {{"output_index", 0}, {"content_index", 0}, {"delta", "why"}}) +
      item_added({{"type", "function_call"}, {"id", "fc_1"}, {"call_id", "call_1"}, {"name", "now"}}, 1) +
      event("response.function_call_arguments.delta", {{"output_index", 1}, {"delta", "{\"a\":"}}) +
      event("response.function_call_arguments.delta", {{"output_index", 1}, {"delta", "1}"}}) +
      event("response.refusal.delta", {{"output_index", 2}, {"content_index", 0}, {"delta", "No"}}) +
      event("response.custom_tool_call_input.delta", {{"output_index", 3}, {"delta", "x = 1"}}) +
      event("response.mcp_call_arguments.delta",
            {{"output_index", 4}, {"item_id", "mcp_1"}, {"delta", "{}"}}) +
      event("response.output_text.delta", {{"output_index", 5}, {"content_index", 1}, {"delta", "a"}});
  const Response whole = add_up(events);
  ASSERT_EQ(whole.output.size(), 6U);
  EXPECT_EQ(whole.output[0].summary.at(0).text, "Hmm");
  EXPECT_EQ(whole.output[0].content.at(0).text, "why");
  EXPECT_EQ(whole.output[0].content[0].type, "reasoning_text");
  EXPECT_EQ(whole.output[1].arguments, R"({"a":1})");
  EXPECT_EQ(whole.output[1].call_id, "call_1");
  EXPECT_EQ(whole.output[2].content.at(0).refusal, "No");
  EXPECT_EQ(whole.output[2].content[0].type, "refusal");
  EXPECT_EQ(whole.output[3].input, "x = 1");
  EXPECT_EQ(whole.output[3].type, "custom_tool_call");
  EXPECT_EQ(whole.output[4].arguments, "{}");
  EXPECT_EQ(whole.output[4].id, "mcp_1");
  EXPECT_EQ(whole.output[5].content.at(1).text, "a");
  EXPECT_EQ(whole.output_text(), "a");
}

TEST(ResponseStream, TakesTheWholeTextsThatFollowTheirPieces) {
  const std::string done =
      event("response.output_text.done", {{"output_index", 0}, {"content_index", 0}, {"text", "Hi!"}});
  EXPECT_EQ(add_up(beginning() + text("Hi") + done).output_text(), "Hi!");
  const std::string call_done =
      event("response.function_call_arguments.done",
            {{"output_index", 1}, {"item_id", "fc_1"}, {"name", "now"}, {"arguments", "{}"}});
  const Response called = add_up(beginning() + text("Hi") + call_done);
  EXPECT_EQ(called.output.at(1).name, "now");
  EXPECT_EQ(called.output[1].arguments, "{}");
  EXPECT_EQ(called.output[1].id, "fc_1");
  const std::string item_done =
      event("response.output_item.done", {{"output_index", 0}, {"item", message("Hi at last")}});
  EXPECT_EQ(add_up(beginning() + text("Hi") + item_done).output_text(), "Hi at last");
}

TEST(ResponseStream, KeepsTheOutputIfTheEndHasNone) {
  const std::string end = about_response("response.completed", response("completed"));
  const Response whole = add_up(beginning() + text("Hi") + end);
  EXPECT_EQ(whole.output_text(), "Hi");
  EXPECT_EQ(whole.status, "completed");
}

TEST(ResponseStream, FailsOverUntilItSaysSomething) {
  const std::string queued = about_response("response.queued", response("queued"));
  const std::string thinking =
      item_added({{"type", "reasoning"}, {"id", "rs_1"}, {"summary", json::array()}});
  const std::string thought =
      event("response.reasoning_summary_part.added", {{"part", {{"type", "summary_text"}, {"text", ""}}}});
  for (const std::string& nothing :
       {std::string(), created(), queued + in_progress(), beginning(), created() + thinking + thought,
        created() + event("keepalive", {{"sequence_number", 3}}), beginning() + done()}) {
    Simulation simulation({{streaming(nothing)}, {streaming(beginning() + text("Hi") + completed("Hi"))}});
    auto stream = open(simulation.client());
    EXPECT_EQ(stream.info().endpoint, "endpoint-1") << nothing;
    while (stream.next()) {
    }
    EXPECT_FALSE(stream.error());
    EXPECT_EQ(stream.completion().output_text(), "Hi");
  }
}

TEST(ResponseStream, CommitsAtTheFirstThatSaysSomething) {
  for (const std::string& something :
       {text("Hi"), text(""), item_added({{"type", "function_call"}, {"name", "now"}}),
        item_added(message("Hi")), part_added({{"type", "output_text"}, {"text", "Hi"}}),
        part_added({{"type", "refusal"}, {"refusal", "No"}}), event("response.web_search_call.searching"),
        event("response.of_tomorrow"), completed("")}) {
    Simulation simulation({{streaming(created() + something)}, {streaming(completed("other"))}});
    auto stream = open(simulation.client());
    EXPECT_EQ(stream.info().endpoint, "endpoint-0") << something;
    while (stream.next()) {
    }
    EXPECT_THAT(simulation.asked(), ElementsAre(0));
  }
}

TEST(ResponseStream, ThatFailsBeforeItSaysSomethingFailsOver) {
  const std::string failed = about_response(
      "response.failed",
      response("failed", json::array(), {{"code", "rate_limit_exceeded"}, {"message", "slow down"}}));
  const std::string error =
      event("error", {{"code", "server_error"}, {"message", "boom"}, {"param", nullptr}});
  const std::string unnamed_error =
      sse_event(R"({"type":"error","code":"server_error","message":"boom","param":null})");
  const std::string failed_without_a_word = event("response.failed");
  for (const std::string& failure : {failed, error, unnamed_error, failed_without_a_word}) {
    Simulation simulation({{streaming(beginning() + failure)}, {streaming(completed("Hi"))}});
    EXPECT_EQ(open(simulation.client()).info().endpoint, "endpoint-1") << failure;
  }
  OneEndpoint simulation(streaming(created() + failed));
  const auto stream = open(simulation.client());
  EXPECT_EQ(stream.error()->kind, ErrorKind::rate_limit);
  EXPECT_THAT(stream.error()->message, HasSubstr("slow down"));
  EXPECT_THAT(stream.error()->body, HasSubstr("response.failed"));
}

TEST(ResponseStream, ThatFailsLaterIsInterruptedWithTheFailedResponse) {
  const std::string failed = about_response(
      "response.failed", response("failed", json::array(), {{"code", "server_error"}, {"message", "boom"}}));
  OneEndpoint simulation(streaming(beginning() + text("Hi") + failed));
  auto stream = open(simulation.client());
  std::string last;
  while (auto one = stream.next()) last = one->type;
  EXPECT_EQ(last, "response.failed");
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(stream.error()->message, HasSubstr("boom"));
  EXPECT_EQ(stream.completion().status, "failed");
  EXPECT_EQ(stream.completion().error->message, "boom");
  EXPECT_EQ(stream.completion().output_text(), "Hi");
}

json call_item(const std::string& id, const std::string& arguments = "") {
  return {{"id", id},
          {"type", "function_call"},
          {"name", id + "_name"},
          {"call_id", id},
          {"arguments", arguments}};
}

TEST(ResponseStream, KnowsItemsByTheirIdsWhereTheyShareAnIndex) {
  const auto arguments = [](const std::string& id, const std::string& delta) {
    return event("response.function_call_arguments.delta",
                 {{"item_id", id}, {"output_index", 0}, {"delta", delta}});
  };
  OneEndpoint simulation(streaming(created() + item_added(call_item("a")) + item_added(call_item("b")) +
                                   arguments("a", "1") + arguments("b", "2") + arguments("a", "3") +
                                   about_response("response.completed", response("completed"))));
  auto stream = open(simulation.client());
  while (stream.next()) {
  }
  ASSERT_EQ(stream.completion().output.size(), 2U);
  EXPECT_EQ(stream.completion().output[0].arguments, "13");
  EXPECT_EQ(stream.completion().output[1].arguments, "2");
}

TEST(ResponseStream, KeepsTextThatFollowsReasoningAtTheSameIndex) {
  const std::string reasoning =
      item_added({{"id", "rs_1"}, {"type", "reasoning"}, {"summary", json::array()}}) +
      event("response.reasoning_text.delta",
            {{"item_id", "rs_1"}, {"output_index", 0}, {"content_index", 0}, {"delta", "hm"}});
  OneEndpoint simulation(streaming(created() + reasoning + text("Hi") + text(" you") +
                                   about_response("response.completed", response("completed"))));
  auto stream = open(simulation.client());
  while (stream.next()) {
  }
  ASSERT_EQ(stream.completion().output.size(), 2U);
  EXPECT_EQ(stream.completion().output[0].content[0].text, "hm");
  EXPECT_EQ(stream.completion().output_text(), "Hi you");
}

TEST(ResponseStream, KnowsItemsByTheirIdsBeforeTheirIndexes) {
  const auto call = [](const std::string& id, const std::string& arguments) {
    return event("response.function_call_arguments.delta",
                 {{"item_id", id}, {"output_index", 0}, {"delta", arguments}});
  };
  const Response calls = add_up(created() + call("fc_1", "1") + call("fc_2", "2") + call("fc_1", "1"));
  ASSERT_EQ(calls.output.size(), 2U);
  EXPECT_EQ(calls.output[0].arguments, "11");
  EXPECT_EQ(calls.output[1].arguments, "2");

  const auto without_id = [](const std::string& type, const std::string& delta) {
    return event(type, {{"output_index", 0}, {"delta", delta}});
  };
  const Response thought =
      add_up(created() + without_id("response.reasoning_text.delta", "Hm") +
             without_id("response.output_text.delta", "Hi") + without_id("response.output_text.delta", "!"));
  ASSERT_EQ(thought.output.size(), 2U);
  EXPECT_EQ(thought.output[0].content.at(0).text, "Hm");
  EXPECT_EQ(thought.output_text(), "Hi!");
}

TEST(ResponseStream, LosesNothingToEventsThatAreSilent) {
  const std::string done = event("response.output_text.done", {{"item_id", "msg_1"}});
  const std::string bare =
      event("response.output_item.done", {{"item", {{"id", "msg_1"}, {"type", "message"}}}});
  EXPECT_EQ(add_up(beginning() + text("Hi") + done + bare).output_text(), "Hi");
  json nameless = response("");
  nameless.erase("status");
  EXPECT_EQ(add_up(beginning() + text("Hi") + about_response("response.incomplete", nameless)).status,
            "incomplete");
}

TEST(ResponseStream, TakesWholeInputsAndCodeWithoutTheirPieces) {
  const auto whole = [](const std::string& type, const std::string& member) {
    return add_up(created() + event(type, {{"item_id", "x"}, {member, "whole"}})).output.at(0);
  };
  EXPECT_EQ(whole("response.custom_tool_call_input.done", "input").input, "whole");
  EXPECT_EQ(whole("response.mcp_call_arguments.done", "arguments").arguments, "whole");
  EXPECT_EQ(whole("response.refusal.done", "refusal").content.at(0).refusal, "whole");
  EXPECT_EQ(whole("response.reasoning_text.done", "text").content.at(0).text, "whole");
  EXPECT_EQ(whole("response.reasoning_summary_text.done", "text").summary.at(0).text, "whole");
  EXPECT_EQ(whole("response.code_interpreter_call_code.done", "code").extra["code"], "whole");
}

TEST(ResponseStream, IsInterruptedByAnError) {
  for (const std::string& error : {event("error", {{"code", "server_error"}, {"message", "boom"}}),
                                   sse_event(R"({"type":"error","code":null,"message":"boom"})"),
                                   event("error", {{"error", {{"message", "boom"}}}})}) {
    OneEndpoint simulation(streaming(beginning() + text("Hi") + error));
    const Client client = simulation.client();
    auto stream = open(client);
    while (stream.next()) {
    }
    ASSERT_TRUE(stream.error()) << error;
    EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
    EXPECT_THAT(stream.error()->message, HasSubstr("boom"));
    EXPECT_EQ(stream.completion().output_text(), "Hi");
    EXPECT_EQ(counts(client).total_failures, 1);
  }
}

TEST(ResponseStream, IsTruncatedWithoutItsEnd) {
  for (const std::string& end : {std::string(), done()}) {
    OneEndpoint simulation(streaming(beginning() + text("Hi") + end));
    auto stream = open(simulation.client());
    while (stream.next()) {
    }
    ASSERT_TRUE(stream.error()) << end;
    EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
    EXPECT_THAT(stream.error()->message, HasSubstr("it ended without response.completed"));
    EXPECT_EQ(stream.completion().output_text(), "Hi");
  }
}

TEST(ResponseStream, WaitsForNothingAfterItsEnd) {
  for (const char* type : {"response.completed", "response.incomplete", "response.failed"}) {
    for (const Ending ending : {Ending::hang, Ending::reset, Ending::complete}) {
      OneEndpoint simulation(
          streaming(beginning() + text("Hi") + about_response(type, response("over")), ending));
      const Client client = simulation.client();
      auto stream = open(client);
      while (stream.next()) {
      }
      EXPECT_EQ(stream.error().has_value(), std::string(type) == "response.failed") << type;
      EXPECT_EQ(stream.completion().status, "over");
      EXPECT_EQ(in_flight(client), 0);
      EXPECT_EQ(counts(client).total_successes, std::string(type) == "response.failed" ? 0 : 1);
      EXPECT_EQ(simulation.elapsed().count(), 0);
    }
  }
}

TEST(ResponseStream, RefusesIndexesOutOfRange) {
  for (const ResponseStreamEvent& wrong :
       {ResponseStreamEvent{.output_index = -1}, ResponseStreamEvent{.output_index = 512},
        ResponseStreamEvent{.content_index = 128}, ResponseStreamEvent{.summary_index = -1}}) {
    ResponseAccumulator accumulator;
    ResponseStreamEvent one = wrong;
    one.type = "response.output_text.delta";
    EXPECT_EQ(accumulator.add(one).error().kind, ErrorKind::parse);
    EXPECT_TRUE(accumulator.completion().output.empty());
  }
}

TEST(ResponseStream, NothingOptionalLosesAnEvent) {
  const json delta = {{"type", "response.output_text.delta"},
                      {"item_id", "msg_1"},
                      {"output_index", 0},
                      {"content_index", 0},
                      {"delta", "Hi"},
                      {"sequence_number", 7},
                      {"logprobs", json::array()},
                      {"obfuscation", "xyz"}};
  for (const json& other : variations(delta, {"type", "delta", "output_index", "content_index"})) {
    EXPECT_EQ(add_up(beginning() + sse_event(other.dump())).output_text(), "Hi") << other;
  }
  for (const json& other : variations(response("completed", json::array({message("Hi")})), {"output"})) {
    OneEndpoint simulation(streaming(beginning() + about_response("response.completed", other)));
    auto stream = open(simulation.client());
    while (stream.next()) {
    }
    EXPECT_FALSE(stream.error()) << other;
    EXPECT_EQ(stream.completion().output_text(), "Hi") << other;
  }
}

TEST(ResponseStream, WorksOnAnAsyncClient) {
  AsyncSimulation simulation({{streaming(beginning() + text("Hi") + completed("Hi!"), Ending::hang)}});
  const AsyncClient client = simulation.client();
  std::string said;
  auto whole =
      client.responses.stream({.model = "m", .input = "x"}).on_chunk([&](const ResponseStreamEvent& one) {
        said += one.output_text();
      });
  const auto answer = whole.get();
  EXPECT_EQ(answer->output_text(), "Hi!");
  EXPECT_EQ(answer->info.endpoint, "endpoint-0");
  EXPECT_EQ(said, "Hi");
}

}  // namespace
}  // namespace openailb::response_stream_test
