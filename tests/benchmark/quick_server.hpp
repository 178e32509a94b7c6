#pragma once

#include "support/socket.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace openailb::benchmark {

/// A server for many connections: a process of its own, of one thread, so that it takes neither memory nor
/// locks of the clients. It answers each request with the same bytes: at once, or one below /slow after a
/// tenth of a second. One below /held is never answered.
class QuickServer {
 public:
  /// Make it before any thread, since it forks.
  explicit QuickServer(std::string answer) : answer_(std::move(answer)) {
    port_.listen(4096);
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("no process for the server");
    if (process_ == 0) serve();
  }
  QuickServer(const QuickServer&) = delete;
  QuickServer& operator=(const QuickServer&) = delete;
  ~QuickServer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_.number()); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Slow {
    Clock::time_point due;
    int socket;
  };
  static constexpr std::chrono::milliseconds delay{100};

  [[noreturn]] void serve() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int listener = port_.socket().fd();
    watch(listener);
    std::array<epoll_event, 256> events{};
    for (;;) {
      timespec time{.tv_sec = 1000, .tv_nsec = 0};
      if (!slow_.empty()) {
        const auto left = std::max(slow_.front().due - Clock::now(), Clock::duration{});
        time = {.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(left).count()};
      }
      const int count =
          ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &time, nullptr);
      for (; !slow_.empty() && slow_.front().due <= Clock::now(); slow_.pop_front())
        answer(slow_.front().socket);
      for (int index = 0; index < count; ++index) {
        const int socket = events[static_cast<std::size_t>(index)].data.fd;
        if (socket == listener) {
          watch(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        } else {
          read(socket);
        }
      }
    }
  }

  void watch(int socket) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
    if (socket >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void read(int socket) {
    std::array<char, 65536> buffer{};
    const auto size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      unread_.erase(socket);
      ::close(socket);
      return;
    }
    std::string& unread = unread_[socket];
    unread.append(buffer.data(), static_cast<std::size_t>(size));
    while (const std::size_t end = end_of_request(unread)) {
      if (unread.starts_with("POST /v1")) answer(socket);
      if (unread.starts_with("POST /slow")) slow_.push_back({Clock::now() + delay, socket});
      unread.erase(0, end);
    }
  }

  void answer(int socket) { static_cast<void>(::send(socket, answer_.data(), answer_.size(), MSG_NOSIGNAL)); }

  /// Where the first request ends; 0 when it has not come whole.
  static std::size_t end_of_request(std::string_view bytes) {
    const std::size_t head = bytes.find("\r\n\r\n");
    const std::size_t length = bytes.find("Content-Length: ");
    if (head == std::string_view::npos || length > head) return 0;
    const std::size_t end = head + 4 + std::strtoul(bytes.data() + length + 16, nullptr, 10);
    return bytes.size() < end ? 0 : end;
  }

  std::string answer_;
  test::LoopbackPort port_{};
  int epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::unordered_map<int, std::string> unread_{};
  std::deque<Slow> slow_{};
  ::pid_t process_{};
};

}  // namespace openailb::benchmark
