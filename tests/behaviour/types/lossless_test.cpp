// What a server says and this library has no name for is neither lost nor changed on its way back.

#include "support/simulation.hpp"
#include "support/streaming.hpp"
#include "support/written_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace openailb::lossless_test {
namespace {

using namespace detail;
using namespace test;
using nlohmann::json;
using nlohmann::ordered_json;
using ::testing::ElementsAre;

/// The message as the next request carries it.
json sent_back(const ChatCompletionMessage& message) { return written_json(assistant_message(message)); }
json sent_back(const std::string& message) {
  return sent_back(read_json<ChatCompletionMessage>(json::parse(message)));
}

// Messages

TEST(MessageSentBack, KeepsMembersThatHaveNoNameHere) {
  for (const char* message : {
           // Gemini 3 answers 400 without it.
           R"({"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",
               "function":{"name":"f","arguments":"{}"},
               "extra_content":{"google":{"thought_signature":"c2ln"}}}]})",
           R"({"role":"assistant","content":"Hi","extra_content":{"google":{"thought_signature":"c2ln"}}})",
           // OpenRouter
           R"({"role":"assistant","content":"Hi","reasoning":"Hm",
               "reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"c2ln","index":0}]})",
           // DeepSeek answers 400 to the result of a tool call without it.
           R"({"role":"assistant","content":"","reasoning_content":"Hm","tool_calls":[
               {"id":"1","type":"function","function":{"name":"f","arguments":"{}","strict":true}}]})",
           R"({"role":"assistant","content":"Hi","vendor":[1,{"a":2}],"other":false})",
       }) {
    json expected = json::parse(message);
    if (expected.contains("tool_calls")) expected["content"] = nullptr;
    EXPECT_EQ(sent_back(message), expected);
  }
}

TEST(MessageSentBack, HasItsReasoningOnceUnderTheNameItCameBy) {
  EXPECT_EQ(sent_back(R"({"content":"Hi","reasoning":"Hm"})"),
            json::parse(R"({"role":"assistant","content":"Hi","reasoning":"Hm"})"));
  EXPECT_EQ(sent_back(R"({"content":"Hi","reasoning_content":"Hm"})"),
            json::parse(R"({"role":"assistant","content":"Hi","reasoning_content":"Hm"})"));
  EXPECT_EQ(read_json<ChatCompletionMessage>(json::parse(R"({"reasoning":"Hm"})")).reasoning_content, "Hm");
}

TEST(MessageSentBack, HasItsContentAsAListWhereItCameAsOne) {
  const json parts = json::parse(R"([{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},
                                     {"type":"text","text":"Bon"},{"type":"text","text":"jour"}])");
  const auto message = read_json<ChatCompletionMessage>(json{{"role", "assistant"}, {"content", parts}});
  EXPECT_EQ(message.content, "Bonjour");
  EXPECT_EQ(message.reasoning_content, "Hm");
  EXPECT_EQ(sent_back(message), (json{{"role", "assistant"}, {"content", parts}}));
}

TEST(MessageSentBack, HasNoMembersThatNobodySent) {
  EXPECT_EQ(sent_back(R"({"role":"assistant","content":"Hi","refusal":null,"annotations":[],"audio":null})"),
            json::parse(R"({"role":"assistant","content":"Hi"})"));
}

TEST(ToolCall, WhoseArgumentsAreAnObjectHasThemAsText) {
  const auto call = read_json<ChatCompletionMessageToolCall>(
      json::parse(R"({"id":"1","function":{"name":"f","arguments":{"city":"Bonn"}}})"));
  EXPECT_EQ(call.function.arguments, R"({"city":"Bonn"})");
}

// Streams

ChatCompletionMessage accumulated(const std::vector<std::string>& deltas) {
  std::string events;
  for (const std::string& delta : deltas) events += test::chunk(json::parse(delta));
  Simulation simulation({{streaming(events + finish() + done())}});
  auto stream = ask_to_stream(simulation.client());
  while (stream.next()) continue;
  EXPECT_EQ(stream.error(), std::nullopt);
  return stream.completion().choices.at(0).message;
}

