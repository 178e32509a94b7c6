#pragma once

#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/only_if_used.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

enum class JsonType : std::uint8_t { null, boolean, number, string, array, object };

/// One value of a scanned text, or the name of a member. All that is in it stands behind it.
struct JsonNode {
  std::string_view text{};  ///< of a string, what is between its quotes
  std::uint32_t size{1};    ///< how many nodes it is, with all that is in it
  JsonType type{};
  bool is_escaped{};     ///< a string that is not as it is written
  bool is_read{};        ///< the name of a member that has been read
  bool is_overridden{};  ///< the name of a member of which another one follows

  JsonNode* end() { return this + size; }
  const JsonNode* end() const { return this + size; }
  bool is_structured() const { return type == JsonType::array || type == JsonType::object; }
};

/// Scans JSON into a flat list of nodes, in the order of the text: an object's members are a string and a
/// value each. It allocates nothing but the list. What it takes is JSON, and nlohmann_json reads the same
/// from it; but it does not take all JSON (no number that may be too large, no half of a surrogate pair, no
/// byte order mark).
class JsonScanner {
 public:
  /// The string whose opening quote stands before the text; more may follow behind its closing quote. Null:
  /// it does not take it.
  static std::optional<JsonNode> scan_string(std::string_view text) {
    const JsonScanner scanner(text, false, nullptr);
    JsonNode node{.type = JsonType::string};
    const char* const end = scanner.characters(text.data(), node.is_escaped);
    if (end == nullptr) return std::nullopt;
    node.text = text_between(text.data(), end);
    return node;
  }

  /// Whether it took the text. A `trusted` text was written by nlohmann_json: any number in it is taken.
  static bool scan(std::string_view text, bool trusted, std::vector<JsonNode>& nodes) {
    nodes.clear();
    nodes.reserve((std::min)(text.size() / 8 + 8, std::size_t{128}));  // as many as most answers have
    const JsonScanner scanner(text, trusted, &nodes);
    const char* const end = scanner.value(scanner.skip_blanks(text.data()), 0);
    return end != nullptr && scanner.skip_blanks(end) == scanner.end_;
  }

 private:
  JsonScanner(std::string_view text, bool trusted, std::vector<JsonNode>* nodes)
      : end_(text.data() + text.size()), trusted_(trusted), nodes_(nodes) {}

  static std::string_view text_between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
  }
  JsonNode& add(JsonType type, const char* begin, const char* end) const {
    return nodes_->emplace_back(JsonNode{.text = text_between(begin, end), .type = type});
  }

  // These take what stands at a place, and give the place behind it; null: they do not take it.

  bool is_at(const char* at, char c) const { return at != end_ && *at == c; }
  const char* skip_blanks(const char* at) const {
    while (at != end_ && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    return at;
  }

  const char* value(const char* at, std::size_t depth) const {
    if (at == end_) return nullptr;
    switch (*at) {
      case '"': return string(at);
      case '{': return depth < max_json_depth ? structure(at, JsonType::object, '}', depth) : nullptr;
      case '[': return depth < max_json_depth ? structure(at, JsonType::array, ']', depth) : nullptr;
      case 't': return word(at, "true", JsonType::boolean);
      case 'f': return word(at, "false", JsonType::boolean);
      case 'n': return word(at, "null", JsonType::null);
      default: return number(at);
    }
  }

  const char* word(const char* at, std::string_view text, JsonType type) const {
    if (!text_between(at, end_).starts_with(text)) return nullptr;
    add(type, at, at + text.size());
    return at + text.size();
  }

  const char* structure(const char* begin, JsonType type, char close, std::size_t depth) const {
    const std::size_t index = nodes_->size();
    add(type, begin, begin);
    const char* at = skip_blanks(begin + 1);
    if (!is_at(at, close)) {
      for (;;) {
        if (type == JsonType::object) at = name(at);
        if (at != nullptr) at = value(at, depth + 1);
        if (at == nullptr) return nullptr;
        at = skip_blanks(at);
        if (!is_at(at, ',')) break;
        at = skip_blanks(at + 1);
      }
      if (!is_at(at, close)) return nullptr;
    }
    JsonNode& node = (*nodes_)[index];
    node.text = text_between(begin, ++at);
    node.size = static_cast<std::uint32_t>(nodes_->size() - index);
    return at;
  }

  const char* name(const char* at) const {
    at = is_at(at, '"') ? string(at) : nullptr;
    if (at != nullptr) at = skip_blanks(at);
    return at != nullptr && is_at(at, ':') ? skip_blanks(at + 1) : nullptr;
  }

  const char* string(const char* quote) const {
    bool is_escaped = false;
    const char* const end = characters(quote + 1, is_escaped);
    if (end == nullptr) return nullptr;
    add(JsonType::string, quote + 1, end).is_escaped = is_escaped;
    return end + 1;
  }

  /// Takes what a string has before its closing quote.
  const char* characters(const char* at, bool& is_escaped) const {
    for (;;) {
      at = skip_plain(at, end_);
      if (at == end_) return nullptr;
      const auto c = static_cast<unsigned char>(*at);
      if (c == '"') return at;
      if (c == '\\') {
        is_escaped = true;
        at = escape(at);
        if (at == nullptr) return nullptr;
      } else if (c < ' ') {
        return nullptr;
      } else if (c >= 0x80) {
        const std::size_t length = utf8_length(text_between(at, end_));
        if (length == 0) return nullptr;
        at += length;
      } else {
        ++at;
      }
    }
  }

  const char* escape(const char* at) const {
    const std::string_view rest = text_between(at, end_);
    if (rest.size() < 2) return nullptr;
    if (rest[1] != 'u') return std::string_view("\"\\/bfnrt").find(rest[1]) != rest.npos ? at + 2 : nullptr;
    const std::optional<unsigned> unit = escaped_unit(rest);
    if (!unit) return nullptr;
    if (*unit < 0xD800 || *unit > 0xDFFF) return at + 6;
    const std::optional<unsigned> low = escaped_unit(rest.substr(6));
    return *unit <= 0xDBFF && low && *low >= 0xDC00 && *low <= 0xDFFF ? at + 12 : nullptr;
  }

  const char* digits(const char* begin) const {
    const char* at = begin;
    while (at != end_ && *at >= '0' && *at <= '9') ++at;
    return at == begin ? nullptr : at;
  }

  const char* number(const char* begin) const {
    const char* at = is_at(begin, '-') ? begin + 1 : begin;
    at = is_at(at, '0') ? at + 1 : digits(at);
    if (at != nullptr && is_at(at, '.')) at = digits(at + 1);
    const char* exponent = nullptr;
    if (at != nullptr && (is_at(at, 'e') || is_at(at, 'E'))) {
      exponent = at + 1;
      if (is_at(exponent, '-') || is_at(exponent, '+')) ++exponent;
      at = digits(exponent);
    }
    if (at == nullptr) return nullptr;
    // Whoever writes more may mean a number that is out of range.
    const bool is_long = at - begin > 64 || (exponent != nullptr && at - exponent > 2);
    if (is_long && !trusted_) return nullptr;
    add(JsonType::number, begin, at);
    return at;
  }

  const char* end_;
  bool trusted_;
  std::vector<JsonNode>* nodes_;
};

