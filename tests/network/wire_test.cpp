// The bytes that leave, and answers in every shape that HTTP/1.1 allows.
#include "support/compression.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

namespace openailb::test::wire_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;

/// A request's bytes with what differs from run to run, and from libcurl to libcurl, replaced.
std::string golden(const Request& request) {
  std::string bytes = request.raw;
  const auto replace = [&bytes](const std::string& text, const std::string& by) {
    const auto at = bytes.find(text);
    ASSERT_NE(at, std::string::npos) << text;
    bytes.replace(at, text.size(), by);
  };
  const std::string host = request.header("host").value_or("");
  replace("Host: " + host, "Host: 127.0.0.1:PORT");
  replace("Accept-Encoding: " + request.header("accept-encoding").value_or("none"), "Accept-Encoding: ALL");
  EXPECT_TRUE(host.starts_with("127.0.0.1:"));
  return bytes;
}

EndpointConfig endpoint_of(const ScriptedServer& server) {
  return {.api_key = "sk-wire",
          .base_url = server.url(),
          .model_map = {{"gpt-test", "vendor/gpt-test"}},
          .organization = "org-1",
          .project = "proj-1"};
}

TEST(GoldenBytes, OfACreateRequest) {
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"))));
  Client client({endpoint_of(server)}, {.default_headers = {{"X-Team", "blue"}}});
  ASSERT_TRUE(client.chat.completions.create(
      {.model = "gpt-test", .messages = {user_message("Hello!")}, .max_tokens = 5, .temperature = 0.25},
      {.extra_headers = {{"X-Trace", "t-1"}}, .extra_query = {{"api-version", "1"}}}));
  EXPECT_EQ(golden(server.requests().at(0)),
            "POST /v1/chat/completions?api-version=1 HTTP/1.1\r\n"
            "Host: 127.0.0.1:PORT\r\n"
            "Accept-Encoding: ALL\r\n"
            "Accept: application/json\r\n"
            "Authorization: Bearer sk-wire\r\n"
            "Content-Type: application/json\r\n"
            "OpenAI-Organization: org-1\r\n"
            "OpenAI-Project: proj-1\r\n"
            "User-Agent: openailb/" +
                std::string(version) +
                "\r\n"
                "x-stainless-retry-count: 0\r\n"
                "X-Team: blue\r\n"
                "X-Trace: t-1\r\n"
                "Content-Length: 109\r\n"
                "\r\n"
                R"({"model":"vendor/gpt-test","messages":[{"role":"user","content":"Hello!"}],)"
                R"("max_tokens":5,"temperature":0.25})");
}

TEST(GoldenBytes, OfAStreamRequest) {
  ScriptedServer server(answer_with(sse_response(completion_events({"Hi"}))));
  Client client({{.base_url = server.url()}});
  EXPECT_EQ(read(client.chat.completions.stream(hello())).content, "Hi");
  EXPECT_EQ(golden(server.requests().at(0)),
            "POST /v1/chat/completions HTTP/1.1\r\n"
            "Host: 127.0.0.1:PORT\r\n"
            "Accept-Encoding: ALL\r\n"
            "Accept: text/event-stream\r\n"
            "Content-Type: application/json\r\n"
            "User-Agent: openailb/" +
                std::string(version) +
                "\r\n"
                "x-stainless-retry-count: 0\r\n"
                "Content-Length: 82\r\n"
                "\r\n"
                R"({"model":"gpt-test","messages":[{"role":"user","content":"Hello!"}],"stream":true})");
}

TEST(GoldenBytes, OfAGetRequest) {
  ScriptedServer server(answer_with(http_response(200, R"({"data":[]})")));
  Client client({{.api_key = "sk-wire", .base_url = server.url() + "?tenant=7"}});
  // On a connection that has carried a POST before, whose method and body must not stay.
  ASSERT_TRUE(client.post("/embeddings", {{"input", "x"}}));
  ASSERT_TRUE(client.get("/models"));
  EXPECT_EQ(golden(server.requests().at(1)),
            "GET /v1/models?tenant=7 HTTP/1.1\r\n"
            "Host: 127.0.0.1:PORT\r\n"
            "Accept-Encoding: ALL\r\n"
            "Accept: application/json\r\n"
            "Authorization: Bearer sk-wire\r\n"
            "User-Agent: openailb/" +
                std::string(version) +
                "\r\n"
                "x-stainless-retry-count: 0\r\n"
                "\r\n");
}