TEST(Accumulated, MembersThatHaveNoNameHereAddUp) {
  const auto message = accumulated({
      R"({"role":"assistant","reasoning_details":[{"index":0,"type":"reasoning.text","text":"H"}],"mark":1})",
      R"({"reasoning_details":[{"index":0,"type":"reasoning.text","text":"m","signature":"c2ln"}],"mark":2})",
      R"({"reasoning_details":[{"index":1,"type":"reasoning.encrypted","data":"x"}],"note":"a"})",
      R"({"content":"Hi","note":"b","deep":{"text":"a"}})",
      R"({"deep":{"text":"b","id":"c"}})",
  });
  EXPECT_EQ(
      sent_back(message),
      json::parse(R"({"role":"assistant","content":"Hi","mark":2,"note":"ab","deep":{"text":"ab","id":"c"},
                "reasoning_details":[{"index":0,"type":"reasoning.text","text":"Hm","signature":"c2ln"},
                                     {"index":1,"type":"reasoning.encrypted","data":"x"}]})"));
}

TEST(Accumulated, ToolCallsKeepTheirOwnMembers) {
  const auto message = accumulated({
      R"({"tool_calls":[{"index":0,"id":"1","type":"function","function":{"name":"f","arguments":"{"},
          "extra_content":{"google":{"thought_signature":"c2ln"}}}]})",
      R"({"tool_calls":[{"index":0,"function":{"arguments":"}"}}]})",
  });
  EXPECT_EQ(sent_back(message)["tool_calls"], json::parse(R"([{"id":"1","type":"function",
      "function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"c2ln"}}}])"));
}

TEST(Accumulated, PartsOfAContentAreOneTextAndGoBackAsParts) {
  const auto message = accumulated({
      R"({"role":"assistant","content":""})",
      R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"H"}]}]})",
      R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"m"}]}]})",
      R"({"content":[{"type":"text","text":"Bon"}]})",
      R"({"content":[{"type":"text","text":"jo"}]})",
      R"({"content":"ur"})",
  });
  EXPECT_EQ(message.content, "Bonjour");
  EXPECT_EQ(message.reasoning_content, "Hm");
  EXPECT_EQ(sent_back(message), json::parse(R"({"role":"assistant","content":[
      {"type":"thinking","thinking":[{"type":"text","text":"H"},{"type":"text","text":"m"}]},
      {"type":"text","text":"Bonjour"}]})"));
}

