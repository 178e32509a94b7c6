#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>

namespace openailb::detail {

/// Milliseconds as libcurl takes them, rounded up; zero stays zero.
inline long curl_milliseconds(std::chrono::nanoseconds duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<long>((std::min<long long>)(count, (std::numeric_limits<int>::max)()));
}

/// Initialises libcurl once per process. There is no cleanup: other users of libcurl may still be at work.
inline void initialise_curl() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) throw std::runtime_error("openailb: libcurl cannot be initialised");
}

/// A multi handle of libcurl: it lets its transfers go on, and waits for their sockets by libcurl's own
/// polling. Not by epoll: libcurl 7.88 does not say when it closes a socket that it could not connect. If the
/// next one has the same number, epoll never hears of it.
class CurlMulti {
 public:
  CurlMulti() {
    initialise_curl();
    multi_.reset(curl_multi_init());
    if (!multi_) throw std::bad_alloc();
  }

  CURLM* get() const noexcept { return multi_.get(); }

  /// Lets all transfers go on as far as they can. Does not wait.
  void perform() {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
  }
  /// Waits for news of sockets, no longer than `time`.
  void wait(std::chrono::nanoseconds time) {
    const long milliseconds = curl_milliseconds((std::max)(time, std::chrono::nanoseconds{}));
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(milliseconds), nullptr);
  }
  /// Ends the current wait() or, if there is none, the next. May be called from any thread.
  void wake() noexcept { curl_multi_wakeup(multi_.get()); }

 private:
  struct Free {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };
  std::unique_ptr<CURLM, Free> multi_{};
};

}  // namespace openailb::detail
