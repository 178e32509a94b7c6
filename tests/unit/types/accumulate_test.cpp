#include "support/json_oracle.hpp"
#include "support/written_json.hpp"
#include <openailb/types/chat.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace openailb::accumulate_test {
namespace {

using namespace detail;
using nlohmann::json;
using test::written_json;
using ::testing::ElementsAre;

Result<void> add(ChatCompletionAccumulator& accumulator, const char* chunk) {
  return accumulator.add(read_json<ChatCompletionChunk>(json::parse(chunk)));
}

ChatCompletionAccumulator accumulated(std::initializer_list<const char*> chunks) {
  ChatCompletionAccumulator accumulator;
  for (const char* chunk : chunks) EXPECT_TRUE(add(accumulator, chunk)) << chunk;
  return accumulator;
}

/// The first choice after chunks whose deltas are these.
ChatCompletionMessage message_of(std::initializer_list<const char*> deltas) {
  ChatCompletionAccumulator accumulator;
  for (const char* delta : deltas) {
    auto chunk = std::string(R"({"choices":[{"index":0,"delta":)") + delta + "}]}";
    EXPECT_TRUE(add(accumulator, chunk.c_str())) << delta;
  }
  return accumulator.completion().choices.at(0).message;
}

TEST(Accumulator, GivesTheAnswerThatWouldHaveComeWithoutStreaming) {
  auto accumulator = accumulated({
      R"({"id":"1","object":"chat.completion.chunk","created":17,"model":"m","service_tier":"default",
          "system_fingerprint":"fp","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null})",
      R"({"id":"1","created":17,"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]})",
      R"({"id":"1","created":17,"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}]})",
      R"({"id":"1","created":17,"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
      R"({"id":"1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
  });
  EXPECT_EQ(json(written_json(accumulator.completion())),
            json::parse(R"({"id":"1","object":"chat.completion","created":17,
      "model":"m","service_tier":"default","system_fingerprint":"fp",
      "choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}],
      "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})"));
  EXPECT_EQ(accumulator.completion().text(), "Hello");
}

TEST(Accumulator, ConcatenatesTextsAndReplacesRoles) {
  auto message = message_of({R"({"role":"a","content":"1","refusal":"x","reasoning_content":"p"})",
                             R"({"role":"b","content":"2","refusal":"y","reasoning_content":"q"})",
                             R"({"role":null,"content":null,"refusal":null,"reasoning":"r"})"});
  EXPECT_EQ(message.role, "b");
  EXPECT_EQ(message.content, "12");
  EXPECT_EQ(message.refusal, "xy");
  EXPECT_EQ(message.reasoning_content, "pqr");
}

TEST(Accumulator, PutsToolCallsTogetherByTheirIndex) {
  auto message = message_of({
      R"({"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]})",
      R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}}]})",
      R"({"tool_calls":[{"index":1,"function":{"arguments":"[1"}},{"index":-1,"function":{"arguments":"}"}}]})",
      R"({"tool_calls":[{"index":1,"id":"c","function":{"name":null,"arguments":"]"}}]})",
      R"({"tool_calls":[{"index":127,"id":"z","type":"custom","custom":{"name":"t","input":"x"}}]})",
      R"({"tool_calls":[{"index":127,"id":null,"custom":{"name":null,"input":"y"}}]})",
  });
  EXPECT_EQ(json(written_json(message.tool_calls)), json::parse(R"([
      {"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
      {"index":1,"id":"c","type":"function","function":{"name":"g","arguments":"[1]"}},
      {"index":127,"id":"z","type":"custom","custom":{"name":"t","input":"xy"}}])"));
}

TEST(Accumulator, TellsToolCallsWithoutAnIndexApart) {
  auto arguments = [](std::initializer_list<const char*> deltas) {
    std::string all;
    const ChatCompletionMessage message = message_of(deltas);
    for (const auto& call : message.tool_calls) all += call.function.arguments + ";";
    return all;
  };
  // pieces of one call
  EXPECT_EQ(arguments({R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"1"}}]})",
                       R"({"tool_calls":[{"id":"a","function":{"arguments":"2"}}]})",
                       R"({"tool_calls":[{"function":{"arguments":"3"}}]})"}),
            "123;");
  // whole calls, with and without an id
  EXPECT_EQ(arguments({R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"1"}},
                                         {"id":"b","function":{"name":"f","arguments":"2"}}]})",
                       R"({"tool_calls":[{"id":"c","function":{"name":"g","arguments":"3"}}]})"}),
            "1;2;3;");
  EXPECT_EQ(arguments({R"({"tool_calls":[{"function":{"name":"f","arguments":"1"}},
                                         {"function":{"name":"f","arguments":"2"}}]})"}),
            "1;2;");
  EXPECT_EQ(
      arguments(
          {R"({"tool_calls":[{"function":{"arguments":"1"}},{"function":{"name":"f","arguments":"2"}}]})"}),
      "12;");
}

