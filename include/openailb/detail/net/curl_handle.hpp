#pragma once

#include <openailb/detail/net/curl_failure.hpp>
#include <openailb/detail/net/local_fault.hpp>
#include <openailb/detail/wire/head_reader.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/http.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// One transfer as libcurl sees it. The event loop that runs many is in curl_event_loop.hpp.

namespace openailb::detail {

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct CurlHandle;
struct CurlServer;
class IdleConnections;
class PartReader;
struct FreeMime {
  void operator()(curl_mime* mime) const noexcept { curl_mime_free(mime); }
};

/// The header lines of a request, as the list that libcurl reads. Each request reuses the memory of the one
/// before; curl_slist_append would allocate twice for every line.
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

/// The parts of a URL, as libcurl has found them. While requests have the same URL, libcurl need not take it
/// apart and put it together again for each, which is a tenth of what a call costs it. A request shares them,
/// since libcurl reads them until it ends, and others may have another URL meanwhile.
class CurlUrl {
 public:
  /// Null when libcurl can take none from this one in advance.
  const std::shared_ptr<CURLU>& parts_of(const std::string& url) {
    if (parts_ && url == text_) return parts_;
    parts_.reset();
    if (url.size() > longest) return parts_;
    text_ = url;
    std::shared_ptr<CURLU> parts(curl_url(), curl_url_cleanup);
    // as libcurl itself with CURLOPT_URL and CURLOPT_PATH_AS_IS
    constexpr unsigned flags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS;
    if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), flags) == CURLUE_OK) parts_ = std::move(parts);
    return parts_;
  }

 private:
  static constexpr std::size_t longest = 4096;  // a longer one would take memory for as long as its loop

  std::string text_{};
  std::shared_ptr<CURLU> parts_{};
};

/// What the transfers of a loop share in one of its turns.
struct CurlTurn {
  std::size_t number{};
  std::list<CurlHandle> paused{};  ///< have brought enough in one turn, and go on in another
};

/// One easy handle, which is kept and used again: a new one would read the CA bundle again and double the CPU
/// time of a call. It owns what libcurl reads while it sends, since libcurl may still use that after the
/// Transfer has been destroyed.
struct CurlHandle {
  std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};
  CurlHeaderLines headers{};
  HttpRequest request{};
  std::shared_ptr<CURLU> url_parts{};                       // null: libcurl finds them itself
  std::vector<std::shared_ptr<PartReader>> part_readers{};  // which the parts ask for their bytes
  std::unique_ptr<curl_mime, FreeMime> parts{};             // of a multipart body
  Transfer* transfer{};                                     // null while the rest of an answer is drained
  TimePoint drained_by{};
  std::list<CurlHandle>* list{};  // of the loop, in which it is
  std::list<CurlHandle>::iterator place{};
  CurlServer* server{};
  const IdleConnections* open_sockets{};        // of the loop
  curl_socket_t http1_socket{CURL_SOCKET_BAD};  // that it uses again; see IdleConnections
  bool is_added{};                              // to the multi handle
  std::optional<std::multimap<TimePoint, CurlHandle*>::iterator> connecting{};  // in the loop
  CurlTurn* turn{};                                                             // of the loop
  std::size_t last_turn{};                                                      // in which it brought bytes
  std::size_t brought{};                                                        // in that turn
  bool can_pause{};
  HeadReader head{};
  std::size_t head_bytes{};
  std::optional<long> sent_before{};  // bytes before the request itself; null until it may be sent
  TimePoint began_at{};
  TimePoint sent_at{};
  bool head_too_large{};
  bool body_too_large{};
  const std::string* unreadable_file{};  // of a part
  bool is_rejected{};                    // by one of our callbacks
  WantedSockets wanted_sockets{};
  std::array<char, CURL_ERROR_SIZE> error{};

  /// Sets an option. False when libcurl does not accept the value.
  template <class Value>
  bool set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy.get(), option, value);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    return code == CURLE_OK;
  }
  /// Sets an option without which no request may be made. Throws std::invalid_argument when libcurl does not
  /// accept the value.
  template <class Value>
  void require(CURLoption option, Value value, const char* what) {
    if (!set(option, value)) {
      throw std::invalid_argument(std::string("openailb: this libcurl does not accept ") + what);
    }
  }
  /// Notes that bytes of its answer have come. Gives how many have come in this turn of the loop.
  std::size_t bring(std::size_t bytes) noexcept {
    if (std::exchange(last_turn, turn->number) != turn->number) brought = 0;
    return brought += bytes;
  }
  bool is_paused() const noexcept { return list == &turn->paused; }
  /// Lets it go on in another turn of the loop. False if it does not share its loop with others.
  bool pause() noexcept;
  void release_body() noexcept {
    std::string().swap(request.body);
    parts.reset();
    part_readers.clear();
    request.parts.clear();
  }
  template <class Value>
  Value info(CURLINFO what) const {
    Value value{};
    curl_easy_getinfo(easy.get(), what, &value);
    return value;
  }
};

