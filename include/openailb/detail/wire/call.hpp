#pragma once

#include <openailb/detail/wire/fields.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/headers.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>

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

namespace openailb::detail {

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

/// The shorter of two limits of which zero means none.
constexpr std::chrono::nanoseconds shorter(std::chrono::nanoseconds one, std::chrono::nanoseconds other) {
  if (one.count() == 0 || other.count() == 0) return (std::max)(one, other);
  return (std::min)(one, other);
}

/// The time that a client gives an attempt, for a stream to its commit point.
inline std::chrono::nanoseconds usual_timeout(const ClientOptions& client, bool streams) {
  return streams ? shorter(client.timeout, client.first_token_timeout) : client.timeout;
}

/// The time that a client gives a stream's next piece.
inline std::chrono::nanoseconds usual_idle_timeout(const ClientOptions& client) {
  return client.idle_timeout.value_or(client.timeout);
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

/// Merges the options and writes the body. What is wrong with them is an error of kind bad_request; nothing
/// has been sent then.
inline Result<Call> make_call(std::string method, std::string path, nlohmann::json body, bool streams,
                              const ClientOptions& client, RequestOptions options) {
  std::string fault = fault_of_request(body, options);
  if (fault.empty()) {
    if (options.extra_body.is_object()) merge_extra_body(body, std::move(options.extra_body));
    fault = fault_of_body(body, streams);
  }
  if (Result<void> fine = check_characters(path); fault.empty() && !fine) {
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
  add_secrets(options.extra_headers, call.secrets);
  add_secrets(options.extra_query, call.secrets);
  call.headers = std::move(options.extra_headers);
  call.query = std::move(options.extra_query);
  call.timeout = options.timeout.value_or(client.timeout);
  call.idle_timeout = client.idle_timeout.value_or(call.timeout);
  if (streams) call.timeout = shorter(call.timeout, client.first_token_timeout);
  call.deadline = options.deadline.value_or(client.deadline);
  call.max_retries = options.max_retries.value_or(client.max_retries);
  call.stop_token = std::move(options.stop_token);
  call.endpoint = std::move(options.endpoint);
  return call;
}

}  // namespace openailb::detail