// As Ollama and Gemini's compatible servers have done it.
TEST(Accumulator, TellsToolCallsApartThatAllHaveTheSameIndex) {
  auto calls = [](std::initializer_list<const char*> deltas) {
    std::string all;
    const ChatCompletionMessage message = message_of(deltas);
    for (const auto& call : message.tool_calls) {
      all += call.id + "=" + call.function.name + "(" + call.function.arguments + ") ";
    }
    return all;
  };
  const char* first = R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}]})";
  const char* second = R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"2"}}]})";
  const char* more = R"({"tool_calls":[{"index":0,"function":{"arguments":"3"}}]})";
  const char* more_of_first = R"({"tool_calls":[{"index":0,"id":"a","function":{"arguments":"4"}}]})";
  EXPECT_EQ(calls({first, second}), "a=f(1) b=g(2) ");
  EXPECT_EQ(calls({first, second, more}), "a=f(1) b=g(23) ");
  EXPECT_EQ(calls({first, second, more_of_first}), "a=f(14) b=g(2) ");
  EXPECT_EQ(calls({R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"1"}},
                                     {"index":0,"id":"b","function":{"name":"g","arguments":"2"}}]})"}),
            "a=f(1) b=g(2) ");
  // the next index is then taken already
  EXPECT_EQ(calls({first, second, R"({"tool_calls":[{"index":1,"id":"c","function":{"name":"h"}}]})"}),
            "a=f(1) b=g(2) c=h() ");
  // an index of its own is a call of its own, whatever its id
  EXPECT_EQ(
      calls({first, R"({"tool_calls":[{"index":1,"id":"a","function":{"name":"g","arguments":"2"}}]})"}),
      "a=f(1) a=g(2) ");
  // a new id alone is no new call
  EXPECT_EQ(calls({first, R"({"tool_calls":[{"index":0,"id":"z","function":{"arguments":"2"}}]})"}),
            "z=f(12) ");
}

TEST(Accumulator, RefusesMoreToolCallsThanCanBeMeantWithAnIndexOrWithout) {
  ChatCompletionAccumulator accumulator;
  const char* another =
      R"({"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"1"}}]}}]})";
  for (int call = 0; call < 128; ++call) EXPECT_TRUE(add(accumulator, another));
  const auto refused = add(accumulator, another);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::parse);
  EXPECT_EQ(accumulator.completion().choices[0].message.tool_calls.size(), 128U);
}

TEST(Accumulator, PutsSoundsNotesAndProbabilitiesTogether) {
  auto accumulator = accumulated({
      R"({"choices":[{"delta":{"audio":{"id":"a","data":"AA","transcript":"Hel"},"function_call":{"name":"f","arguments":"{"},
          "annotations":[{"type":"url_citation"}]},"logprobs":{"content":[{"token":"1"}],"refusal":null}}]})",
      R"({"choices":[{"delta":{"audio":{"data":"BB","transcript":"lo","expires_at":17},"function_call":{"arguments":"}"},
          "annotations":[{"type":"other"}]},"logprobs":{"content":[{"token":"2"},{"token":"3"}],"refusal":[{"token":"4"}]}}]})",
      R"({"choices":[{"delta":{"audio":null},"logprobs":null}]})",
  });
  EXPECT_EQ(json(written_json(accumulator.completion().choices)), json::parse(R"([{"index":0,"message":{
      "audio":{"id":"a","data":"AABB","transcript":"Hello","expires_at":17},
      "annotations":[{"type":"url_citation"},{"type":"other"}],"function_call":{"name":"f","arguments":"{}"}},
      "logprobs":{"content":[{"token":"1","logprob":-9999.0},{"token":"2","logprob":-9999.0},{"token":"3","logprob":-9999.0}],
                  "refusal":[{"token":"4","logprob":-9999.0}]}}])"));
}

TEST(Accumulator, KeepsTheLastReasonAndUsageThatAreNotNull) {
  auto completion = accumulated({R"({"choices":[{"finish_reason":"length"}],"usage":{"total_tokens":1}})",
                                 R"({"choices":[{"finish_reason":"stop"}],"usage":{"total_tokens":2}})",
                                 R"({"choices":[{"finish_reason":null},{"finish_reason":""}],"usage":null})",
                                 R"({"choices":[]})"})
                        .completion();
  EXPECT_EQ(completion.choices[0].finish_reason, "stop");
  EXPECT_EQ(completion.usage->total_tokens, 2);
}

TEST(Accumulator, OrdersChoicesByTheirIndex) {
  auto completion =
      accumulated(
          {R"({"choices":[{"index":2,"delta":{"content":"c"}},{"index":0,"delta":{"content":"a"}}]})",
           R"({"choices":[{"index":127,"delta":{"content":"z"}},{"index":2,"delta":{"content":"C"}}]})"})
          .completion();
  std::vector<std::string> contents;
  for (const auto& choice : completion.choices) contents.push_back(choice.message.content);
  EXPECT_THAT(contents, ElementsAre("a", "cC", "z"));
  EXPECT_EQ(completion.choices[1].index, 2);
}

