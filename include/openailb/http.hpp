#pragma once

#include <openailb/error.hpp>
#include <openailb/headers.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace openailb {

/// One part of a body of type multipart/form-data: a field of a form, or a file.
struct BodyPart {
  std::string name{};
  std::string content{};       ///< its bytes, unless there is a file that has them
  std::string file{};          ///< path of a file that is read while it is sent, again for each attempt
  std::string filename{};      ///< what the server is told; empty: the file's own name, or none for a field
  std::string content_type{};  ///< empty: by the name's extension, or none for a field
};

/// One HTTP request as it goes to the wire.
struct HttpRequest {
  std::string method{"POST"};
  std::string url{};                           ///< absolute
  Headers headers{};                           ///< an empty value keeps the transport from adding its own
  std::string body{};                          ///< as it is sent, unless there are parts
  std::vector<BodyPart> parts{};               ///< sent as multipart/form-data
  std::chrono::nanoseconds connect_timeout{};  ///< name, TCP and TLS together; zero for no limit
  std::size_t max_response_size{};             ///< bytes of body, decompressed, that may wait to be read
  bool fresh_connection{};                     ///< no connection that was kept from an earlier request
};

namespace detail {

/// Whether requests of this method have a body, if only an empty one.
constexpr bool always_has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace detail

/// What has arrived of an answer. The body of a stream is what has not been read yet.
struct HttpResponse {
  int status{};  ///< 0 until the head has come whole
  Headers headers{};
  std::string body{};
};

/// How much of a request has been sent: whether its server may have run it.
enum class Sent {
  nothing,  ///< no connection was made
  part,     ///< the server cannot have had all of it
  all,
};

/// Why a transfer ended without a whole answer.
struct TransferFailure {
  /// connection, timeout (while connecting), parse, or bad_request: the transport cannot send such a request
  ErrorKind kind{ErrorKind::connection};
  std::string message{};
  Sent sent{};
  bool connection_was_idle{};  ///< a kept connection had died before it was used again
  bool would_fail_again{};     ///< the same server would do the same, as with a certificate nobody trusts
};

}  // namespace openailb
