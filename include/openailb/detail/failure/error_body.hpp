#pragma once

#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/only_if_used.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// The kind that an HTTP status has in the official SDKs.
constexpr ErrorKind kind_of_status(int status) {
  switch (status) {
    case 400: return ErrorKind::bad_request;
    case 401: return ErrorKind::authentication;
    case 403: return ErrorKind::permission_denied;
    case 404: return ErrorKind::not_found;
    case 409: return ErrorKind::conflict;
    case 422: return ErrorKind::unprocessable_entity;
    case 429: return ErrorKind::rate_limit;
    default: return status >= 500 ? ErrorKind::internal_server : ErrorKind::api;
  }
}

/// A string as it is; anything else as JSON text, since servers put numbers and objects where strings belong.
template <class = OnlyIfUsed>
std::string text_of(const nlohmann::json& value) {
  if (value.is_null()) return {};
  if (const auto* text = value.get_ptr<const std::string*>()) return *text;
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

inline std::string member_text(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = member_of(object, name);
  return member == nullptr ? std::string{} : text_of(*member);
}

inline std::string member_string(const nlohmann::json& object, const char* name) {
  const nlohmann::json* member = member_of(object, name);
  return member != nullptr && member->is_string() ? text_of(*member) : std::string{};
}

/// The HTTP status that an error inside a 200 stands for: its numeric code, or the status of a well-known
/// name in its code or type; 0 when unclear.
inline int described_status(const Error& error) {
  const bool is_number = error.code.find_first_not_of("0123456789") == std::string::npos;
  if (error.code.size() == 3 && is_number) return std::stoi(error.code);
  static constexpr std::array<std::pair<std::string_view, int>, 25> names{{{"insufficient_quota", 429},
                                                                           {"too_many_requests", 429},
                                                                           {"toomanyrequests", 429},
                                                                           {"throttl", 429},
                                                                           {"resource_exhausted", 429},
                                                                           {"bad_request", 400},
                                                                           {"policy", 400},
                                                                           {"rate_limit", 429},
                                                                           {"ratelimit", 429},
                                                                           {"overloaded", 503},
                                                                           {"unavailable", 503},
                                                                           {"server_error", 500},
                                                                           {"internal", 500},
                                                                           {"invalid_request", 400},
                                                                           {"context_length", 400},
                                                                           {"exceed_context", 400},
                                                                           {"content_filter", 400},
                                                                           {"content_policy", 400},
                                                                           {"invalid_prompt", 400},
                                                                           {"image", 400},
                                                                           {"badrequest", 400},
                                                                           {"authentication", 401},
                                                                           {"invalid_api_key", 401},
                                                                           {"permission", 403},
                                                                           {"not_found", 404}}};
  // The code goes first because it says more: a type is often no more than "invalid_request_error".
  for (const std::string& described : {lower(error.code), lower(error.type)}) {
    for (const auto& [name, status] : names) {
      if (described.find(name) != std::string::npos) return status;
    }
  }
  return 0;
}

/// Google's `retryDelay`, such as "34s", in one of the error's details; null when there is none above zero.
inline std::optional<std::chrono::nanoseconds> retry_delay(const nlohmann::json& error) {
  const nlohmann::json* details = member_of(error, "details");
  if (details == nullptr || !details->is_array()) return std::nullopt;
  for (const nlohmann::json& detail : *details) {
    const nlohmann::json* delay = member_of(detail, "retryDelay");
    if (delay == nullptr || !delay->is_string()) continue;
    const auto wait = parse_duration(delay->get_ref<const std::string&>());
    if (wait && wait->count() > 0) return wait;
  }
  return std::nullopt;
}

/// Google's `reason`, such as "API_KEY_INVALID", in one of the error's details: its code is only the status.
inline std::string google_reason(const nlohmann::json& error) {
  const nlohmann::json* details = member_of(error, "details");
  if (details == nullptr || !details->is_array()) return {};
  for (const nlohmann::json& detail : *details) {
    if (std::string reason = member_string(detail, "reason"); !reason.empty()) return reason;
  }
  return {};
}

/// What the provider behind OpenRouter said, which OpenRouter puts into `error.metadata.raw`.
inline std::string hidden_cause(const nlohmann::json& error) {
  const nlohmann::json* metadata = member_of(error, "metadata");
  return metadata == nullptr ? std::string{} : member_text(*metadata, "raw");
}

/// The document itself. If it is a list of one object with nothing but an `error`, as Gemini sends it, that
/// object.
inline const nlohmann::json& unwrapped(const nlohmann::json& document) {
  if (!document.is_array() || document.size() != 1) return document;
  const nlohmann::json& only = document.front();
  return member_of(only, "error") != nullptr && only.size() == 1 ? only : document;
}

/// Whether a member `error` describes an error. In answers without an error, some servers send it as null,
/// false, 0, empty, or full of such members.
inline bool speaks_of_an_error(const nlohmann::json& error) {
  if (error.is_boolean()) return error.get_ref<const bool&>();
  if (error.is_number()) return error.get<double>() != 0;
  if (error.is_string()) return !error.get_ref<const std::string&>().empty();
  if (!error.is_object()) return !error.empty();
  for (const auto& [name, value] : error.get_ref<const nlohmann::json::object_t&>()) {
    if (value.is_structured() ? !value.empty() : speaks_of_an_error(value)) return true;
  }
  return false;
}

/// Fills in what an error object says: the `error` member of the document `answer` or, without one, the
/// document itself.
inline void describe_error(const nlohmann::json& answer, Error& error) {
  const nlohmann::json& document = unwrapped(answer);
  if (!document.is_object()) return;
  const nlohmann::json* member = member_of(document, "error");
  const bool has_error = member != nullptr && speaks_of_an_error(*member);
  const nlohmann::json& object = has_error ? *member : document;
  if (!object.is_object()) {
    error.message = text_of(object);
    return;
  }
  error.message = member_text(object, "message");
  error.type = member_string(object, "type");
  error.code = member_text(object, "code");
  error.param = member_text(object, "param");
  error.retry_after = retry_delay(object);
  if (error.type.empty()) error.type = member_string(object, "status");  // Google's name for it
  if (std::string reason = google_reason(object); !reason.empty()) error.code = std::move(reason);
  if (const std::string cause = hidden_cause(object); !cause.empty()) {
    error.message.append(error.message.empty() ? "" : ": ").append(cause);
  }
}

/// Whether a text begins as an HTML page does.
inline bool is_html(std::string_view text) {
  text.remove_prefix((std::min)(text.find_first_not_of(" \t\r\n"), text.size()));
  const std::string begin = lower(text.substr(0, 14));
  return begin == "<!doctype html" || begin.starts_with("<html");
}

/// The title of an HTML page, in which a proxy's error page says what is wrong; empty when there is none.
inline std::string html_title(std::string_view page) {
  page = page.substr(0, 4096);
  const std::string lowered = lower(page);
  if (!lowered.substr(0, lowered.find_first_not_of(" \t\r\n") + 1).ends_with('<')) return {};
  const std::size_t tag = lowered.find("<title");
  const std::size_t begin = lowered.find('>', tag);
  const std::size_t end = lowered.find("</title", begin);
  if (tag == std::string::npos || end == std::string::npos) return {};
  return std::string(page.substr(begin + 1, end - begin - 1));
}

/// What describe_error() looks at of a document, however large that is: of a value with very many others in
/// it, the members that may matter, or else the beginning of its text.
inline nlohmann::json gist_of(const JsonNode& node) {
  constexpr std::uint32_t few = 1024;
  constexpr std::size_t beginning = 4096;
  if (node.size <= few) return json_of(node);
  const bool holds_one = node.type == JsonType::array && (&node + 1)->end() == node.end();
  if (node.type == JsonType::array) {
    nlohmann::json list;
    if (holds_one) {
      list.push_back(gist_of(*(&node + 1)));
    } else {
      list.push_back(std::string(node.text.substr(0, beginning)));
      list.push_back(nullptr);
    }
    return list;
  }
  nlohmann::json gist(nlohmann::json::value_t::object);
  for (const char* name : {"error", "object", "id", "message", "type", "code", "param", "status", "metadata",
                           "details", "task_id", "job_id"}) {
    const JsonNode* member = find_member(node, name);
    if (member == nullptr) continue;
    const bool is_object = member->type == JsonType::object;
    if (is_object || member->size <= few) {
      gist[name] = gist_of(*member);
    } else {
      gist[name] = std::string(member->text.substr(0, beginning));
    }
  }
  return gist;
}

/// That, for whom it takes no memory to destroy it.
inline ParsedJson read_gist(const JsonNode& node) { return ParsedJson(new nlohmann::json(gist_of(node))); }

/// The error that an answer with a status outside 2xx describes, whatever its body looks like. The message is
/// the server's own; without one, the page's title; without that, the body.
inline Error error_of_answer(int status, std::string body) {
  Error error{.kind = kind_of_status(status), .status = status};
  ScannedJson document;
  if (document.read(body)) describe_error(*read_gist(document.root()), error);
  if (error.message.empty()) error.message = html_title(body);
  if (error.message.empty()) error.message = body;
  error.body = std::move(body);
  return error;
}

/// Whether a document is an object that its server made, such as a response, a batch or a job: its `error` is
/// then about that object, and the request itself succeeded.
inline bool is_an_object_of_its_own(const nlohmann::json& document) {
  if (!document.is_object()) return false;
  const std::string object = member_text(document, "object");
  const bool has_id =
      member_of(document, "id") || member_of(document, "task_id") || member_of(document, "job_id");
  return object != "error" && (has_id || !object.empty());
}

/// Whether a document says of itself that it is an error.
inline bool is_called_error(const nlohmann::json& document) {
  return member_text(document, "object") == "error" || member_text(document, "type") == "error";
}

/// The error that a 2xx answer or a stream's event holds: a member `error` that says something, or
/// `"object": "error"`, or `"type": "error"`. Null when the document is no error.
inline std::optional<Error> error_inside(const nlohmann::json& document) {
  const nlohmann::json& object = unwrapped(document);
  if (!object.is_object()) return std::nullopt;
  const nlohmann::json* member = member_of(object, "error");
  const bool has_error = member != nullptr && speaks_of_an_error(*member);
  if (!has_error && !is_called_error(object)) return std::nullopt;

  Error error{.status = 200};
  describe_error(object, error);
  if (const int status = described_status(error); status >= 400) {
    error.status = status;
    error.kind = kind_of_status(status);
  }
  if (error.message.empty()) error.message = text_of(object);
  return error;
}

/// The same of JSON that has been scanned.
inline std::optional<Error> error_inside(const JsonNode& document) {
  const JsonNode* member = find_member(document, "error");
  const auto says_error = [](const JsonNode* name) {
    return name != nullptr && name->type == JsonType::string && is_named(*name, "error");
  };
  const bool may_be_one =
      document.type == JsonType::array || (member != nullptr && member->type != JsonType::null) ||
      says_error(find_member(document, "object")) || says_error(find_member(document, "type"));
  return may_be_one ? error_inside(*read_gist(document)) : std::nullopt;
}

}  // namespace openailb::detail