TEST(Accumulator, RefusesAnIndexOutOfRangeAndChangesNothing) {
  auto accumulator = accumulated({R"({"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]})"});
  auto before = written_json(accumulator.completion());
  for (const char* chunk : {
           R"({"id":"2","choices":[{"index":0,"delta":{"content":"b"}},{"index":-1}]})",
           R"({"id":"2","choices":[{"index":0,"delta":{"content":"b"}},{"index":128}]})",
           R"({"id":"2","choices":[{"index":9223372036854775807}],"usage":{}})",
           R"({"id":"2","choices":[{"index":0,"delta":{"content":"b","tool_calls":[{"index":-2}]}}]})",
           R"({"id":"2","choices":[{"index":0,"delta":{"content":"b","tool_calls":[{"index":128}]}}]})",
       }) {
    auto added = add(accumulator, chunk);
    ASSERT_FALSE(added) << chunk;
    EXPECT_EQ(added.error().kind, ErrorKind::parse);
    EXPECT_EQ(written_json(accumulator.completion()), before) << chunk;
  }
}

TEST(Accumulator, ToleratesChunksOfAnyForm) {
  auto accumulator =
      accumulated({"{}", R"({"choices":null})", R"({"choices":[null,{}]})", R"({"choices":[{"delta":null}]})",
                   R"({"choices":[{"content_filter_offsets":{},"index":0}]})",
                   R"({"prompt_filter_results":[{}],"choices":[],"id":"","created":0})",
                   R"({"id":3,"choices":[{"delta":{"tool_calls":[],"x":[{}]}}],"created":17.5})",
                   R"({"choices":[{"delta":{"tool_calls":null,"content":"a"}}]})"});
  EXPECT_EQ(written_json(accumulator.completion()).dump(),
            R"({"id":"3","object":"chat.completion","created":17,)"
            R"("choices":[{"index":0,"message":{"content":"a","x":[{}]},"content_filter_offsets":{}}],)"
            R"("prompt_filter_results":[{}]})");
}

TEST(Accumulator, HasFinishedWhenEveryChoiceSeenHasAReason) {
  EXPECT_FALSE(accumulated({}).finished());
  EXPECT_FALSE(accumulated({R"({"choices":[],"usage":{}})"}).finished());
  EXPECT_FALSE(accumulated({R"({"choices":[{"finish_reason":""}]})"}).finished());
  EXPECT_TRUE(accumulated({R"({"choices":[{"finish_reason":"stop"}]})"}).finished());
  EXPECT_FALSE(accumulated({R"({"choices":[{"index":0,"finish_reason":"stop"},{"index":1}]})"}).finished());
  EXPECT_TRUE(accumulated({R"({"choices":[{"index":0,"finish_reason":"stop"},{"index":1}]})",
                           R"({"choices":[{"index":1,"finish_reason":"length"}]})"})
                  .finished());
}

bool commits_with(const char* choice) {
  return test::text_commits(std::string(R"({"id":"1","choices":[)") + choice + "]}");
}

TEST(Commits, OnAnythingButARoleAndEmptyValues) {
  for (const char* delta :
       {R"({"content":"a"})", R"({"content":" "})", R"({"role":"assistant","reasoning_content":"a"})",
        R"({"reasoning":"a"})", R"({"tool_calls":[{}]})", R"({"refusal":"no"})", R"({"audio":{"id":"a"}})",
        R"({"unheard_of":1})", R"({"unheard_of":false})", R"({"content":"","function_call":{"name":"f"}})"}) {
    EXPECT_TRUE(commits_with((std::string(R"({"delta":)") + delta + "}").c_str())) << delta;
  }
  EXPECT_TRUE(commits_with(R"({"delta":{}},{"delta":{"content":"a"}})"));
  EXPECT_TRUE(commits_with(R"({"delta":{},"finish_reason":"stop"})"));
  EXPECT_TRUE(commits_with(R"({"finish_reason":"stop"})"));
}

TEST(Commits, OnNothingElse) {
  for (
      const char* choice :
      {"", "{}", "null", "7", R"({"delta":null})", R"({"delta":{}})", R"({"delta":[]})",
       R"({"delta":{"role":"assistant"}})",
       R"({"delta":{"role":"assistant","content":"","refusal":null,"tool_calls":[],"audio":{}},"finish_reason":null})",
       R"({"delta":{"content":null},"finish_reason":""})",
       R"({"index":3,"logprobs":null,"content_filter_results":{}})"}) {
    EXPECT_FALSE(commits_with(choice)) << choice;
  }
  for (const char* chunk : {"null", "[]", "{}", "7", R"({"choices":null})", R"({"choices":{"a":1}})",
                            R"({"choices":[],"usage":{"total_tokens":1}})"}) {
    EXPECT_FALSE(test::text_commits(chunk)) << chunk;
  }
}

}  // namespace
}  // namespace openailb::accumulate_test
