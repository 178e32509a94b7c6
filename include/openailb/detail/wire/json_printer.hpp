#pragma once

#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/only_if_used.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// What JSON cannot express, and where: "messages[0].content".
struct JsonProblem {
  std::string place;  ///< empty for the whole JSON
  const char* why;

  std::string message() const { return (place.empty() ? "the JSON" : place) + ' ' + why; }
};

/// Prints JSON to text, in one line. What it prints is always valid. The first thing that JSON cannot express
/// is kept as its problem, and something else stands in its place.
class JsonPrinter {
 public:
  /// Room for `size` bytes is kept from the start.
  explicit JsonPrinter(std::size_t size = 256) { text_.reserve(size); }

  void null() { text_ += "null"; }
  void boolean(bool value) { text_ += value ? "true" : "false"; }
  void string(std::string_view value);
  void number(double value);
  template <std::integral T>
  void integer(T value) {
    std::array<char, 24> digits{};
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }
  /// Text that is JSON already.
  void printed(std::string_view json) { text_ += json; }
  /// What JSON cannot express.
  void flawed(const char* why) {
    note(why);
    null();
  }

  /// Begins an object or an array. False: it would be nested too deeply, and null stands in its place.
  bool open(char bracket) {
    if (depth_ == max_json_depth) {
      flawed("is nested too deeply");
      return false;
    }
    ++depth_;
    text_ += bracket;
    return true;
  }
  void close(char bracket) {
    --depth_;
    text_ += bracket;
  }
  /// Begins the next element of an array.
  void element() {
    if (text_.back() != '{' && text_.back() != '[') text_ += ',';
  }
  /// Begins the next member of an object.
  void member(std::string_view name);

  /// Says where the problem is, from the inside out: a member's name or an element's index goes before its
  /// place. Does nothing if it was `flawed_before` that value was written, as only the first problem is kept.
  void below(bool flawed_before, std::string_view name);
  void below(bool flawed_before, std::size_t index) {
    if (!flawed_before && problem_) below(false, '[' + std::to_string(index) + ']');
  }
  bool had_flaw() const { return problem_.has_value(); }

  std::string& text() { return text_; }
  const std::optional<JsonProblem>& problem() const { return problem_; }
  std::optional<JsonProblem> take_flaw() { return std::exchange(problem_, std::nullopt); }

 private:
  void note(const char* why) {
    if (!problem_) problem_ = JsonProblem{.place = {}, .why = why};
  }
  void escape(char c);

  std::string text_{};
  std::size_t depth_{};
  std::optional<JsonProblem> problem_{};
};

inline void JsonPrinter::member(std::string_view name) {
  const bool flawed_before = had_flaw();
  element();
  string(name);
  text_ += ':';
  if (!flawed_before && problem_) problem_->why = "has a member's name that is not valid UTF-8";
}

inline void JsonPrinter::below(bool flawed_before, std::string_view name) {
  if (flawed_before || !problem_) return;
  const bool needs_dot = !problem_->place.empty() && problem_->place.front() != '[';
  problem_->place.insert(0, std::string(name) + (needs_dot ? "." : ""));
}

inline void JsonPrinter::string(std::string_view value) {
  text_ += '"';
  const char* const end = value.data() + value.size();
  const char* kept = value.data();  // what comes before this place has been written
  for (const char* at = kept;;) {
    at = skip_plain(at, end);
    if (at == end) break;
    if (static_cast<unsigned char>(*at) >= 0x80) {
      const std::size_t length = utf8_length({at, static_cast<std::size_t>(end - at)});
      if (length > 0) {
        at += length;
        continue;
      }
      note("is not valid UTF-8");
    } else if (*at >= ' ' && *at != '"' && *at != '\\') {
      ++at;
      continue;
    }
    text_.append(kept, static_cast<std::size_t>(at - kept));
    escape(*at);
    kept = ++at;
  }
  text_.append(kept, static_cast<std::size_t>(end - kept));
  text_ += '"';
}

/// Writes a character that cannot stand for itself.
inline void JsonPrinter::escape(char c) {
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\': (text_ += '\\') += c; break;
    case '\b': text_ += "\\b"; break;
    case '\f': text_ += "\\f"; break;
    case '\n': text_ += "\\n"; break;
    case '\r': text_ += "\\r"; break;
    case '\t': text_ += "\\t"; break;
    default:
      if (const auto byte = static_cast<unsigned char>(c); byte < 0x80) {
        ((text_ += "\\u00") += hexadecimal[byte / 16]) += hexadecimal[byte % 16];
      } else {
        text_ += "\xEF\xBF\xBD";  // U+FFFD, for a byte that is not UTF-8
      }
  }
}

/// std::to_chars for them is missing in some standard libraries.
template <class = OnlyIfUsed>
std::string printed_number(double value) {
  return nlohmann::json(value).dump();
}

inline void JsonPrinter::number(double value) {
  if (!std::isfinite(value)) return flawed("is not a finite number");
  text_ += printed_number(value);
}

}  // namespace openailb::detail
