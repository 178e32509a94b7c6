#pragma once

#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace openailb::detail {

/// Takes note of a string in a chunk that may be another one in the next chunk, and what it was read from.
using NoteText = std::function<void(const JsonNode* node, std::string& value)>;

/// What a stream needs to know about its chunks. It is specialised beside the accumulator of each kind of
/// chunk, derives from StreamRules, and has:
/// - `Accumulator`, with add(chunk), completion() and finished(): whether a stream without [DONE] may end
///   there;
/// - `commits(json)`: whether a chunk is the commit point;
/// - `each_changing_text(json, chunk, take)`: calls take(node, field) for each text in which a chunk may
///   differ from the one before it. `field` is a string in `chunk`, `node` what it was read from, or null.
///   Nothing else in `chunk` may depend on that node: ChunkReader replaces the field and reads nothing else.
template <class Chunk>
struct StreamTraits;

struct Call;

/// How most streams behave; a specialisation of StreamTraits may have its own.
struct StreamRules {
  /// Whether [DONE] is a clean end, whatever came before it. If not, only when the accumulator has finished.
  static constexpr bool ends_with_done = true;
  /// What a stream lacks that ended too soon.
  static constexpr std::string_view end = "[DONE] or a finish_reason";
  /// Whether this chunk, which has just been added to `accumulator`, is the last one that the call asks for,
  /// so that nothing after it is waited for.
  static constexpr bool is_last(const auto& /*chunk*/, const auto& /*accumulator*/, const Call&) {
    return false;
  }
  /// The failure that an event before the commit point tells of, besides those that all streams have.
  static std::optional<Error> failure_in(JsonNode&) { return std::nullopt; }
};

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

/// The type that an event says it has.
inline std::string type_of(const JsonNode* json) {
  const JsonNode* type = json == nullptr ? nullptr : find_member(*json, "type");
  return type != nullptr && type->type == JsonType::string ? string_of(*type) : std::string{};
}

/// Whether the member of an object says something.
inline bool tells(const JsonNode* object, std::string_view member) {
  const JsonNode* found = object == nullptr ? nullptr : find_member(*object, member);
  return found != nullptr && says_something(*found);
}

/// Whether an object has a member that says something, besides one of this name.
inline bool says_more_than(JsonNode& object, std::string_view member) {
  if (object.type != JsonType::object) return false;
  mark_overridden(object);
  for (const JsonNode* name = &object + 1; name != object.end(); name = name[1].end()) {
    if (!name->is_overridden && says_something(name[1]) && !is_named(*name, member)) return true;
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

}  // namespace openailb::detail
