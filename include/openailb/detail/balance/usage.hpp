#pragma once

#include <openailb/detail/wire/json_scanner.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace openailb::detail {

/// How many tokens an answer says that it took.
struct Usage {
  std::optional<std::int64_t> input{}, output{};
  std::optional<double> total{};
};

inline std::optional<std::int64_t> integer_member_of(const JsonNode& object, std::string_view name) {
  const JsonNode* member = find_member(object, name);
  if (!member || member->type != JsonType::number) return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(member->text.data(), member->text.data() + member->text.size(), number);
  return number;
}

/// What an answer says under `usage`, or an event of a stream; those of responses have it inside of
/// `response`. Null when they say nothing.
inline std::optional<Usage> usage_of(const JsonNode& answer) {
  const JsonNode* response = find_member(answer, "response");
  const JsonNode* groq = find_member(answer, "x_groq");  // where Groq puts that of a stream
  const JsonNode* usage = find_member(response ? *response : answer, "usage");
  if ((!usage || usage->type != JsonType::object) && groq) usage = find_member(*groq, "usage");
  if (!usage || usage->type != JsonType::object) return std::nullopt;
  const auto either = [&](const char* name, const char* other) {
    const auto number = integer_member_of(*usage, name);
    return number ? number : integer_member_of(*usage, other);
  };
  Usage found{.input = either("prompt_tokens", "input_tokens"),
              .output = either("completion_tokens", "output_tokens")};
  if (const auto total = integer_member_of(*usage, "total_tokens")) {
    found.total = static_cast<double>(*total);
  } else if (found.input && found.output) {
    found.total = static_cast<double>(*found.input) + static_cast<double>(*found.output);
  }
  return found;
}

/// The same of JSON text.
inline std::optional<Usage> usage_in(std::string_view answer) {
  ScannedJson document;
  return document.read(answer) ? usage_of(document.root()) : std::nullopt;
}

}  // namespace openailb::detail
