#pragma once

#include <openailb/error.hpp>
#include <openailb/values/response_headers.hpp>

#include <string>
#include <vector>

namespace openailb {

/// Which endpoint served a call, and what attempts that took. Not part of the JSON.
struct ResponseInfo {
  std::string endpoint{};           ///< the name of the endpoint that answered
  std::string base_url{};           ///< its base URL, without a query
  int status{};                     ///< the HTTP status
  std::string request_id{};         ///< the server's `x-request-id`
  ResponseHeaders headers{};        ///< the answer's headers
  std::vector<Attempt> attempts{};  ///< every attempt of the call, as they ended; the last one succeeded
  std::string body{};               ///< the answer's text, with the members that this library has no name for
  /// The model that was asked for, by the caller's name for it: the request's, or one of
  /// RequestOptions::fallback_models. What the service calls it is in its answer. Empty: the call has none.
  std::string model{};
};

}  // namespace openailb
