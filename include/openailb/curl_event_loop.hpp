#pragma once

#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/progress.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <fcntl.h>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// Initialises libcurl once per process. There is no cleanup: other users of libcurl may still be at work.
inline void initialise_curl() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) throw std::runtime_error("openailb: libcurl cannot be initialised");
}

/// One easy handle, which is kept and used again: a new one would read the CA bundle again and double the CPU
/// time of a call. It owns what libcurl reads while it sends, since a stream's transfer may end before it.
struct CurlHandle {
  std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};
  std::unique_ptr<curl_slist, FreeList> headers{};
  HttpRequest request{};
  Transfer* transfer{};  // null while the rest of an answer is drained
  TimePoint drained_by{};
  std::size_t header_bytes{};
  std::optional<long> sent_before{};  // bytes before the request itself; null until it may be sent
  TimePoint sent_at{};
  bool too_large{};
  std::array<char, CURL_ERROR_SIZE> error{};
};

template <class Value>
void set(CurlHandle& handle, CURLoption option, Value value) {
  if (curl_easy_setopt(handle.easy.get(), option, value) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
}

/// Milliseconds as libcurl takes them, rounded up; zero stays zero.
inline long curl_milliseconds(std::chrono::nanoseconds duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<long>((std::min<long long>)(count, (std::numeric_limits<int>::max)()));
}

/// libcurl's callbacks. They append bytes and take notes; nothing is thrown, resumed or destroyed in them.
struct CurlCallbacks {
  /// Of all header sections of an answer; libcurl's own limit is 300 KiB and looks like a broken connection.
  static constexpr std::size_t largest_header = std::size_t{256} << 10;
  /// What may arrive of a stream before its reader gets to take it.
  static constexpr std::size_t largest_burst = std::size_t{64} << 20;

  static std::size_t write(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    if (handle.transfer == nullptr) return size;
    std::string& body = handle.transfer->response.body;
    std::size_t limit = handle.request.max_response_size;
    if (handle.transfer->wakes_on_data()) limit = (std::max)(limit, largest_burst);
    handle.too_large = size > limit || body.size() > limit - size;
    if (handle.too_large || !succeeds([&] { body.append(data, size); })) return CURL_WRITEFUNC_ERROR;
    handle.transfer->data_arrived();
    return size;
  }

  static std::size_t header(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    if (handle.transfer == nullptr) return size;
    handle.header_bytes += size;
    handle.too_large = handle.header_bytes > largest_header;
    if (handle.too_large) return CURL_WRITEFUNC_ERROR;
    const bool read = succeeds([&] { add_header_line(handle.transfer->response, {data, size}); });
    return read ? size : CURL_WRITEFUNC_ERROR;
  }

  /// Called when a socket has been made. A child process would inherit it, and keep a connection open that
  /// has been dropped here.
  static int close_on_exec(void*, [[maybe_unused]] curl_socket_t socket, curlsocktype) noexcept {
#ifdef FD_CLOEXEC
    static_cast<void>(::fcntl(socket, F_SETFD, FD_CLOEXEC));
#endif
    return CURL_SOCKOPT_OK;
  }

  /// Called before a request is sent. Again within one transfer means that libcurl found a kept connection
  /// dead and would silently send the POST a second time. It may when nothing of the first had left.
  static int before_request(void* user, char*, char*, int, int) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    long bytes_sent = 0;
    curl_easy_getinfo(handle.easy.get(), CURLINFO_REQUEST_SIZE, &bytes_sent);
    if (!handle.sent_before) {
      handle.sent_before = bytes_sent;
      handle.sent_at = std::chrono::steady_clock::now();
    }
    return bytes_sent == *handle.sent_before ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  }

 private:
  /// Whether it worked: no exception may cross libcurl.
  template <class Action>
  static bool succeeds(Action action) noexcept {
    try {
      action();
      return true;
    } catch (...) {
      return false;
    }
  }
};

}  // namespace detail

/// The event loop on libcurl's multi interface. Keeps connections from call to call.
class CurlEventLoop final : public EventLoop {
 public:
  explicit CurlEventLoop(ConnectionOptions options = {});
  ~CurlEventLoop() override;

  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  void start(Transfer& transfer, HttpRequest request) override;
  void cancel(Transfer& transfer) noexcept override;
  void wait(TimePoint until) override;
  void wake() noexcept override { curl_multi_wakeup(multi_.get()); }

 private:
  using Handle = std::unique_ptr<detail::CurlHandle>;

