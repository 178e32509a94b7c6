#pragma once

#include "support/http_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace openailb::test {

/// A part of a body as a server received it; see RFC 7578.
struct Part {
  std::string head{};
  std::string content{};
};

inline std::vector<Part> parts_of(const Request& request) {
  constexpr std::string_view type = "multipart/form-data; boundary=";
  const std::string given = request.header("content-type").value_or("");
  EXPECT_THAT(given, ::testing::StartsWith(std::string(type)));
  const std::string boundary = "--" + given.substr(type.size());
  std::vector<Part> parts;
  std::size_t begin = request.body.find(boundary);
  for (;;) {
    begin += boundary.size();
    const std::size_t end = request.body.find(boundary, begin);
    if (end == std::string::npos) break;
    const std::string part = request.body.substr(begin + 2, end - begin - 4);  // less the line ends around it
    const std::size_t blank = part.find("\r\n\r\n");
    parts.push_back({part.substr(0, blank), part.substr(blank + 4)});
    begin = end;
  }
  EXPECT_EQ(request.body.substr(begin), "--\r\n");
  return parts;
}

/// A file that is there as long as this is. Its name begins with that of the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content, const std::string& ending = ".txt")
      : path_(::testing::TempDir() + "openailb-" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
              std::to_string(::getpid()) + ending) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }
  std::string name() const { return std::filesystem::path(path_).filename().string(); }

 private:
  std::string path_;
};

}  // namespace openailb::test
