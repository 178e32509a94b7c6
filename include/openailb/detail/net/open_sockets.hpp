#pragma once

#include <curl/curl.h>

#include <array>
#include <unordered_set>
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

/// The sockets of a loop's kept connections. A kept connection that its server has closed may look alive to
/// libcurl, because the server's last words (a TLS close_notify, an HTTP/2 GOAWAY) can still be read. The
/// next request on it would fail. So before a request begins, the last words are read here, and libcurl then
/// sees that the connection has ended.
class OpenSockets {
 public:
  /// Called by libcurl for each socket that it has made. Sets close-on-exec: otherwise a child process would
  /// inherit the socket and keep the connection open after it has been closed here.
  static int opened(void*, curl_socket_t socket, curlsocktype) noexcept {
#ifdef FD_CLOEXEC
    static_cast<void>(::fcntl(socket, F_SETFD, FD_CLOEXEC));
#else
    static_cast<void>(socket);
#endif
    return CURL_SOCKOPT_OK;
  }

  /// Remembers the socket of a connection that libcurl keeps. opened() is too early for that: libcurl does
  /// not tell when it closes a socket that was never connected, and another part of the program may soon have
  /// a socket of that number.
  void keep(curl_socket_t socket) noexcept {
    if (socket == CURL_SOCKET_BAD) return;
    try {
      sockets_.insert(socket);
    } catch (...) {
      // No memory to watch it: libcurl may then take it for alive.
    }
  }

  /// Called by libcurl to close a socket.
  static int close(void* user, curl_socket_t socket) noexcept {
    static_cast<OpenSockets*>(user)->sockets_.erase(socket);
#ifdef _WIN32
    return ::closesocket(socket);
#else
    return ::close(socket);
#endif
  }

  /// Reads the last words of servers that have closed a connection. Call it only while no transfer is under
  /// way: then no socket is in use.
  void let_dead_ones_end() noexcept {
#ifdef POLLRDHUP
    polled_.clear();
    try {
      for (const curl_socket_t socket : sockets_) polled_.push_back({socket, POLLRDHUP, 0});
    } catch (...) {
      // No memory: those that are not among them are taken for alive.
    }
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
  std::unordered_set<curl_socket_t> sockets_{};
};

}  // namespace openailb::detail
