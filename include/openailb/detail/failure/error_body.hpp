#pragma once

#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/headers.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
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
inline std::string text_of(const nlohmann::json& value) {
  if (value.is_null()) return {};
  if (const auto* text = value.get_ptr<const std::string*>()) return *text;
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

inline std::string member_text(const nlohmann::json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() ? std::string{} : text_of(*found);
}

/// The status that an error inside a 200 speaks of: a numeric code, or one by the usual names; 0 when
/// unclear.
inline int described_status(const Error& error) {
  if (error.code.size() == 3 &&
      std::ranges::all_of(error.code, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::stoi(error.code);
  }
  static constexpr std::array<std::pair<std::string_view, int>, 13> names{{{"insufficient_quota", 429},
                                                                           {"rate_limit", 429},
                                                                           {"ratelimit", 429},
                                                                           {"overloaded", 503},
                                                                           {"unavailable", 503},
                                                                           {"server_error", 500},
                                                                           {"internal", 500},
                                                                           {"invalid_request", 400},
                                                                           {"badrequest", 400},
                                                                           {"authentication", 401},
                                                                           {"invalid_api_key", 401},
                                                                           {"permission", 403},
                                                                           {"not_found", 404}}};
  // The code says more: a type is often no more than "invalid_request_error".
  for (const std::string& described : {lower(error.code), lower(error.type)}) {
    for (const auto& [name, status] : names) {
      if (described.find(name) != std::string::npos) return status;
    }
  }
  return 0;
}

/// Google's `retryDelay`, such as "34s", in one of the error's details; null when it is no wait at all.
inline std::optional<std::chrono::nanoseconds> retry_delay(const nlohmann::json& error) {
  auto details = error.find("details");
  if (details == error.end() || !details->is_array()) return std::nullopt;
  for (const auto& detail : *details) {
    auto delay = detail.is_object() ? detail.find("retryDelay") : detail.end();
    if (delay == detail.end() || !delay->is_string()) continue;
    const auto wait = parse_duration(delay->get_ref<const std::string&>());
    if (wait && wait->count() > 0) return wait;
  }
  return std::nullopt;
}

/// Fills in what an error object says. `answer` is the whole document: its `error` member, or itself.
inline void describe_error(const nlohmann::json& answer, Error& error) {
  const nlohmann::json* document = &answer;
  if (document->is_array() && document->size() == 1)
    document = &document->front();  // as Gemini wraps its errors
  if (!document->is_object()) return;
  auto member = document->find("error");
  const nlohmann::json& object = member != document->end() && !member->is_null() ? *member : *document;
  if (!object.is_object()) {
    error.message = text_of(object);
    return;
  }
  error.message = member_text(object, "message");
  error.type = member_text(object, "type");
  error.code = member_text(object, "code");
  error.param = member_text(object, "param");
  error.retry_after = retry_delay(object);
  if (error.type.empty()) error.type = member_text(object, "status");  // Google's name for it
}

/// The error that an answer with a status outside 2xx describes, whatever its body looks like. The message is
/// the server's own, or the body's text when it holds none.
inline Error error_of_answer(int status, const Headers& headers, std::string body) {
  Error error{.kind = kind_of_status(status), .status = status};
  if (auto document = parse_json(body)) describe_error(*document, error);
  if (error.message.empty()) error.message = body;
  error.request_id = header(headers, "x-request-id");
  error.body = std::move(body);
  return error;
}

/// The error that a 2xx answer or a stream's event holds: a member `error` that is not null, or
/// `"object": "error"`. Null when the document is no error.
inline std::optional<Error> error_inside(const nlohmann::json& document) {
  if (!document.is_object()) return std::nullopt;
  auto member = document.find("error");
  const bool has_error = member != document.end() && !member->is_null();
  if (!has_error && member_text(document, "object") != "error") return std::nullopt;

  Error error{.status = 200};
  describe_error(document, error);
  if (const int status = described_status(error); status >= 400) {
    error.status = status;
    error.kind = kind_of_status(status);
  }
  if (error.message.empty()) error.message = text_of(document);
  return error;
}

}  // namespace openailb::detail
