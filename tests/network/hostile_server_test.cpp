// Servers that are broken or mean: an error or the right answer, never a crash, a hang or unbounded memory.
#include "support/compression.hpp"
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::test::hostile_server_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;

constexpr std::size_t megabyte = std::size_t{1} << 20;

/// One attempt per call, and however many fail, the next one is made.
Client client_of(const ScriptedServer& server, std::size_t max_response_size = 64 * megabyte) {
  return Client({{.base_url = server.url(), .breaker = never_trips}},
                {.max_retries = 0, .timeout = 20s, .max_response_size = max_response_size});
}

/// Reads a request, says what `bytes` has and breaks off.
Handler says(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& connection) {
    connection.read_request();
    connection.write(bytes);
  };
}

/// Reads a request, says `head` and then `more` until nobody listens, and counts the bytes.
class EndlessServer {
 public:
  EndlessServer(std::string head, std::string more)
      : server([this, head = std::move(head), more = std::move(more)](Connection& connection) {
          connection.read_request();
          connection.write(head);
          while (connection.write(more)) sent += more.size();
          given_up.open();
        }) {}

  std::atomic<std::size_t> sent{0};
  Gate given_up;
  ScriptedServer server;
};

// Too much

/// The client gives up after about as much as it may keep, and what the sockets hold.
void expect_bounded(std::string head, std::string more, std::size_t limit, bool as_stream = false) {
  EndlessServer endless(std::move(head), std::move(more));
  const Client client = client_of(endless.server, limit);
  const Error error = as_stream ? *read(client.chat.completions.stream(hello())).error
                                : error_of(client.chat.completions.create(hello()));
  if (error.status < 500) {  // which says it all, whatever became of the body
    EXPECT_EQ(error.kind, ErrorKind::parse) << error.message;
    EXPECT_THAT(error.message, HasSubstr("larger than"));
  }
  EXPECT_TRUE(endless.given_up.wait());
  EXPECT_LT(endless.sent, limit + 16 * megabyte);
}

