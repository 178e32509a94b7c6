#pragma once

#include <openailb/http.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>

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
      line.remove_prefix((std::min)(line.find(' ') + 1, line.size()));
      std::from_chars(line.data(), line.data() + line.size(), status_);
    } else if (line.empty()) {
      if (status_ >= 200) response.status = status_;
    } else if (response.status == 0) {
      read_field(line, response.headers);
    }
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  static void read_field(std::string_view line, ResponseHeaders& headers) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    headers.add(line.substr(0, colon), value);
  }

  int status_{};
};

}  // namespace openailb::detail
