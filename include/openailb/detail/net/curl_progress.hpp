#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>

/// \file
/// How the transfers of a libcurl multi handle make progress, and how a loop waits for their sockets.

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

struct FreeMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
using Multi = std::unique_ptr<CURLM, FreeMulti>;

inline Multi make_multi() {
  initialise_curl();
  Multi multi(curl_multi_init());
  if (!multi) throw std::bad_alloc();
  return multi;
}

/// Lets the transfers of a multi handle go on, and waits for their sockets.
class CurlProgress {
 public:
  CurlProgress(const CurlProgress&) = delete;
  CurlProgress& operator=(const CurlProgress&) = delete;
  virtual ~CurlProgress() = default;

  CURLM* multi() const noexcept { return multi_.get(); }

  /// Begins the transfers that were added, and does what is due.
  virtual void perform() = 0;
  /// The same, and lets those go on whose sockets have news. Does not wait.
  virtual void catch_up() = 0;
  /// Waits for news of sockets, no longer than `time`.
  virtual void wait(std::chrono::nanoseconds time) = 0;
  /// Ends the current wait() or, if there is none, the next. May be called from any thread.
  virtual void wake() noexcept = 0;

 protected:
  CurlProgress() = default;

 private:
  Multi multi_{make_multi()};
};

/// libcurl's own polling. It asks all sockets in each turn, and needs nothing of the system. Nothing is
/// quicker for a few.
class CurlPolling final : public CurlProgress {
 public:
  void perform() override {
    int running = 0;
    curl_multi_perform(multi(), &running);
  }
  void catch_up() override { perform(); }
  void wait(std::chrono::nanoseconds time) override {
    if (time.count() <= 0) return;  // perform() asks the sockets too
    curl_multi_poll(multi(), nullptr, 0, static_cast<int>(curl_milliseconds(time)), nullptr);
  }
  void wake() noexcept override { curl_multi_wakeup(multi()); }
};

}  // namespace openailb::detail
