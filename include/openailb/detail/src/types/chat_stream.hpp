#pragma once

#include <openailb/detail/call/stream_opening.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/chat_accumulator.hpp>
#include <openailb/types/chat_chunk.hpp>

#include <string_view>

namespace openailb::detail {

/// Anything but null, "", [] and {}.
inline bool says_something(const JsonNode& json) {
  switch (json.type) {
    case JsonType::null: return false;
    case JsonType::string: return !json.text.empty();
    case JsonType::array:
    case JsonType::object: return json.size > 1;
    default: return true;
  }
}

inline bool choice_commits(JsonNode& choice) {
  if (const JsonNode* reason = find_member(choice, "finish_reason"); reason && says_something(*reason)) {
    return true;
  }
  JsonNode* delta = find_member(choice, "delta");
  if (delta == nullptr || delta->type != JsonType::object) return false;
  mark_overridden(*delta);
  for (const JsonNode* name = delta + 1; name != delta->end(); name = name[1].end()) {
    if (!name->is_overridden && says_something(name[1]) && !is_named(*name, "role")) return true;
  }
  return false;
}

/// The first element of an array, if it is an object: what was read first of the array was read from it.
inline JsonNode* first_object(JsonNode* array) {
  const bool is_there = array != nullptr && array->type == JsonType::array && array->size > 1;
  return is_there && array[1].type == JsonType::object ? array + 1 : nullptr;
}

inline JsonNode* find_in(JsonNode* object, std::string_view name) {
  return object == nullptr ? nullptr : find_member(*object, name);
}

/// How the chunks of a chat completion are put together, and which of them is the commit point of the stream.
template <>
struct StreamTraits<ChatCompletionChunk> {
  using Accumulator = ChatCompletionAccumulator;

  /// Whether a chunk is the commit point of its stream, after which there is no failover. It is if a choice
  /// has a finish reason, or a delta that has anything besides `role` that is not null, "", [] or {}. The raw
  /// JSON is checked, because members that this library has no name for count as well.
  static bool commits(JsonNode& chunk) {
    JsonNode* choices = find_member(chunk, "choices");
    if (choices == nullptr || choices->type != JsonType::array) return false;
    for (JsonNode* choice = choices + 1; choice != choices->end(); choice = choice->end()) {
      if (choice_commits(*choice)) return true;
    }
    return false;
  }

  /// The texts that change from chunk to chunk, see StreamTraits: the padding, and the tokens of the first
  /// choice.
  template <class Take>
  static void each_changing_text(JsonNode& json, ChatCompletionChunk& chunk, Take take) {
    take(find_member(json, "obfuscation"), chunk.obfuscation);
    JsonNode* choice = first_object(find_member(json, "choices"));
    if (choice == nullptr) return;
    JsonNode* delta = find_in(choice, "delta");
    ChatCompletionDelta& read = chunk.choices.front().delta;
    take(find_in(delta, "content"), read.content);
    // With another source, that is read when this one is empty.
    const bool is_alone = !find_in(delta, "reasoning") && read.content_parts.empty();
    if (is_alone) take(find_in(delta, "reasoning_content"), read.reasoning_content);
    JsonNode* call = first_object(find_in(delta, "tool_calls"));
    if (call == nullptr) return;
    take(find_in(find_in(call, "function"), "arguments"), read.tool_calls.front().function.arguments);
  }
};

}  // namespace openailb::detail
