#pragma once

#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/only_if_used.hpp>

#include <nlohmann/json.hpp>

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
    JsonScanner scanner(text, false, nullptr);
    JsonNode node{.type = JsonType::string};
    if (!scanner.characters(node.is_escaped)) return std::nullopt;
    node.text = text.substr(0, static_cast<std::size_t>(scanner.at_ - text.data()));
    return node;
  }

  /// Whether it took the text. A `trusted` text was written by nlohmann_json: any number in it is taken.
  static bool scan(std::string_view text, bool trusted, std::vector<JsonNode>& nodes) {
    nodes.clear();
    nodes.reserve(128);  // as many as most answers have
    JsonScanner scanner(text, trusted, &nodes);
    scanner.skip_blanks();
    if (!scanner.value(0)) return false;
    scanner.skip_blanks();
    return scanner.at_ == scanner.end_;
  }

 private:
  JsonScanner(std::string_view text, bool trusted, std::vector<JsonNode>* nodes)
      : at_(text.data()), end_(text.data() + text.size()), trusted_(trusted), nodes_(nodes) {}

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool value(std::size_t depth) {
    if (at_ == end_) return false;
    switch (*at_) {
      case '"': return string();
      case '{': return depth < max_json_depth && structure(JsonType::object, '}', depth);
      case '[': return depth < max_json_depth && structure(JsonType::array, ']', depth);
      case 't': return word("true", JsonType::boolean);
      case 'f': return word("false", JsonType::boolean);
      case 'n': return word("null", JsonType::null);
      default: return number();
    }
  }

  bool word(std::string_view text, JsonType type) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(text)) return false;
    nodes_->push_back({.text = {at_, text.size()}, .type = type});
    at_ += text.size();
    return true;
  }

  bool structure(JsonType type, char close, std::size_t depth) {
    const char* begin = at_++;
    const std::size_t index = nodes_->size();
    nodes_->push_back({.type = type});
    skip_blanks();
    if (!take(close)) {
      for (;;) {
        if (type == JsonType::object && !name()) return false;
        if (!value(depth + 1)) return false;
        skip_blanks();
        if (!take(',')) break;
        skip_blanks();
      }
      if (!take(close)) return false;
    }
    JsonNode& node = (*nodes_)[index];
    node.text = {begin, static_cast<std::size_t>(at_ - begin)};
    node.size = static_cast<std::uint32_t>(nodes_->size() - index);
    return true;
  }

  bool name() {
    if (at_ == end_ || *at_ != '"' || !string()) return false;
    skip_blanks();
    if (!take(':')) return false;
    skip_blanks();
    return true;
  }

  bool string() {
    const char* begin = ++at_;
    bool is_escaped = false;
    if (!characters(is_escaped)) return false;
    nodes_->push_back({.text = {begin, static_cast<std::size_t>(at_ - begin)},
                       .type = JsonType::string,
                       .is_escaped = is_escaped});
    ++at_;
    return true;
  }

  /// Takes what a string has before its closing quote.
  bool characters(bool& is_escaped) {
    for (;;) {
      at_ = skip_plain(at_, end_);
      if (at_ == end_) return false;
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') return true;
      if (c == '\\') {
        is_escaped = true;
        if (!escape()) return false;
      } else if (c < ' ') {
        return false;
      } else if (c >= 0x80) {
        const std::size_t length = utf8_length({at_, static_cast<std::size_t>(end_ - at_)});
        if (length == 0) return false;
        at_ += length;
      } else {
        ++at_;
      }
    }
  }

  bool escape() {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (rest.size() < 2) return false;
    if (rest[1] != 'u') {
      at_ += 2;
      return std::string_view("\"\\/bfnrt").find(rest[1]) != std::string_view::npos;
    }
    const std::optional<unsigned> unit = escaped_unit(rest);
    if (!unit) return false;
    at_ += 6;
    if (*unit < 0xD800 || *unit > 0xDFFF) return true;
    const std::optional<unsigned> low = escaped_unit(rest.substr(6));
    at_ += 6;
    return *unit <= 0xDBFF && low && *low >= 0xDC00 && *low <= 0xDFFF;
  }

  bool digits() {
    const char* begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != begin;
  }

  bool number() {
    const char* begin = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    std::ptrdiff_t exponent = 0;
    if (take('e') || take('E')) {
      if (!take('-')) take('+');
      const char* first = at_;
      if (!digits()) return false;
      exponent = at_ - first;
    }
    // Whoever writes more may mean a number that is out of range.
    if (!trusted_ && (at_ - begin > 64 || exponent > 2)) return false;
    nodes_->push_back({.text = {begin, static_cast<std::size_t>(at_ - begin)}, .type = JsonType::number});
    return true;
  }

  const char* at_;
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

/// Marks the names of members of which another one follows: of several with one name the last one counts.
inline void mark_overridden(JsonNode& object) {
  std::size_t count = 0;
  for (const JsonNode* name = &object + 1; name != object.end(); name = name[1].end()) ++count;
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
