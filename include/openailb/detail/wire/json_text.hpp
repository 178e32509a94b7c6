#pragma once

#include <openailb/detail/wire/only_if_used.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// JSON nested deeper than this is neither accepted nor sent: copying or printing it recurses once per level.
inline constexpr std::size_t max_json_depth = 256;

/// Whether there are too few brackets for nesting too deeply, as in nearly every text. It jumps from bracket
/// to bracket, since looking at each character of an answer takes a tenth of the time of parsing it.
inline bool has_few_brackets(std::string_view text) {
  std::size_t brackets = 0;
  for (const char bracket : {'[', '{'}) {
    for (auto at = text.find(bracket); at != text.npos; at = text.find(bracket, at + 1)) {
      if (++brackets > max_json_depth) return false;
    }
  }
  return true;
}

/// Whether the text is nested no deeper than max_json_depth; brackets in strings do not count. Malformed text
/// may pass.
inline bool is_shallow(std::string_view text) {
  if (has_few_brackets(text)) return true;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"': in_string = !in_string; break;
      case '\\': ++i; break;
      case '[':
      case '{':
        if (!in_string && ++depth > max_json_depth) return false;
        break;
      case ']':
      case '}':
        if (!in_string && depth > 0) --depth;
        break;
      default: break;
    }
  }
  return true;
}

