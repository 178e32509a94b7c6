#pragma once

#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/wire/json_scanner.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace openailb::detail {

/// The member of an object; null when there is none.
inline const JsonNode* member_of(const JsonNode& object, std::string_view name) {
  if (object.type != JsonType::object) return nullptr;
  for (const JsonNode* one = &object + 1; one != object.end(); one = (one + 1)->end()) {
    if (one->text == name) return one + 1;
  }
  return nullptr;
}

/// How many tokens an answer says that it took, or an event of a stream: `usage.total_tokens`, which the
/// events of responses have inside of `response`. Null when it does not say.
inline std::optional<std::int64_t> tokens_used(const JsonNode& answer) {
  if (const JsonNode* response = member_of(answer, "response")) return tokens_used(*response);
  const JsonNode* usage = member_of(answer, "usage");
  const JsonNode* total = usage ? member_of(*usage, "total_tokens") : nullptr;
  if (!total || total->type != JsonType::number) return std::nullopt;
  std::int64_t tokens = 0;
  std::from_chars(total->text.data(), total->text.data() + total->text.size(), tokens);
  return tokens;
}

/// Corrects what was taken of the endpoint's tokens per minute by what the answer says.
inline void count_tokens(Trial& trial, const JsonNode& answer) {
  if (!trial.admission.counts_tokens()) return;
  if (const auto tokens = tokens_used(answer)) trial.admission.used(static_cast<double>(*tokens));
}
inline void count_tokens(Trial& trial, std::string_view answer) {
  if (!trial.admission.counts_tokens()) return;
  ScannedJson document;
  if (document.read(answer)) count_tokens(trial, document.root());
}

}  // namespace openailb::detail