TEST(TooLarge, ABodyWithoutEnd) {
  expect_bounded(response_head(200, {}), std::string(4096, ' '), megabyte);
  expect_bounded(chunked_head(), http_chunk(std::string(4096, ' ')), megabyte);
}
TEST(TooLarge, ABodyThatSaysSo) {
  expect_bounded(response_head(200, {{"Content-Length", "999999999999"}}), std::string(4096, ' '), megabyte);
}
TEST(TooLarge, TheBodyOfAnError) { expect_bounded(response_head(500, {}), std::string(4096, 'x'), megabyte); }
TEST(TooLarge, TheBodyOfAnErrorIsReadNoFurtherThanItIsKept) {
  EndlessServer endless(response_head(429, {}), std::string(4096, '%'));
  const Error error = error_of(client_of(endless.server).chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::rate_limit);
  EXPECT_EQ(error.body, std::string(megabyte, '%'));
  EXPECT_TRUE(endless.given_up.wait());
  EXPECT_LT(endless.sent, 17 * megabyte) << "which is what the sockets hold";
}
TEST(TooLarge, AHeaderSectionWithoutEnd) {
  expect_bounded("HTTP/1.1 200 \r\n", "x-more: and more\r\n", megabyte);
}
TEST(TooLarge, ManyShortHeaderLines) {
  std::string head = "HTTP/1.1 200 \r\n";
  for (int line = 0; line < 10'000; ++line) head += "x" + std::to_string(line) + ":\r\n";
  ASSERT_LT(head.size(), 128U << 10) << "which alone would be fine";
  ScriptedServer server(answer_with(head + "Content-Length: 0\r\n\r\n"));
  const Error error = error_of(client_of(server, megabyte).chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::parse) << error.message;
  EXPECT_THAT(error.message, HasSubstr("header section is larger than"));
}
TEST(TooLarge, AHeaderLineWithoutEnd) {
  expect_bounded("HTTP/1.1 200 \r\nx-long: ", std::string(4096, 'x'), megabyte);
}
TEST(TooLarge, AStatusLineWithoutEnd) { expect_bounded("HTTP/1.1 200 ", std::string(4096, 'x'), megabyte); }
TEST(TooLarge, InterimAnswersWithoutEnd) {
  expect_bounded("", "HTTP/1.1 100 Continue\r\nx: y\r\n\r\n", megabyte);
}
TEST(TooLarge, AStreamWithoutALineEnd) {
  expect_bounded(response_head(200, {{"Content-Type", "text/event-stream"}}), std::string(4096, 'x'),
                 megabyte, true);
}
TEST(TooLarge, AStreamWithoutAnEventsEnd) {
  std::string lines;
  for (int line = 0; line < 1000; ++line) lines += "data: x\n";
  expect_bounded(response_head(200, {{"Content-Type", "text/event-stream"}}), lines, megabyte, true);
}

// Chunks that say nothing commit no stream, so all of them are kept.
TEST(TooLarge, AStreamThatNeverSaysAnything) {
  std::string empty;
  for (int event = 0; event < 100; ++event)
    empty += sse_event(R"({"choices":[{"delta":{"role":"assistant"}}]})");
  expect_bounded(response_head(200, {{"Content-Type", "text/event-stream"}}), empty, megabyte, true);
}

TEST(TooLarge, ABombOfGzip) {
  ScriptedServer server(
      answer_with(http_response(200, gzip_bomb(" ", megabyte), {{"Content-Encoding", "gzip"}})));
  const Error error = error_of(client_of(server, megabyte).chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::parse) << error.message;
  EXPECT_THAT(error.message, HasSubstr("max_response_size (1048576 bytes)"));
}

TEST(Large, AnswersAreTakenUpToTheLimit) {
  const std::string json = completion_json("Hi");
  ScriptedServer server(answer_with(http_response(200, json)));
  EXPECT_TRUE(client_of(server, json.size()).chat.completions.create(hello()));
  EXPECT_FALSE(client_of(server, json.size() - 1).chat.completions.create(hello()));
}

TEST(Large, AnyLimitIsTakenAsItIs) {
  ScriptedServer server(answer_in_turn(
      {http_response(200, completion_json("Hi")), sse_response({content_chunk("Hi"), "[DONE]"})}));
  const Client client = client_of(server, (std::numeric_limits<std::size_t>::max)());
  EXPECT_EQ(client.chat.completions.create(hello())->text(), "Hi");
  EXPECT_EQ(read(client.chat.completions.stream(hello())).content, "Hi");
}

TEST(Large, AStreamHasNoEventAboveASmallLimit) {
  ScriptedServer server(
      answer_with(sse_response({content_chunk("Hi"), content_chunk(std::string(2'000, 'x'))})));
  const StreamText all = read(client_of(server, 1'000).chat.completions.stream(hello()));
  EXPECT_EQ(all.content, "Hi");
  EXPECT_EQ(all.error.value().kind, ErrorKind::stream_interrupted);
}

// Not of 64 MiB, the default: the client reads its JSON, which takes a minute with sanitizers. That the
// decoder takes such an event is for sse_test.
TEST(Large, AStreamMayHaveAnEventAsLargeAsTheLimit) {
  std::string event = content_chunk("");
  const std::size_t limit = 4 * megabyte, size = limit - event.size();
  event.insert(event.find("\"\"") + 1, size, 'x');
  ScriptedServer server(answer_with(sse_response({event, "[DONE]"})));
  StreamText all = read(client_of(server, limit).chat.completions.stream(hello()));
  ASSERT_EQ(all.error, std::nullopt) << all.error->message;
  EXPECT_TRUE(all.content == std::string(size, 'x'));

  all = read(client_of(server, limit - 1).chat.completions.stream(hello()));
  EXPECT_EQ(all.content, "");
  EXPECT_THAT(all.error.value().message, HasSubstr("max_response_size"));
}

TEST(Large, AStreamOfSmallEventsMayBeOfAnyLengthInAll) {
  const std::string piece(1000, 'x');
  std::string burst;
  for (int event = 0; event < 100; ++event) burst += http_chunk(sse_event(content_chunk(piece)));
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(sse_head());
    for (int count = 0; count < 3; ++count) connection.write(burst);
    connection.write(http_chunk(sse_event("[DONE]")) + std::string(last_chunk));
  });
  StreamText all = read(client_of(server, 4096).chat.completions.stream(hello()));
  ASSERT_EQ(all.error, std::nullopt) << all.error->message;
  EXPECT_EQ(all.content.size(), 3 * 100 * piece.size());
}

// Too little

/// Answers cut off after every byte: only a whole one is taken for an answer.
void expect_errors_when_truncated(const std::string& whole) {
  std::atomic<std::size_t> size = 0;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(std::string_view(whole).substr(0, size));
  });
  const Client client = client_of(server);
  for (size = 0; size < whole.size(); ++size) {
    auto completion = client.chat.completions.create(hello());
    if (completion) {
      EXPECT_EQ(completion->text(), "Hi") << size;
      EXPECT_GE(size, whole.size() - last_chunk.size()) << "only what no answer needs may be missing";
    } else {
      EXPECT_TRUE(completion.error().kind == ErrorKind::connection ||
                  completion.error().kind == ErrorKind::parse)
          << size << ' ' << completion.error().message;
    }
  }
  EXPECT_EQ(server.request_count(), whole.size());
}

TEST(Truncated, AtEveryByteOfASizedAnswer) {
  expect_errors_when_truncated(http_response(200, completion_json("Hi")));
}
TEST(Truncated, AtEveryByteOfAChunkedAnswer) {
  const std::string json = completion_json("Hi");
  expect_errors_when_truncated(chunked_response(200, {json.substr(0, 20), json.substr(20)}));
}

TEST(Truncated, AtEveryByteOfAStream) {
  const std::string whole = sse_response(completion_events({"Hi"}));
  const std::size_t done = whole.find("data: [DONE]") + std::string_view("data: [DONE]\n\n").size();
  std::atomic<std::size_t> size = 0;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(std::string_view(whole).substr(0, size));
  });
  const Client client = client_of(server);
  for (size = 0; size < whole.size(); ++size) {
    StreamText text = read(client.chat.completions.stream(hello()));
    EXPECT_EQ(text.error == std::nullopt, size >= done) << size;
    EXPECT_TRUE(text.error || text.content == "Hi") << size;
  }
}

// Broken off

TEST(BrokenOff, AtEveryStageOfACall) {
  for (const char* stage : {"", "HTTP", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{"}) {
    SCOPED_TRACE(stage);
    ScriptedServer server([&](Connection& connection) {
      connection.read_request();
      connection.write(stage);
      connection.reset();
    });
    const Error error = error_of(client_of(server).chat.completions.create(hello()));
    EXPECT_EQ(error.kind, ErrorKind::connection) << error.message;
    EXPECT_THAT(error.message, HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  }
}

// libcurl says OK to a head that ends before its blank line.
TEST(BrokenOff, InTheMiddleOfAHeadThatEndsCleanly) {
  for (const char* head :
       {"HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX"}) {
    SCOPED_TRACE(head);
    ScriptedServer server(says(head));
    const Client client = client_of(server);
    EXPECT_EQ(error_of(client.chat.completions.create(hello())).kind, ErrorKind::connection);
    EXPECT_EQ(read(client.chat.completions.stream(hello())).error->kind, ErrorKind::connection);
    EXPECT_EQ(client.endpoints()[0].counts.total_failures, 2);
  }
}

// A status that was seen decides, whatever became of the body.
TEST(BrokenOff, InTheMiddleOfAnErrorIsThatError) {
  const std::string half = response_head(400, {{"Content-Length", "900"}}) + R"({"error":{"message":"no)";
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(half);
    connection.reset();
  });
  const Client client = client_of(server);
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::bad_request) << error.message;
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0);
}

TEST(BrokenOff, BeforeTheRequestIsRead) {
  ScriptedServer server([](Connection& connection) { connection.reset(); });
  const Client client = client_of(server);
  const std::string large(5 * megabyte, 'x');
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).kind, ErrorKind::connection);
  EXPECT_EQ(error_of(client.chat.completions.create(hello(large))).kind, ErrorKind::connection);
}

