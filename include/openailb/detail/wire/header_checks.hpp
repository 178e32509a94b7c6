#pragma once

#include <openailb/detail/wire/url.hpp>
#include <openailb/values/headers.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Checks the headers and queries that users set: what is wrong with them, and which values are secret.

namespace openailb::detail {

inline bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

/// What is wrong with a header, empty when nothing is. Never repeats the value, which may be a key.
inline std::string problem_of_header(std::string_view name, std::string_view value) {
  constexpr std::string_view token =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";  // RFC 9110 5.6.2
  if (name.empty() || name.find_first_not_of(token) != std::string_view::npos) {
    return "a header's name is empty or has a character that names cannot have";
  }
  if (has_control_character(value))
    return "the value of header " + std::string(name) + " has a control character";
  return {};
}

/// What is wrong with the headers that say where a request ends and how it is carried: only the transport may
/// set those.
inline std::string problem_of_framing(const Headers& headers) {
  for (const char* name : {"Connection", "Content-Length", "Transfer-Encoding"}) {
    if (headers.contains(name)) return "header " + std::string(name) + " is set by the transport alone";
  }
  auto host = headers.find("Host");
  return host != headers.end() && host->second.empty() ? "header Host cannot be removed" : "";
}

inline std::string problem_of_headers(const Headers& headers) {
  if (std::string fault = problem_of_framing(headers); !fault.empty()) return fault;
  for (const auto& [name, value] : headers) {
    if (std::string fault = problem_of_header(name, value); !fault.empty()) return fault;
  }
  return {};
}

/// Whether a header or a member of a query with this name carries a secret, judging by its words: `x-api-key`
/// and `accessToken` do, `x-portkey-provider` does not.
inline bool names_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 20> marks{
      "key",      "apikey",        "token",          "accesstoken", "jwt",        "bearer",
      "auth",     "authorization", "authentication", "secret",      "session",    "cookie",
      "password", "passwd",        "pass",           "pwd",         "passphrase", "credential",
      "sig",      "signature"};
  std::string word;
  char previous = '-';
  for (const char c : std::string(name) + '-') {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool ends_word = c == '-' || c == '_' || c == '.' || (is_upper && previous >= 'a');
    const std::string_view one =
        word.ends_with('s') ? std::string_view(word).substr(0, word.size() - 1) : word;
    const bool is_mark = std::ranges::any_of(marks, [&](auto mark) { return mark == word || mark == one; });
    if (ends_word && is_mark) return true;
    if (ends_word) word.clear();
    if (c != '-' && c != '_' && c != '.') word += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    previous = c;
  }
  return false;
}

/// Adds the values of headers or of a query that carry a secret, judging by their names. Values of fewer than
/// six characters are left out: they are versions and the like, and would be redacted in unrelated text.
template <class Map>
void add_secrets(const Map& values, std::vector<std::string>& secrets) {
  constexpr std::size_t shortest = 6;
  for (const auto& [name, value] : values) {
    if (value.size() < shortest || !names_a_secret(name)) continue;
    secrets.push_back(value);
    // as in "session=secret; theme=dark"
    for (std::string_view rest = value; rest.find('=') != rest.npos;) {
      const std::string_view cookie = rest.substr(0, rest.find(';'));
      const std::size_t begin = cookie.find('=') + 1;
      if (begin > 0 && cookie.size() - begin >= shortest) secrets.emplace_back(cookie.substr(begin));
      rest.remove_prefix((std::min)(cookie.size() + 1, rest.size()));
    }
  }
}

}  // namespace openailb::detail
