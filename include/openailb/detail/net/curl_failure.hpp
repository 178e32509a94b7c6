#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/values/http.hpp>

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

/// \file
/// Why a transfer failed, from what libcurl says about it.

namespace openailb::detail {

/// What libcurl says about a transfer that has failed.
struct CurlEnd {
  CURLcode code{};
  std::string reason{};  ///< libcurl's own words
  std::string host{};    ///< "host:port", of the server
  Sent sent{};
  std::chrono::nanoseconds since_sent{};  ///< since the request went out
  bool connection_was_kept{};             ///< it had been used by an earlier request
  bool head_began{};                      ///< a byte of the answer's head has come
  std::string unreadable_file{};          ///< of a part of the body; empty when there is none
  bool head_too_large{};
  bool body_too_large{};
  long proxy_status{};  ///< what a proxy answered when it was asked for a tunnel
  std::chrono::nanoseconds connect_timeout{};
  std::size_t max_response_size{};
  bool length_is_invalid{};   ///< what the head says of the body's length cannot be
  std::string local_fault{};  ///< what this machine is short of; empty when it is not
};

inline bool is_one_of(CURLcode code, std::initializer_list<CURLcode> codes) {
  for (const CURLcode one : codes) {
    if (code == one) return true;
  }
  return false;
}

/// Whether a kept connection had died before the request went out on it. If so, that shows within a round
/// trip, and a second is allowed for it. A connection that breaks later may have broken because of the
/// request, and that is a failure.
inline bool kept_connection_had_died(const CurlEnd& end) {
  constexpr std::chrono::seconds noticed_within{1};
  if (end.since_sent >= noticed_within) return false;
  if (end.code == CURLE_ABORTED_BY_CALLBACK) return true;  // before_request has prevented a second sending
  return end.connection_was_kept && !end.head_began &&
         is_one_of(end.code,
                   {CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING});
}

/// The address to which libcurl could not connect: "127.0.0.1:9" of "Failed to connect to 127.0.0.1 port 9
/// after 0 ms", or else the server's.
inline std::string unreachable(const CurlEnd& end) {
  constexpr std::string_view begin = "Failed to connect to ", middle = " port ";
  std::string_view rest = end.reason;
  const std::size_t port = rest.find(middle);
  if (!rest.starts_with(begin) || port == std::string_view::npos) return end.host;
  const std::string_view host = rest.substr(begin.size(), port - begin.size());
  rest.remove_prefix(port + middle.size());
  std::string attempted = std::string(host).append(":").append(rest.substr(0, rest.find(' ')));
  // `end.host` has no port when it is the usual one.
  if (attempted == end.host || host == end.host || '[' + std::string(host) + ']' == end.host) return end.host;
  return end.host.starts_with('[') ? end.host : "the proxy " + attempted;
}

inline std::string describe(const CurlEnd& end) {
  const auto says = [&](std::string_view text) { return end.reason.find(text) != std::string::npos; };
  switch (end.code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "could not resolve " + end.host;
    case CURLE_COULDNT_RESOLVE_PROXY: return "could not resolve the proxy";
    case CURLE_COULDNT_CONNECT: return "could not connect to " + unreachable(end);
    case CURLE_OPERATION_TIMEDOUT:
      return "could not connect to " + end.host + " within " + duration_text(end.connect_timeout);
    case CURLE_GOT_NOTHING: return end.host + " closed the connection without an answer";
    case CURLE_SSL_CONNECT_ERROR:
      return "no TLS with " + end.host + ": " + end.reason +
             (says("wrong version number") || says("packet length too long") ? ": does this port speak TLS?"
                                                                             : "");
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return "the connection to " + end.host + " broke (" + end.reason +
             (says("certificate required") ? ": set connection.client_certificate)" : ")");
    default: return end.host + ": " + end.reason;
  }
}

/// Whether the next request would fail too: what is wrong with the TLS of a server, or with ours, stays
/// wrong.
inline bool would_fail_again(const CurlEnd& end) {
  return is_one_of(end.code, {CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR,
                              CURLE_SSL_CACERT_BADFILE, CURLE_SSL_INVALIDCERTSTATUS}) ||
         describe(end).ends_with("TLS?") || end.reason.find("certificate required") != std::string::npos;
}

/// A file that is to be sent is not what it was said to be. No server is to blame, and none is better off.
inline TransferFailure unreadable(const std::string& file) {
  return {.kind = ErrorKind::bad_request,
          .message = "not sent whole: " + file + " is no file that can be read, or it has changed meanwhile",
          .is_client_error = true};
}

/// There was no memory for a request, its answer, or what is wrong with it. No server is to blame, and none
/// is better off. This takes no memory.
inline TransferFailure out_of_memory() noexcept {
  return {.kind = ErrorKind::canceled, .message = "out of memory"};
}

inline TransferFailure failure_of(const CurlEnd& end) {
  if (!end.unreadable_file.empty()) return unreadable(end.unreadable_file);
  if (!end.local_fault.empty()) {
    return {
        .message = "not sent to " + end.host + ", as this machine is short of something: " + end.local_fault,
        .is_local = true};
  }
  if (end.length_is_invalid) {
    return {.kind = ErrorKind::parse,
            .message = "the answer's Content-Length is no length that can be",
            .sent = Sent::all};
  }
  if (end.head_too_large || end.body_too_large) {
    return {.kind = ErrorKind::parse,
            .message = end.head_too_large ? "the answer's header section is larger than it may be"
                                          : "the answer is larger than max_response_size (" +
                                                std::to_string(end.max_response_size) + " bytes)",
            .sent = Sent::all};
  }
  if (end.sent == Sent::nothing && is_one_of(end.code, {CURLE_OUT_OF_MEMORY, CURLE_URL_MALFORMAT})) {
    return {.kind = ErrorKind::bad_request,
            .message = "not sent: its URL and headers are more than libcurl takes (" + end.reason + ")"};
  }
  if (kept_connection_had_died(end)) {
    return {.message = "the idle connection to " + end.host + " had died",
            .sent = end.sent,
            .connection_was_idle = true};
  }
  if (end.code == CURLE_ABORTED_BY_CALLBACK) {
    return {.message = "the connection to " + end.host + " broke without an answer", .sent = Sent::all};
  }
  if (end.proxy_status / 100 == 4 || end.proxy_status / 100 == 5) {
    const bool unknown = end.proxy_status == 407;
    return {.message = "the proxy refused a tunnel: " + std::to_string(end.proxy_status) +
                       (unknown ? " (check the proxy's user and password)" : ""),
            .would_fail_again = unknown};
  }
  TransferFailure failed{
      .message = describe(end), .sent = end.sent, .would_fail_again = would_fail_again(end)};
  if (end.code == CURLE_OPERATION_TIMEDOUT) failed.kind = ErrorKind::timeout;
  if (end.code == CURLE_BAD_CONTENT_ENCODING) failed.kind = ErrorKind::parse;
  return failed;
}

}  // namespace openailb::detail