/// Whether a second endpoint is asked although one may fail a call that it had received whole.
bool asks_another_after(Handler handler, std::string text) {
  ScriptedServer broken(std::move(handler)), other(answer_with(http_response(200, completion_json("Hi"))));
  Client client({{.base_url = broken.url()}, {.base_url = other.url()}},
                {.max_retries = 0, .max_endpoints = 1});
  return client.chat.completions.create(hello(std::move(text))).has_value();
}

TEST(BrokenOff, CountsAsReceivedOnlyWhenItMayHaveBeen) {
  EXPECT_FALSE(asks_another_after(says(""), "Hello!"));
  EXPECT_FALSE(asks_another_after(says("HTTP/1.1 200"), "Hello!"));
  const auto resets_at_once = [](Connection& connection) { connection.reset(); };
  EXPECT_TRUE(asks_another_after(resets_at_once, std::string(20 * megabyte, 'x')));
}

TEST(BrokenOff, WithinAStreamThatHasBegun) {
  Gate first_is_read;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(sse_head() + http_chunk(sse_event(content_chunk("Hel"))));
    first_is_read.wait(connection.stop_token());
    connection.reset();
  });
  const Client client = client_of(server);
  auto stream = client.chat.completions.stream(hello());
  ASSERT_TRUE(stream.next());
  first_is_read.open();
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(stream.completion().text(), "Hel");
  EXPECT_EQ(server.request_count(), 1);
}

