#include "support/golden_chat.hpp"
#include "support/written_json.hpp"
#include <openailb/types/chat.hpp>

#include <gtest/gtest.h>

#include <concepts>

namespace openailb::chat_types_test {
namespace {

using namespace detail;
using nlohmann::json;
using namespace test;

json written(const ChatCompletionCreateParams& params) { return written_json(params); }

TEST(ChatParams, AreWrittenInTheOrderOfTheirFields) {
  const ChatCompletionCreateParams params{.model = "gpt-3.5-turbo",
                                          .messages = {openailb::user_message("Hello!")}};
  EXPECT_EQ(written_json(params).dump(),
            R"({"model":"gpt-3.5-turbo","messages":[{"role":"user","content":"Hello!"}]})");
}

TEST(ChatParams, ComeBackAsTheyWereWritten) {
  auto golden = json::parse(golden_params);
  EXPECT_EQ(written(read_json<ChatCompletionCreateParams>(golden)), golden);
}

TEST(ChatParams, CanBeWrittenDownInOrder) {
  ChatCompletionMessageParam assistant{
      .role = "assistant",
      .tool_calls = {{.id = "1", .type = "function", .function = {.name = "f"}},
                     {.id = "2", .type = "custom", .custom = {.name = "c", .input = "text"}}},
      .refusal = "no",
      .audio = {.id = "audio-1"},
      .reasoning_content = "hm"};
  auto user =
      user_message({text_part(""), image_part("https://x/y.png", "low"), input_audio_part("AA==", "wav"),
                    file_part("data:text/plain;base64,AA==", "a.txt"), file_id_part("file-1")});
  user.name = "ann";
  ChatCompletionCreateParams params{
      .model = "gpt-4o",
      .messages = {developer_message("Be brief."),
                   system_message({text_part("Be kind.")}),
                   user,
                   assistant,
                   assistant_message({ContentPart{.type = "refusal", .refusal = "no"}}),
                   {.role = "assistant",
                    .content = nullptr,
                    .function_call = {.name = "f", .arguments = "{}"}},
                   tool_message("42", "1")},
      .audio = {.format = "mp3", .voice = "alloy"},
      .frequency_penalty = 0.5,
      .logit_bias = {{"50256", -100}},
      .logprobs = true,
      .max_completion_tokens = 100,
      .max_tokens = 200,
      .metadata = {{"key", "value"}},
      .modalities = {"text", "audio"},
      .n = 2,
      .parallel_tool_calls = false,
      .prediction = {.content = "text"},
      .presence_penalty = -0.5,
      .prompt_cache_key = "key",
      .prompt_cache_retention = "24h",
      .reasoning_effort = "low",
      .response_format = json_schema_format("point", {{"type", "object"}}),
      .safety_identifier = "hash",
      .seed = -1,
      .service_tier = "flex",
      .stop = {"###", "END"},
      .store = false,
      .stream_options = {.include_obfuscation = false, .include_usage = true},
      .temperature = 0.25,
      .tool_choice = function_tool_choice("f"),
      .tools = {function_tool("f", "Does f.", {{"type", "object"}, {"properties", json::object()}}, true),
                custom_tool("c", "Does c.", {{"type", "text"}})},
      .top_logprobs = 3,
      .top_p = 0.75,
      .user = "ann",
      .verbosity = "high",
      .web_search_options = ChatCompletionWebSearchOptions{
          .search_context_size = "low",
          .user_location = ChatCompletionUserLocation{
              .approximate = {
                  .city = "Bonn", .country = "DE", .region = "NRW", .timezone = "Europe/Berlin"}}}};
  EXPECT_EQ(written(params), json::parse(golden_params));
}

TEST(ChatParams, SendOnlyModelAndMessagesUnlessTold) {
  EXPECT_EQ(written({}).dump(), R"({"messages":[],"model":""})");
  EXPECT_EQ(written({.temperature = 0})["temperature"], 0.0);
  EXPECT_EQ(written({.web_search_options = ChatCompletionWebSearchOptions{}})["web_search_options"],
            json::object());
}

TEST(ChatParams, TakeOneStopOrSeveral) {
  EXPECT_EQ(written({.stop = "x"})["stop"], "x");
  EXPECT_EQ(written({.stop = std::string("x")})["stop"], "x");
  EXPECT_EQ(written({.stop = {"a", "b"}})["stop"], json({"a", "b"}));
  EXPECT_EQ(written({.stop = {"a"}})["stop"], json::array({"a"}));
  EXPECT_EQ(written({.stop = std::vector<std::string>{"a", "b", "c"}})["stop"], json({"a", "b", "c"}));
  EXPECT_FALSE(written({.stop = {}}).contains("stop"));
  ChatCompletionStop stop = {"a", "b"};
  EXPECT_EQ(written({.stop = stop})["stop"], json({"a", "b"}));
  EXPECT_EQ(written_json(read_json<ChatCompletionCreateParams>({{"stop", "x"}}))["stop"], "x");
}

TEST(ChatParams, HaveHelpersForEveryFormOfToolsAndFormats) {
  EXPECT_EQ(written({.tool_choice = "auto"})["tool_choice"], "auto");
  EXPECT_EQ(custom_tool_choice("c").dump(), R"({"type":"custom","custom":{"name":"c"}})");
  EXPECT_EQ(json(allowed_tools_choice({"f", "g"}, "required")),
            json::parse(R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[
                {"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]}})"));
  EXPECT_EQ(json_object_format().dump(), R"({"type":"json_object"})");
  EXPECT_EQ(written_json(function_tool("f")).dump(), R"({"type":"function","function":{"name":"f"}})");
  EXPECT_EQ(written_json(function_tool("f", "", json::object()))["function"]["parameters"], json::object());
  EXPECT_EQ(written_json(custom_tool("c")).dump(), R"({"type":"custom","custom":{"name":"c"}})");
}

TEST(ChatMessages, TakeTextsOfAnyKindAndParts) {
  std::string text = "text";
  std::vector<ContentPart> parts = {text_part("a"), text_part("b")};
  for (const auto& message : {user_message("text"), user_message(text), user_message(std::string_view(text)),
                              user_message(text.c_str()), user_message({"text"})}) {
    EXPECT_EQ(written_json(message).dump(), R"({"role":"user","content":"text"})");
  }
  EXPECT_EQ(written_json(user_message(parts)), written_json(user_message({text_part("a"), text_part("b")})));
  EXPECT_EQ(written_json(user_message({text_part("a")}))["content"].size(), 1u);
  EXPECT_EQ(written_json(user_message(""))["content"], "");
  EXPECT_EQ(*user_message("text").content.text(), "text");
  EXPECT_EQ(user_message(parts).content.parts()->size(), 2u);
  EXPECT_TRUE(ChatCompletionMessageParam{}.content.is_null());
}

TEST(ChatMessages, GiveAnAnswerBackSoThatAToolLoopIsTwoLines) {
  auto completion = read_json<ChatCompletion>(json::parse(R"({"choices":[{"message":{"role":"assistant",
      "content":null,"reasoning_content":"hm","annotations":[],"tool_calls":[
      {"index":0,"id":"1","function":{"name":"f","arguments":""}},{"id":2,"custom":{"name":"c","input":"i"}}]}}]})"));
  std::vector<ChatCompletionMessageParam> messages{user_message("Hello!")};
  const auto& message = completion.choices[0].message;
  messages.push_back(assistant_message(message));
  for (const auto& call : message.tool_calls) messages.push_back(tool_message("42", call.id));
  EXPECT_EQ(json(written_json(messages)), json::parse(R"([{"role":"user","content":"Hello!"},
      {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
        {"id":"1","type":"function","function":{"name":"f","arguments":""}},
        {"id":"2","type":"custom","custom":{"name":"c","input":"i"}}]},
      {"role":"tool","content":"42","tool_call_id":"1"},{"role":"tool","content":"42","tool_call_id":"2"}])"));
}