/// What a loop knows of one server.
struct CurlServer {
  CurlUrl url{};           ///< of the latest request
  std::size_t requests{};  ///< how many are under way or wait; the rest of an answer counts too
  std::size_t draining{};  ///< how many of its answers are being drained
  std::list<CurlHandle>
      waiting{};  ///< requests that wait for the connection of one of these, no more than these
};

/// Moves a handle to the end of another list. It stays where it is in memory.
inline void move_to(CurlHandle& handle, std::list<CurlHandle>& to) noexcept {
  to.splice(to.end(), *handle.list, handle.place);
  handle.list = &to;
}

inline bool CurlHandle::pause() noexcept {
  if (can_pause) move_to(*this, turn->paused);
  return can_pause;
}

/// How much of the request has gone out.
inline Sent sent_of(const CurlHandle& handle) {
  if (!handle.sent_before || handle.info<long>(CURLINFO_REQUEST_SIZE) <= *handle.sent_before) {
    return Sent::nothing;
  }
  const HttpRequest& request = handle.request;
  const auto size = request.parts.empty() ? static_cast<curl_off_t>(request.body.size())
                                          : handle.info<curl_off_t>(CURLINFO_CONTENT_LENGTH_UPLOAD_T);
  return handle.info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T) >= size ? Sent::all : Sent::part;
}

/// "host:port" of a URL.
inline std::string authority_of(std::string_view url) {
  url.remove_prefix((std::min)(url.find("://") + 3, url.size()));
  url = url.substr(0, url.find('/'));
  return std::string(url.substr(0, url.find('?')));
}

/// What libcurl says about a transfer that ended with this code.
inline CurlEnd end_of(const CurlHandle& handle, CURLcode code) {
  CurlEnd end{.code = code,
              .reason = handle.error[0] == '\0' ? curl_easy_strerror(code) : handle.error.data(),
              .host = authority_of(handle.request.url),
              .sent = sent_of(handle),
              .connection_was_kept = handle.info<long>(CURLINFO_NUM_CONNECTS) == 0,
              .head_began = handle.head_bytes > 0,
              .unreadable_file = handle.unreadable_file == nullptr ? "" : *handle.unreadable_file,
              .head_too_large = handle.head_too_large,
              .body_too_large = handle.body_too_large,
              .proxy_status = handle.info<long>(CURLINFO_HTTP_CONNECTCODE),
              .connect_timeout = handle.request.connect_timeout,
              .max_response_size = handle.request.max_response_size,
              .length_is_invalid = !handle.head.length_is_valid()};
  if (!handle.sent_before) {
    end.local_fault =
        local_fault(code, static_cast<int>(handle.info<long>(CURLINFO_OS_ERRNO)), handle.wanted_sockets);
  } else {
    end.since_sent = std::chrono::steady_clock::now() - handle.sent_at;
    // This is how libcurl reports a header line over its own limit, which is below ours for the whole head.
    if (code == CURLE_OUT_OF_MEMORY && end.sent != Sent::nothing) end.head_too_large = true;
    // If libcurl cannot connect after it has sent the request once, the server has gone away with that
    // request.
    if (code == CURLE_COULDNT_CONNECT) end.sent = Sent::all;
  }
  return end;
}

}  // namespace openailb::detail
