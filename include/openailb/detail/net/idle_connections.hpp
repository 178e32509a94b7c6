#pragma once

#include <openailb/values/clock.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
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

/// The two ends of a connection, as libcurl names them.
struct ConnectionEnds {
  std::string_view server_address{};
  long server_port{};
  long own_port{};
};

/// The sockets of a loop's kept connections. A kept connection that its server has closed may look alive to
/// libcurl, because the server's last words (a TLS close_notify, an HTTP/2 GOAWAY) can still be read. The
/// next request on it would fail. So before a request begins, the last words are read here, and libcurl then
/// sees that the connection has ended. And what a server sends unasked would be taken for the answer to the
/// next request, so no request is sent where something can be read already.
class IdleConnections {
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
  /// a socket of that number. `server` stands for the server that it leads to. Only with HTTP/1 has a
  /// server nothing to say until it is asked.
  void keep(curl_socket_t socket, const void* server, const ConnectionEnds& ends, bool is_http1) noexcept {
    if (socket == CURL_SOCKET_BAD) return;
    if (const auto found = sockets_.find(socket); found != sockets_.end()) {
      found->second.is_http1 = is_http1;
      return;
    }
    try {
      sockets_.emplace(socket, Kept{.server = server,
                                    .server_address = std::string(ends.server_address),
                                    .server_port = ends.server_port,
                                    .own_port = ends.own_port,
                                    .is_http1 = is_http1});
      by_server_[server].push_back(socket);
      by_own_port_.emplace(ends.own_port, socket);
    } catch (...) {
      // No memory to watch it: libcurl may then take it for alive.
    }
  }

  /// Whether there is a connection to this server.
  bool leads_to(const void* server) const noexcept { return by_server_.contains(server); }

  /// Called by libcurl to close a socket.
  static int close(void* user, curl_socket_t socket) noexcept {
    static_cast<IdleConnections*>(user)->forget(socket);
#ifdef _WIN32
    return ::closesocket(socket);
#else
    return ::close(socket);
#endif
  }

  /// The socket of a kept connection on which only an answer may come; that does not change any more.
  /// CURL_SOCKET_BAD when none is remembered.
  curl_socket_t http1_socket(const ConnectionEnds& ends) const noexcept {
    const auto [first, last] = by_own_port_.equal_range(ends.own_port);
    for (auto one = first; one != last; ++one) {
      const Kept& kept = sockets_.find(one->second)->second;
      if (kept.server_port != ends.server_port || kept.server_address != ends.server_address) continue;
      return kept.is_http1 ? one->second : CURL_SOCKET_BAD;
    }
    return CURL_SOCKET_BAD;
  }
  /// Whether something can be read on such a one, on which no request has been sent since the last answer:
  /// its end, or what nobody has asked for.
  static bool is_unclean(curl_socket_t socket) noexcept {
    char unread{};
    return ::recv(socket, &unread, 1, MSG_PEEK) >= 0;  // libcurl's sockets do not block
  }

  /// Reads the last words of this server on connections that it has closed; once a second those of all, as to
  /// look at hundreds each time would take longer than a call. Call it only while no transfer is under way:
  /// then no socket is in use.
  void detect_closed(const void* server, TimePoint now) noexcept {
#ifdef POLLRDHUP
    polled_.clear();
    try {
      if (now >= next_look_at_all_) {
        next_look_at_all_ = now + std::chrono::seconds(1);
        for (const auto& [socket, kept] : sockets_) polled_.push_back({socket, POLLRDHUP, 0});
      } else if (const auto its = by_server_.find(server); its != by_server_.end()) {
        for (const curl_socket_t socket : its->second) polled_.push_back({socket, POLLRDHUP, 0});
      }
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
  struct Kept {
    const void* server{};
    std::string server_address{};
    long server_port{};
    long own_port{};
    bool is_http1{};
  };

  void forget(curl_socket_t socket) noexcept {
    const auto found = sockets_.find(socket);
    if (found == sockets_.end()) return;
    const auto server = by_server_.find(found->second.server);
    if (server != by_server_.end()) {
      std::erase(server->second, socket);
      if (server->second.empty()) by_server_.erase(server);
    }
    const auto [first, last] = by_own_port_.equal_range(found->second.own_port);
    const auto own = std::find_if(first, last, [socket](const auto& one) { return one.second == socket; });
    if (own != last) by_own_port_.erase(own);
    sockets_.erase(found);
  }

#ifdef POLLRDHUP
  static void read_to_end(int socket) noexcept {
    std::array<char, 4096> unread{};
    while (::recv(socket, unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
    }
  }

  std::vector<pollfd> polled_{};  // kept for its memory
  TimePoint next_look_at_all_{};
#endif
  std::unordered_map<curl_socket_t, Kept> sockets_{};
  std::unordered_multimap<long, curl_socket_t> by_own_port_{};
  std::unordered_map<const void*, std::vector<curl_socket_t>> by_server_{};
};

}  // namespace openailb::detail
