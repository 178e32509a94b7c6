#pragma once

#include <openailb/headers.hpp>

#include <algorithm>
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

/// A server's text as part of a one-line message: runs of blanks and control characters become one space, and
/// what is longer is cut between two UTF-8 characters.
inline std::string one_line(std::string_view text, std::size_t longest = 300) {
  std::size_t kept = (std::min)(text.size(), longest);
  while (kept > 0 && kept < text.size() && (text[kept] & 0xC0) == 0x80) --kept;
  std::string line;
  for (char c : text.substr(0, kept)) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  if (kept < text.size()) line += "...";
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