  /// More than any number of endpoints: libcurl's own limit makes six hosts reconnect all the time.
  static constexpr long kept_connections = 1024;
  /// How long the rest of an answer may take whose reader has all it needs. Without this a stream's
  /// connection would be lost each time that `[DONE]` comes a moment before the end.
  static constexpr std::chrono::milliseconds drain_time{20};

  /// A kept connection that had died shows it by the next round trip. One that breaks later has taken its
  /// server along, or the other way round, and that is a failure.
  static constexpr std::chrono::seconds noticed_within{1};

  Handle take_handle();
  void configure(detail::CurlHandle& handle);
  void prepare(detail::CurlHandle& handle);
  void perform();
  void poll(TimePoint until);
  void drain();
  void drop_overdue();
  void completed(detail::CurlHandle& handle, CURLcode code);
  void retire(detail::CurlHandle& handle) noexcept;
  TransferFailure failure(detail::CurlHandle& handle, CURLcode code) const;

  ConnectionOptions options_;
  std::unique_ptr<CURLM, detail::FreeMulti> multi_;
  std::vector<Handle> busy_{};
  std::vector<Handle> idle_{};
  std::size_t draining_{};
};

inline CurlEventLoop::CurlEventLoop(ConnectionOptions options) : options_(std::move(options)) {
  detail::initialise_curl();
  multi_.reset(curl_multi_init());
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kept_connections);
}

inline CurlEventLoop::~CurlEventLoop() {
  for (const Handle& handle : busy_) curl_multi_remove_handle(multi_.get(), handle->easy.get());
}

inline void CurlEventLoop::start(Transfer& transfer, HttpRequest request) {
  drain();
  Handle handle = take_handle();
  handle->transfer = &transfer;
  handle->request = std::move(request);
  prepare(*handle);
  busy_.reserve(busy_.size() + 1);
  idle_.reserve(idle_.size() + busy_.size() + 1);  // so that giving handles back cannot fail
  if (curl_multi_add_handle(multi_.get(), handle->easy.get()) != CURLM_OK) {
    return transfer.finish(TransferFailure{.message = "libcurl does not accept the request"});
  }
  transfer.handle = handle.get();
  busy_.push_back(std::move(handle));
}

inline void CurlEventLoop::cancel(Transfer& transfer) noexcept {
  auto& handle = *static_cast<detail::CurlHandle*>(transfer.handle);
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
  auto handle = std::make_unique<detail::CurlHandle>();
  if (!handle->easy) throw std::bad_alloc();
  configure(*handle);
  return handle;
}