/// The text of a string with escapes.
template <class = OnlyIfUsed>
std::string unescaped(const JsonNode& node) {
  const auto text = nlohmann::json::parse(node.text.data() - 1, node.text.data() + node.text.size() + 1);
  return text.get_ref<const std::string&>();
}

/// The text that a scanned string stands for.
inline std::string string_of(const JsonNode& node) {
  return node.is_escaped ? unescaped(node) : std::string(node.text);
}

/// The same value as nlohmann_json has it.
template <class = OnlyIfUsed>
nlohmann::json json_of(const JsonNode& node) {
  const std::size_t quote = node.type == JsonType::string ? 1 : 0;
  return nlohmann::json::parse(node.text.data() - quote, node.text.data() + node.text.size() + quote);
}

inline bool is_named(const JsonNode& name, std::string_view text) {
  return name.is_escaped ? string_of(name) == text : name.text == text;
}

inline bool is_same_name(const JsonNode& one, const JsonNode& other) {
  if (!one.is_escaped && !other.is_escaped) return one.text == other.text;
  return string_of(one) == string_of(other);
}

/// One of 64 bits for a name; the same for names that are the same.
inline std::uint64_t mark_of_name(std::string_view name) {
  if (name.empty()) return 1;
  const std::size_t first = static_cast<unsigned char>(name.front());
  const std::size_t last = static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << (7 * name.size() + first + 5 * last) % 64;
}

/// Marks the names of members of which another one follows: of several with one name the last one counts.
inline void mark_overridden(JsonNode& object) {
  std::size_t count = 0;
  std::uint64_t marks = 0;
  bool may_repeat = false;
  for (const JsonNode* name = &object + 1; name != object.end(); name = name[1].end(), ++count) {
    const std::uint64_t mark = mark_of_name(name->text);
    may_repeat = may_repeat || name->is_escaped || (marks & mark) != 0;
    marks |= mark;
  }
  if (!may_repeat) return;
  if (count <= 32) {  // as nearly always: then comparing each with each costs least
    for (JsonNode* name = &object + 1; name != object.end(); name = name[1].end()) {
      for (const JsonNode* later = name[1].end(); later != object.end(); later = later[1].end()) {
        if (is_same_name(*name, *later)) name->is_overridden = true;
      }
    }
    return;
  }
  std::map<std::string, JsonNode*> last;
  for (JsonNode* name = &object + 1; name != object.end(); name = name[1].end()) {
    JsonNode*& other = last[string_of(*name)];
    if (other != nullptr) other->is_overridden = true;
    other = name;
  }
}

/// The member of an object with this name, the last one if there are several; null when there is none.
template <class Node>
Node* find_member(Node& object, std::string_view name) {
  Node* found = nullptr;
  if (object.type != JsonType::object) return found;
  for (Node* one = &object + 1; one != object.end(); one = one[1].end()) {
    if (is_named(*one, name)) found = one + 1;
  }
  return found;
}

/// JSON in a form that costs less than nlohmann_json's. What the scanner does not take is read by
/// nlohmann_json, so that both take the same texts.
class ScannedJson {
 public:
  /// Whether the text is JSON; see parse_json(). The text must stay for as long as the nodes are looked at.
  bool read(std::string_view text) {
    was_mended_ = false;
    if (JsonScanner::scan(text, false, nodes_)) return true;
    const ParsedJson document = parse_json(text);
    if (!document) return false;
    was_mended_ = true;
    mended_ = document->dump();
    return JsonScanner::scan(mended_, true, nodes_);
  }

  JsonNode& root() { return nodes_.front(); }
  /// Whether the nodes are those of another text than the one that was given.
  bool was_mended() const { return was_mended_; }

 private:
  std::vector<JsonNode> nodes_{};
  std::string mended_{};
  bool was_mended_{};
};

}  // namespace openailb::detail
