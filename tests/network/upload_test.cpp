// Uploads over sockets: files from disk, their names, failover in the middle of one, and files that change.
#include "support/upload.hpp"

#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::test::upload_test {
namespace {

using ::testing::HasSubstr;

/// A server that has got the beginning of a request, and not the rest, before it breaks off.
Handler dies_in_the_middle(std::size_t& received) {
  return [&received](Connection& connection) {
    received += connection.skip(std::size_t{1} << 20);
    connection.reset();
  };
}

std::vector<BodyPart> form(FileInput file) {
  return {{.name = "purpose", .content = "batch"}, {.name = "file", .file = std::move(file)}};
}

/// Bytes of which each stretch differs from the others.
std::string numbered(std::size_t size) {
  std::string bytes;
  for (std::size_t number = 0; bytes.size() < size; ++number) bytes += std::to_string(number) + '\n';
  bytes.resize(size);
  return bytes;
}

TEST(Upload, BeginsAnewAtTheNextServerWhenOneDiesInTheMiddle) {
  const TemporaryFile file(numbered(16 << 20), ".jsonl");
  std::size_t received = 0;
  ScriptedServer dying(dies_in_the_middle(received));
  ScriptedServer healthy(answer_with(http_response(200, R"({"id":"file-1"})")));
  const Client client({{.base_url = dying.url()}, {.base_url = healthy.url()}});
  const auto answer = client.upload("/files", form(openailb::file(file.path())));
  EXPECT_EQ(answer->at("id"), "file-1");
  EXPECT_EQ(answer->info.attempts.size(), 2);
  EXPECT_GE(received, std::size_t{1} << 20);
  EXPECT_LT(received, std::size_t{16} << 20);
  ASSERT_EQ(healthy.request_count(), 1);
  const auto parts = parts_of(healthy.requests()[0]);
  ASSERT_EQ(parts.size(), 2);
  EXPECT_EQ(parts[0].content, "batch");
  EXPECT_TRUE(parts[1].content == numbered(16 << 20));
  EXPECT_THAT(parts[1].head, HasSubstr("filename=\"" + file.name() + "\""));
}

TEST(Upload, IsNotRepeatedWithAFileThatHasChanged) {
  const TemporaryFile file("as it was");
  ScriptedServer first(answer([&](const Request&) {
    std::filesystem::resize_file(file.path(), 2);
    return http_response(503, "{}");
  }));
  ScriptedServer second(answer_with(http_response(200, "{}")));
  const Client client({{.base_url = first.url()}, {.base_url = second.url()}});
  const Error error = client.upload("/files", form(openailb::file(file.path()))).error();
  EXPECT_EQ(error.kind, ErrorKind::bad_request);
  EXPECT_THAT(error.message, HasSubstr(file.path() + " has changed since the call began, from 9 to 2 bytes"));
  EXPECT_EQ(first.request_count(), 1);
  EXPECT_EQ(second.connection_count(), 0);
  EXPECT_EQ(client.endpoints()[1].counts.total_exclusions, 1) << "it is no fault of the endpoint's";
}

TEST(Upload, OfAnAsyncClientIsTheSame) {
  const TemporaryFile file(numbered(3 << 20));
  std::size_t received = 0;
  ScriptedServer dying(dies_in_the_middle(received));
  ScriptedServer healthy(answer_with(http_response(200, R"({"id":"file-1"})")));
  const AsyncClient client({{.base_url = dying.url()}, {.base_url = healthy.url()}});
  auto under_way = client.upload("/files", form(openailb::file(file.path())));
  EXPECT_EQ(under_way.get()->at("id"), "file-1");
  EXPECT_TRUE(parts_of(healthy.requests().at(0)).at(1).content == numbered(3 << 20));
  auto missing = client.upload("/files", form(openailb::file("/no/such/file")));
  EXPECT_EQ(missing.get().error().kind, ErrorKind::bad_request);
}

TEST(Upload, OfSlicesSendsTheirBytesAlone) {
  constexpr std::int64_t size = 2 << 20;
  const TemporaryFile file(numbered(5 << 20));
  std::size_t received = 0;
  ScriptedServer dying(dies_in_the_middle(received));
  ScriptedServer server(answer_with(http_response(200, "{}")));
  const Client client({{.base_url = dying.url()}, {.base_url = server.url()}});
  std::string all;
  for (const std::int64_t offset : {std::int64_t{0}, size, 2 * size + 1}) {
    ASSERT_TRUE(client.upload("/parts", {{.name = "data", .file = file_slice(file.path(), offset, size)}}));
    all += parts_of(server.requests().back()).at(0).content;
  }
  EXPECT_GE(received, std::size_t{1} << 20);
  EXPECT_TRUE(all == numbered(5 << 20).erase(4 << 20, 1)) << "the last is shorter than it may be";
}

TEST(Upload, SendsNamesAsTheyAre) {
  ScriptedServer server(answer_with(http_response(200, "{}")));
  const Client client({{.base_url = server.url()}});
  const TemporaryFile file("x", " \"\xC3\xA4\xE2\x82\xAC\" ;a=b.txt");
  ASSERT_TRUE(client.upload("/files", {{.name = "the \"file\"", .file = openailb::file(file.path())}}));
  const auto parts = parts_of(server.requests().at(0));
  EXPECT_THAT(parts.at(0).head, HasSubstr("name=\"the %22file%22\""));
  EXPECT_THAT(parts.at(0).head, HasSubstr(" %22\xC3\xA4\xE2\x82\xAC%22 ;a=b.txt\"\r\n"));
}

TEST(Upload, WithALineBreakInANameIsNotSent) {
  ScriptedServer server(answer_with(http_response(200, "{}")));
  const Client client({{.base_url = server.url()}});
  const TemporaryFile file("x", "\nX-Evil: 1.txt");
  const std::vector<FileInput> wrong{openailb::file(file.path()), file_from_bytes("a\r\nb.txt", "x"),
                                     file_from_bytes("a.txt", "x", "text/plain\r\nX-Evil: 1")};
  for (const FileInput& one : wrong) {
    const Error error = client.upload("/files", form(one)).error();
    EXPECT_EQ(error.kind, ErrorKind::bad_request);
    EXPECT_THAT(error.message, HasSubstr("has a control character"));
  }
  EXPECT_EQ(server.connection_count(), 0);
}

TEST(Upload, HearsARefusalBeforeAllIsSent) {
  const TemporaryFile file("");
  std::filesystem::resize_file(file.path(), 16 << 20);
  ScriptedServer refusing([](Connection& connection) {
    connection.skip(std::size_t{1} << 20);
    connection.write(http_response(413, R"({"error":{"message":"too large"}})"));
    connection.wait_closed();
  });
  ScriptedServer other(answer_with(http_response(200, "{}")));
  const Client client({{.base_url = refusing.url()}, {.base_url = other.url()}});
  const Error error = client.upload("/files", form(openailb::file(file.path()))).error();
  EXPECT_EQ(error.status, 413);
  EXPECT_THAT(error.message, HasSubstr("too large"));
  EXPECT_EQ(other.connection_count(), 0);
}

TEST(Upload, FollowsARedirectWithTheWholeFile) {
  const TemporaryFile file(numbered(100'000));
  ScriptedServer server(answer_in_turn(
      {http_response(307, "", {{"Location", "/v2/files"}}), http_response(200, R"({"id":"file-1"})")}));
  const Client client({{.base_url = server.url()}});
  ASSERT_TRUE(client.upload("/files", form(openailb::file(file.path()))));
  EXPECT_EQ(server.requests().at(1).target, "/v2/files");
  EXPECT_TRUE(parts_of(server.requests().at(1)).at(1).content == numbered(100'000));
}

TEST(DownloadOverSockets, GivesAllBytes) {
  std::string bytes = numbered(300'000);
  bytes[7] = '\0';
  bytes[8] = '\xff';
  ScriptedServer healthy(
      answer_with(http_response(200, bytes, {{"Content-Type", "application/octet-stream"}})));
  const Client client({{.base_url = healthy.url()}});
  EXPECT_TRUE(client.download("/files/f/content")->content == bytes);
}

TEST(DownloadOverSockets, ThatIsCutShortIsAskedOfTheNextServer) {
  ScriptedServer cutting([](Connection& connection) {
    connection.read_request();
    connection.write(response_head(200, {{"Content-Length", "100"}}) + "only this");
  });
  ScriptedServer healthy(answer_with(http_response(200, "all of it", {{"Content-Type", "text/plain"}})));
  const Client both({{.base_url = cutting.url()}, {.base_url = healthy.url()}});
  EXPECT_EQ(both.download("/files/f/content")->content, "all of it");
  const Client one({{.base_url = cutting.url()}}, {.max_retries = 0});
  EXPECT_EQ(one.download("/files/f/content").error().kind, ErrorKind::connection);
}

TEST(DownloadOverSockets, ThatIsCutShortAfterItsFirstBytesSaysSo) {
  ScriptedServer healthy(answer_with(http_response(200, "all of it")));
  Gate first;
  std::string got;
  ScriptedServer waiting([&](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head() + http_chunk("only this"));
    first.wait(connection.stop_token());
  });
  const Client patient({{.base_url = waiting.url()}, {.base_url = healthy.url()}});
  const Error error = patient
                          .download("/x",
                                    [&](std::string_view bytes) {
                                      got += bytes;
                                      first.open();  // and the server goes away
                                    })
                          .error();
  EXPECT_EQ(error.kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(error.message, HasSubstr("the download ended early, after 9 bytes"));
  EXPECT_EQ(got, "only this");
  EXPECT_EQ(healthy.request_count(), 0);
}

}  // namespace
}  // namespace openailb::test::upload_test
