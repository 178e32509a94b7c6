#pragma once

#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>
#include <openailb/types/chat_accumulator.hpp>
#include <openailb/types/chat_chunk.hpp>

#include <optional>
#include <string>

namespace openailb::detail {

inline bool choice_commits(JsonNode& choice) {
  if (const JsonNode* reason = find_member(choice, "finish_reason"); reason && says_something(*reason)) {
    return true;
  }
  JsonNode* delta = find_member(choice, "delta");
  return delta != nullptr && says_more_than(*delta, "role");
}

/// How the chunks of a chat completion are put together, and which of them is the commit point of the stream.
template <>
struct StreamTraits<ChatCompletionChunk> : StreamRules {
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

  /// What a choice says has gone wrong with it: an `error` of its own (OpenRouter), or a finish reason that
  /// is none (OpenRouter, Zhipu).
  static std::optional<Error> failure_in(JsonNode& chunk) {
    JsonNode* choices = find_member(chunk, "choices");
    if (choices == nullptr || choices->type != JsonType::array) return std::nullopt;
    for (JsonNode* choice = choices + 1; choice != choices->end(); choice = choice->end()) {
      const JsonNode* error = find_member(*choice, "error");
      if (error != nullptr && error->type == JsonType::object) {
        if (std::optional<Error> inside = error_inside(*choice)) return inside;
      }
      const JsonNode* reason = find_member(*choice, "finish_reason");
      if (reason == nullptr || reason->type != JsonType::string) continue;
      const std::string why = string_of(*reason);
      if (why == "error" || why == "network_error") {
        return Error{.message = "the answer ended with the finish_reason " + why, .status = 200};
      }
    }
    return std::nullopt;
  }

  /// The texts that change from chunk to chunk, see StreamTraits: the padding, and the tokens of the first
  /// choice.
  static void each_changing_text(JsonNode& json, ChatCompletionChunk& chunk, const NoteText& take) {
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
