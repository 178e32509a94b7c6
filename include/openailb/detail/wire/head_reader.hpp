#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_headers.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace openailb::detail {

/// Whether the value of a Content-Encoding names what is no encoding at all, such as utf-8. libcurl would
/// reject the answer.
inline bool names_no_encoding(std::string_view value) {
  static constexpr std::array<std::string_view, 8> encodings{"",   "gzip", "x-gzip",   "deflate",
                                                             "br", "zstd", "identity", "none"};
  std::string name = lower(value);
  std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
  return name.find(',') == std::string::npos && std::ranges::find(encodings, name) == encodings.end();
}

/// Reads the head of an answer, line by line. The status is set only when the blank line has come, and the
/// headers with it: a head that breaks off before it is a broken connection, not an answer. The headers of a
/// 1xx are dropped. Trailers are ignored, as they are not part of the head.
class HeadReader {
 public:
  void read(std::string_view line, HttpResponse& response) {
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (line.empty()) {
      if (status_ < 200) return;
      if (response.status == 0) response.headers = std::exchange(headers_, {});
      response.status = status_;
    } else if (line.front() == 'H' && line.starts_with("HTTP/")) {
      response.headers = {};
      *this = {};
      line.remove_prefix((std::min)(line.find(' ') + 1, line.size()));
      std::from_chars(line.data(), line.data() + line.size(), status_);
    } else if (response.status == 0) {
      read_field(line);
    }
  }

  /// False when the head says of its body's length what cannot be.
  bool length_is_valid() const noexcept { return length_is_valid_; }
  /// Whether the body is to be left as it is, since what the head names is no encoding.
  bool has_no_encoding() const noexcept { return has_no_encoding_; }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void read_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name(line.data(), colon);
    std::string_view value(line.data() + colon + 1, line.size() - colon - 1);
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    headers_.add(name, value);
    if (is_same_header(name, "content-length")) read_length(value);
    if (is_same_header(name, "content-encoding") && names_no_encoding(value)) has_no_encoding_ = true;
  }
  /// libcurl ignores a length that does not fit, and would take the end of the connection for the end of the
  /// answer.
  void read_length(std::string_view value) {
    std::int64_t length = 0;
    const char* end = value.data() + value.size();
    const auto [stopped, error] = std::from_chars(value.data(), end, length);
    const bool is_length = error == std::errc{} && stopped == end && length >= 0 && value.front() != '-';
    if (!is_length || length_.value_or(length) != length) length_is_valid_ = false;
    length_ = length;
  }

  int status_{};
  ResponseHeaders headers_{};
  std::optional<std::int64_t> length_{};  // that the head names
  bool length_is_valid_{true};
  bool has_no_encoding_{};
};

}  // namespace openailb::detail