TEST(ChatMessages, GiveBackRefusalsAndSoundsById) {
  auto back = [](ChatCompletionMessage message) { return written_json(assistant_message(message)).dump(); };
  EXPECT_EQ(back({.content = "Hi"}), R"({"role":"assistant","content":"Hi"})");
  EXPECT_EQ(back({}), R"({"role":"assistant","content":""})");
  EXPECT_EQ(back({.refusal = "no"}), R"({"role":"assistant","content":null,"refusal":"no"})");
  EXPECT_EQ(back({.audio = ChatCompletionAudio{.id = "a", .data = "AA=="}}),
            R"({"role":"assistant","content":null,"audio":{"id":"a"}})");
  EXPECT_EQ(back({.function_call = {.name = "f", .arguments = "{}"}}),
            R"({"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}})");
}

TEST(ChatAnswers, ComeBackAsTheyWereWritten) {
  EXPECT_EQ(json(written_json(read_json<ChatCompletion>(json::parse(golden_completion)))),
            json::parse(golden_completion));
  EXPECT_EQ(json(written_json(read_json<ChatCompletionChunk>(json::parse(golden_chunk)))),
            json::parse(golden_chunk));
}

TEST(ChatAnswers, HaveATextEvenWithoutAChoice) {
  EXPECT_EQ(ChatCompletion{}.text(), "");
  EXPECT_EQ(ChatCompletionChunk{}.text(), "");
  auto completion = read_json<ChatCompletion>(json::parse(golden_completion));
  EXPECT_EQ(completion.text(), "Hi");
  EXPECT_EQ(read_json<ChatCompletionChunk>(json::parse(golden_chunk)).text(), "Hi");
}

}  // namespace
}  // namespace openailb::chat_types_test
