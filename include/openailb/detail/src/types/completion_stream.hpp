#pragma once

#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/completions.hpp>

namespace openailb::detail {

/// How the chunks of a completion are put together, and which of them is the commit point of the stream.
template <>
struct StreamTraits<CompletionChunk> : StreamRules {
  using Accumulator = CompletionAccumulator;

  /// A chunk is the commit point if one of its choices has anything to say besides its index.
  static bool commits(JsonNode& chunk) {
    JsonNode* choices = find_member(chunk, "choices");
    if (choices == nullptr || choices->type != JsonType::array) return false;
    for (JsonNode* choice = choices + 1; choice != choices->end(); choice = choice->end()) {
      if (says_more_than(*choice, "index")) return true;
    }
    return false;
  }

  /// The text of the first choice; see StreamTraits.
  static void each_changing_text(JsonNode& json, CompletionChunk& chunk, const NoteText& take) {
    JsonNode* choice = first_object(find_member(json, "choices"));
    if (choice != nullptr) take(find_member(*choice, "text"), chunk.choices.front().text);
  }
};

}  // namespace openailb::detail
