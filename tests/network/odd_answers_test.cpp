// Answers that break the rules of HTTP, as servers and proxies in the wild give them.
#include "support/compression.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace openailb::test::odd_answers_test {
namespace {

/// Answers every request with these bytes and hangs up.
Handler says_and_hangs_up(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& connection) {
    connection.skip_request();
    connection.write(bytes);
  };
}

std::string stream_body() {
  std::string body;
  for (const auto& event : completion_events({"Hel", "lo"})) body += sse_event(event);
  return body;
}

TEST(OddAnswers, InAnEncodingThatIsACharacterSetAreRead) {
  for (const char* encoding : {"utf-8", "UTF8", "chunked", "none", "identity", "aws-chunked", "quantum"}) {
    SCOPED_TRACE(encoding);
    ScriptedServer server([&](Connection& connection) {
      const HeaderLines headers{{"Content-Encoding", encoding}};
      if (connection.skip_request()) connection.write(http_response(200, completion_json("Hi"), headers));
      if (connection.skip_request())
        connection.write(sse_response(completion_events({"Hel", "lo"}), headers));
    });
    Client client({{.base_url = server.url()}}, {.max_retries = 0});
    const auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "Hi");
    const StreamText text = read(client.chat.completions.stream(hello()));
    EXPECT_EQ(text.content, "Hello");
    EXPECT_EQ(text.error, std::nullopt);
    EXPECT_EQ(server.connection_count(), 1);
  }
}

// What was switched off for one answer must be on again for the next one on its handle.
TEST(OddAnswers, InNoEncodingAreFollowedByCompressedOnes) {
  ScriptedServer server([](Connection& connection) {
    while (connection.skip_request()) {
      connection.write(http_response(200, completion_json("plain"), {{"Content-Encoding", "utf-8"}}));
      if (!connection.skip_request()) break;
      connection.write(http_response(200, gzip(completion_json("packed")), {{"Content-Encoding", "gzip"}}));
    }
  });
  Client client({{.base_url = server.url()}}, {.max_retries = 0});
  for (const char* text : {"plain", "packed", "plain", "packed"}) {
    EXPECT_EQ(client.chat.completions.create(hello())->text(), text);
  }
}

TEST(OddAnswers, InGzipMayHaveBytesAfterTheirEnd) {
  for (const std::size_t zeros : {std::size_t{1}, std::size_t{512}, std::size_t{100'000}}) {
    SCOPED_TRACE(zeros);
    const auto answer = [zeros](const std::string& body, const std::string& type) {
      return answer_with(http_response(200, gzip(body) + std::string(zeros, '\0'),
                                       {{"Content-Encoding", "gzip"}, {"Content-Type", type}}));
    };
    ScriptedServer document(answer(completion_json("Hi"), "application/json"));
    ScriptedServer stream(answer(stream_body(), "text/event-stream"));
    const Client client({{.base_url = document.url()}, {.base_url = stream.url()}}, {.max_retries = 0});
    const auto completion = client.chat.completions.create(hello(), {.endpoint = "endpoint-0"});
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "Hi");
    const StreamText text = read(client.chat.completions.stream(hello(), {.endpoint = "endpoint-1"}));
    EXPECT_EQ(text.content, "Hello");
    EXPECT_EQ(text.error, std::nullopt);
  }
}

TEST(OddAnswers, WithAnInvalidHeadAreABrokenConnection) {
  const std::string ok = completion_json("Hi");
  for (const std::string& bytes :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("\x15\x03\x01\x00\x02\x02\x46", 7),
        std::string("HTTP/9.9 200 OK\r\n\r\n"), std::string("HTTP/1.1 abc OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nno colon here\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n" + ok,
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + ok}) {
    SCOPED_TRACE(bytes);
    ScriptedServer server(says_and_hangs_up(bytes));
    ScriptedServer other(answer_with(http_response(200, completion_json("other"))));
    const Client alone({{.base_url = server.url()}}, {.max_retries = 0});
    const Error error = error_of(alone.chat.completions.create(hello()));
    EXPECT_EQ(error.kind, ErrorKind::connection) << error.message;
    EXPECT_EQ(alone.endpoints()[0].counts.total_failures, 1);

    const Client client({{.base_url = server.url()}, {.base_url = other.url()}}, {.max_retries = 0});
    EXPECT_EQ(client.chat.completions.create(hello())->text(), "other");
  }
}

TEST(OddAnswers, WithALengthThatCannotBeAreInvalid) {
  const std::string ok = completion_json("Hi");
  for (const char* length : {"9223372036854775808", "18446744073709551616", "99999999999999999999999999"}) {
    SCOPED_TRACE(length);
    ScriptedServer server(
        says_and_hangs_up("HTTP/1.1 200 OK\r\nContent-Length: " + std::string(length) + "\r\n\r\n" + ok));
    ScriptedServer other(answer_with(http_response(200, completion_json("other"))));
    const Client alone({{.base_url = server.url()}}, {.max_retries = 0});
    EXPECT_EQ(error_of(alone.chat.completions.create(hello())).kind, ErrorKind::parse);
    EXPECT_EQ(read(alone.chat.completions.stream(hello())).error.value().kind, ErrorKind::parse);
    EXPECT_EQ(alone.endpoints()[0].counts.total_failures, 2);
    const Client client({{.base_url = server.url()}, {.base_url = other.url()}}, {.max_retries = 0});
    EXPECT_EQ(client.chat.completions.create(hello())->text(), "other");
  }
}

TEST(OddAnswers, OfTwoLengthsAreNoAnswer) {
  const std::string ok = completion_json("Hi"), length = std::to_string(ok.size());
  for (const std::string& lengths : {"Content-Length: 5\r\nContent-Length: " + length,
                                     "Content-Length: " + length + "\r\nContent-Length: 5"}) {
    ScriptedServer server(says_and_hangs_up("HTTP/1.1 200 OK\r\n" + lengths + "\r\n\r\n" + ok));
    const Client client({{.base_url = server.url()}}, {.max_retries = 0});
    EXPECT_FALSE(client.chat.completions.create(hello()));
  }
}

TEST(OddAnswers, WithALengthThatCannotBeAndAnErrorStatusMeanTheStatus) {
  ScriptedServer server(says_and_hangs_up(
      "HTTP/1.1 400 Bad Request\r\nContent-Length: 9223372036854775808\r\n\r\n{\"error\":\"no\"}"));
  const Client client({{.base_url = server.url()}});
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).status, 400);
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0);
}

}  // namespace
}  // namespace openailb::test::odd_answers_test
