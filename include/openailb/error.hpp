#pragma once

#include <openailb/values/response_headers.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

/// What went wrong. Where the official OpenAI SDKs have an exception for it, the name is theirs.
enum class ErrorKind {
  bad_request,            ///< 400, or a request that was wrong before it was sent
  authentication,         ///< 401
  permission_denied,      ///< 403
  not_found,              ///< 404
  conflict,               ///< 409
  unprocessable_entity,   ///< 422
  rate_limit,             ///< 429
  internal_server,        ///< 500 and above
  api,                    ///< any other status, or an error that a server reported inside a 200
  connection,             ///< no connection, or one that broke before the answer was whole
  timeout,                ///< a connect timeout, an attempt's timeout or the call's deadline
  canceled,               ///< the caller's stop token; of an attempt: the call ended without it
  parse,                  ///< a 2xx without a valid answer
  stream_interrupted,     ///< a stream that broke after its first token
  circuit_open,           ///< refused by an open circuit breaker
  too_many_probes,        ///< refused by a half-open circuit breaker that has no probe left
  no_endpoint_available,  ///< every endpoint has an open breaker or a cooldown; see Error::retry_after
};

/// The enumerator's own spelling, such as "rate_limit".
constexpr std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_request: return "bad_request";
    case ErrorKind::authentication: return "authentication";
    case ErrorKind::permission_denied: return "permission_denied";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::unprocessable_entity: return "unprocessable_entity";
    case ErrorKind::rate_limit: return "rate_limit";
    case ErrorKind::internal_server: return "internal_server";
    case ErrorKind::api: return "api";
    case ErrorKind::connection: return "connection";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::canceled: return "canceled";
    case ErrorKind::parse: return "parse";
    case ErrorKind::stream_interrupted: return "stream_interrupted";
    case ErrorKind::circuit_open: return "circuit_open";
    case ErrorKind::too_many_probes: return "too_many_probes";
    case ErrorKind::no_endpoint_available: return "no_endpoint_available";
  }
  return "unknown";
}

inline std::ostream& operator<<(std::ostream& out, ErrorKind kind) { return out << to_string(kind); }

/// What a failure means for the call and for its endpoint: a row of the README's table.
/// ClientOptions::classify may choose another row for an error.
enum class FailureClass {
  client_error,      ///< the request is wrong: every endpoint would reject it
  transient,         ///< the endpoint or the connection to it failed
  invalid_response,  ///< a 2xx that does not decode
  conflict,          ///< 409
  rate_limited,      ///< 429: the endpoint gets a cooldown
  quota,             ///< the account has no credit left
  credential,        ///< the key is not accepted
  forbidden,         ///< a 403 about neither key nor content; or this endpoint cannot be sent the request
  no_such_model,     ///< the endpoint does not serve this model or path
  out_of_time,       ///< the call's deadline passed
  canceled,          ///< the caller gave up
};

/// The record of one attempt of a call: which endpoint was asked, and how the attempt ended.
struct Attempt {
  std::string endpoint{};              ///< the endpoint's name
  std::optional<ErrorKind> kind{};     ///< null: the attempt succeeded
  int status{};                        ///< the HTTP status, 0 when no answer came
  std::chrono::nanoseconds elapsed{};  ///< from the start of the attempt to its outcome
  std::string message{};               ///< what failed, in a few words; empty on success
  std::string model{};                 ///< the model that was asked for, by the caller's name; empty: none
};

/// Why a call failed. Never holds an API key: configured keys are redacted from every member.
struct Error {
  ErrorKind kind{ErrorKind::api};
  std::string message{};      ///< for people to read: what was tried, and how each endpoint failed
  int status{};               ///< the HTTP status of the last answer, 0 when there was none
  std::string type{};         ///< the server's `error.type`
  std::string code{};         ///< the server's `error.code`; a number as text
  std::string param{};        ///< the server's `error.param`
  std::string request_id{};   ///< the server's `x-request-id`
  ResponseHeaders headers{};  ///< the last answer's, such as `x-ratelimit-remaining-tokens`
  /// How long to wait before the next call: as the server said, or until the first breaker admits or the
  /// first cooldown ends.
  std::optional<std::chrono::nanoseconds> retry_after{};
  std::string endpoint{};           ///< the name of the endpoint that failed last
  std::string body{};               ///< the answer's body; for a stream, the text that could not be used
  std::vector<Attempt> attempts{};  ///< every attempt of the call, in the order in which they ended
};

/// What a Result throws when it is asked for a value that it does not have, and a loop over a Stream when the
/// stream fails. Copies share one Error.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error)
      : std::runtime_error(error.message), error_(std::make_shared<const Error>(std::move(error))) {}

  const Error& error() const noexcept { return *error_; }
  ErrorKind kind() const noexcept { return error_->kind; }

 private:
  std::shared_ptr<const Error> error_;
};

namespace detail {

/// The exception that is being handled, as an Error: that of an Exception, or else one whose message is
/// what().
inline Error describe_current_exception() {
  try {
    throw;
  } catch (const Exception& exception) {
    return exception.error();
  } catch (const std::exception& exception) {
    return {.message = exception.what()};
  } catch (...) {
    return {.message = "an exception that is no std::exception"};
  }
}

}  // namespace detail

}  // namespace openailb
