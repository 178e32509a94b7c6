#pragma once

#include <openailb/breaker_settings.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/error.hpp>
#include <openailb/headers.hpp>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace openailb::detail {

/// What a class of failure means: for the call, whether another endpoint may be asked and whether the same
/// one may be asked again later; for the endpoint, what its breaker counts.
struct Treatment {
  bool another_endpoint{};
  bool same_endpoint{};
  Outcome breaker{};
};

/// The table of the semantics.
constexpr Treatment treatment(FailureClass failure_class) {
  switch (failure_class) {
    //                                       another  same   breaker
    case FailureClass::caller_fault: return {false, false, Outcome::success};
    case FailureClass::transient: return {true, true, Outcome::failure};
    case FailureClass::nonsense: return {true, false, Outcome::failure};
    case FailureClass::conflict: return {true, true, Outcome::exclusion};
    case FailureClass::rate_limited: return {true, true, Outcome::exclusion};
    case FailureClass::quota: return {true, false, Outcome::failure};
    case FailureClass::credential: return {true, false, Outcome::failure};
    case FailureClass::refused: return {true, false, Outcome::exclusion};
    case FailureClass::no_such_model: return {true, false, Outcome::exclusion};
    case FailureClass::out_of_time: return {false, false, Outcome::exclusion};
    case FailureClass::canceled: return {false, false, Outcome::exclusion};
  }
  return {};
}

/// What the person who reads the error can do about it; empty when the error says it all.
constexpr std::string_view advice(FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::quota: return "the account behind this endpoint has run dry";
    case FailureClass::credential: return "check this endpoint's api_key";
    case FailureClass::no_such_model: return "check the model, this endpoint's model_map and its base_url";
    default: return {};
  }
}

/// One failed attempt: its error and what that means.
struct Failure {
  Error error{};
  FailureClass failure_class{FailureClass::transient};
  Treatment treatment{};
  /// The endpoint may have run the request: it broke or answered nonsense after having received it whole.
  bool ran_it{};
  /// How long to wait before the same endpoint is asked again; null: the usual backoff.
  std::optional<std::chrono::nanoseconds> delay{};
};

inline bool mentions(std::string_view text, std::initializer_list<std::string_view> phrases) {
  return std::ranges::any_of(
      phrases, [text](std::string_view phrase) { return text.find(phrase) != std::string_view::npos; });
}

/// Whether a path names something that the server made, such as "/responses/resp_123", so that a 404 speaks
/// of that thing and not of the endpoint. Model names do not count: they are the same everywhere.
inline bool names_an_object(std::string_view path) {
  path = path.substr(0, path.find('?'));
  std::string_view previous;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    const bool version = segment.size() > 1 && segment[0] == 'v' && segment[1] >= '0' && segment[1] <= '9';
    const bool generated =
        segment.find_first_of("0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos ||
        segment.starts_with("resp_") || segment.starts_with("msg_") || segment.starts_with("batch_");
    if (!previous.empty() && previous != "models" && !version && generated) return true;
    previous = segment;
  }
  return false;
}

inline FailureClass class_of_refusal(std::string_view says) {
  const bool speaks_of_content = mentions(says, {"moderation", "flagged", "content_policy", "content policy",
                                                 "content_filter", "content management policy"});
  const bool speaks_of_account =
      mentions(says, {"api_key", "api key", "apikey", "account", "authenticat", "credential"});
  if (speaks_of_content) return FailureClass::caller_fault;
  return speaks_of_account ? FailureClass::credential : FailureClass::refused;
}

/// The class of an error by its kind, its status and what the server said. `path` is the call's own.
inline FailureClass classify(const Error& error, std::string_view path) {
  switch (error.kind) {
    case ErrorKind::connection:
    case ErrorKind::timeout:
    case ErrorKind::stream_interrupted: return FailureClass::transient;
    case ErrorKind::parse: return FailureClass::nonsense;
    case ErrorKind::canceled: return FailureClass::canceled;
    default: break;
  }
  const std::string code = lower(error.code + ' ' + error.type);
  const std::string says = code + ' ' + lower(error.message);
  if (error.status == 402 ||
      mentions(code, {"insufficient_quota", "insufficient_balance", "insufficient_credit", "billing_"}) ||
      mentions(says, {"credit balance is too low", "insufficient balance"})) {
    return FailureClass::quota;
  }
  if (error.kind == ErrorKind::authentication) return FailureClass::credential;
  switch (error.status) {
    case 0: return FailureClass::refused;  // what this endpoint cannot be sent, another one may
    case 403: return class_of_refusal(says);
    case 404: return names_an_object(path) ? FailureClass::caller_fault : FailureClass::no_such_model;
    case 408: return FailureClass::transient;
    case 409: return FailureClass::conflict;
    case 429: return FailureClass::rate_limited;
    default: break;
  }
  const bool key_is_invalid =
      mentions(code, {"invalid_api_key", "api_key_invalid"}) ||
      mentions(says, {"api key not valid", "invalid api key", "incorrect api key", "api key expired"});
  if (error.status == 400 && key_is_invalid) return FailureClass::credential;
  // A 2xx gets here with an error inside that names no status: the endpoint failed in its own way.
  return error.status >= 500 || error.status / 100 == 2 ? FailureClass::transient
                                                        : FailureClass::caller_fault;
}

/// Whether an endpoint ran a request that it failed. 503 says that it did not, as refusals do.
constexpr bool ran_the_request(const Error& error, bool request_received) {
  if (error.kind == ErrorKind::parse) return true;
  if (error.status == 0) return request_received;
  return error.status != 503 && (error.status >= 500 || error.status / 100 == 2);
}

/// `x-should-retry`, by which OpenAI's servers override whether the same endpoint is asked again.
inline void apply_should_retry(const Headers& headers, Treatment& treatment) {
  const std::string_view should_retry = header(headers, "x-should-retry");
  if (should_retry == "true") treatment.same_endpoint = true;
  if (should_retry == "false") treatment.same_endpoint = false;
}

}  // namespace openailb::detail
