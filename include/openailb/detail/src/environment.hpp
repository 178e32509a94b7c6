#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

/// \file
/// Texts with environment variables in them.

namespace openailb::detail {

/// What `NAME` or `NAME:-text` stands for. `fault` says what is wrong with it.
inline std::string value_of_reference(std::string_view reference, std::string& fault) {
  const std::size_t otherwise = reference.find(":-");
  const std::string name(reference.substr(0, otherwise));
  const auto is_fine = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || !std::ranges::all_of(name, is_fine)) {
    fault = "${ is not followed by the name of an environment variable and }";
    return {};
  }
  const char* value =
      std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): safe unless somebody sets it
  if (value != nullptr && *value != '\0') return value;
  if (otherwise != std::string_view::npos) return std::string(reference.substr(otherwise + 2));
  fault = "the environment variable " + name + " is not set, or empty";
  return {};
}

/// The text with each `${NAME}` replaced by what the environment has. `fault` says what is wrong.
inline std::string expand_environment(std::string_view text, std::string& fault) {
  std::string expanded;
  for (;;) {
    const std::size_t begin = text.find("${");
    expanded += text.substr(0, begin);
    if (begin == std::string_view::npos) return expanded;
    const std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) {
      fault = "${ has no }";
      return expanded;
    }
    expanded += value_of_reference(text.substr(begin + 2, end - begin - 2), fault);
    if (!fault.empty()) return expanded;
    text.remove_prefix(end + 1);
  }
}

}  // namespace openailb::detail
