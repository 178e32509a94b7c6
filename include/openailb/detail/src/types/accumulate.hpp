#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What accumulators do with the pieces that chunks bring.
namespace openailb::detail {

/// The highest index that a chunk may have. Keeps a hostile server from making the lists grow; real indexes
/// stay far below it.
inline constexpr std::int64_t max_index = 127;

/// The item with this index, inserted in order when it is new.
template <class Item>
Item& find_or_insert(std::vector<Item>& items, std::int64_t index) {
  auto place = items.begin();
  while (place != items.end() && place->index < index) ++place;
  if (place == items.end() || place->index != index) {
    place = items.insert(place, Item{});
    place->index = index;
  }
  return *place;
}

inline void replace(std::string& value, const std::string& piece) {
  if (!piece.empty()) value = piece;
}

/// Replaces members that have no name here: a chunk that has one has all of it. `taken` is left out, since it
/// has a name in an answer, though not in a chunk.
inline void take_members(nlohmann::json& members, const nlohmann::json& newer, std::string_view taken = {}) {
  if (!newer.is_object()) return;
  for (const auto& [name, member] : newer.get_ref<const nlohmann::json::object_t&>()) {
    if (name != taken) members[name] = member;
  }
}

template <class Item>
void extend(std::vector<Item>& items, const std::vector<Item>& more) {
  for (const Item& item : more) items.push_back(item);
}

}  // namespace openailb::detail