TEST(GoldenBytes, OfRequestsWithoutABody) {
  ScriptedServer server(answer_with(http_response(200, "{}")));
  Client client({{.base_url = server.url()}});
  const auto expected = [](const std::string& first_line, const std::string& length) {
    return first_line +
           " HTTP/1.1\r\n"
           "Host: 127.0.0.1:PORT\r\n"
           "Accept-Encoding: ALL\r\n"
           "Accept: application/json\r\n"
           "User-Agent: openailb/" +
           std::string(version) +
           "\r\n"
           "x-stainless-retry-count: 0\r\n" +
           length + "\r\n";
  };
  // On a connection that has carried a body before, which must not stay.
  ASSERT_TRUE(client.post("/embeddings", {{"input", "x"}}));
  ASSERT_TRUE(client.post("/batches/b/cancel"));
  ASSERT_TRUE(client.del("/files/f"));
  ASSERT_TRUE(client.get("/models"));
  EXPECT_EQ(golden(server.requests().at(1)), expected("POST /v1/batches/b/cancel", "Content-Length: 0\r\n"));
  EXPECT_EQ(golden(server.requests().at(2)), expected("DELETE /v1/files/f", ""));
  EXPECT_EQ(golden(server.requests().at(3)), expected("GET /v1/models", ""));
}

TEST(Requests, LargeOnesAreSentWithoutAskingFirst) {
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"))));
  Client client({{.base_url = server.url()}});
  const std::string text(std::size_t{5} << 20, 'x');
  ASSERT_TRUE(client.chat.completions.create(hello(text)));
  const Request request = server.requests().at(0);
  EXPECT_EQ(request.header("expect"), std::nullopt);
  EXPECT_EQ(request.header("transfer-encoding"), std::nullopt);
  EXPECT_EQ(request.json()["messages"][0]["content"].get_ref<const std::string&>(), text);
}

// Nothing is sent, and no breaker hears of it.
TEST(Requests, ThatAreTooLargeForLibcurlAreTheCallersFault) {
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"))));
  Client client({{.base_url = server.url()}, {.base_url = server.url()}});
  const auto refused = [&](const RequestOptions& options) {
    const Error error = error_of(client.chat.completions.create(hello(), options));
    EXPECT_EQ(error.kind, ErrorKind::bad_request) << error.message;
    return error.message;
  };
  const std::string header(1 << 20, 'x'), query(9 << 20, 'x');
  EXPECT_THAT(refused({.extra_headers = {{"X-Large", header}}}), ::testing::HasSubstr("not sent"));
  EXPECT_THAT(refused({.extra_query = {{"large", query}}}),
              ::testing::HasSubstr("not sent: libcurl does not accept its URL"));
  EXPECT_EQ(server.request_count(), 0);
  for (const EndpointStatus& endpoint : client.endpoints()) {
    EXPECT_EQ(endpoint.counts.total_failures, 0);
    EXPECT_EQ(endpoint.counts.total_exclusions, 2);
  }
  EXPECT_TRUE(client.chat.completions.create(hello()));
}

TEST(Requests, KeepAPathAsItIs) {
  ScriptedServer server(answer_with(http_response(200, "{}")));
  Client client({{.base_url = server.origin() + "/a/../b"}});
  EXPECT_TRUE(client.get("/c/../d/./e"));
  EXPECT_EQ(server.requests().at(0).target, "/a/../b/c/../d/./e");
}

TEST(Requests, HeadersSetToNothingAreNotSent) {
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"))));
  Client client({{.api_key = "sk-wire", .base_url = server.url()}});
  ASSERT_TRUE(client.chat.completions.create(
      hello(), {.extra_headers = {
                    {"accept", ""}, {"user-agent", ""}, {"Authorization", ""}, {"Accept-Encoding", ""}}}));
  const Request request = server.requests().at(0);
  for (const char* name : {"accept", "user-agent", "authorization", "accept-encoding"}) {
    EXPECT_EQ(request.header(name), std::nullopt) << name;
  }
}

TEST(Requests, AskForAllEncodingsThatLibcurlKnows) {
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"))));
  Client client({{.base_url = server.url()}});
  ASSERT_TRUE(client.chat.completions.create(hello()));
  const std::string encodings = server.requests().at(0).header("accept-encoding").value_or("");
  const auto features = static_cast<unsigned>(curl_version_info(CURLVERSION_NOW)->features);
  EXPECT_EQ(encodings.find("gzip") != std::string::npos, (features & CURL_VERSION_LIBZ) != 0);
  EXPECT_EQ(encodings.find("br") != std::string::npos, (features & CURL_VERSION_BROTLI) != 0);
  EXPECT_EQ(encodings.find("zstd") != std::string::npos, (features & CURL_VERSION_ZSTD) != 0);
}

// Compressed answers

class Compressed : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto features = static_cast<unsigned>(curl_version_info(CURLVERSION_NOW)->features);
    const std::string name = GetParam();
    const auto needed = name == "gzip" ? CURL_VERSION_LIBZ
                        : name == "br" ? CURL_VERSION_BROTLI
                                       : CURL_VERSION_ZSTD;
    if ((features & static_cast<unsigned>(needed)) == 0) GTEST_SKIP() << "this libcurl has no " << name;
  }

  static std::string pack(std::string_view text) {
    const std::string name = GetParam();
    return name == "gzip" ? gzip(text) : name == "br" ? brotli(text) : zstd(text);
  }
};