TEST(Accumulated, TextBeforePartsIsAPartToo) {
  const auto message = accumulated({R"({"content":"Look:"})",
                                    R"({"content":[{"type":"image_url","image_url":{"url":"https://x"}}]})",
                                    R"({"content":[{"type":"image_url","image_url":{"url":"https://y"}}]})"});
  EXPECT_EQ(message.content, "Look:");
  EXPECT_EQ(sent_back(message)["content"], json::parse(R"([{"type":"text","text":"Look:"},
                {"type":"image_url","image_url":{"url":"https://x"}},
                {"type":"image_url","image_url":{"url":"https://y"}}])"));
}

TEST(Streamed, PartsAreInTheTextOfTheirChunk) {
  Simulation simulation(
      {{streaming(test::chunk({{"content", {{{"type", "text"}, {"text", "Hi"}}}}}) + finish() + done())}});
  auto stream = ask_to_stream(simulation.client());
  EXPECT_THAT(listen(stream).texts, ElementsAre("Hi", ""));
}

// Requests

TEST(Request, KeepsTheOrderOfASchema) {
  const auto schema = ordered_json::parse(
      R"({"type":"object","properties":{"reasoning":{"type":"string"},"answer":{"type":"number"}},)"
      R"("required":["reasoning","answer"]})");
  const ChatCompletionCreateParams params{
      .model = "m",
      .response_format = json_schema_format("math", schema, "How and what."),
      .tools = {function_tool("f", "", schema)}};
  EXPECT_EQ(written_json(params)["response_format"].dump(),
            R"({"type":"json_schema","json_schema":{"name":"math","description":"How and what.","schema":)" +
                schema.dump() + R"(,"strict":true}})");
  EXPECT_EQ(written_json(params)["tools"][0]["function"]["parameters"].dump(), schema.dump());
  EXPECT_EQ(
      written_json(ChatCompletionCreateParams{.response_format = schema.dump()})["response_format"].dump(),
      schema.dump());
}

TEST(Request, RefusesASchemaThatIsNotJson) {
  Simulation simulation({{ok()}});
  const auto result =
      simulation.client().chat.completions.create({.model = "m", .response_format = "{type: json_object}"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "not sent: response_format is not valid JSON");
}

TEST(Request, TakesEveryParameterOfOpenAI) {
  EXPECT_EQ(json(written_json(ChatCompletionCreateParams{
                .model = "m",
                .function_call = "auto",
                .functions = json::parse(R"([{"name":"f"}])"),
                .moderation = {{"model", "omni"}},
                .prompt_cache_options = {{"ttl", "24h"}},
            })),
            json::parse(R"({"model":"m","messages":[],"function_call":"auto","functions":[{"name":"f"}],
                "moderation":{"model":"omni"},"prompt_cache_options":{"ttl":"24h"}})"));
}

TEST(ContentPart, TakesWhatVendorsAddToIt) {
  ContentPart part = text_part("Hi");
  part.prompt_cache_breakpoint = {{"mode", "explicit"}};
  part.extra = {{"cache_control", {{"type", "ephemeral"}}}};
  EXPECT_EQ(json(written_json(part)),
            json::parse(R"({"type":"text","text":"Hi","prompt_cache_breakpoint":{"mode":"explicit"},
                            "cache_control":{"type":"ephemeral"}})"));
  const ContentPart video{.type = "video_url", .extra = {{"video_url", {{"url", "https://x"}}}}};
  EXPECT_EQ(written_json(video).dump(), R"({"type":"video_url","video_url":{"url":"https://x"}})");
}

// Answers

TEST(Answer, HasWhatOpenAIAddsToIt) {
  const auto completion = read_json<ChatCompletion>(json::parse(R"({"choices":[{}],"metadata":{"a":"b"},
      "moderation":{"flagged":false},"usage":{
        "prompt_tokens_details":{"text_tokens":1,"image_tokens":2,"cache_write_tokens":3},
        "completion_tokens_details":{"text_tokens":4,"image_tokens":5}}})"));
  EXPECT_EQ(completion.metadata.at("a"), "b");
  EXPECT_EQ(completion.moderation.at("flagged"), false);
  EXPECT_EQ(completion.usage->prompt_tokens_details->text_tokens, 1);
  EXPECT_EQ(completion.usage->prompt_tokens_details->image_tokens, 2);
  EXPECT_EQ(completion.usage->prompt_tokens_details->cache_write_tokens, 3);
  EXPECT_EQ(completion.usage->completion_tokens_details->text_tokens, 4);
  EXPECT_EQ(completion.usage->completion_tokens_details->image_tokens, 5);
  EXPECT_EQ(read_json<ChatCompletionChunk>(json::parse(R"({"obfuscation":"aN3"})")).obfuscation, "aN3");
}

TEST(MessageSentBack, HasItsReasoningBesideItsParts) {
  EXPECT_EQ(sent_back(R"({"reasoning_content":"think","content":[{"type":"text","text":"hi"}]})")
                .at("reasoning_content"),
            "think");
  EXPECT_EQ(
      sent_back(R"({"reasoning_content":"think","reasoning":"","content":"hi"})").at("reasoning_content"),
      "think");
  const json both = sent_back(R"({"reasoning_content":"think","reasoning":"summary","content":"hi"})");
  EXPECT_EQ(both.at("reasoning_content"), "think");
  EXPECT_EQ(both.at("reasoning"), "summary");
}

TEST(ContentPart, KeepsWhatItsMembersHave) {
  for (const char* part :
       {R"({"image_url":{"detail":"low","format":"image/png","url":"u"},"type":"image_url"})",
        R"({"file":{"file_id":"f","format":"application/pdf"},"type":"file"})",
        R"({"input_audio":{"data":"d","format":"wav","lang":"en"},"type":"input_audio"})"}) {
    EXPECT_EQ(json(written_json(read_json<ContentPart>(json::parse(part)))).dump(), part);
  }
}

TEST(Request, RefusesAMessageThatIsNoObject) {
  EXPECT_THROW(json::parse(R"(["hello"])").get<std::vector<ChatCompletionMessageParam>>(),
               std::invalid_argument);
}

// OpenRouter's reasoning_details: a summary, and then an encrypted item with the same index.
TEST(Accumulated, LabelsAreNotRepeatedAndItemsOfOtherTypesAreOthers) {
  const json message = sent_back(accumulated(
      {R"({"reasoning_details":[{"type":"reasoning.text","format":"v1","text":"Hel","index":0}]})",
       R"({"reasoning_details":[{"type":"reasoning.text","format":"v1","text":"lo","index":0}]})",
       R"({"reasoning_details":[{"type":"reasoning.text","signature":"S","index":0,"format":null}]})",
       R"({"reasoning_details":[{"type":"reasoning.encrypted","format":"v1","data":"X","id":"rs_1","index":0}]})"}));
  EXPECT_EQ(message.at("reasoning_details"), json::parse(R"([
      {"type":"reasoning.text","format":"v1","text":"Hello","signature":"S","index":0},
      {"type":"reasoning.encrypted","format":"v1","data":"X","id":"rs_1","index":0}])"));
}

TEST(Accumulated, ThoughtsEndWithTheirSignature) {
  const json message =
      sent_back(accumulated({R"({"content":[{"type":"thinking","thinking":"a"}]})",
                             R"({"content":[{"type":"thinking","thinking":"b","signature":"S1"}]})",
                             R"({"content":[{"type":"thinking","thinking":"c"}]})",
                             R"({"content":[{"type":"thinking","signature":"S2"}]})"}));
  EXPECT_EQ(message.at("content"), json::parse(R"([{"type":"thinking","thinking":"ab","signature":"S1"},
                                                   {"type":"thinking","thinking":"c","signature":"S2"}])"));
}

TEST(Accumulated, MembersOfAFunctionCallAddUp) {
  EXPECT_EQ(sent_back(accumulated({R"({"function_call":{"name":"f","arguments":"1","sig":"a"}})",
                                   R"({"function_call":{"arguments":"2"}})"}))
                .at("function_call"),
            json::parse(R"({"name":"f","arguments":"12","sig":"a"})"));
}

// OpenRouter gives annotations to be sent back with the next question.
TEST(MessageSentBack, HasItsAnnotationsWhole) {
  const char* annotations = R"([{"type":"file","file":{"hash":"h","content":[{"type":"text","text":"x"}]}},
      {"type":"url_citation","url_citation":{"url":"https://x","title":"t","content":"a snippet"}}])";
  const json back =
      sent_back(R"({"role":"assistant","content":"y","annotations":)" + std::string(annotations) + "}");
  EXPECT_EQ(back.at("annotations")[0], json::parse(annotations)[0]);
  EXPECT_EQ(back.at("annotations")[1].at("url_citation").at("content"), "a snippet");
  EXPECT_FALSE(sent_back(R"({"content":"y","annotations":[]})").contains("annotations"));
}

TEST(MessageSentBack, KeepsWhatACustomToolCallHas) {
  const json back = sent_back(
      R"({"tool_calls":[{"id":"a","type":"custom","custom":{"name":"f","input":"i","x":{"y":1}}}]})");
  EXPECT_EQ(back.at("tool_calls")[0].at("custom"), json::parse(R"({"name":"f","input":"i","x":{"y":1}})"));
}

TEST(Content, OfBareTextsIsRead) {
  EXPECT_EQ(
      read_json<ChatCompletionMessage>(json::parse(R"({"content":["Hel",{"type":"text","text":"lo"}]})"))
          .content,
      "Hello");
  EXPECT_EQ(sent_back(R"({"content":["Hi"]})").at("content").dump(), R"([{"text":"Hi","type":"text"}])");
}

TEST(Content, OfThoughtsIsReasoning) {
  for (const char* type : {"reasoning", "thinking"}) {
    const auto message = read_json<ChatCompletionMessage>(
        json{{"content", {{{"type", type}, {"text", "hm"}}, {{"type", "text"}, {"text", "yes"}}}}});
    EXPECT_EQ(message.content, "yes") << type;
    EXPECT_EQ(message.reasoning_content, "hm") << type;
  }
}

TEST(Answer, KeepsMembersThatHaveNoNameHere) {
  const json answer = json::parse(R"({"citations":["https://x"],"provider":"P",
      "choices":[{"native_finish_reason":"STOP","message":{"content":"a"}}],"usage":{"cost":0.5}})");
  const auto completion = read_json<ChatCompletion>(answer);
  EXPECT_EQ(completion.extra, json::parse(R"({"citations":["https://x"],"provider":"P"})"));
  EXPECT_EQ(completion.choices[0].extra, json::parse(R"({"native_finish_reason":"STOP"})"));
  EXPECT_EQ(completion.usage->extra, json::parse(R"({"cost":0.5})"));
}

TEST(Streamed, MembersAroundTheMessageAreKept) {
  OneEndpoint simulation(streaming(
      sse_event(R"({"provider":"P","choices":[{"index":0,"delta":{"content":"a"}}]})") +
      sse_event(
          R"({"provider":"P","choices":[{"index":0,"delta":{},"finish_reason":"stop","native_finish_reason":"STOP"}]})") +
      sse_event(R"({"provider":"P","citations":[1],"choices":[],"usage":{"cost":0.5}})") + done()));
  auto stream = ask_to_stream(simulation.client());
  while (auto chunk = stream.next()) EXPECT_EQ(chunk->extra.at("provider"), "P");
  EXPECT_EQ(stream.completion().extra, json::parse(R"({"provider":"P","citations":[1]})"));
  EXPECT_EQ(stream.completion().choices[0].extra, json::parse(R"({"native_finish_reason":"STOP"})"));
  EXPECT_EQ(stream.completion().usage->extra, json::parse(R"({"cost":0.5})"));
}

TEST(Accumulated, WhatOnlyAnAnswerHasDoesNotComeFromAChunk) {
  ChatCompletionAccumulator accumulator;
  EXPECT_TRUE(accumulator.add(read_json<ChatCompletionChunk>(json::parse(
      R"({"metadata":{"a":[]},"choices":[{"index":0,"delta":{"content":"a"},"message":{"content":"b"}}]})"))));
  EXPECT_EQ(json(written_json(accumulator.completion().choices)),
            json::parse(R"([{"index":0,"message":{"content":"a"}}])"));
  EXPECT_FALSE(written_json(accumulator.completion()).contains("metadata"));
}

TEST(Logprob, OfNullIsMinus9999) {
  const auto token = read_json<ChatCompletionTokenLogprob>(json::parse(R"({"token":"a","logprob":null})"));
  EXPECT_EQ(token.logprob, -9999);
}

TEST(Usage, IsReadFromTextToo) {
  const auto usage = read_json<CompletionUsage>(json::parse(
      R"({"prompt_tokens":"12","completion_tokens":"-1","total_tokens":"11","prompt_tokens_details":{
          "audio_tokens":"","cached_tokens":"many","text_tokens":"99999999999999999999","image_tokens":"7"}})"));
  EXPECT_EQ(usage.prompt_tokens, 12);
  EXPECT_EQ(usage.completion_tokens, -1);
  EXPECT_EQ(usage.total_tokens, 11);
  EXPECT_EQ(usage.prompt_tokens_details->audio_tokens, 0);
  EXPECT_EQ(usage.prompt_tokens_details->cached_tokens, 0);
  EXPECT_EQ(usage.prompt_tokens_details->text_tokens, 0);
  EXPECT_EQ(usage.prompt_tokens_details->image_tokens, 7);
}

}  // namespace
}  // namespace openailb::lossless_test
