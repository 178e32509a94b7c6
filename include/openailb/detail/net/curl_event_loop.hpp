#pragma once

#include <openailb/detail/net/curl_failure.hpp>
#include <openailb/detail/net/curl_handle.hpp>
#include <openailb/detail/net/curl_setup.hpp>
#include <openailb/detail/net/open_sockets.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The event loop on libcurl's multi interface. Keeps connections from call to call.
class CurlEventLoop final : public EventLoop {
 public:
  explicit CurlEventLoop(ConnectionOptions options = {});
  ~CurlEventLoop() override;

  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  void start(Transfer& transfer, HttpRequest request) override;
  void cancel(Transfer& transfer) noexcept override;
  Sent sent(const Transfer& transfer) const noexcept override;
  void wait(TimePoint until) override;
  void wake() noexcept override { curl_multi_wakeup(multi_.get()); }

 private:
  struct FreeMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };
  using Handle = std::unique_ptr<CurlHandle>;

  /// More than any number of endpoints: libcurl's own limit makes six hosts reconnect all the time.
  static constexpr long kept_connections = 1024;
  /// How long the rest of an answer may take whose reader has all it needs. Without this a stream's
  /// connection would be lost each time that `[DONE]` comes a moment before the end.
  static constexpr std::chrono::milliseconds drain_time{20};

  Handle make_handle();
  Handle take_handle();
  void perform();
  void poll(TimePoint until);
  void drain();
  void drop_overdue();
  void completed(CurlHandle& handle, CURLcode code);
  void retire(CurlHandle& handle) noexcept;

  ConnectionOptions options_;
  OpenSockets sockets_{};  // before the multi, which closes them at its end
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::vector<Handle> busy_{};
  std::vector<Handle> idle_{};
  std::size_t draining_{};
};

inline CurlEventLoop::CurlEventLoop(ConnectionOptions options) : options_(std::move(options)) {
  initialise_curl();
  multi_.reset(curl_multi_init());
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kept_connections);
  idle_.push_back(make_handle());  // now, so that what libcurl does not accept is refused before any call
}

inline CurlEventLoop::~CurlEventLoop() {
  for (const Handle& handle : busy_) curl_multi_remove_handle(multi_.get(), handle->easy.get());
}

inline void CurlEventLoop::start(Transfer& transfer, HttpRequest request) {
  drain();
  if (busy_.empty()) sockets_.let_dead_ones_end();
  Handle handle = take_handle();
  handle->transfer = &transfer;
  handle->request = std::move(request);
  busy_.reserve(busy_.size() + 1);
  idle_.reserve(idle_.size() + busy_.size() + 1);  // so that giving handles back cannot fail
  const bool taken = prepare(*handle);
  if (!taken || curl_multi_add_handle(multi_.get(), handle->easy.get()) != CURLM_OK) {
    return transfer.finish(TransferFailure{
        .kind = ErrorKind::bad_request, .message = "not sent: libcurl does not accept its URL or a header"});
  }
  transfer.handle = handle.get();
  busy_.push_back(std::move(handle));
}

inline Sent CurlEventLoop::sent(const Transfer& transfer) const noexcept {
  return sent_of(*static_cast<const CurlHandle*>(transfer.handle));
}

inline void CurlEventLoop::cancel(Transfer& transfer) noexcept {
  auto& handle = *static_cast<CurlHandle*>(transfer.handle);
  transfer.handle = nullptr;
  handle.transfer = nullptr;
  if (!transfer.satisfied()) return retire(handle);
  handle.drained_by = now() + drain_time;
  ++draining_;
}

inline void CurlEventLoop::wait(TimePoint until) {
  perform();
  if (!anything_ready()) poll(until);
}

inline CurlEventLoop::Handle CurlEventLoop::take_handle() {
  if (!idle_.empty()) {
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }
  return make_handle();
}

inline CurlEventLoop::Handle CurlEventLoop::make_handle() {
  auto handle = std::make_unique<CurlHandle>();
  if (!handle->easy) throw std::bad_alloc();
  configure(*handle, options_, sockets_);
  return handle;
}

inline void CurlEventLoop::perform() {
  int running = 0;
  curl_multi_perform(multi_.get(), &running);
  int queued = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    void* user = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    completed(*static_cast<CurlHandle*>(user), code);
  }
  drop_overdue();
}

inline void CurlEventLoop::poll(TimePoint until) {
  const TimePoint present = now();
  long milliseconds = (std::numeric_limits<int>::max)();
  if (until != (TimePoint::max)()) {
    milliseconds = curl_milliseconds((std::max)(until - present, std::chrono::nanoseconds{}));
  }
  curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(milliseconds), nullptr);
}

/// Lets the answers end whose readers have all they need, so that their connections can be used again. Only
/// when nothing else is on its way, which would have to wait.
inline void CurlEventLoop::drain() {
  if (draining_ == 0) return;
  perform();
  while (draining_ > 0 && draining_ == busy_.size()) {
    TimePoint until = (TimePoint::max)();
    for (const Handle& handle : busy_) until = (std::min)(until, handle->drained_by);
    poll(until);
    perform();
  }
}

inline void CurlEventLoop::drop_overdue() {
  if (draining_ == 0) return;
  const TimePoint present = now();
  for (std::size_t index = busy_.size(); index-- > 0;) {
    CurlHandle& handle = *busy_[index];
    if (handle.transfer != nullptr || handle.drained_by > present) continue;
    --draining_;
    retire(handle);
  }
}

inline void CurlEventLoop::completed(CurlHandle& handle, CURLcode code) {
  sockets_.keep(handle.info<curl_socket_t>(CURLINFO_ACTIVESOCKET));
  Transfer* transfer = handle.transfer;
  if (transfer == nullptr) {
    --draining_;
    return retire(handle);
  }
  // libcurl says OK to a head that breaks off before its blank line,
  if (code == CURLE_OK && transfer->response.status == 0) code = CURLE_GOT_NOTHING;
  // and takes the bytes that some servers add to compressed data for a failure of ours to write.
  if (code == CURLE_WRITE_ERROR && !handle.is_rejected) code = CURLE_OK;
  std::optional<TransferFailure> failed;
  if (code != CURLE_OK) failed = failure_of(end_of(handle, code));
  transfer->handle = nullptr;
  retire(handle);
  transfer->finish(std::move(failed));
}

/// Takes a handle out of libcurl and keeps it for the next request.
inline void CurlEventLoop::retire(CurlHandle& handle) noexcept {
  curl_multi_remove_handle(multi_.get(), handle.easy.get());
  handle.transfer = nullptr;
  std::string().swap(handle.request.body);  // it would stay for as long as the loop, however large
  auto place = std::ranges::find(busy_, &handle, &Handle::get);
  idle_.push_back(std::move(*place));
  busy_.erase(place);
}

}  // namespace openailb::detail
