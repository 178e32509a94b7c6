#pragma once

#include <openailb/error.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/response_headers.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openailb {

/// One part of a body of type multipart/form-data: a field of a form, or a file.
struct BodyPart {
  OnlyByName only_by_name{};
  std::string name{};
  std::string content{};                         ///< of a field
  FileInput file{};                              ///< sent instead, if it is set
  std::optional<std::uintmax_t> size_on_disk{};  ///< of the whole file when the call began, in bytes
};

/// One HTTP request as it is sent.
struct HttpRequest {
  std::string method{"POST"};
  std::string url{};                           ///< absolute
  Headers headers{};                           ///< an empty value keeps the transport from adding its own
  std::string body{};                          ///< sent as it is, unless there are parts
  std::vector<BodyPart> parts{};               ///< sent as multipart/form-data
  std::chrono::nanoseconds connect_timeout{};  ///< name, TCP and TLS together; zero for no limit
  std::size_t max_response_size{};             ///< the most bytes of body, decompressed, that may be unread
  bool fresh_connection{};                     ///< use a new connection, none that was kept
};

namespace detail {

/// Whether requests with this method have a body, even if it is empty.
constexpr bool always_has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

/// The most bytes of an error's body that are read, and kept: what it says is not at its end.
inline constexpr std::size_t max_error_body = std::size_t{1} << 20;

/// The most bytes of an answer's body that may be unread.
constexpr std::size_t body_limit(int status, std::size_t max_response_size) {
  return status / 100 == 2 ? max_response_size : (std::min)(max_response_size, max_error_body);
}

}  // namespace detail

/// What has arrived of an answer. For a stream, the body is only what has not been read yet.
struct HttpResponse {
  int status{};  ///< 0 until the whole head has come
  ResponseHeaders headers{};
  std::string body{};
};

/// How much of a request has been sent, and so whether the server may have run it.
enum class Sent {
  nothing,  ///< no byte of it, as when there was no connection
  part,     ///< the server cannot have received all of it
  all,
};

/// Why a transfer ended without a whole answer.
struct TransferFailure {
  /// connection, timeout (while connecting), parse, or bad_request (the transport cannot send such a request)
  ErrorKind kind{ErrorKind::connection};
  std::string message{};
  Sent sent{};
  bool connection_was_idle{};  ///< a kept connection had died before it was used again
  bool is_client_error{};      ///< no server could be sent it: a file of its own cannot be read
  bool would_fail_again{};     ///< asking it again would fail too, as with an untrusted certificate
  bool is_local{};             ///< nothing was sent, as this machine is short of files, memory or ports
};

}  // namespace openailb
