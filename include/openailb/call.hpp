#pragma once

#include <openailb/headers.hpp>
#include <openailb/json.hpp>
#include <openailb/options.hpp>
#include <openailb/redactor.hpp>
#include <openailb/result.hpp>
#include <openailb/url.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

/// One call with all its options merged; nothing of it changes while it runs.
struct Call {
  std::string method{};
  std::string path{};  ///< below the base URL, such as "/chat/completions"
  bool streams{};
  std::optional<std::string> model{};  ///< as the caller named it; null when the body has none
  /// The body's text. When there is a model this is the object without it, so that each endpoint can put its
  /// own name for it in front instead of writing the whole body again.
  std::string body{};
  Headers headers{};
  std::map<std::string, std::string> query{};
  std::chrono::nanoseconds timeout{};   ///< of one attempt; for a stream, to its commit point
  std::chrono::nanoseconds deadline{};  ///< of the whole call
  std::chrono::nanoseconds idle_timeout{};
  int max_retries{};
  std::stop_token stop_token{};
  std::string endpoint{};              ///< the only endpoint to use; empty for any
  std::vector<std::string> secrets{};  ///< what of its headers and query no message may show
};

namespace detail {

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

/// The values that carry a secret, judging by their names: of headers, or of a query.
template <class Map>
void add_secrets(const Map& values, std::vector<std::string>& secrets) {
  for (const auto& [name, value] : values) {
    if (!Redactor::names_a_secret(name)) continue;
    secrets.push_back(value);
    secrets.push_back(percent_encode(value));
    if (const auto scheme = value.find(' '); scheme != std::string::npos) {  // as in "Bearer secret"
      secrets.push_back(value.substr(scheme + 1));
    }
  }
}

/// The shorter of two limits of which zero means none.
constexpr std::chrono::nanoseconds shorter(std::chrono::nanoseconds one, std::chrono::nanoseconds other) {
  if (one.count() == 0 || other.count() == 0) return (std::max)(one, other);
  return (std::min)(one, other);
}

inline std::string fault_of_request(const nlohmann::json& body, const RequestOptions& options) {
  const std::chrono::nanoseconds zero{};
  if (options.timeout.value_or(zero) < zero) return "timeout is negative";
  if (options.deadline.value_or(zero) < zero) return "deadline is negative";
  if (options.max_retries.value_or(0) < 0) return "max_retries is negative";
  if (!options.extra_body.is_null() && !options.extra_body.is_object())
    return "extra_body is not a JSON object";
  if (!options.extra_body.is_null() && !body.is_object())
    return "extra_body needs a body that is a JSON object";
  return fault_of_headers(options.extra_headers);
}

/// Members of `extra` replace those of the body; null removes one.
inline void merge_extra_body(nlohmann::json& body, nlohmann::json extra) {
  for (auto& [name, value] : extra.items()) {
    if (value.is_null()) {
      body.erase(name);
    } else {
      body[name] = std::move(value);
    }
  }
}

inline std::string fault_of_body(nlohmann::json& body, bool streams) {
  if (!body.is_object()) return streams ? "the body is not a JSON object" : "";
  if (auto model = body.find("model"); model != body.end()) {
    const auto* name = model->get_ptr<const std::string*>();
    if (name == nullptr) return "model is not a string";
    if (name->empty()) return "model is empty";
    if (!is_utf8(*name)) return "model is not valid UTF-8";
  }
  if (streams) body["stream"] = true;
  auto stream = body.find("stream");
  if (!streams && stream != body.end() && *stream == true)
    return "\"stream\": true needs the stream() method";
  return {};
}

}  // namespace detail

/// Merges the options and writes the body. What is wrong with them is an error of kind bad_request; nothing
/// has been sent then.
inline Result<Call> make_call(std::string method, std::string path, nlohmann::json body, bool streams,
                              const ClientOptions& client, RequestOptions options) {
  std::string fault = detail::fault_of_request(body, options);
  if (fault.empty()) {
    if (options.extra_body.is_object()) detail::merge_extra_body(body, std::move(options.extra_body));
    fault = detail::fault_of_body(body, streams);
  }
  if (Result<void> fine = detail::check_characters(path); fault.empty() && !fine) {
    fault = "the path cannot be sent: " + fine.error().message;
  }
  if (!fault.empty()) return Error{.kind = ErrorKind::bad_request, .message = "not sent: " + fault};

  Call call{.method = std::move(method), .path = std::move(path), .streams = streams};
  if (body.is_object() && body.contains("model")) {
    call.model = std::move(body["model"].get_ref<std::string&>());
    body.erase("model");
  }
  if (call.method != "GET") {
    Result<std::string> text = dump_json(body);
    if (!text) return Error{.kind = ErrorKind::bad_request, .message = "not sent: " + text.error().message};
    call.body = *std::move(text);
  }
  detail::add_secrets(options.extra_headers, call.secrets);
  detail::add_secrets(options.extra_query, call.secrets);
  call.headers = std::move(options.extra_headers);
  call.query = std::move(options.extra_query);
  call.timeout = options.timeout.value_or(client.timeout);
  if (streams) call.timeout = detail::shorter(call.timeout, client.first_token_timeout);
  call.deadline = options.deadline.value_or(client.deadline);
  call.idle_timeout = client.idle_timeout;
  call.max_retries = options.max_retries.value_or(client.max_retries);
  call.stop_token = std::move(options.stop_token);
  call.endpoint = std::move(options.endpoint);
  return call;
}

}  // namespace openailb
