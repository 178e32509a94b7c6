#pragma once

#include <curl/curl.h>

#include <cerrno>
#include <string>
#include <system_error>

#ifdef _WIN32
#include <winsock2.h>
#else
#include <sys/socket.h>
#include <unistd.h>
#endif

/// \file
/// Whether a connection was not made because of this machine, which no server is to blame for.

namespace openailb::detail {

/// Whether it says that this process or machine is short of something.
inline bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS || error == EADDRNOTAVAIL;
}

/// The sockets that libcurl wanted for one request.
struct WantedSockets {
  int error{};  ///< why the last one could not be made; zero if it could
  bool ipv4{};
  bool ipv6{};

  /// Called by libcurl to make one.
  static curl_socket_t make(void* user, curlsocktype, curl_sockaddr* address) noexcept {
    auto& wanted = *static_cast<WantedSockets*>(user);
    (address->family == AF_INET ? wanted.ipv4 : wanted.ipv6) = true;
    const curl_socket_t made = ::socket(address->family, address->socktype, address->protocol);
    wanted.error = made == CURL_SOCKET_BAD ? errno : 0;
    return made;
  }
};

/// Whether no file can be opened any more: resolvers do not say so, and only find no address.
inline int shortage_of_files() noexcept {
#ifdef _WIN32
  return 0;
#else
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  if (probe < 0) return errno;
  ::close(probe);
  return 0;
#endif
}

/// What this machine is short of when a transfer has ended with this code before anything was sent; empty
/// when it is not. `connecting` is the error of the last connect().
inline std::string local_fault(CURLcode code, int connecting, const WantedSockets& wanted) {
  int error = 0;
  if (code == CURLE_COULDNT_CONNECT) error = wanted.error != 0 ? wanted.error : connecting;
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) error = shortage_of_files();
  // A machine without IPv6 has no address for it, whatever became of the attempt by IPv4.
  if (error == EADDRNOTAVAIL && wanted.ipv4 && wanted.ipv6) return {};
  return is_shortage(error) ? std::generic_category().message(error) : std::string();
}

}  // namespace openailb::detail
