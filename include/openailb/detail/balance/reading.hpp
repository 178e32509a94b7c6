#pragma once

#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/failure/clean_error.hpp>
#include <openailb/detail/failure/redactor.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_headers.hpp>
#include <openailb/values/response_info.hpp>

#include <memory>
#include <string>
#include <utility>

namespace openailb::detail {

/// What it takes to read an attempt's answer: who was asked what, and the secrets that may be in it. It may
/// outlive the attempt, and be used on another thread.
struct Reading {
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const Call> call;
  std::string key{};   ///< that was sent
  bool wants_usage{};  ///< see ActiveAttempt

  Redactor redactor() const {
    Redactor redactor;
    redactor.add(key);
    for (const std::string& secret : endpoint->secrets()) {
      if (secret != key) redactor.add(secret);
    }
    for (const std::string& secret : call->secrets) redactor.add(secret);
    return redactor;
  }

  /// The error as it is kept, and whose it is.
  Error cleaned(Error error) const {
    error.endpoint = endpoint->name();
    clean_error(error, redactor());
    return error;
  }

  ResponseInfo info(HttpResponse response) const {
    ResponseInfo info{.endpoint = endpoint->name(),
                      .base_url = endpoint->base_url(),
                      .status = response.status,
                      .request_id = std::string(header(response.headers, "x-request-id")),
                      .headers = std::move(response.headers),
                      .body = std::move(response.body),
                      .model = call->model.value_or("")};
    const Redactor secrets = redactor();
    clean_line(info.request_id, secrets);
    secrets.redact(info.body);
    secrets.redact(info.headers);
    return info;
  }
};

}  // namespace openailb::detail
