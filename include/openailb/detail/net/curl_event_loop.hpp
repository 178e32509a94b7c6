#pragma once

#include <openailb/detail/net/curl_failure.hpp>
#include <openailb/detail/net/curl_handle.hpp>
#include <openailb/detail/net/curl_multi.hpp>
#include <openailb/detail/net/curl_setup.hpp>
#include <openailb/detail/net/idle_connections.hpp>
#include <openailb/detail/net/side_threads.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/values/http.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace openailb::detail {

/// For how many calls at once a loop is made. Both kinds can do the same.
enum class LoopTuning {
  latency,     ///< cheapest for one call after the other
  throughput,  ///< each call takes less memory, and calls to a server with HTTP/2 share a connection
};

/// The event loop on libcurl's multi interface. It keeps connections from call to call.
/// Its virtual functions are inline where they are declared. Otherwise each file that includes this would
/// have them all, and what they call, even if it makes no loop.
class CurlEventLoop final : public EventLoop {
 public:
  explicit CurlEventLoop(ConnectionOptions options = {}, LoopTuning calls = LoopTuning::latency);
  inline ~CurlEventLoop() override;

  inline void start(Transfer& transfer, HttpRequest request) override;
  inline void cancel(Transfer& transfer) noexcept override;
  inline Sent sent(const Transfer& transfer) const noexcept override;
  inline void wait(TimePoint until) override;
  bool run_aside(const std::function<void()>& work) override {
    return calls_ == LoopTuning::throughput && side_threads_.run(work);
  }
  void wake() noexcept override { multi_.wake(); }

  /// Whether anything is remembered of the server at this "host:port".
  bool knows(const std::string& authority) const { return servers_.contains(authority); }

 private:
  using Handles = std::list<CurlHandle>;

  /// More than anyone has endpoints. With libcurl's default limit, six hosts reconnect all the time.
  static constexpr long kept_connections = 1024;
  /// How many servers are remembered before the first are forgotten.
  static constexpr std::size_t few_servers = 1024;
  /// How much a call in flight reads at once where there are many. libcurl's own 16 KiB would be the largest
  /// part of the memory of a call that waits for its answer.
  static constexpr long small_buffer = 4096;
  /// How long the rest of an answer may take once its reader has all it needs. Without this time, a stream's
  /// connection would be lost whenever `[DONE]` comes a moment before the end.
  static constexpr std::chrono::milliseconds drain_time{20};
  /// How much later than libcurl the loop ends a request that is not connected in time. libcurl does not
  /// count the time for which it keeps one waiting, but it alone knows why one that it has begun is not
  /// connected.
  static constexpr std::chrono::milliseconds after_libcurl{5};

  Handles make_handle();
  Handles take_handle();
  CurlServer& server_at(const std::string& authority);
  void begin(CurlHandle& handle) noexcept;
  bool hand_over(CurlHandle& handle) noexcept;
  void share_connection(CurlHandle& handle);
  void let_paused_go_on();
  void read_messages();
  void drop_overdue();
  void end_unconnected();
  void keep_socket(const CurlHandle& handle) noexcept;
  void completed(CurlHandle& handle, CURLcode code) noexcept;
  static TransferFailure failure_of_end(const CurlHandle& handle, CURLcode code) noexcept;
  void drained(CurlHandle& handle) noexcept;
  void retire(CurlHandle& handle) noexcept;

  ConnectionOptions options_;
  LoopTuning calls_;
  SideThreads side_threads_{};
  IdleConnections sockets_{};  // before the multi, which closes them at its end
  CurlMulti multi_{};
  Handles idle_{};
  Handles busy_{};
  CurlTurn turn_{};
  Handles draining_{};  // in the order of their times
  std::unordered_map<std::string, CurlServer> servers_{};
  std::size_t forget_at_{few_servers};                  // as many servers
  std::multimap<TimePoint, CurlHandle*> connecting_{};  // by when they have to be connected
};

inline CurlEventLoop::CurlEventLoop(ConnectionOptions options, LoopTuning calls)
    : options_(std::move(options)), calls_(calls) {
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kept_connections);
  const auto most =
      (std::min)(options_.max_connections_per_host, std::size_t{(std::numeric_limits<int>::max)()});
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(most));
  idle_ = make_handle();  // now, so that what libcurl does not accept is rejected before any call
}

inline CurlEventLoop::~CurlEventLoop() {
  for (const Handles* handles : {&busy_, &turn_.paused, &draining_}) {
    for (const CurlHandle& handle : *handles) curl_multi_remove_handle(multi_.get(), handle.easy.get());
  }
}