/// The length of the UTF-8 character that `text` begins with; 0 when it begins with none.
inline std::size_t utf8_length(std::string_view text) {
  auto is_between = [text](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && static_cast<unsigned char>(text[i]) >= low &&
           static_cast<unsigned char>(text[i]) <= high;
  };
  auto continues = [&](std::size_t i) { return is_between(i, 0x80, 0xBF); };
  if (is_between(0, 0x00, 0x7F)) return 1;
  if (is_between(0, 0xC2, 0xDF)) return continues(1) ? 2 : 0;
  // The second byte's narrower ranges exclude overlong forms, surrogates and what is beyond U+10FFFF.
  auto first = text.empty() ? 0 : static_cast<unsigned char>(text[0]);
  if (is_between(0, 0xE0, 0xEF)) {
    return is_between(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && continues(2) ? 3 : 0;
  }
  if (is_between(0, 0xF0, 0xF4)) {
    bool second = is_between(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// Leaps, eight at a time, over characters that stand for themselves in a string of JSON. It may stop before
/// the last of them.
inline const char* skip_plain(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101U, highs = 0x8080808080808080U;
  while (at != end) {
    std::uint64_t word = ones * 'a';  // behind the end, all is plain
    const std::ptrdiff_t count = (std::min<std::ptrdiff_t>)(end - at, 8);
    char* const to = reinterpret_cast<char*>(&word);
    if (count == 8) {
      std::copy_n(at, 8, to);  // one load, since the compiler knows the size
    } else {
      std::copy_n(at, count, to);
    }
    // A byte's highest bit is set here if it was, or if the byte is below a blank, a quote or a backslash.
    // What it lends to the byte before it does no harm, as only the first that is marked counts.
    const std::uint64_t marks =
        (word | (word - ones * ' ') | ((word ^ (ones * '"')) - ones) | ((word ^ (ones * '\\')) - ones)) &
        highs;
    if (marks == 0) {
      at += count;
      continue;
    }
    if constexpr (std::endian::native == std::endian::little) at += std::countr_zero(marks) / 8;
    break;
  }
  return at;
}

inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    auto length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// The code unit of an escape such as \u00e9 at the start of `text`; null when it begins otherwise.
inline std::optional<unsigned> escaped_unit(std::string_view text) {
  unsigned unit = 0;
  if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
  auto end = std::from_chars(text.data() + 2, text.data() + 6, unit, 16).ptr;
  return end == text.data() + 6 ? std::optional(unit) : std::nullopt;
}

/// The text with null for every NaN and Infinity outside of its strings, since Python writes them into JSON.
inline std::string repair_numbers(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  bool in_string = false;
  while (!text.empty()) {
    std::size_t length = 1;
    if (in_string && text.front() == '\\') length = (std::min)(text.size(), std::size_t{2});
    if (text.front() == '"') in_string = !in_string;
    std::string_view copied = text.substr(0, length);
    for (const std::string_view number : {"NaN", "Infinity", "-Infinity"}) {
      if (in_string || !text.starts_with(number)) continue;
      length = number.size();
      copied = "null";
    }
    repaired += copied;
    text.remove_prefix(length);
  }
  return repaired;
}

/// The text with U+FFFD for every byte that is not UTF-8 and every escaped half of a surrogate pair.
inline std::string repair_unicode(std::string_view text) {
  auto is_high = [](std::optional<unsigned> unit) { return unit && *unit >= 0xD800 && *unit <= 0xDBFF; };
  auto is_low = [](std::optional<unsigned> unit) { return unit && *unit >= 0xDC00 && *unit <= 0xDFFF; };
  std::string repaired;
  repaired.reserve(text.size());
  while (!text.empty()) {
    auto length = utf8_length(text);
    std::string_view replacement;
    if (length == 0) {
      length = 1;
      replacement = "\xEF\xBF\xBD";
    } else if (text.starts_with("\\\\")) {
      length = 2;
    } else if (auto unit = escaped_unit(text)) {
      bool is_pair = is_high(unit) && is_low(escaped_unit(text.substr(6)));
      length = is_pair ? 12 : 6;
      if (!is_pair && (is_high(unit) || is_low(unit))) replacement = "\\ufffd";
    }
    repaired += replacement.empty() ? text.substr(0, length) : replacement;
    text.remove_prefix(length);
  }
  return repaired;
}

/// Destroys a document from its leaves up. nlohmann_json's own destructor needs memory for one with several
/// levels, and the program ends when there is none.
struct TakeApart {
  void operator()(nlohmann::json* document) const noexcept {
    empty(*document);
    delete document;
  }

 private:
  static void empty(nlohmann::json& json) noexcept {
    if (!json.is_structured()) return;
    for (nlohmann::json& one : json) empty(one);
    json.clear();
  }
};
using ParsedJson = std::unique_ptr<nlohmann::json, TakeApart>;

/// The JSON of a text; null when it is malformed, has a number out of range or is nested too deeply. Broken
/// characters are replaced by U+FFFD, since servers split characters between tokens. NaN and Infinity are
/// replaced by null.
template <class = OnlyIfUsed>
ParsedJson parse_json(std::string_view text) {
  if (text.find('\0') != text.npos) return nullptr;  // the parser would take it for the end of the text
  if (!is_shallow(text)) return nullptr;
  auto parse = [](std::string_view json) { return nlohmann::json::parse(json, nullptr, false); };
  auto json = parse(text);
  if (json.is_discarded()) {
    auto repaired = repair_numbers(repair_unicode(text));
    if (repaired == text) return nullptr;
    json = parse(repaired);
  }
  if (json.is_discarded()) return nullptr;
  return ParsedJson(new nlohmann::json(std::move(json)));
}

/// The JSON of a text in the order of its keys; discarded when it is malformed or nested too deeply.
template <class = OnlyIfUsed>
nlohmann::ordered_json parse_ordered(std::string_view text) {
  const bool is_sound = text.find('\0') == text.npos && is_shallow(text);
  return is_sound ? nlohmann::ordered_json::parse(text, nullptr, false)
                  : nlohmann::ordered_json(nlohmann::ordered_json::value_t::discarded);
}

/// The member of an object with this name; null when there is none, or when it is no object.
inline const nlohmann::json* member_of(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

/// Whether it is this text.
inline bool is_text(const nlohmann::json& json, std::string_view text) {
  return json.is_string() && json.get_ref<const std::string&>() == text;
}

/// An object with a `type`, and nothing else yet.
inline nlohmann::ordered_json json_of_type(const std::string& type) {
  nlohmann::ordered_json json;
  json["type"] = type;
  return json;
}

/// Whether the JSON has more levels than `levels`. It looks no deeper, since that recurses once per level.
template <class Json>
bool is_deeper_than(const Json& json, std::size_t levels) {
  if (!json.is_structured()) return false;
  if (levels == 0) return true;
  for (const Json& one : json) {
    if (is_deeper_than(one, levels - 1)) return true;
  }
  return false;
}

/// A copy that keeps the order of the JSON; discarded when it is nested too deeply, since copying recurses
/// once per level.
template <class Json>
nlohmann::ordered_json copy_ordered(const Json& json) {
  return is_deeper_than(json, max_json_depth)
             ? nlohmann::ordered_json(nlohmann::ordered_json::value_t::discarded)
             : nlohmann::ordered_json(json);
}

}  // namespace openailb::detail
