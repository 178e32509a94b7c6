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
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The event loop on libcurl's multi interface. It keeps connections from call to call.
class CurlEventLoop final : public EventLoop {
 public:
  explicit CurlEventLoop(ConnectionOptions options = {});
  ~CurlEventLoop() override;

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

  /// More than anyone has endpoints. With libcurl's default limit, six hosts reconnect all the time.
  static constexpr long kept_connections = 1024;
  /// How long the rest of an answer may take once its reader has all it needs. Without this time, a stream's
  /// connection would be lost whenever `[DONE]` comes a moment before the end.
  static constexpr std::chrono::milliseconds drain_time{20};

  Handle make_handle();
  Handle take_handle();
  CurlHandle* draining_to(std::string_view authority) const;
  void begin(CurlHandle& handle);
  void perform();
  void poll(TimePoint until);
  void drop_overdue();
  void completed(CurlHandle& handle, CURLcode code);
  void drained(CurlHandle& handle);
  void retire(CurlHandle& handle) noexcept;

  ConnectionOptions options_;
  OpenSockets sockets_{};  // before the multi, which closes them at its end
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::vector<Handle> busy_{};
  std::vector<Handle> idle_{};
  std::size_t draining_{};
  std::size_t added_{};  // how many libcurl has; the others wait for a connection
};

inline CurlEventLoop::CurlEventLoop(ConnectionOptions options) : options_(std::move(options)) {
  initialise_curl();
  multi_.reset(curl_multi_init());
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kept_connections);
  idle_.push_back(make_handle());  // now, so that what libcurl does not accept is rejected before any call
}

inline CurlEventLoop::~CurlEventLoop() {
  drop_posted();
  for (const Handle& handle : busy_) curl_multi_remove_handle(multi_.get(), handle->easy.get());
}

inline void CurlEventLoop::start(Transfer& transfer, HttpRequest request) {
  if (draining_ != 0) perform();  // their ends may have come long ago
  Handle taken = take_handle();
  CurlHandle& handle = *taken;
  handle.transfer = &transfer;
  handle.request = std::move(request);
  busy_.reserve(busy_.size() + 1);
  idle_.reserve(idle_.size() + busy_.size() + 1);  // so that giving handles back cannot fail
  if (std::optional<TransferFailure> fault = prepare(handle)) return transfer.finish(std::move(fault));
  const bool may_wait = draining_ != 0 && !handle.request.fresh_connection;
  handle.waits_for = may_wait ? draining_to(authority_of(handle.request.url)) : nullptr;
  transfer.handle = &handle;
  busy_.push_back(std::move(taken));
  if (handle.waits_for == nullptr) begin(handle);
}

/// The handle of an answer from there that is being drained and whose connection no other request waits for;
/// null when there is none.
inline CurlHandle* CurlEventLoop::draining_to(std::string_view authority) const {
  for (const Handle& handle : busy_) {
    if (handle->transfer != nullptr || authority_of(handle->request.url) != authority) continue;
    const auto is_awaited = [&](const Handle& other) { return other->waits_for == handle.get(); };
    if (std::ranges::none_of(busy_, is_awaited)) return handle.get();
  }
  return nullptr;
}

/// Hands a request to libcurl.
inline void CurlEventLoop::begin(CurlHandle& handle) {
  if (added_ == 0) sockets_.let_dead_ones_end();
  if (curl_multi_add_handle(multi_.get(), handle.easy.get()) == CURLM_OK) {
    handle.is_added = true;
    ++added_;
    return;
  }
  Transfer& transfer = *handle.transfer;
  transfer.handle = nullptr;
  retire(handle);
  transfer.finish(
      TransferFailure{.kind = ErrorKind::bad_request, .message = "not sent: libcurl is out of memory"});
}

inline Sent CurlEventLoop::sent(const Transfer& transfer) const noexcept {
  return sent_of(*static_cast<const CurlHandle*>(transfer.handle));
}

inline void CurlEventLoop::cancel(Transfer& transfer) noexcept {
  auto& handle = *static_cast<CurlHandle*>(transfer.handle);
  transfer.handle = nullptr;
  handle.transfer = nullptr;
  if (!transfer.satisfied() || !handle.is_added) return retire(handle);
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
  if (added_ != busy_.size()) {
    for (const Handle& handle : busy_) {
      if (handle->waits_for != nullptr) until = (std::min)(until, handle->waits_for->drained_by);
    }
  }
  long milliseconds = (std::numeric_limits<int>::max)();
  if (until != (TimePoint::max)()) {
    milliseconds = curl_milliseconds((std::max)(until - present, std::chrono::nanoseconds{}));
  }
  curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(milliseconds), nullptr);
}

inline void CurlEventLoop::drop_overdue() {
  if (draining_ == 0) return;
  const auto is_overdue = [present = now()](const Handle& handle) {
    return handle->transfer == nullptr && handle->drained_by <= present;
  };
  for (;;) {
    const auto overdue = std::ranges::find_if(busy_, is_overdue);
    if (overdue == busy_.end()) return;
    drained(**overdue);
  }
}

/// Called when the rest of an answer has come or takes too long. The request that waits for its connection
/// begins.
inline void CurlEventLoop::drained(CurlHandle& handle) {
  --draining_;
  retire(handle);
  const auto waits = [&](const Handle& other) { return other->waits_for == &handle; };
  if (const auto next = std::ranges::find_if(busy_, waits); next != busy_.end()) {
    (*next)->waits_for = nullptr;
    begin(**next);
  }
}

inline void CurlEventLoop::completed(CurlHandle& handle, CURLcode code) {
  sockets_.keep(handle.info<curl_socket_t>(CURLINFO_ACTIVESOCKET));
  Transfer* transfer = handle.transfer;
  if (transfer == nullptr) return drained(handle);
  // libcurl reports success for a head that breaks off before its blank line.
  if (code == CURLE_OK && transfer->response.status == 0) code = CURLE_GOT_NOTHING;
  // libcurl reports a write error for the bytes that some servers add to compressed data.
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
  if (std::exchange(handle.is_added, false)) --added_;
  handle.transfer = nullptr;
  handle.waits_for = nullptr;
  handle.release_body();  // or a large one would stay in memory as long as the loop
  auto place = std::ranges::find(busy_, &handle, &Handle::get);
  idle_.push_back(std::move(*place));
  busy_.erase(place);
}

}  // namespace openailb::detail