inline void CurlEventLoop::start(Transfer& transfer, HttpRequest request) {
  if (!draining_.empty()) {  // their ends may have come long ago
    multi_.perform();
    read_messages();
  }
  Handles taken = take_handle();
  CurlHandle& handle = taken.front();
  handle.list = &taken;
  handle.transfer = &transfer;
  handle.request = std::move(request);
  CurlServer& server = server_at(authority_of(handle.request.url));
  if (std::optional<TransferFailure> fault = prepare(handle, server.url)) {
    return transfer.finish(std::move(fault));
  }
  ++server.requests;
  handle.server = &server;
  transfer.handle = &handle;
  if (server.draining > server.waiting.size() && !handle.request.fresh_connection) {
    return move_to(handle, server.waiting);
  }
  begin(handle);
}

/// What is known of a server, of a new one nothing yet. If many are known, those are forgotten first to which
/// there is neither a request nor a connection. To look through them costs each new one as much as a few.
inline CurlServer& CurlEventLoop::server_at(const std::string& authority) {
  if (const auto known = servers_.find(authority); known != servers_.end()) return known->second;
  if (servers_.size() >= forget_at_) {
    std::erase_if(servers_, [this](const auto& one) {
      return one.second.requests == 0 && !sockets_.leads_to(&one.second);
    });
    forget_at_ = (std::max)(few_servers, 2 * servers_.size());
  }
  return servers_[authority];
}

/// Lets a request begin.
inline void CurlEventLoop::begin(CurlHandle& handle) noexcept {
  if (busy_.empty() && turn_.paused.empty() && draining_.empty())
    sockets_.detect_closed(handle.server, now());
  move_to(handle, busy_);
  handle.began_at = std::chrono::steady_clock::now();
  if (hand_over(handle)) return;
  Transfer& transfer = *handle.transfer;
  transfer.handle = nullptr;
  retire(handle);
  transfer.finish(out_of_memory());
}

/// Hands a request to libcurl. False when there is no memory.
inline bool CurlEventLoop::hand_over(CurlHandle& handle) noexcept {
  try {
    if (calls_ == LoopTuning::throughput) share_connection(handle);
  } catch (const std::bad_alloc&) {
    return false;
  }
  handle.is_added = curl_multi_add_handle(multi_.get(), handle.easy.get()) == CURLM_OK;
  return handle.is_added;
}

/// Lets a request wait until libcurl knows whether it can go on a connection that another is just making, as
/// HTTP/2 allows: or else a thousand calls at once would make a thousand connections. That becomes known with
/// the TLS handshake. Without TLS it would become known with the first answer, and that is HTTP/1.
inline void CurlEventLoop::share_connection(CurlHandle& handle) {
  const HttpRequest& request = handle.request;
  handle.set(CURLOPT_PIPEWAIT, request.url.starts_with("https:") && !request.fresh_connection ? 1L : 0L);
  if (request.connect_timeout.count() == 0) return;
  handle.connecting = connecting_.emplace(now() + request.connect_timeout + after_libcurl, &handle);
}

inline Sent CurlEventLoop::sent(const Transfer& transfer) const noexcept {
  return sent_of(*static_cast<const CurlHandle*>(transfer.handle));
}

inline void CurlEventLoop::cancel(Transfer& transfer) noexcept {
  auto& handle = *static_cast<CurlHandle*>(transfer.handle);
  transfer.handle = nullptr;
  handle.transfer = nullptr;
  if (!transfer.satisfied() || !handle.is_added || handle.is_paused()) return retire(handle);
  handle.drained_by = now() + drain_time;
  ++handle.server->draining;
  move_to(handle, draining_);
}

inline void CurlEventLoop::wait(TimePoint until) {
  let_paused_go_on();
  multi_.perform();
  read_messages();
  if (anything_ready()) return;
  if (!turn_.paused.empty()) until = now();
  if (!draining_.empty()) until = (std::min)(until, draining_.front().drained_by);
  if (!connecting_.empty()) until = (std::min)(until, connecting_.begin()->first);
  multi_.wait(until == (TimePoint::max)() ? (std::chrono::nanoseconds::max)() : until - now());
}

/// Begins another turn, in which those go on that have brought enough in an earlier one, but no more of them
/// than one turn has room for. libcurl gives at once what it has unpacked already.
inline void CurlEventLoop::let_paused_go_on() {
  ++turn_.number;
  std::size_t brought = 0;
  while (!turn_.paused.empty() && brought <= CurlCallbacks::most_in_turn) {
    CurlHandle& handle = turn_.paused.front();
    move_to(handle, busy_);
    const CURLcode code = curl_easy_pause(handle.easy.get(), CURLPAUSE_CONT);
    brought += handle.last_turn == turn_.number ? handle.brought : 0;
    if (code != CURLE_OK) completed(handle, code);
  }
}

