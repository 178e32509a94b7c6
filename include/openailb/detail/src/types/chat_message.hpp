#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/types/chat_completion.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/chat_completion.hpp>
#include <openailb/types/chat_message.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace openailb {

namespace detail {

template <class Json>
void message_from_json(const Json& json, ChatCompletionMessageParam& message) {
  JsonPrinter printer;
  write_json(printer, json);
  std::optional<JsonProblem> problem = printer.problem();
  if (!problem && !json.is_object()) problem = JsonProblem{.place = {}, .why = "is not a JSON object"};
  if (problem) {
    const std::string place = problem->place.empty() ? "a message" : "a message's " + problem->place;
    throw std::invalid_argument("openailb: " + place + ' ' + problem->why);
  }
  ScannedJson scanned;
  scanned.read(printer.text());
  read_json(scanned.root(), message);
}

}  // namespace detail

OPENAILB_INLINE void from_json(const nlohmann::json& json, ChatCompletionMessageParam& message) {
  detail::message_from_json(json, message);
}

OPENAILB_INLINE void from_json(const nlohmann::ordered_json& json, ChatCompletionMessageParam& message) {
  detail::message_from_json(json, message);
}

OPENAILB_INLINE ChatCompletionMessageParam assistant_message(const ChatCompletionMessage& message) {
  ChatCompletionMessageParam param{.role = "assistant",
                                   .tool_calls = message.tool_calls,
                                   .annotations = message.annotations,
                                   .function_call = message.function_call,
                                   .extra = message.extra};
  for (auto& call : param.tool_calls) {
    call.index.reset();
    if (call.type.empty()) call.type = call.custom.empty() ? "function" : "custom";
  }
  if (!message.refusal.empty()) param.refusal = message.refusal;
  if (message.audio) param.audio.id = message.audio->id;
  const bool says_something_else =
      param.refusal || !param.audio.id.empty() || !param.tool_calls.empty() || !param.function_call.empty();
  if (!message.content_parts.empty()) {
    param.content = message.content_parts;
  } else if (!message.content.empty() || !says_something_else) {
    param.content = message.content;
  }
  // The reasoning goes back once, under the name under which it came.
  const nlohmann::json* other_name = detail::member_of(message.extra, "reasoning");
  const bool came_by_other_name =
      other_name != nullptr && detail::is_text(*other_name, message.reasoning_content);
  const bool is_among_parts = detail::thinking_of(message.content_parts) == message.reasoning_content;
  if (!message.reasoning_content.empty() && !came_by_other_name && !is_among_parts) {
    param.reasoning_content = message.reasoning_content;
  }
  return param;
}

}  // namespace openailb
