#pragma once

#include <openailb/detail/wire/url.hpp>
#include <openailb/headers.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// What users put into headers and queries: what is wrong with it, and what of it is secret.

namespace openailb::detail {

inline bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

/// What is wrong with a header, empty when nothing is. Never repeats the value, which may be a key.
inline std::string fault_of_header(std::string_view name, std::string_view value) {
  constexpr std::string_view token =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";  // RFC 9110 5.6.2
  if (name.empty() || name.find_first_not_of(token) != std::string_view::npos) {
    return "a header's name is empty or has a character that names cannot have";
  }
  if (has_control_character(value))
    return "the value of header " + std::string(name) + " has a control character";
  return {};
}

inline std::string fault_of_headers(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (std::string fault = fault_of_header(name, value); !fault.empty()) return fault;
  }
  return {};
}

/// Whether a header or a member of a query with this name carries a secret.
inline bool names_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 7> marks{"key",    "token",  "auth",    "secret",
                                                  "cookie", "passwd", "password"};
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::ranges::any_of(marks, [&](auto mark) { return lower.find(mark) != std::string::npos; });
}

/// The values that carry a secret, judging by their names: of headers, or of a query.
template <class Map>
void add_secrets(const Map& values, std::vector<std::string>& secrets) {
  for (const auto& [name, value] : values) {
    if (!names_a_secret(name)) continue;
    secrets.push_back(value);
    secrets.push_back(percent_encode(value));
    if (const auto scheme = value.find(' '); scheme != std::string::npos) {  // as in "Bearer secret"
      secrets.push_back(value.substr(scheme + 1));
    }
  }
}

}  // namespace openailb::detail