inline CurlEventLoop::Handles CurlEventLoop::take_handle() {
  if (idle_.empty()) return make_handle();
  Handles taken;
  taken.splice(taken.begin(), idle_, std::prev(idle_.end()));
  return taken;
}

inline CurlEventLoop::Handles CurlEventLoop::make_handle() {
  Handles made(1);
  CurlHandle& handle = made.front();
  if (!handle.easy) throw std::bad_alloc();
  handle.place = made.begin();
  configure(handle, options_, sockets_);
  handle.turn = &turn_;
  handle.can_pause = calls_ == LoopTuning::throughput;
  if (handle.can_pause) handle.set(CURLOPT_BUFFERSIZE, small_buffer);
  return made;
}

inline void CurlEventLoop::read_messages() {
  int queued = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    void* user = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    completed(*static_cast<CurlHandle*>(user), code);
  }
  drop_overdue();
  end_unconnected();
}

inline void CurlEventLoop::drop_overdue() {
  if (draining_.empty()) return;
  const TimePoint present = now();
  while (!draining_.empty() && draining_.front().drained_by <= present) drained(draining_.front());
}

/// Ends the requests for which libcurl has not even begun to connect in time.
inline void CurlEventLoop::end_unconnected() {
  if (connecting_.empty()) return;
  const TimePoint present = now();
  while (!connecting_.empty() && connecting_.begin()->first <= present) {
    CurlHandle& handle = *connecting_.begin()->second;
    connecting_.erase(*std::exchange(handle.connecting, std::nullopt));
    if (!handle.sent_before && handle.transfer != nullptr) completed(handle, CURLE_OPERATION_TIMEDOUT);
  }
}

/// Called when the rest of an answer has come or takes too long. A request that waits for its connection
/// begins.
inline void CurlEventLoop::drained(CurlHandle& handle) noexcept {
  CurlServer& server = *handle.server;
  --server.draining;
  retire(handle);
  if (!server.waiting.empty()) begin(server.waiting.front());
}

inline void CurlEventLoop::keep_socket(const CurlHandle& handle) noexcept {
  if (handle.http1_socket != CURL_SOCKET_BAD) return;
  const auto socket = handle.info<curl_socket_t>(CURLINFO_ACTIVESOCKET);
  const char* address = handle.info<const char*>(CURLINFO_PRIMARY_IP);
  const ConnectionEnds ends{.server_address = address == nullptr ? "" : address,
                            .server_port = handle.info<long>(CURLINFO_PRIMARY_PORT),
                            .own_port = handle.info<long>(CURLINFO_LOCAL_PORT)};
  const long version = handle.info<long>(CURLINFO_HTTP_VERSION);
  const bool is_http1 = version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1;
  sockets_.keep(socket, handle.server, ends, is_http1);
}

inline void CurlEventLoop::completed(CurlHandle& handle, CURLcode code) noexcept {
  keep_socket(handle);
  Transfer* transfer = handle.transfer;
  if (transfer == nullptr) return drained(handle);
  // libcurl reports success for a head that breaks off before its blank line.
  if (code == CURLE_OK && transfer->response.status == 0) code = CURLE_GOT_NOTHING;
  // libcurl reports a write error for the bytes that some servers add to compressed data.
  if (code == CURLE_WRITE_ERROR && !handle.is_rejected) code = CURLE_OK;
  std::optional<TransferFailure> failed;
  if (code != CURLE_OK) failed = failure_of_end(handle, code);
  transfer->handle = nullptr;
  retire(handle);
  transfer->finish(std::move(failed));
}

inline TransferFailure CurlEventLoop::failure_of_end(const CurlHandle& handle, CURLcode code) noexcept {
  const bool is_invalid = handle.head_too_large || handle.body_too_large || !handle.head.length_is_valid();
  if (handle.is_rejected && !is_invalid) return out_of_memory();
  try {
    return failure_of(end_of(handle, code));
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

/// Takes a handle out of libcurl and keeps it for the next request, unless libcurl has kept something of this
/// one.
inline void CurlEventLoop::retire(CurlHandle& handle) noexcept {
  if (std::exchange(handle.is_added, false)) {
    curl_multi_remove_handle(multi_.get(), handle.easy.get());
  }
  if (handle.connecting) connecting_.erase(*std::exchange(handle.connecting, std::nullopt));
  handle.transfer = nullptr;
  --std::exchange(handle.server, nullptr)->requests;
  handle.release_body();  // or a large one would stay in memory as long as the loop
  if (handle.is_paused()) {
    turn_.paused.erase(handle.place);
  } else {
    move_to(handle, idle_);
  }
}

}  // namespace openailb::detail
