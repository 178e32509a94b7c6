#pragma once

#include <openailb/detail/net/curl_handle.hpp>
#include <openailb/detail/net/idle_connections.hpp>
#include <openailb/detail/wire/long_text.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/values/http.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace openailb::detail {

/// libcurl's callbacks. They only store what comes; nothing is thrown, resumed or destroyed in them.
struct CurlCallbacks {
  /// The most bytes of all header sections of an answer. libcurl's own limit is 300 KiB, and an answer beyond
  /// it looks like a broken connection.
  static constexpr std::size_t largest_head = std::size_t{256} << 10;
  /// A line counts for more than its bytes, as in HTTP/2: many short ones cost more time than a long one.
  static constexpr std::size_t cost_of_line = 160;
  /// How many bytes of a stream libcurl may bring at once, before the reader can take them.
  static constexpr std::size_t usual_burst = std::size_t{4} << 20;

  /// How many bytes of an answer are taken in one turn of a loop for many. libcurl reads less than that in a
  /// turn, but what it reads may be packed a thousand times smaller.
  static constexpr std::size_t most_in_turn = std::size_t{1} << 20;
  /// How many bytes of an answer that nobody needs any more are read in one turn, to keep its connection.
  static constexpr std::size_t largest_rest = std::size_t{1} << 20;

  static std::size_t write(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    if (handle.transfer == nullptr) return handle.bring(size) > largest_rest ? rejected : size;
    if (handle.bring(size) > most_in_turn && handle.pause()) return CURL_WRITEFUNC_PAUSE;
    HttpResponse& response = handle.transfer->response;
    const bool is_error = response.status / 100 != 2;
    std::size_t limit = body_limit(response.status, handle.request.max_response_size);
    if (handle.transfer->wakes_on_data() && !is_error) limit = (std::max)(limit, usual_burst);
    const std::size_t room = limit - (std::min)(response.body.size(), limit);
    handle.body_too_large = size > room;
    const std::size_t taken = !handle.body_too_large ? size : is_error ? room : 0;
    handle.is_rejected = !succeeds([&] {
      append_to_long(response.body, {data, taken}, limit);
    }) || handle.body_too_large;
    if (handle.is_rejected) return rejected;
    handle.transfer->data_arrived();
    return size;
  }

  static std::size_t header(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    if (handle.transfer == nullptr) return size;
    handle.head_bytes += size + cost_of_line;
    handle.head_too_large = handle.head_bytes > largest_head;
    handle.is_rejected = handle.head_too_large || !succeeds([&] {
                           handle.head.read({data, size}, handle.transfer->response);
                           if (handle.head.has_no_encoding()) handle.set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
                         });
    // Only at the end of the head: by then a status that decides is known.
    if (handle.transfer->response.status != 0 && !handle.head.length_is_valid()) handle.is_rejected = true;
    return handle.is_rejected ? rejected : size;
  }

  /// Called by libcurl before it sends a request. A second time within one transfer means that libcurl has
  /// found a kept connection dead and would silently send the request again. It may do so only if nothing was
  /// sent the first time. Nothing is sent either on a kept connection where something can be read already.
  static int before_request(void* user, char* address, char*, int port, int own_port) noexcept {
    auto& handle = *static_cast<CurlHandle*>(user);
    const long bytes_sent = handle.info<long>(CURLINFO_REQUEST_SIZE);
    if (!handle.sent_before) {
      handle.sent_before = bytes_sent;
      handle.sent_at = std::chrono::steady_clock::now();
      if (handle.transfer != nullptr) handle.transfer->connected(connect_time(handle));
    }
    const bool is_kept = handle.info<long>(CURLINFO_NUM_CONNECTS) == 0;
    const ConnectionEnds ends{.server_address = address, .server_port = port, .own_port = own_port};
    handle.http1_socket = is_kept ? handle.open_sockets->http1_socket(ends) : CURL_SOCKET_BAD;
    if (handle.http1_socket != CURL_SOCKET_BAD && IdleConnections::is_unclean(handle.http1_socket)) {
      return CURL_PREREQFUNC_ABORT;
    }
    return bytes_sent == *handle.sent_before ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  }

 private:
  /// How long it took to make the connection; null when it was kept.
  static std::optional<std::chrono::nanoseconds> connect_time(const CurlHandle& handle) noexcept {
    if (handle.info<long>(CURLINFO_NUM_CONNECTS) == 0) return std::nullopt;
    return handle.sent_at - handle.began_at;
  }

  static constexpr std::size_t rejected = 0xFFFFFFFF;  // CURL_WRITEFUNC_ERROR, which libcurl has since 7.87

  /// Whether `action` did not throw: no exception may cross libcurl.
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

}  // namespace openailb::detail
