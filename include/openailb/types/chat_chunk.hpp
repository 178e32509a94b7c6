#pragma once

#include <openailb/detail/wire/json.hpp>
#include <openailb/types/chat_completion.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openailb {

/// What a chunk adds to a message: the members of a message, each with the piece that is new.
using ChatCompletionDelta = ChatCompletionMessage;

/// One choice's part of a chunk.
struct ChatCompletionChunkChoice {
  std::int64_t index{};
  ChatCompletionDelta delta{};
  std::string finish_reason{};  ///< empty until the last chunk of this choice
  std::optional<ChatCompletionLogprobs> logprobs{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("index", self.index);
    field.required("delta", self.delta);
    field("finish_reason", self.finish_reason);
    field("logprobs", self.logprobs);
    field.rest(self.extra);
  }
};

/// One event of a streamed answer.
struct ChatCompletionChunk {
  std::string id{};
  std::string object{};    ///< "chat.completion.chunk"
  std::int64_t created{};  ///< Unix seconds
  std::string model{};
  std::vector<ChatCompletionChunkChoice> choices{};  ///< empty in the chunk that has the usage
  std::optional<CompletionUsage> usage{};
  std::string service_tier{};
  std::string system_fingerprint{};
  nlohmann::json moderation{};  ///< what moderation found, where it was asked for
  std::string obfuscation{};    ///< has no meaning: it makes all chunks the same size
  nlohmann::json extra{};       ///< members that have no name here

  /// The new content of the first choice; empty when there is none.
  std::string text() const { return choices.empty() ? std::string{} : choices.front().delta.content; }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created", self.created);
    field("model", self.model);
    field.required("choices", self.choices);
    field("usage", self.usage);
    field("service_tier", self.service_tier);
    field("system_fingerprint", self.system_fingerprint);
    field("moderation", self.moderation);
    field("obfuscation", self.obfuscation);
    field.rest(self.extra);
  }
};

namespace detail {

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

/// Whether a chunk is the commit point of its stream, after which there is no failover. It is if a choice has
/// a finish reason, or a delta that has anything besides `role` that is not null, "", [] or {}. The raw JSON
/// is checked, because members that this library has no name for count as well.
inline bool commits(JsonNode& chunk) {
  JsonNode* choices = find_member(chunk, "choices");
  if (choices == nullptr || choices->type != JsonType::array) return false;
  for (JsonNode* choice = choices + 1; choice != choices->end(); choice = choice->end()) {
    if (choice_commits(*choice)) return true;
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

/// The texts that change from chunk to chunk, see StreamTraits: the padding, and the tokens of the first
/// choice.
template <class Take>
void each_changing_text(JsonNode& json, ChatCompletionChunk& chunk, Take take) {
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

}  // namespace detail

}  // namespace openailb
