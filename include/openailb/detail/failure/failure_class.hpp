#pragma once

#include <openailb/detail/failure/fallback_triggers.hpp>
#include <openailb/detail/failure/known_refusals.hpp>
#include <openailb/detail/wire/object_ids.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>

#include <string>
#include <string_view>

/// \file
/// Which class a failure belongs to, by what the server said.

namespace openailb::detail {

/// Whether a client error says that the endpoint does not have an object that the request names.
inline bool is_no_such_object(const Error& error) {
  if (error.status == 404) return true;
  const std::string says = lower(error.code + ' ' + error.message);
  return error.status == 400 && mentions(says, {"not found", "not_found", "no such", "does not exist"});
}

inline FailureClass class_of_403(std::string_view says) {
  if (refuses_use_of_model(says)) return FailureClass::forbidden;
  if (speaks_of_sender(says)) return FailureClass::credential;
  return speaks_of_content(says) ? FailureClass::client_error : FailureClass::forbidden;
}

/// What the reader of an error can do if a proxy or nginx complains about the connection to it; empty for all
/// other errors. The status of such an error would otherwise mean a client error.
inline std::string_view advice_on_connection(const Error& error, std::string_view says) {
  if (error.status == 407) return "check the user and password of connection.proxy";
  if (error.status != 400) return {};
  if (mentions(says, {"no required ssl certificate was sent"})) return "set connection.client_certificate";
  if (mentions(says, {"the ssl certificate error"})) return "check connection.client_certificate";
  if (mentions(says, {"the plain http request was sent to https port"})) {
    return "base_url must begin with https://";
  }
  return {};
}

/// The class of an error by its kind, its status and what the server said. If `path`, the call's, names
/// something that the server made, such as "/responses/resp_123", a 404 is about that and not about the
/// endpoint.
inline FailureClass class_of(const Error& error, std::string_view path) {
  switch (error.kind) {
    case ErrorKind::connection:
    case ErrorKind::timeout:
    case ErrorKind::stream_interrupted: return FailureClass::transient;
    case ErrorKind::parse: return FailureClass::invalid_response;
    case ErrorKind::canceled: return FailureClass::canceled;
    default: break;
  }
  const std::string says = lower(error.code + ' ' + error.type + ' ' + error.message);
  if (is_too_large_for_limit(error)) return FailureClass::forbidden;
  if (const auto known = class_of_known_refusal(error)) return *known;
  if (error.kind == ErrorKind::authentication) {
    return error.status != 0 && refuses_use_of_model(says) ? FailureClass::forbidden
                                                           : FailureClass::credential;
  }
  switch (error.status) {
    case 0: return FailureClass::forbidden;  // not sent: another endpoint may take it
    case 403: return class_of_403(says);
    case 404: return !ids_in_path(path).empty() ? FailureClass::client_error : FailureClass::no_such_model;
    case 408: return FailureClass::transient;
    case 409: return FailureClass::conflict;
    case 429: return FailureClass::rate_limited;
    default: break;
  }
  if (!advice_on_connection(error, says).empty()) return FailureClass::credential;
  // A 2xx gets here if the error inside it names no status: then the endpoint has failed.
  return error.status >= 500 || error.status / 100 == 2 ? FailureClass::transient
                                                        : FailureClass::client_error;
}

/// What the reader of an error can do about it; empty when the error says it all.
inline std::string_view advice(const Error& error, FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::quota: return "the account behind this endpoint has run dry";
    case FailureClass::credential: {
      const std::string_view connection = advice_on_connection(error, lower(error.message));
      return connection.empty() ? "check this endpoint's api_key" : connection;
    }
    case FailureClass::no_such_model: return "check the model, this endpoint's model_map and its base_url";
    default: return {};
  }
}

}  // namespace openailb::detail
