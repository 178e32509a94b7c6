#include <openailb/detail/wire/head_reader.hpp>
#include <openailb/values/http.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace openailb::head_reader_test {
namespace {

using detail::HeadReader;
using Lines = std::initializer_list<std::string_view>;

/// What a reader makes of some lines.
struct Head {
  HeadReader reader{};
  HttpResponse response{};

  explicit Head(Lines lines) { read(lines); }
  void read(Lines lines) {
    for (const std::string_view line : lines) reader.read(std::string(line) + "\r\n", response);
  }
};

TEST(HeadReader, ReadsTheStatusAndTheHeaders) {
  const Head head{"HTTP/1.1 201 Created", "A: b", "Blank:", "C:  d e \t", "no colon", ":x", ""};
  EXPECT_EQ(head.response.status, 201);
  EXPECT_EQ(head.response.headers, (ResponseHeaders{{"A", "b"}, {"Blank", ""}, {"C", "d e"}, {"", "x"}}));
}

TEST(HeadReader, SaysNothingOfAHeadThatBreaksOff) {
  const Head head{"HTTP/1.1 200 OK", "A: b"};
  EXPECT_EQ(head.response.status, 0);
  EXPECT_TRUE(head.response.headers.empty());
}

TEST(HeadReader, DropsTheHeadersOfAnInterimAnswer) {
  const Head head{"HTTP/1.1 103 Early Hints", "A: b", "Content-Length: 7", "", "HTTP/1.1 200 OK",
                  "Content-Length: 8",        "",     "Trailer: t",        ""};
  EXPECT_EQ(head.response.status, 200);
  EXPECT_EQ(head.response.headers, (ResponseHeaders{{"Content-Length", "8"}}));
  EXPECT_TRUE(head.reader.length_is_valid());
}

TEST(HeadReader, JoinsWhatComesSeveralTimes) {
  const Head head{"HTTP/2 200", "set-cookie: a=1", "x: y", "Set-Cookie: b=2", "set-cookie: c=3", "X:", ""};
  EXPECT_EQ(head.response.headers, (ResponseHeaders{{"set-cookie", "a=1, b=2, c=3"}, {"x", "y, "}}));
  EXPECT_EQ(head.response.headers.at("Set-Cookie"), "a=1, b=2, c=3");
}

TEST(HeadReader, ReadsThousandsOfHeaders) {
  Head head{"HTTP/1.1 200 OK"};
  for (int index = 0; index < 3000; ++index) {
    const std::string number = std::to_string(index % 2000);
    head.read({"Name-" + number + ": value-" + number});
  }
  head.read({""});
  EXPECT_EQ(head.response.headers.size(), 2000U);
  EXPECT_EQ(head.response.headers.at("name-1999"), "value-1999");
  EXPECT_EQ(head.response.headers.at("name-999"), "value-999, value-999");
}

TEST(HeadReader, KnowsALengthThatCannotBe) {
  EXPECT_TRUE(
      Head({"HTTP/1.1 200 OK", "Content-Length: 5", "content-length: 5", ""}).reader.length_is_valid());
  for (const std::string_view line : {"Content-Length: 6", "Content-Length: -5", "CONTENT-LENGTH: 5, 5",
                                      "content-length: 99999999999999999999"}) {
    EXPECT_FALSE(Head({"HTTP/1.1 200 OK", "Content-Length: 5", line, ""}).reader.length_is_valid()) << line;
  }
}

TEST(HeadReader, KnowsWhatIsNoEncoding) {
  for (const std::string_view value : {"utf-8", " UTF-8 ", "identity-x"}) {
    const std::string line = "CONTENT-Encoding:" + std::string(value);
    EXPECT_TRUE(Head({"HTTP/1.1 200 OK", line, ""}).reader.has_no_encoding()) << value;
  }
  for (const std::string_view value : {"", "gzip", " GZIP", "br", "gzip, utf-8", "none"}) {
    const std::string line = "Content-Encoding:" + std::string(value);
    EXPECT_FALSE(Head({"HTTP/1.1 200 OK", line, ""}).reader.has_no_encoding()) << value;
  }
}

}  // namespace
}  // namespace openailb::head_reader_test
