#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace openailb::test {

/// A TCP socket on loopback. One thread uses it; any other may interrupt() it.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // each write is a packet of its own
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  int fd() const { return fd_; }

  /// Fewer than 1 means that no more will come.
  std::ptrdiff_t read(char* into, std::size_t size) { return ::recv(fd_, into, size, 0); }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      auto written = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  void shutdown_write() { ::shutdown(fd_, SHUT_WR); }

  void close() {
    std::lock_guard lock(mutex_);
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  /// Closes with a RST, as a process that dies with unread data does.
  void reset() {
    linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  /// Ends what the owning thread is waiting for: accept and write fail, read reports the end.
  void interrupt() {
    std::lock_guard lock(mutex_);
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  }

 private:
  std::mutex mutex_;  // close() against interrupt(): the number of a closed socket may be another's
  int fd_;
};

/// A port of 127.0.0.1 that belongs to this object. The system chooses it, unless its number is given: then
/// it may have connections that outlived their server, or belong to another LoopbackPort that does not
/// listen.
class LoopbackPort {
 public:
  explicit LoopbackPort(std::uint16_t number = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    int on = 1;
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(number);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.fd(), generic, size) != 0 || ::getsockname(socket_.fd(), generic, &size) != 0) {
      throw std::system_error(errno, std::generic_category(), "bind");
    }
    port_ = ntohs(address.sin_port);
  }

  std::uint16_t number() const { return port_; }
  Socket& socket() { return socket_; }

  void listen(int backlog) {
    if (::listen(socket_.fd(), backlog) != 0) {
      throw std::system_error(errno, std::generic_category(), "listen");
    }
  }

 private:
  Socket socket_;
  std::uint16_t port_{};
};

/// Connects to a port of 127.0.0.1; throws when nobody listens there.
inline int connect_to(std::uint16_t port, int flags = 0) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    int error = errno;
    ::close(fd);
    throw std::system_error(error, std::generic_category(), "connect");
  }
  return fd;
}

/// An address that refuses every connection, for as long as this object lives.
class RefusedPort {
 public:
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_.number()) + "/v1"; }
  std::uint16_t port() const { return port_.number(); }

 private:
  LoopbackPort port_;  // bound, but not listening
};

/// An address where connecting neither succeeds nor fails, as behind a firewall that drops packets.
class SilentPort {
 public:
  SilentPort() {
    port_.listen(0);  // the queue has room for one, and nobody accepts
    for (auto& filler : fillers_) filler = connect_to(port_.number(), SOCK_NONBLOCK);
  }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  ~SilentPort() {
    for (int filler : fillers_) ::close(filler);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_.number()) + "/v1"; }
  std::uint16_t port() const { return port_.number(); }

 private:
  LoopbackPort port_;
  int fillers_[4]{};
};

}  // namespace openailb::test
