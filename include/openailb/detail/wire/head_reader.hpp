#pragma once

#include <openailb/http.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace openailb::detail {

/// Reads the head of an answer, line by line. The status is set only when the blank line has come: a head
/// that breaks off before it is a broken connection, not an answer. The headers of a 1xx are dropped.
/// Trailers are ignored, as they are not part of the head.
class HeadReader {
 public:
  void read(std::string_view line, HttpResponse& response) {
    line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
    if (line.starts_with("HTTP/")) {
      response.headers.clear();
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
  static void read_field(std::string_view line, Headers& headers) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string& value = headers[std::string(line.substr(0, colon))];
    line.remove_prefix(colon + 1);
    line.remove_prefix((std::min)(line.find_first_not_of(" \t"), line.size()));
    value.append(value.empty() ? "" : ", ").append(line);
  }

  int status_{};
};

}  // namespace openailb::detail
