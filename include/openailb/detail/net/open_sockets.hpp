#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#ifdef _WIN32
#include <winsock2.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace openailb::detail {

/// The sockets of a loop's kept connections. A server that has closed one while it was idle may look alive to
/// libcurl: what it said before it hung up (a TLS close_notify, an HTTP/2 GOAWAY) can still be read. Then the
/// next request on it fails. So that is read before a request begins, and libcurl sees the end.
class OpenSockets {
 public:
  /// Told by libcurl of each socket that it has made. A child process would inherit it, and keep a connection
  /// open that has been dropped here.
  static int opened(void*, curl_socket_t socket, curlsocktype) noexcept {
#ifdef FD_CLOEXEC
    static_cast<void>(::fcntl(socket, F_SETFD, FD_CLOEXEC));
#else
    static_cast<void>(socket);
#endif
    return CURL_SOCKOPT_OK;
  }

  /// Notes the socket of a connection that libcurl keeps. Not when it is made: libcurl tells nobody when it
  /// closes one that it has not connected, and its number would soon be another part of the program's.
  void keep(curl_socket_t socket) noexcept {
    if (socket == CURL_SOCKET_BAD || std::ranges::find(sockets_, socket) != sockets_.end()) return;
    try {
      sockets_.push_back(socket);
    } catch (...) {
      // Without the memory for it, it is a connection like any other.
    }
  }

  /// Closes a socket for libcurl.
  static int close(void* user, curl_socket_t socket) noexcept {
    std::erase(static_cast<OpenSockets*>(user)->sockets_, socket);
#ifdef _WIN32
    return ::closesocket(socket);
#else
    return ::close(socket);
#endif
  }

  /// Reads what servers that have hung up had still to say. Only while no transfer is on its way: then no
  /// socket is in use.
  void let_dead_ones_end() {
#ifdef POLLRDHUP
    polled_.clear();
    for (const curl_socket_t socket : sockets_) polled_.push_back({socket, POLLRDHUP, 0});
    if (polled_.empty() || ::poll(polled_.data(), polled_.size(), 0) <= 0) return;
    for (const pollfd& one : polled_) {
      if (one.revents != 0) read_to_end(one.fd);
    }
#endif
  }

 private:
#ifdef POLLRDHUP
  static void read_to_end(int socket) noexcept {
    std::array<char, 4096> unread{};
    while (::recv(socket, unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
    }
  }

  std::vector<pollfd> polled_{};  // kept for its memory
#endif
  std::vector<curl_socket_t> sockets_{};
};

}  // namespace openailb::detail