// Nonsense

TEST(Nonsense, OfEveryKindIsAnError) {
  for (const char* bytes :
       {"HTTP/1.1\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 0 \r\n\r\n",
        "HTTP/1.1 99999 \r\n\r\n",
        "HTTP/9.9 200 \r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "{\"choices\": []}",
        "\r\n\r\n",
        "220 smtp ready\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: morse\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\nno colon\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: line\r\nContent-Length: 0\r\n\r\n"}) {
    SCOPED_TRACE(bytes);
    ScriptedServer server(says(bytes));
    const Client client = client_of(server);
    EXPECT_FALSE(client.chat.completions.create(hello()));
    EXPECT_TRUE(read(client.chat.completions.stream(hello())).error);
    EXPECT_EQ(client.endpoints()[0].in_flight, 0);
  }
}

TEST(Nonsense, FromASeedIsAnError) {
  constexpr int rounds = 300;
  const std::vector<std::string> beginnings{"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n", sse_head(),
                                            response_head(200, {{"Content-Encoding", "gzip"}})};
  ScriptedServer server([&](Connection& connection) {
    std::mt19937 random(static_cast<unsigned>(connection.index()));
    std::string bytes = beginnings[connection.index() % beginnings.size()];
    for (auto size = random() % 3000; size > 0; --size) bytes += static_cast<char>(random());
    connection.read_request();
    connection.write(bytes);
  });
  const Client client = client_of(server);
  for (int round = 0; round < rounds; ++round) {
    if (round % 2 == 0) {
      EXPECT_FALSE(client.chat.completions.create(hello())) << round;
    } else {
      EXPECT_TRUE(read(client.chat.completions.stream(hello())).error) << round;
    }
  }
  EXPECT_EQ(server.request_count(), rounds);
  EXPECT_EQ(client.endpoints()[0].in_flight, 0);
}

}  // namespace
}  // namespace openailb::test::hostile_server_test
