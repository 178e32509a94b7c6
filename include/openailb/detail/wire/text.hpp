#pragma once

#include <openailb/detail/wire/json_text.hpp>
#include <openailb/values/headers.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

/// \file
/// Texts: for people, and in lower case for comparisons.

namespace openailb::detail {

/// The text with its ASCII letters in lower case.
inline std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = lower_case(c);
  return lowered;
}

/// How much of a text is kept if it may have so many bytes: it is cut between two UTF-8 characters.
inline std::size_t kept_of(std::string_view text, std::size_t longest) {
  std::size_t kept = (std::min)(text.size(), longest);
  while (kept > 0 && kept < text.size() && (text[kept] & 0xC0) == 0x80) --kept;
  return kept;
}

inline void cut_text(std::string& text, std::size_t longest) { text.resize(kept_of(text, longest)); }

/// The code point of a character in UTF-8.
inline char32_t code_point(std::string_view character) {
  constexpr std::array<unsigned, 5> masks{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t point = static_cast<unsigned char>(character.front()) & masks[character.size()];
  for (const char next : character.substr(1))
    point = (point << 6) | (static_cast<unsigned char>(next) & 0x3FU);
  return point;
}

/// Whether a character breaks the line or controls a terminal.
constexpr bool is_control(char32_t c) {
  return c < ' ' || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029;
}

/// Whether a character cannot be seen, but changes how others are shown, such as the direction of a text.
constexpr bool is_invisible(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

/// How many visible ASCII characters a text begins with.
inline std::size_t plain_at_start(std::string_view text) {
  const auto is_other = [](char c) { return c <= ' ' || c > '~'; };
  return static_cast<std::size_t>(std::ranges::find_if(text, is_other) - text.begin());
}

/// A server's text as part of a one-line message: runs of blanks and control characters become one space,
/// invisible characters are left out, and what is no UTF-8 becomes U+FFFD. A line with more than so many
/// bytes is cut.
inline std::string one_line(std::string_view text, std::size_t longest = 300) {
  std::string line;
  bool is_cut = false;
  while (!text.empty() && !is_cut) {
    if (const std::size_t plain = plain_at_start(text); plain > 0) {
      is_cut = line.size() + plain > longest;
      line.append(text.substr(0, is_cut ? longest - line.size() : plain));
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, (std::max)(length, std::size_t{1}));
    const char32_t point = length == 0 ? 0xFFFD : code_point(character);
    const bool is_blank = point == ' ' || is_control(point);
    const std::string_view shown = is_blank ? " " : length == 0 ? "\xEF\xBF\xBD" : character;
    text.remove_prefix(character.size());
    if (is_blank ? line.empty() || line.back() == ' ' : is_invisible(point)) continue;
    is_cut = line.size() + shown.size() > longest;
    if (!is_cut) line += shown;
  }
  while (line.ends_with(' ')) line.pop_back();
  if (is_cut) line += "...";
  return line;
}

/// A duration for a person: "250 ms", "1.5 s", "600 s".
inline std::string duration_text(std::chrono::nanoseconds duration) {
  const auto rounded = std::chrono::round<std::chrono::milliseconds>(duration).count();
  const auto milliseconds = rounded == 0 && duration.count() > 0 ? 1 : rounded;
  if (milliseconds < 1000) return std::to_string(milliseconds) + " ms";
  const auto tenths = (milliseconds + 99) / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += '.' + std::to_string(tenths % 10);
  return text + " s";
}

}  // namespace openailb::detail
