#pragma once

#include <openailb/detail/net/curl_callbacks.hpp>
#include <openailb/detail/net/curl_handle.hpp>
#include <openailb/detail/net/curl_multi.hpp>
#include <openailb/detail/net/curl_parts.hpp>
#include <openailb/detail/net/idle_connections.hpp>
#include <openailb/detail/net/local_fault.hpp>
#include <openailb/options.hpp>
#include <openailb/values/http.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>

/// \file
/// The options of libcurl that are set before a transfer.

namespace openailb::detail {

inline void configure_connection(CurlHandle& handle, const ConnectionOptions& options) {
  if (!options.proxy.empty()) {
    handle.require(CURLOPT_PROXY, options.proxy.c_str(), "connection.proxy");
    handle.require(CURLOPT_NOPROXY, "", "a proxy for every host");  // whatever NO_PROXY says
  }
  if (!options.client_certificate.empty()) {
    handle.require(CURLOPT_SSLCERT, options.client_certificate.c_str(), "connection.client_certificate");
  }
  if (!options.client_key.empty()) {
    handle.require(CURLOPT_SSLKEY, options.client_key.c_str(), "connection.client_key");
  }
  const char* system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (!options.ca_bundle.empty()) {
    handle.require(CURLOPT_CAINFO, options.ca_bundle.c_str(), "connection.ca_bundle");
  }
  // libcurl keeps the bundle in memory only when no directory of certificates is set as well.
  if (!options.ca_bundle.empty() || system_bundle != nullptr) {
    handle.set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

/// Sets the options that are the same for every request. Throws std::invalid_argument when libcurl does not
/// accept an option.
inline void configure(CurlHandle& handle, const ConnectionOptions& options, IdleConnections& sockets) {
  const auto self = static_cast<void*>(&handle);
  const auto watcher = static_cast<void*>(&sockets);
  handle.open_sockets = &sockets;
  handle.require(CURLOPT_PRIVATE, self, "a pointer of ours");
  handle.require(CURLOPT_NOSIGNAL, 1L, "to do without signals");
  handle.require(CURLOPT_ERRORBUFFER, handle.error.data(), "a place for its errors");
  handle.require(CURLOPT_WRITEFUNCTION, &CurlCallbacks::write, "a reader of bodies");
  handle.require(CURLOPT_WRITEDATA, self, "a reader of bodies");
  handle.require(CURLOPT_HEADERFUNCTION, &CurlCallbacks::header, "a reader of headers");
  handle.require(CURLOPT_HEADERDATA, self, "a reader of headers");
  handle.require(CURLOPT_OPENSOCKETFUNCTION, &WantedSockets::make, "an eye on its sockets");
  handle.require(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&handle.wanted_sockets), "an eye on its sockets");
  handle.require(CURLOPT_SOCKOPTFUNCTION, &IdleConnections::opened, "an eye on its sockets");
  handle.require(CURLOPT_CLOSESOCKETFUNCTION, &IdleConnections::close, "an eye on its sockets");
  handle.require(CURLOPT_CLOSESOCKETDATA, watcher, "an eye on its sockets");
  handle.require(CURLOPT_PREREQFUNCTION, &CurlCallbacks::before_request, "a guard against sending twice");
  handle.require(CURLOPT_PREREQDATA, self, "a guard against sending twice");
#if LIBCURL_VERSION_NUM >= 0x075500
  handle.require(CURLOPT_PROTOCOLS_STR, "http,https", "to speak nothing but HTTP");
#else
  handle.require(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS),
                 "to speak nothing but HTTP");
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
  handle.set(CURLOPT_QUICK_EXIT, 1L);  // or cancelling waits for a slow resolver
#endif
  handle.set(CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decompress
  handle.set(CURLOPT_PATH_AS_IS, 1L);       // `..` was escaped on purpose
  handle.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  handle.set(CURLOPT_TCP_KEEPALIVE, 1L);
  handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's headers are not the answer's
  configure_connection(handle, options);
}

/// Sets the body and the method of a request together, since an option of libcurl for one changes the other.
/// Returns what is wrong with them; null when nothing is.
inline std::optional<TransferFailure> set_body(CurlHandle& handle) {
  const HttpRequest& request = handle.request;
  const bool has_parts = !request.parts.empty();
  const bool has_text = !request.body.empty() || always_has_body(request.method);
  bool taken = true;
  if (has_parts) {
    if (std::optional<TransferFailure> fault = make_parts(handle)) return fault;
    taken = handle.set(CURLOPT_MIMEPOST, handle.parts.get());
  } else if (has_text) {
    taken = handle.set(CURLOPT_POST, 1L) && handle.set(CURLOPT_POSTFIELDS, request.body.c_str()) &&
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else {
    taken = handle.set(CURLOPT_HTTPGET, 1L);
  }
  const bool is_usual = request.method == (has_parts || has_text ? "POST" : "GET");
  taken = taken && handle.set(CURLOPT_CUSTOMREQUEST, is_usual ? nullptr : request.method.c_str());
  if (taken) return std::nullopt;
  return TransferFailure{.kind = ErrorKind::bad_request,
                         .message = "not sent: libcurl does not accept its body"};
}

/// Sets the options of this request. Returns what is wrong with it; null when nothing is.
inline std::optional<TransferFailure> prepare(CurlHandle& handle, CurlUrl& url) {
  const HttpRequest& request = handle.request;
  handle.head = {};
  handle.head_bytes = 0;
  handle.sent_before.reset();
  handle.http1_socket = CURL_SOCKET_BAD;
  handle.head_too_large = handle.body_too_large = handle.is_rejected = false;
  handle.unreadable_file = nullptr;
  handle.wanted_sockets = {};
  handle.error[0] = '\0';
  handle.url_parts = url.parts_of(request.url);
  const long connect_timeout = request.connect_timeout.count() == 0
                                   ? (std::numeric_limits<int>::max)()
                                   : curl_milliseconds(request.connect_timeout);
  const bool taken = handle.set(CURLOPT_URL, request.url.c_str()) &&
                     handle.set(CURLOPT_CURLU, handle.url_parts.get()) &&
                     handle.set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout) &&
                     handle.set(CURLOPT_FRESH_CONNECT, request.fresh_connection ? 1L : 0L) &&
                     handle.set(CURLOPT_HTTP_CONTENT_DECODING, 1L) &&
                     handle.set(CURLOPT_HTTPHEADER, handle.headers.fill(request.headers));
  if (!taken) {
    return TransferFailure{.kind = ErrorKind::bad_request,
                           .message = "not sent: libcurl does not accept its URL or a header"};
  }
  return set_body(handle);
}

}  // namespace openailb::detail
