#pragma once

#include <openailb/types/chat_completion.hpp>
#include <openailb/types/chat_content.hpp>
#include <openailb/values/braces.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// An earlier spoken answer, by its id.
struct ChatCompletionAudioReference {
  OnlyByName only_by_name{};
  Text id{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field.rest(self.extra);
  }
};

/// One message of a request. The functions below make them.
struct ChatCompletionMessageParam {
  OnlyByName only_by_name{};
  Text role{};
  ChatCompletionMessageContent content{};
  std::optional<Text> name{};
  std::vector<ChatCompletionMessageToolCall> tool_calls{};  ///< assistant: what the model asked to call
  std::optional<Text> tool_call_id{};                       ///< tool: which call this is the result of
  std::optional<Text> refusal{};                            ///< assistant
  ChatCompletionAudioReference audio{};                     ///< assistant
  std::optional<Text> reasoning_content{};                  ///< assistant: DeepSeek and others want it back
  std::vector<ChatCompletionAnnotation> annotations{};      ///< assistant: what the content refers to
  ChatCompletionFunctionCall function_call{};               ///< deprecated by OpenAI: see tool_calls
  nlohmann::json extra{};                                   ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("role", self.role);
    field.required("content", self.content);
    field("name", self.name);
    field("tool_calls", self.tool_calls);
    field("tool_call_id", self.tool_call_id);
    field("refusal", self.refusal);
    field("audio", self.audio);
    field("reasoning_content", self.reasoning_content);
    field("annotations", self.annotations);
    field("function_call", self.function_call);
    field.rest(self.extra);
  }
};

/// Lets `.messages` take JSON too: nlohmann_json finds this function. A member that cannot be read goes to
/// `extra`. Throws std::invalid_argument if the JSON is not an object, or cannot be sent: it is nested too
/// deeply, is not UTF-8 or has a number that is not finite.
void from_json(const nlohmann::json& json, ChatCompletionMessageParam& message);
/// The same for JSON that keeps the order of its keys.
void from_json(const nlohmann::ordered_json& json, ChatCompletionMessageParam& message);

/// What the application wants from the model.
inline ChatCompletionMessageParam system_message(ChatCompletionMessageContent content) {
  return {.role = "system", .content = std::move(content)};
}

/// What OpenAI's newer models take instead of a system message.
inline ChatCompletionMessageParam developer_message(ChatCompletionMessageContent content) {
  return {.role = "developer", .content = std::move(content)};
}

/// What the user says, a text or parts: `user_message({text_part("What is this?"),
/// image_part("https://...")})`.
inline ChatCompletionMessageParam user_message(ChatCompletionMessageContent content) {
  return {.role = "user", .content = std::move(content)};
}

/// The result of the tool call `tool_call_id`.
inline ChatCompletionMessageParam tool_message(ChatCompletionMessageContent content, Text tool_call_id) {
  return {.role = "tool", .content = std::move(content), .tool_call_id = std::move(tool_call_id)};
}

/// What the model said, or is to believe that it said.
inline ChatCompletionMessageParam assistant_message(ChatCompletionMessageContent content) {
  return {.role = "assistant", .content = std::move(content)};
}

/// The message of an answer, to be sent back in the next request with all members that the server sent: some
/// servers reject a request from which their own members are missing.
ChatCompletionMessageParam assistant_message(const ChatCompletionMessage& message);

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/chat_message.hpp>
#endif
