#pragma once

#include <openailb/detail/net/curl_failure.hpp>
#include <openailb/detail/net/open_sockets.hpp>
#include <openailb/detail/wire/head_reader.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/headers.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
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
  HeadReader head{};
  std::size_t head_bytes{};
  std::optional<long> sent_before{};  // bytes before the request itself; null until it may be sent
  TimePoint sent_at{};
  bool head_too_large{};
  bool body_too_large{};
  bool was_resumed{};  // libcurl has begun anew on another connection
  std::array<char, CURL_ERROR_SIZE> error{};

  /// Whether libcurl has taken the value.
  template <class Value>
  bool set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy.get(), option, value);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    return code == CURLE_OK;
  }
  /// A value without which no request may be made.
  template <class Value>
  void require(CURLoption option, Value value, const char* what) {
    if (!set(option, value)) {
      throw std::invalid_argument(std::string("openailb: this libcurl does not accept ") + what);
    }
  }
  template <class Value>
  Value info(CURLINFO what) const {
    Value value{};
    curl_easy_getinfo(easy.get(), what, &value);
    return value;
  }
};

/// Milliseconds as libcurl takes them, rounded up; zero stays zero.
inline long curl_milliseconds(std::chrono::nanoseconds duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<long>((std::min<long long>)(count, (std::numeric_limits<int>::max)()));
}

/// libcurl's callbacks. They append bytes and take notes; nothing is thrown, resumed or destroyed in them.
struct CurlCallbacks {
  /// Of all header sections of an answer; libcurl's own limit is 300 KiB and looks like a broken connection.
  static constexpr std::size_t largest_head = std::size_t{256} << 10;
  /// What libcurl may bring of a stream at once, before its reader gets to take it.
  static constexpr std::size_t usual_burst = std::size_t{4} << 20;

  static std::size_t write(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    if (handle.transfer == nullptr) return size;
    std::string& body = handle.transfer->response.body;
    std::size_t limit = handle.request.max_response_size;
    if (handle.transfer->wakes_on_data()) limit = (std::max)(limit, usual_burst);
    handle.body_too_large = size > limit || body.size() > limit - size;
    if (handle.body_too_large || !succeeds([&] { body.append(data, size); })) return refused;
    handle.transfer->data_arrived();
    return size;
  }

  static std::size_t header(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    if (handle.transfer == nullptr) return size;
    handle.head_bytes += size;
    handle.head_too_large = handle.head_bytes > largest_head;
    if (handle.head_too_large) return refused;
    const bool read = succeeds([&] { handle.head.read({data, size}, handle.transfer->response); });
    return read ? size : refused;
  }

  /// Called before a request is sent. Again within one transfer means that libcurl found a kept connection
  /// dead and would silently send the POST a second time. It may when nothing of the first had left.
  static int before_request(void* user, char*, char*, int, int) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    const long bytes_sent = handle.info<long>(CURLINFO_REQUEST_SIZE);
    handle.was_resumed = handle.sent_before.has_value();
    if (!handle.was_resumed) {
      handle.sent_before = bytes_sent;
      handle.sent_at = std::chrono::steady_clock::now();
    }
    return bytes_sent == *handle.sent_before ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  }

 private:
  static constexpr std::size_t refused = 0xFFFFFFFF;  // CURL_WRITEFUNC_ERROR, which libcurl has since 7.87

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

