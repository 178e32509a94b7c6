#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/headers.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>

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
#include <vector>

/// \file
/// One transfer as libcurl sees it. What makes an event loop of many is in curl_event_loop.hpp.

namespace openailb::detail {

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};

/// Initialises libcurl once per process. There is no cleanup: other users of libcurl may still be at work.
inline void initialise_curl() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) throw std::runtime_error("openailb: libcurl cannot be initialised");
}

/// The header lines of a request, as the list that libcurl reads. Each request writes them into the memory of
/// the one before, where curl_slist_append would allocate twice for every line.
class CurlHeaderLines {
 public:
  curl_slist* fill(const Headers& headers) {
    lines_.resize(headers.size() + 1);
    auto line = lines_.begin();
    *line = "Expect:";  // libcurl would ask large bodies to wait for a 100
    for (const auto& [name, value] : headers) {
      (++line)->assign(name).append(value.empty() ? ":" : ": ").append(value);
    }
    nodes_.resize(lines_.size());
    curl_slist* next = nullptr;
    for (std::size_t index = nodes_.size(); index-- > 0; next = &nodes_[index]) {
      nodes_[index] = {.data = lines_[index].data(), .next = next};
    }
    return next;
  }

 private:
  std::vector<std::string> lines_{};
  std::vector<curl_slist> nodes_{};
};

/// One easy handle, which is kept and used again: a new one would read the CA bundle again and double the CPU
/// time of a call. It owns what libcurl reads while it sends, since a stream's transfer may end before it.
struct CurlHandle {
  std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};
  CurlHeaderLines headers{};
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

/// What is the same for every request.
inline void configure(CurlHandle& handle, const ConnectionOptions& options) {
  set(handle, CURLOPT_PRIVATE, static_cast<void*>(&handle));
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_ERRORBUFFER, handle.error.data());
  set(handle, CURLOPT_WRITEFUNCTION, &CurlCallbacks::write);
  set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&handle));
  set(handle, CURLOPT_HEADERFUNCTION, &CurlCallbacks::header);
  set(handle, CURLOPT_HEADERDATA, static_cast<void*>(&handle));
  set(handle, CURLOPT_SOCKOPTFUNCTION, &CurlCallbacks::close_on_exec);
  set(handle, CURLOPT_PREREQFUNCTION, &CurlCallbacks::before_request);
  set(handle, CURLOPT_PREREQDATA, static_cast<void*>(&handle));
  set(handle, CURLOPT_QUICK_EXIT, 1L);       // or cancelling waits for a slow resolver
  set(handle, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decompress
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_PATH_AS_IS, 1L);  // `..` was escaped on purpose
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's are not the answer's
  if (!options.proxy.empty()) set(handle, CURLOPT_PROXY, options.proxy.c_str());
  if (!options.client_certificate.empty()) set(handle, CURLOPT_SSLCERT, options.client_certificate.c_str());
  if (!options.client_key.empty()) set(handle, CURLOPT_SSLKEY, options.client_key.c_str());
  const char* system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (!options.ca_bundle.empty()) set(handle, CURLOPT_CAINFO, options.ca_bundle.c_str());
  // libcurl keeps the bundle in memory only when there is no directory of certificates to look into as well.
  if (!options.ca_bundle.empty() || system_bundle != nullptr) {
    set(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

/// What is this request's own.
inline void prepare(CurlHandle& handle) {
  const HttpRequest& request = handle.request;
  handle.sent_before.reset();
  handle.header_bytes = 0;
  handle.too_large = false;
  handle.error[0] = '\0';
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_CONNECTTIMEOUT_MS,
      request.connect_timeout.count() == 0 ? (std::numeric_limits<int>::max)()
                                           : curl_milliseconds(request.connect_timeout));
  if (request.method == "GET") {
    set(handle, CURLOPT_HTTPGET, 1L);
  } else {
    set(handle, CURLOPT_POST, 1L);
    set(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  set(handle, CURLOPT_HTTPHEADER, handle.headers.fill(request.headers));
}

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

/// A kept connection that had died shows it by the next round trip. One that breaks later has taken its
/// server along, or the other way round, and that is a failure.
inline constexpr std::chrono::seconds noticed_within{1};

/// Why a transfer failed that ended with this code.
inline TransferFailure failure_of(CurlHandle& handle, CURLcode code) {
  const std::string host = authority_of(handle.request.url);
  // libcurl's own limit for a line of the header section is below that for all of it.
  const bool long_header = code == CURLE_OUT_OF_MEMORY && handle.sent_before;
  if (handle.too_large || long_header) {
    const bool in_header = long_header || handle.header_bytes > CurlCallbacks::largest_header;
    return {.kind = ErrorKind::parse,
            .message = in_header ? "the answer's header section is larger than it may be"
                                 : "the answer is larger than max_response_size (" +
                                       std::to_string(handle.request.max_response_size) + " bytes)",
            .request_received = true};
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    if (std::chrono::steady_clock::now() - handle.sent_at < noticed_within) {
      return {.message = "the idle connection to " + host + " had died", .connection_was_idle = true};
    }
    return {.message = "the connection to " + host + " broke without an answer", .request_received = true};
  }
  curl_off_t sent = 0;
  curl_easy_getinfo(handle.easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  // After a request has been sent, what cannot be connected to is a server that went away with it.
  const bool all_sent =
      code == CURLE_COULDNT_CONNECT || sent >= static_cast<curl_off_t>(handle.request.body.size());
  TransferFailure failed{.message = describe(code, host, handle),
                         .request_received = handle.sent_before && all_sent};
  if (code == CURLE_OPERATION_TIMEDOUT) failed.kind = ErrorKind::timeout;
  if (code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_WEIRD_SERVER_REPLY ||
      code == CURLE_UNSUPPORTED_PROTOCOL) {
    failed.kind = ErrorKind::parse;
  }
  return failed;
}

}  // namespace openailb::detail
