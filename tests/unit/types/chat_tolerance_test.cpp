#include "support/golden_chat.hpp"
#include "support/json_oracle.hpp"
#include "support/written_json.hpp"
#include <openailb/types/chat.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace openailb::chat_tolerance_test {
namespace {

using namespace detail;
using nlohmann::json;
using namespace test;

TEST(ChatTolerance, CoversWhatServersInTheWildSend) {
  auto completion = read_json<ChatCompletion>(json::parse(R"({"id":42,"object":null,"created":1700000000.5,
      "model":null,"usage":null,"x":[{}],"service_tier":null,"choices":[null,{"index":0,"finish_reason":"",
      "logprobs":null,"content_filter_results":{},"message":{"role":"assistant","content":null,"refusal":null,
      "reasoning":"hm","annotations":null,"audio":null,"function_call":null,"tool_calls":[{"id":7,"type":"function",
      "function":{"name":"f","arguments":"{}","x":1}}]}}]})"));
  EXPECT_EQ(completion.id, "42");
  EXPECT_EQ(completion.created, 1700000000);
  EXPECT_FALSE(completion.usage);
  ASSERT_EQ(completion.choices.size(), 1u);
  const auto& choice = completion.choices[0];
  EXPECT_EQ(choice.finish_reason, "");
  EXPECT_EQ(choice.message.content, "");
  EXPECT_EQ(choice.message.reasoning_content, "hm");
  ASSERT_EQ(choice.message.tool_calls.size(), 1u);
  EXPECT_EQ(choice.message.tool_calls[0].id, "7");
  EXPECT_FALSE(choice.message.tool_calls[0].index);
  for (const char* text :
       {"{}", "[]", "null", R"({"choices":null})", R"({"choices":{}})", R"({"choices":"x"})"}) {
    EXPECT_TRUE(read_json<ChatCompletion>(json::parse(text)).choices.empty()) << text;
  }
  EXPECT_EQ(read_json<ChatCompletion>(json::parse(R"({"choices":[{}]})")).choices.size(), 1u);
}

// Replaces members at any depth by values of other types.
json mutated(const json& value, std::minstd_rand& random) {
  static const std::vector<json> oddities = {nullptr,
                                             true,
                                             0,
                                             -1,
                                             128,
                                             1.5,
                                             1e300,
                                             std::nan(""),
                                             ~std::uint64_t{0},
                                             "",
                                             "text",
                                             json::array(),
                                             json::object(),
                                             json::array({nullptr}),
                                             json::array({json::object()}),
                                             json{{"a", 1}}};
  if (random() % 8 == 0) return oddities[random() % oddities.size()];
  json result = value;
  if (value.is_structured()) {
    for (auto& member : result) member = mutated(member, random);
  }
  return result;
}

TEST(ChatTolerance, CoversAnswersOfAnyForm) {
  std::minstd_rand random(1);
  auto params = json::parse(golden_params);
  auto completion = json::parse(golden_completion);
  auto chunk = json::parse(golden_chunk);
  for (int i = 0; i < 300; ++i) {
    EXPECT_NO_THROW((void)written_json(read_json<ChatCompletionCreateParams>(mutated(params, random))));
    EXPECT_NO_THROW((void)written_json(read_json<ChatCompletion>(mutated(completion, random))));
    auto odd_chunk = mutated(chunk, random);
    EXPECT_NO_THROW((void)test::text_commits(odd_chunk.dump()));
    ChatCompletionAccumulator accumulator;
    EXPECT_NO_THROW((void)accumulator.add(read_json<ChatCompletionChunk>(odd_chunk)));
    EXPECT_NO_THROW((void)accumulator.add(read_json<ChatCompletionChunk>(mutated(chunk, random))));
  }
}

TEST(ChatTolerance, CoversTruncatedAndGarbledText) {
  std::minstd_rand random(1);
  for (std::string text : {golden_completion, golden_chunk}) {
    for (std::size_t length = 0; length < text.size(); ++length) {
      EXPECT_FALSE(parse_json(text.substr(0, length)));
    }
    for (int i = 0; i < 300; ++i) {
      auto garbled = text;
      for (int k = 0; k < 3; ++k) garbled[random() % garbled.size()] = static_cast<char>(random() % 256);
      if (auto value = parse_json(garbled)) {
        EXPECT_NO_THROW((void)written_json(read_json<ChatCompletion>(*std::move(value))));
      }
    }
  }
}

TEST(ChatTolerance, CoversTheDeepestJsonThatIsParsed) {
  auto text = R"({"tool_choice":)" + std::string(255, '[') + std::string(255, ']') + "}";
  auto params = read_json<ChatCompletionCreateParams>(*parse_json(text));
  EXPECT_TRUE(params.tool_choice.is_array());
}

}  // namespace
}  // namespace openailb::chat_tolerance_test