inline void configure_connection(CurlHandle& handle, const ConnectionOptions& options) {
  if (!options.proxy.empty()) {
    handle.require(CURLOPT_PROXY, options.proxy.c_str(), "connection.proxy");
    handle.require(CURLOPT_NOPROXY, "", "a proxy for every host");  // whatever NO_PROXY says
  }
  if (!options.client_certificate.empty()) {
    handle.require(CURLOPT_SSLCERT, options.client_certificate.c_str(), "connection.client_certificate");
  }
  if (!options.client_key.empty()) {
    handle.require(CURLOPT_SSLKEY, options.client_key.c_str(), "connection.client_key");
  }
  const char* system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (!options.ca_bundle.empty()) {
    handle.require(CURLOPT_CAINFO, options.ca_bundle.c_str(), "connection.ca_bundle");
  }
  // libcurl keeps the bundle in memory only when there is no directory of certificates to look into as well.
  if (!options.ca_bundle.empty() || system_bundle != nullptr) {
    handle.set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

/// What is the same for every request. Throws std::invalid_argument when libcurl does not accept an option.
inline void configure(CurlHandle& handle, const ConnectionOptions& options, OpenSockets& sockets) {
  const auto self = static_cast<void*>(&handle);
  const auto watcher = static_cast<void*>(&sockets);
  handle.require(CURLOPT_PRIVATE, self, "a pointer of ours");
  handle.require(CURLOPT_NOSIGNAL, 1L, "to do without signals");
  handle.require(CURLOPT_ERRORBUFFER, handle.error.data(), "a place for its errors");
  handle.require(CURLOPT_WRITEFUNCTION, &CurlCallbacks::write, "a reader of bodies");
  handle.require(CURLOPT_WRITEDATA, self, "a reader of bodies");
  handle.require(CURLOPT_HEADERFUNCTION, &CurlCallbacks::header, "a reader of headers");
  handle.require(CURLOPT_HEADERDATA, self, "a reader of headers");
  handle.require(CURLOPT_SOCKOPTFUNCTION, &OpenSockets::opened, "an eye on its sockets");
  handle.require(CURLOPT_SOCKOPTDATA, watcher, "an eye on its sockets");
  handle.require(CURLOPT_CLOSESOCKETFUNCTION, &OpenSockets::close, "an eye on its sockets");
  handle.require(CURLOPT_CLOSESOCKETDATA, watcher, "an eye on its sockets");
  handle.require(CURLOPT_PREREQFUNCTION, &CurlCallbacks::before_request, "a guard against sending twice");
  handle.require(CURLOPT_PREREQDATA, self, "a guard against sending twice");
  handle.require(CURLOPT_PROTOCOLS_STR, "http,https", "to speak nothing but HTTP");
  handle.set(CURLOPT_QUICK_EXIT, 1L);       // or cancelling waits for a slow resolver
  handle.set(CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decompress
  handle.set(CURLOPT_PATH_AS_IS, 1L);       // `..` was escaped on purpose
  handle.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  handle.set(CURLOPT_TCP_KEEPALIVE, 1L);
  handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's are not the answer's
  configure_connection(handle, options);
}

/// What is this request's own. False: libcurl does not accept it.
inline bool prepare(CurlHandle& handle) {
  const HttpRequest& request = handle.request;
  handle.head = {};
  handle.head_bytes = 0;
  handle.sent_before.reset();
  handle.head_too_large = handle.body_too_large = handle.was_resumed = false;
  handle.error[0] = '\0';
  const long connect_timeout = request.connect_timeout.count() == 0
                                   ? (std::numeric_limits<int>::max)()
                                   : curl_milliseconds(request.connect_timeout);
  const bool posts = request.method == "POST";
  const char* custom = request.method == "DELETE" ? "DELETE" : nullptr;
  bool taken = handle.set(CURLOPT_URL, request.url.c_str()) &&
               handle.set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout) &&
               handle.set(CURLOPT_FRESH_CONNECT, request.fresh_connection ? 1L : 0L) &&
               handle.set(posts ? CURLOPT_POST : CURLOPT_HTTPGET, 1L) &&
               handle.set(CURLOPT_CUSTOMREQUEST, custom) &&
               handle.set(CURLOPT_HTTPHEADER, handle.headers.fill(request.headers));
  if (posts) {
    const auto size = static_cast<curl_off_t>(request.body.size());
    taken = taken && handle.set(CURLOPT_POSTFIELDS, request.body.c_str()) &&
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, size);
  }
  return taken;
}

/// How much of the request has gone out.
inline Sent sent_of(const CurlHandle& handle) {
  if (!handle.sent_before || handle.info<long>(CURLINFO_REQUEST_SIZE) <= *handle.sent_before) {
    return Sent::nothing;
  }
  const auto uploaded = handle.info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T);
  const bool has_body = handle.request.method == "POST";
  return !has_body || uploaded >= static_cast<curl_off_t>(handle.request.body.size()) ? Sent::all
                                                                                      : Sent::part;
}

/// "host:port" of a URL, for messages.
inline std::string authority_of(std::string_view url) {
  url.remove_prefix((std::min)(url.find("://") + 3, url.size()));
  return std::string(url.substr(0, url.find_first_of("/?")));
}

/// What libcurl tells of a transfer that ended with this code.
inline CurlEnd end_of(const CurlHandle& handle, CURLcode code) {
  CurlEnd end{.code = code,
              .reason = handle.error[0] == '\0' ? curl_easy_strerror(code) : handle.error.data(),
              .host = authority_of(handle.request.url),
              .sent = sent_of(handle),
              .connection_was_kept = handle.info<long>(CURLINFO_NUM_CONNECTS) == 0,
              .head_began = handle.head_bytes > 0,
              .head_too_large = handle.head_too_large,
              .body_too_large = handle.body_too_large,
              .proxy_status = handle.info<long>(CURLINFO_HTTP_CONNECTCODE),
              .connect_timeout = handle.request.connect_timeout,
              .max_response_size = handle.request.max_response_size};
  if (handle.sent_before) {
    end.since_sent = std::chrono::steady_clock::now() - handle.sent_at;
    // libcurl's own limit for a line of the head is below that for all of it.
    if (code == CURLE_OUT_OF_MEMORY && end.sent != Sent::nothing) end.head_too_large = true;
    // What cannot be connected to after a request has been sent is a server that went away with it.
    if (code == CURLE_COULDNT_CONNECT) end.sent = Sent::all;
  }
  return end;
}

}  // namespace openailb::detail
