#pragma once

#include <openailb/detail/wire/object_ids.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::detail {

/// Finds the ids in JSON text at the places where there can be any. All else it leaps over, so it costs much
/// less than to scan the text. Of a text that is no JSON it finds what it can, and never more than it has.
class IdFinder {
 public:
  using Found = std::function<void(std::string id)>;

  /// Calls `found` for each id that stands at one of `paths` in a value.
  static void find(std::string_view json, std::span<const IdPath> paths, const Found& found) {
    find_below(json, begin_at(paths), found);
  }
  /// The same in the member `name` of an object, whose value is `json`.
  static void find_in_member(std::string_view name, std::string_view json, std::span<const IdPath> paths,
                             const Found& found) {
    Places places;
    for (const IdPath& path : paths) add_below({path.path, &path}, name, places);
    if (!places.empty()) find_below(json, places, found);
  }

 private:
  /// A place that is still below the value at hand, or is that value.
  struct Place {
    std::string_view rest;  // of its path
    const IdPath* path;
  };
  using Places = std::vector<Place>;

  IdFinder(std::string_view json, const Found& found)
      : at_(json.data()), end_(json.data() + json.size()), found_(&found) {}

  static void find_below(std::string_view json, const Places& places, const Found& found) {
    IdFinder finder(json, found);
    finder.value(places);
  }
  static Places begin_at(std::span<const IdPath> paths) {
    Places places;
    for (const IdPath& path : paths) places.push_back({path.path, &path});
    return places;
  }
  /// What is left of a path below a member of this name, or below an element of a list, which has none; null
  /// when it does not lead there.
  static std::optional<std::string_view> below(std::string_view rest, std::string_view name) {
    if (rest.starts_with('*')) name = "*";
    if (name.empty() || !rest.starts_with(name) || name.find('.') != name.npos) return std::nullopt;
    if (rest.size() == name.size()) return std::string_view{};
    if (rest[name.size()] != '.') return std::nullopt;
    return rest.substr(name.size() + 1);
  }
  /// Those of the places that are there.
  static Places step(const Places& places, std::string_view name) {
    Places found;
    for (const Place& place : places) add_below(place, name, found);
    return found;
  }
  static void add_below(const Place& place, std::string_view name, Places& found) {
    const std::optional<std::string_view> rest = below(place.rest, name);
    if (!rest) return;
    if (rest->empty() && !place.path->then.empty()) {
      for (const IdPath& path : place.path->then) found.push_back({path.path, &path});
    } else {
      found.push_back({*rest, place.path});
    }
  }

  bool next_is(char c) {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
    return at_ != end_ && *at_ == c;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  void value(const Places& places) {
    if (next_is('"')) {
      const std::string_view text = string();
      for (const Place& place : places) {
        if (place.rest.empty() && is_id(place)) give(text);
      }
    } else if (next_is('[')) {
      list(places);
    } else if (next_is('{')) {
      object(places);
    } else {
      leap_over();
    }
  }

  void list(const Places& places) {
    const Places inside = step(places, {});
    if (inside.empty()) return leap_over();
    ++at_;
    if (take(']')) return;
    do {
      value(inside);
    } while (take(','));
    if (!take(']')) stop();
  }

  void object(const Places& places) {
    Item item;
    for (const Place& place : places) item.matters = item.matters || place.path->of_reference;
    ++at_;
    if (take('}')) return;
    do {
      if (!next_is('"')) return stop();
      const std::string_view name = string();
      if (!take(':')) return stop();
      if (item.matters) look_at_member(name, item);
      member(name, places);
    } while (take(','));
    if (!take('}')) stop();
    if (item.is_reference()) give(item.id);
  }

  void member(std::string_view name, const Places& places) {
    if (next_is('"')) {  // as most are: no list of places is made for it
      const std::string_view text = string();
      for (const Place& place : places) {
        const std::optional<std::string_view> rest = below(place.rest, name);
        if (rest && rest->empty() && is_id(place)) give(text);
      }
      return;
    }
    const Places inside = step(places, name);
    inside.empty() ? leap_over() : value(inside);
  }
  /// Whether the value at the end of its path is an id.
  static bool is_id(const Place& place) { return place.path->then.empty() && !place.path->of_reference; }

  /// What is known of an object that may be nothing but a reference to an item.
  struct Item {
    bool matters{};
    std::string_view id{};
    bool is_reasoning{};  ///< of which only the server has all, unless it is encrypted or shown
    bool has_content{};
    bool has_more{};  ///< than an id and a type

    bool is_reference() const { return !id.empty() && !(is_reasoning ? has_content : has_more); }
  };
  void look_at_member(std::string_view name, Item& item) {
    const char* begin = at_;
    if (name == "id" && next_is('"')) {
      item.id = string();
    } else if (name == "type" && next_is('"')) {
      item.is_reasoning = string() == "reasoning";
    } else if (!next_is('n') && !is_empty_list()) {
      item.has_more = true;
      item.has_content = item.has_content || name == "content" || name == "encrypted_content";
    }
    at_ = begin;
  }
  bool is_empty_list() {
    const char* begin = at_;
    const bool is_empty = take('[') && take(']');
    at_ = begin;
    return is_empty;
  }

  /// What stands between the quotes of a string, of which the first comes next.
  std::string_view string() {
    const char* begin = ++at_;
    for (const char* from = begin;;) {
      const void* quote = std::memchr(from, '"', static_cast<std::size_t>(end_ - from));
      if (quote == nullptr) {
        stop();
        return {};
      }
      const char* last = static_cast<const char*>(quote);
      std::size_t backslashes = 0;
      while (last - backslashes != begin && *(last - backslashes - 1) == '\\') ++backslashes;
      from = at_ = last + 1;
      if (backslashes % 2 == 0) return {begin, static_cast<std::size_t>(last - begin)};
    }
  }

  /// Leaps over the value that comes next.
  void leap_over() {
    std::size_t depth = 0;
    do {
      if (next_is('"')) {
        string();
      } else if (at_ != end_ && (*at_ == '[' || *at_ == '{')) {
        ++depth;
        ++at_;
      } else if (at_ != end_ && (*at_ == ']' || *at_ == '}')) {
        if (depth == 0) return;
        --depth;
        ++at_;
      } else {
        const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
        at_ += (std::min)(rest.find_first_of(depth == 0 ? ",]}" : "\"[]{}"), rest.size());
      }
    } while (depth > 0 && at_ != end_);
  }

  /// Looks no further.
  void stop() { at_ = end_; }

  void give(std::string_view text) const {
    if (text.empty()) return;
    if (text.find('\\') == std::string_view::npos) return (*found_)(std::string(text));
    const std::string quoted = '"' + std::string(text) + '"';
    const auto read = nlohmann::json::parse(std::string_view(quoted), nullptr, false);
    if (read.is_string()) (*found_)(read.get_ref<const std::string&>());
  }

  const char* at_;
  const char* end_;
  const Found* found_;
};

}  // namespace openailb::detail
