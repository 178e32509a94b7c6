// Every method, and the three kinds of body, as they reach a server.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include "support/upload.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace openailb::test::methods_and_bodies_test {
namespace {

using namespace openailb::detail;
using ::testing::HasSubstr;

Task<std::optional<TransferFailure>> transfer(EventLoop& loop, HttpRequest request) {
  Transfer sending(loop, std::move(request));
  WhenAny end(sending);
  co_await end;
  co_return sending.failure();
}

/// What a server receives when libcurl's loop sends this; the second time, on the same handle, as well.
Request received(HttpRequest request) {
  ScriptedServer server(answer_with(http_response(200, "{}")));
  CurlEventLoop loop;
  request.url = server.url() + "/x";
  request.max_response_size = 100;
  for (int time = 0; time < 2; ++time) {
    const auto failure = run(loop, transfer(loop, request));
    EXPECT_FALSE(failure) << failure->message;
  }
  EXPECT_EQ(server.connection_count(), 1);
  const auto requests = server.requests();
  EXPECT_EQ(requests.at(0).method, requests.at(1).method);
  if (request.parts.empty()) {  // else their boundaries differ
    EXPECT_EQ(requests.at(0).raw, requests.at(1).raw);
  }
  return requests.at(0);
}

TEST(Methods, AreSentAsTheyAreNamed) {
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const Request bare = received({.method = method});
    EXPECT_EQ(bare.method, method);
    EXPECT_EQ(bare.body, "");
  }
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    const Request full = received({.method = method, .body = R"({"a":1})"});
    EXPECT_EQ(full.method, method);
    EXPECT_EQ(full.body, R"({"a":1})");
    EXPECT_EQ(full.header("content-length"), "7");
  }
}

TEST(Methods, ThatHaveABodySayThatItIsEmpty) {
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    EXPECT_EQ(received({.method = method}).header("content-length"), "0") << method;
  }
  for (const char* method : {"GET", "DELETE"}) {
    EXPECT_EQ(received({.method = method}).header("content-length"), std::nullopt) << method;
  }
}

TEST(Methods, OfOneRequestDoNotStickToTheNextOnItsHandle) {
  ScriptedServer server(answer_with(http_response(200, "{}")));
  CurlEventLoop loop;
  const std::array<HttpRequest, 6> requests{
      HttpRequest{.method = "PATCH", .body = "{}"},
      HttpRequest{.method = "GET"},
      HttpRequest{.method = "PUT", .parts = {{.name = "a", .content = "b"}}},
      HttpRequest{.method = "POST"},
      HttpRequest{.method = "DELETE"},
      HttpRequest{.method = "POST", .body = "[]"}};
  for (HttpRequest request : requests) {
    request.url = server.url() + "/x";
    request.max_response_size = 100;
    EXPECT_FALSE(run(loop, transfer(loop, request)));
  }
  EXPECT_EQ(server.connection_count(), 1);
  for (std::size_t index = 0; index < requests.size(); ++index) {
    const Request got = server.requests().at(index);
    EXPECT_EQ(got.method, requests[index].method);
    if (requests[index].parts.empty()) {
      EXPECT_EQ(got.body, requests[index].body);
    }
  }
}

TEST(Multipart, HasFieldsAndFilesFromMemory) {
  const std::string bytes("\0\xff\r\n--", 6);
  const std::vector<Part> parts = parts_of(
      received({.parts = {{.name = "model", .content = "whisper-1"},
                          {.name = "empty"},
                          {.name = "file", .file = file_from_bytes("a \"b\".wav", bytes, "audio/wav")}}}));
  ASSERT_EQ(parts.size(), 3);
  EXPECT_EQ(parts[0].head, "Content-Disposition: form-data; name=\"model\"");
  EXPECT_EQ(parts[0].content, "whisper-1");
  EXPECT_EQ(parts[1].content, "");
  EXPECT_THAT(parts[2].head, HasSubstr("name=\"file\"; filename=\"a %22b%22.wav\""));
  EXPECT_THAT(parts[2].head, HasSubstr("Content-Type: audio/wav"));
  EXPECT_EQ(parts[2].content, bytes);
}

TEST(Multipart, SaysWhatAnImageIs) {
  for (const auto& [name, type] : {std::pair("a.png", "image/png"), std::pair("a.WebP", "image/webp")}) {
    const Request request = received({.parts = {{.name = "image", .file = file_from_bytes(name, "x")}}});
    EXPECT_THAT(parts_of(request).at(0).head, HasSubstr(std::string("Content-Type: ") + type)) << name;
  }
}

