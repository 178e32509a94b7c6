#pragma once

#include <openailb/result.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace openailb {

/// JSON nested deeper than this is neither accepted nor sent: to copy or print it recurses once per level.
inline constexpr std::size_t max_json_depth = 256;

namespace detail {

/// Whether no bracket outside of a string stands deeper than max_json_depth. Malformed text may pass.
inline bool is_shallow(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"': in_string = !in_string; break;
      case '\\': ++i; break;
      case '[':
      case '{':
        if (!in_string && ++depth > max_json_depth) return false;
        break;
      case ']':
      case '}':
        if (!in_string && depth > 0) --depth;
        break;
      case '\0': return false;  // which the parser would take for the end of the text
      default: break;
    }
  }
  return true;
}

/// Why a value has no text of its own, or null. `depth` counts the arrays and objects around it.
using JsonJudge = const char* (*)(const nlohmann::json& value, std::size_t depth);

inline const char* judge_value(const nlohmann::json& value, std::size_t depth) {
  if (value.is_structured() && depth >= max_json_depth) return "is nested too deeply";
  if (value.is_discarded()) return "could not be parsed";
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return "is not a finite number";
  return nullptr;
}

inline const char* judge_text(const nlohmann::json& value, std::size_t) {
  if (!value.is_string()) return nullptr;
  try {
    (void)value.dump();
    return nullptr;
  } catch (const nlohmann::json::exception&) {
    return "is not valid UTF-8";
  }
}

/// The first flaw that `judge` finds, behind its path: "messages[0].content is not valid UTF-8".
inline std::optional<std::string> find_flaw(const nlohmann::json& json, JsonJudge judge,
                                            std::string path = "", std::size_t depth = 0) {
  if (auto flaw = judge(json, depth)) return (path.empty() ? "the request" : path) + " " + flaw;
  if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (auto flaw = find_flaw(json[i], judge, path + "[" + std::to_string(i) + "]", depth + 1)) return flaw;
    }
  } else if (json.is_object()) {
    for (const auto& [name, member] : json.get_ref<const nlohmann::json::object_t&>()) {
      if (auto flaw = find_flaw(member, judge, path.empty() ? name : path + "." + name, depth + 1))
        return flaw;
    }
  }
  return std::nullopt;
}

}  // namespace detail

/// The JSON of a text; null when it is malformed, has a number out of range or is nested too deeply.
inline std::optional<nlohmann::json> parse_json(std::string_view text) {
  if (!detail::is_shallow(text)) return std::nullopt;
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

/// The text of a JSON, in one line. What JSON cannot say is a bad_request that names the place.
inline Result<std::string> dump_json(const nlohmann::json& json) {
  auto refuse = [](std::string flaw) {
    return Error{.kind = ErrorKind::bad_request, .message = std::move(flaw)};
  };
  if (auto flaw = detail::find_flaw(json, detail::judge_value)) return refuse(*std::move(flaw));
  try {
    return json.dump();
  } catch (const nlohmann::json::exception&) {
    return refuse(detail::find_flaw(json, detail::judge_text).value_or("a name is not valid UTF-8"));
  }
}

}  // namespace openailb
