#pragma once

#include <openailb/error.hpp>
#include <openailb/headers.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace openailb {

/// One HTTP request as it goes to the wire.
struct HttpRequest {
  std::string method{"POST"};                  ///< "GET" or "POST"
  std::string url{};                           ///< absolute
  Headers headers{};                           ///< an empty value keeps the transport from adding its own
  std::string body{};                          ///< not sent with a GET
  std::chrono::nanoseconds connect_timeout{};  ///< name, TCP and TLS together; zero for no limit
  std::size_t max_response_size{};             ///< bytes of body, decompressed, that may wait to be read
};

/// What has arrived of an answer. The body of a stream is what has not been read yet.
struct HttpResponse {
  int status{};
  Headers headers{};
  std::string body{};
};

/// Why a transfer ended without a whole answer.
struct TransferFailure {
  ErrorKind kind{ErrorKind::connection};  ///< connection, timeout (while connecting) or parse
  std::string message{};
  bool request_received{};     ///< the server may have had the whole request, and so may have run it
  bool connection_was_idle{};  ///< a kept connection had died before it was used again
};

namespace detail {

/// Adds a line of an answer's header section. A status line begins it anew: what a 1xx said does not count.
inline void add_header_line(HttpResponse& response, std::string_view line) {
  if (line.starts_with("HTTP/")) {
    response.headers.clear();
    line.remove_prefix((std::min)(line.find(' ') + 1, line.size()));
    std::from_chars(line.data(), line.data() + line.size(), response.status);
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string& value = response.headers[std::string(line.substr(0, colon))];
  line.remove_prefix(colon + 1);
  line.remove_prefix((std::min)(line.find_first_not_of(" \t"), line.size()));
  line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
  value.append(value.empty() ? "" : ", ").append(line);
}

/// "host:port" of a URL, for messages.
inline std::string authority_of(std::string_view url) {
  url.remove_prefix((std::min)(url.find("://") + 3, url.size()));
  return std::string(url.substr(0, url.find_first_of("/?")));
}

}  // namespace detail

}  // namespace openailb