TEST(Multipart, HasFilesFromDisk) {
  const std::string content(3 << 20, 'x');
  const TemporaryFile file(content);
  const std::vector<Part> parts = parts_of(received(
      {.parts = {{.name = "file", .file = openailb::file(file.path())},
                 {.name = "other",
                  .file = {.path = file.path(), .filename = "talk.mp3", .content_type = "audio/mpeg"}}}}));
  ASSERT_EQ(parts.size(), 2);
  EXPECT_THAT(parts[0].head, HasSubstr("filename=\"" + file.name() + "\""));
  EXPECT_THAT(parts[0].head, HasSubstr("Content-Type: text/plain"));
  EXPECT_EQ(parts[0].content, content);
  EXPECT_THAT(parts[1].head, HasSubstr("filename=\"talk.mp3\""));
  EXPECT_EQ(parts[1].content, content);
}

TEST(Multipart, WithAFileThatCannotBeReadIsNotSent) {
  ScriptedServer server(answer_with(http_response(200, "{}")));
  const TemporaryFile empty("");
  const TemporaryFile changed("longer than it was", ".wav");
  const std::vector<std::pair<BodyPart, std::string>> wrong{
      {{.file = openailb::file("/no/such/file.wav")}, "/no/such/file.wav does not exist"},
      {{.file = openailb::file(::testing::TempDir())}, ::testing::TempDir() + " is a directory"},
      {{.file = openailb::file(empty.path())}, empty.path() + " is empty"},
      {{.file = openailb::file("/dev/null")}, "/dev/null is no regular file"},
      {{.file = openailb::file(changed.path()), .size_on_disk = 5},
       changed.path() + " has changed since the call began, from 5 to 18 bytes"}};
  CurlEventLoop loop;
  for (const auto& [part, what] : wrong) {
    const auto failure = run(loop, transfer(loop, {.url = server.url(), .parts = {part}}));
    ASSERT_TRUE(failure) << what;
    EXPECT_EQ(failure->kind, ErrorKind::bad_request);
    EXPECT_TRUE(failure->is_client_error);
    EXPECT_EQ(failure->message, "not sent: the file " + what);
  }
  EXPECT_EQ(server.connection_count(), 0);
}

TEST(Multipart, IsTheCallersMistakeWhenItsFileShrinksMeanwhile) {
  const TemporaryFile file(std::string(8 << 20, 'x'));
  Gate shrunk;
  ScriptedServer server([&](Connection& connection) {
    std::filesystem::resize_file(file.path(), 1000);  // the head of the request may have come, but not all
    shrunk.open();
    connection.wait_closed();
  });
  CurlEventLoop loop;
  const auto failure =
      run(loop, transfer(loop, {.url = server.url(),
                                .parts = {{.name = "file", .file = openailb::file(file.path())}}}));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->is_client_error) << failure->message;
  EXPECT_EQ(failure->kind, ErrorKind::bad_request);
  EXPECT_FALSE(failure->connection_was_idle);
}

TEST(Multipart, SendsAsMuchOfAFileAsItHadAtFirst) {
  const TemporaryFile file("first");
  ScriptedServer server([&](Connection& connection) {
    std::ofstream(file.path(), std::ios::app) << std::string(100, 'y');
    if (connection.read_request()) connection.write(http_response(200, "{}"));
  });
  CurlEventLoop loop;
  EXPECT_FALSE(run(loop, transfer(loop, {.url = server.url(),
                                         .parts = {{.name = "file", .file = openailb::file(file.path())}},
                                         .max_response_size = 100})));
  const std::vector<Part> parts = parts_of(server.requests().at(0));
  ASSERT_EQ(parts.size(), 1);
  EXPECT_EQ(parts[0].content, "first");
}

TEST(Multipart, WithAFileThatIsNoFileBlocksNobody) {
  const std::string path = ::testing::TempDir() + "openailb-fifo-" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  CurlEventLoop loop;
  const auto failure = run(loop, transfer(loop, {.url = "http://127.0.0.1:9",
                                                 .parts = {{.name = "file", .file = openailb::file(path)}}}));
  std::filesystem::remove(path);
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->is_client_error);
}

}  // namespace
}  // namespace openailb::test::methods_and_bodies_test
