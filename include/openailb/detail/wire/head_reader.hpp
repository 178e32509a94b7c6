#pragma once

#include <openailb/http.hpp>
#include <openailb/response_headers.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace openailb::detail {

/// Reads the head of an answer, line by line. The status is set only when the blank line has come: a head
/// that breaks off before it is a broken connection, not an answer. The headers of a 1xx are dropped.
/// Trailers are ignored, as they are not part of the head.
class HeadReader {
 public:
  void read(std::string_view line, HttpResponse& response) {
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
      response.headers = {};
      status_ = 0;
      length_.reset();
      length_is_valid_ = true;
      line.remove_prefix((std::min)(line.find(' ') + 1, line.size()));
      std::from_chars(line.data(), line.data() + line.size(), status_);
    } else if (line.empty()) {
      if (status_ >= 200) response.status = status_;
    } else if (response.status == 0) {
      read_field(line, response.headers);
    }
  }

  /// False when the head says of its body's length what cannot be.
  bool length_is_valid() const noexcept { return length_is_valid_; }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void read_field(std::string_view line, ResponseHeaders& headers) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    headers.add(line.substr(0, colon), value);
    if (is_same_header(line.substr(0, colon), "content-length")) read_length(value);
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
  std::optional<std::int64_t> length_{};  // that the head names
  bool length_is_valid_{true};
};

}  // namespace openailb::detail
