#pragma once

#if defined(__linux__)

#include <openailb/clock.hpp>
#include <openailb/detail/net/curl_progress.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace openailb::detail {

/// A descriptor that is closed at its end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number < 0) throw std::system_error(errno, std::generic_category(), "openailb: no event loop");
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(number_); }

  int number() const noexcept { return number_; }

 private:
  int number_;
};

/// libcurl says which sockets it waits for, and epoll which of them have news. So a turn costs as much as
/// there are news, however many transfers there are.
class CurlEpoll final : public CurlProgress {
 public:
  CurlEpoll() {
    epoll_event woken{.events = EPOLLIN | EPOLLET, .data = {.fd = wakes_.number()}};
    if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, wakes_.number(), &woken) != 0)
      throw std::system_error(errno, std::generic_category(), "openailb: no event loop");
    curl_multi_setopt(multi(), CURLMOPT_SOCKETFUNCTION, &CurlEpoll::watch);
    curl_multi_setopt(multi(), CURLMOPT_SOCKETDATA, static_cast<void*>(this));
    curl_multi_setopt(multi(), CURLMOPT_TIMERFUNCTION, &CurlEpoll::set_timer);
    curl_multi_setopt(multi(), CURLMOPT_TIMERDATA, static_cast<void*>(this));
  }

  ~CurlEpoll() override {
    // The multi handle outlives what is here.
    curl_multi_setopt(multi(), CURLMOPT_SOCKETFUNCTION, static_cast<curl_socket_callback>(nullptr));
    curl_multi_setopt(multi(), CURLMOPT_TIMERFUNCTION, static_cast<curl_multi_timer_callback>(nullptr));
  }

  void perform() override {
    if (!due_ || *due_ > std::chrono::steady_clock::now()) return;
    due_.reset();
    act(CURL_SOCKET_TIMEOUT, 0);
  }

  void catch_up() override {
    perform();
    look(0);
  }

  void wait(std::chrono::nanoseconds time) override {
    if (due_) time = (std::min)(time, *due_ - std::chrono::steady_clock::now());
    look(was_woken_ ? 0 : curl_milliseconds((std::max)(time, std::chrono::nanoseconds{})));
    was_woken_ = false;
  }

  void wake() noexcept override {
    // It is never read: each write makes an edge, of which epoll tells once.
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wakes_.number(), &one, sizeof one));
  }

 private:
  void look(long milliseconds) {
    std::array<epoll_event, 16> events;  // NOLINT: epoll_wait fills it
    const int count = ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(milliseconds));
    for (int index = 0; index < count; ++index) {
      const epoll_event& event = events[static_cast<std::size_t>(index)];
      if (event.data.fd == wakes_.number()) {
        was_woken_ = true;
        continue;
      }
      // An end or an error is news for a reader, as in libcurl's own polling.
      act(event.data.fd, ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                             ((event.events & ~unsigned{EPOLLOUT}) != 0 ? CURL_CSELECT_IN : 0));
    }
  }

  void act(curl_socket_t socket, int news) {
    int running = 0;
    curl_multi_socket_action(multi(), socket, news, &running);
  }

  /// Called by libcurl. `known` is null for a socket that is not watched yet.
  static int watch(CURL*, curl_socket_t socket, int what, void* user, void* known) noexcept {
    auto& self = *static_cast<CurlEpoll*>(user);
    const int epoll = self.epoll_.number();
    epoll_event event{.events = 0, .data = {.fd = socket}};
    if (what == CURL_POLL_REMOVE) {
      ::epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event);
      return 0;
    }
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    if (known == nullptr) curl_multi_assign(self.multi(), socket, user);
    // If it cannot be watched, its transfer runs into its timeout, and the others go on.
    ::epoll_ctl(epoll, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
    return 0;
  }

  static int set_timer(CURLM*, long milliseconds, void* user) noexcept {
    auto& due = static_cast<CurlEpoll*>(user)->due_;
    due.reset();
    if (milliseconds >= 0) due = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    return 0;
  }

  Descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  Descriptor wakes_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::optional<TimePoint> due_{};
  bool was_woken_{};
};

}  // namespace openailb::detail

#endif