/// What is the same for every request.
inline void CurlEventLoop::configure(detail::CurlHandle& handle) {
  using detail::set;
  set(handle, CURLOPT_PRIVATE, static_cast<void*>(&handle));
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_ERRORBUFFER, handle.error.data());
  set(handle, CURLOPT_WRITEFUNCTION, &detail::CurlCallbacks::write);
  set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&handle));
  set(handle, CURLOPT_HEADERFUNCTION, &detail::CurlCallbacks::header);
  set(handle, CURLOPT_HEADERDATA, static_cast<void*>(&handle));
  set(handle, CURLOPT_SOCKOPTFUNCTION, &detail::CurlCallbacks::close_on_exec);
  set(handle, CURLOPT_PREREQFUNCTION, &detail::CurlCallbacks::before_request);
  set(handle, CURLOPT_PREREQDATA, static_cast<void*>(&handle));
  set(handle, CURLOPT_QUICK_EXIT, 1L);       // or cancelling waits for a slow resolver
  set(handle, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decompress
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_PATH_AS_IS, 1L);  // `..` was escaped on purpose
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's are not the answer's
  if (!options_.proxy.empty()) set(handle, CURLOPT_PROXY, options_.proxy.c_str());
  if (!options_.client_certificate.empty()) set(handle, CURLOPT_SSLCERT, options_.client_certificate.c_str());
  if (!options_.client_key.empty()) set(handle, CURLOPT_SSLKEY, options_.client_key.c_str());
  const char* system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (!options_.ca_bundle.empty()) set(handle, CURLOPT_CAINFO, options_.ca_bundle.c_str());
  // libcurl keeps the bundle in memory only when there is no directory of certificates to look into as well.
  if (!options_.ca_bundle.empty() || system_bundle != nullptr) {
    set(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

/// What is this request's own.
inline void CurlEventLoop::prepare(detail::CurlHandle& handle) {
  using detail::set;
  const HttpRequest& request = handle.request;
  handle.sent_before.reset();
  handle.header_bytes = 0;
  handle.too_large = false;
  handle.error[0] = '\0';
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_CONNECTTIMEOUT_MS,
      request.connect_timeout.count() == 0 ? (std::numeric_limits<int>::max)()
                                           : detail::curl_milliseconds(request.connect_timeout));
  if (request.method == "GET") {
    set(handle, CURLOPT_HTTPGET, 1L);
  } else {
    set(handle, CURLOPT_POST, 1L);
    set(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  handle.headers.reset();
  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(handle.headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(handle.headers.release());
    handle.headers.reset(longer);
  };
  add("Expect:");  // libcurl would ask large bodies to wait for a 100
  for (const auto& [name, value] : request.headers) add(value.empty() ? name + ':' : name + ": " + value);
  set(handle, CURLOPT_HTTPHEADER, handle.headers.get());
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
    completed(*static_cast<detail::CurlHandle*>(user), code);
  }
  drop_overdue();
}

inline void CurlEventLoop::poll(TimePoint until) {
  const TimePoint present = now();
  long milliseconds = (std::numeric_limits<int>::max)();
  if (until != (TimePoint::max)()) {
    milliseconds = detail::curl_milliseconds((std::max)(until - present, std::chrono::nanoseconds{}));
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
    detail::CurlHandle& handle = *busy_[index];
    if (handle.transfer != nullptr || handle.drained_by > present) continue;
    --draining_;
    retire(handle);
  }
}

inline void CurlEventLoop::completed(detail::CurlHandle& handle, CURLcode code) {
  Transfer* transfer = handle.transfer;
  if (transfer == nullptr) {
    --draining_;
    return retire(handle);
  }
  std::optional<TransferFailure> failed;
  if (code != CURLE_OK) failed = failure(handle, code);
  transfer->handle = nullptr;
  retire(handle);
  transfer->finish(std::move(failed));
}

/// Takes a handle out of libcurl and keeps it for the next request.
inline void CurlEventLoop::retire(detail::CurlHandle& handle) noexcept {
  curl_multi_remove_handle(multi_.get(), handle.easy.get());
  handle.transfer = nullptr;
  auto place = std::ranges::find(busy_, &handle, &Handle::get);
  idle_.push_back(std::move(*place));
  busy_.erase(place);
}

namespace detail {

inline std::string describe(CURLcode code, const std::string& host, const CurlHandle& handle) {
  const std::string reason = handle.error[0] == '\0' ? curl_easy_strerror(code) : handle.error.data();
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "could not resolve " + host;
    case CURLE_COULDNT_RESOLVE_PROXY: return "could not resolve the proxy";
    case CURLE_COULDNT_CONNECT: return "could not connect to " + host;
    case CURLE_OPERATION_TIMEDOUT:
      return "could not connect to " + host + " within " + duration_text(handle.request.connect_timeout);
    case CURLE_GOT_NOTHING: return host + " closed the connection without an answer";
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return "the connection to " + host + " broke (" + reason + ")";
    default: return host + ": " + reason;
  }
}

}  // namespace detail

inline TransferFailure CurlEventLoop::failure(detail::CurlHandle& handle, CURLcode code) const {
  const std::string host = detail::authority_of(handle.request.url);
  // libcurl's own limit for a line of the header section is below that for all of it.
  const bool long_header = code == CURLE_OUT_OF_MEMORY && handle.sent_before;
  if (handle.too_large || long_header) {
    const bool in_header = long_header || handle.header_bytes > detail::CurlCallbacks::largest_header;
    return {.kind = ErrorKind::parse,
            .message = in_header ? "the answer's header section is larger than it may be"
                                 : "the answer is larger than max_response_size (" +
                                       std::to_string(handle.request.max_response_size) + " bytes)",
            .request_received = true};
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    if (now() - handle.sent_at < noticed_within) {
      return {.message = "the idle connection to " + host + " had died", .connection_was_idle = true};
    }
    return {.message = "the connection to " + host + " broke without an answer", .request_received = true};
  }
  curl_off_t sent = 0;
  curl_easy_getinfo(handle.easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  // After a request has been sent, what cannot be connected to is a server that went away with it.
  const bool all_sent =
      code == CURLE_COULDNT_CONNECT || sent >= static_cast<curl_off_t>(handle.request.body.size());
  TransferFailure failed{.message = detail::describe(code, host, handle),
                         .request_received = handle.sent_before && all_sent};
  if (code == CURLE_OPERATION_TIMEDOUT) failed.kind = ErrorKind::timeout;
  if (code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_WEIRD_SERVER_REPLY ||
      code == CURLE_UNSUPPORTED_PROTOCOL) {
    failed.kind = ErrorKind::parse;
  }
  return failed;
}

}  // namespace openailb