TEST_P(Compressed, AnswersAreUnpacked) {
  const std::string json = completion_json(std::string(40'000, 'x'));
  ScriptedServer server(answer_with(http_response(200, pack(json), {{"Content-Encoding", GetParam()}})));
  Client client({{.base_url = server.url()}});
  auto completion = client.chat.completions.create(hello());
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->text(), std::string(40'000, 'x'));
  EXPECT_EQ(completion->info.body, json);
}

TEST_P(Compressed, StreamsAreUnpackedWhateverTheirPieces) {
  std::string events;
  for (const auto& event : completion_events({"Hel", "lo"})) events += sse_event(event);
  ScriptedServer server([stream = pack(events)](Connection& connection) {
    while (connection.read_request()) {
      connection.write(sse_head({{"Content-Encoding", GetParam()}}));
      for (const char byte : stream) connection.write(http_chunk({&byte, 1}));
      connection.write(last_chunk);
    }
  });
  Client client({{.base_url = server.url()}});
  StreamText text = read(client.chat.completions.stream(hello()));
  EXPECT_EQ(text.error, std::nullopt) << text.error->message;
  EXPECT_EQ(text.content, "Hello");
}

INSTANTIATE_TEST_SUITE_P(By, Compressed, ::testing::Values("gzip", "br", "zstd"));

TEST(Answers, WhoseCompressedDataIsBrokenAreNonsense) {
  std::string zipped = gzip(completion_json("Hi"));
  zipped[12] = static_cast<char>(zipped[12] ^ 0x5A);
  ScriptedServer server(answer_with(http_response(200, zipped, {{"Content-Encoding", "gzip"}})));
  Client client({{.base_url = server.url()}});
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).kind, ErrorKind::parse);
}

// Answers in pieces

/// Every way in which two packets can bring `response`, and each byte in a packet of its own, on connections
/// that are kept.
void expect_same_however_split(const std::string& response, const std::function<void(Client&)>& call) {
  // A stream ends for its reader with [DONE], which may be before the server has written the second packet.
  std::atomic<std::size_t> next_cut = 0;
  ScriptedServer server([&](Connection& connection) {
    while (connection.read_request()) {
      const std::size_t cut = next_cut;
      if (cut == response.size()) {
        connection.write_bytewise(response);
      } else {
        connection.write(std::string_view(response).substr(0, cut));
        connection.write(std::string_view(response).substr(cut));
      }
    }
  });
  Client client({{.base_url = server.url()}}, {.max_retries = 0});
  for (std::size_t cut = 1; cut <= response.size(); ++cut) {
    SCOPED_TRACE(cut);
    next_cut = cut;
    call(client);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(Answers, AreTheSameHoweverTheyAreSplit) {
  const std::string json = completion_json("Grüße 🙂");
  const HeaderLines headers{{"x-request-id", "req_1"}};
  const auto call = [&json](Client& client) {
    auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "Grüße 🙂");
    EXPECT_EQ(completion->info.body, json);
    EXPECT_EQ(completion->info.request_id, "req_1");
    EXPECT_EQ(completion->info.attempts.size(), 1);
  };
  expect_same_however_split(http_response(200, json, headers), call);
  expect_same_however_split(chunked_response(200, {json.substr(0, 7), json.substr(7)}, headers), call);
}

TEST(Answers, AreTheSameHoweverAStreamIsSplit) {
  expect_same_however_split(sse_response(completion_events({"Grü", "ße 🙂"})), [](Client& client) {
    auto stream = client.chat.completions.stream(hello());
    StreamText text = read(stream);
    ASSERT_EQ(text.error, std::nullopt) << text.error->message;
    EXPECT_EQ(text.content, "Grüße 🙂");
    EXPECT_EQ(stream.completion().text(), "Grüße 🙂");
  });
}

TEST(Answers, MayEndWithTheConnection) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(response_head(200, {{"Content-Type", "application/json"}}) + completion_json("Hi"));
  });
  Client client({{.base_url = server.url()}});
  for (int call = 0; call < 3; ++call) {
    auto completion = client.chat.completions.create(hello());
    EXPECT_EQ(completion->text(), "Hi");
  }
  EXPECT_EQ(server.request_count(), 3);
}

TEST(Answers, MayFollowInterimOnesAndBringTrailers) {
  ScriptedServer server(
      answer_with("HTTP/1.1 103 Early Hints\r\nx-request-id: early\r\nretry-after: 9\r\n\r\n" +
                  chunked_head(200, {{"x-request-id", "req_1"}, {"x-twice", "a"}, {"X-Twice", " b \t"}}) +
                  http_chunk(completion_json("Hi")) + "0\r\nx-trailer: late\r\n\r\n"));
  Client client({{.base_url = server.url()}});
  for (int call = 0; call < 2; ++call) {
    auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "Hi");
    EXPECT_EQ(completion->info.status, 200);
    EXPECT_EQ(completion->info.request_id, "req_1");
    EXPECT_FALSE(completion->info.headers.contains("retry-after"));
    EXPECT_EQ(header(completion->info.headers, "x-twice"), "a, b");
    EXPECT_FALSE(completion->info.headers.contains("x-trailer"));
  }
  EXPECT_EQ(server.connection_count(), 1);
}

}  // namespace
}  // namespace openailb::test::wire_test
