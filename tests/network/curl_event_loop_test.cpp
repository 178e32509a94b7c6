// The event loop on libcurl over real sockets: what ends an attempt from outside, and what is left behind.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include "support/socket.hpp"
#include "support/tls_server.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace openailb::test::curl_event_loop_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;

std::string half_an_answer() {
  return response_head(200, {{"Content-Length", "1000"}}) + R"({"id": "chatcmpl-)";
}

std::string half_a_stream() { return sse_head() + http_chunk(sse_event(content_chunk("Hel"))); }

/// Brings a call to some point and leaves it there.
Handler answers_then_waits(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& connection) {
    connection.read_request();
    connection.write(bytes);
    connection.wait_closed();
  };
}

// Time

void expect_ends_after(std::chrono::nanoseconds limit, const Stopwatch& watch) {
  EXPECT_GE(watch.elapsed(), limit);
  EXPECT_LT(watch.elapsed(), limit + noise);
}

TEST(ConnectTimeout, EndsAnAttemptWhoseConnectionIsNotAccepted) {
  SilentPort port;
  Client client({{.base_url = port.url()}}, {.max_retries = 0, .connect_timeout = 300ms});
  const Stopwatch watch;
  const Error error = error_of(client.chat.completions.create(hello()));
  expect_ends_after(299ms, watch);  // libcurl's clock counts whole milliseconds
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_THAT(error.message,
              HasSubstr("could not connect to 127.0.0.1:" + std::to_string(port.port()) + " within 300 ms"));
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 1);
}

TEST(ConnectTimeout, CoversTheTlsHandshake) {
  ScriptedServer server([](Connection& connection) { connection.wait_closed(); });
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port());
  Client client({{.base_url = url}}, {.max_retries = 0, .connect_timeout = 300ms});
  const Stopwatch watch;
  const Error error = error_of(client.chat.completions.create(hello()));
  expect_ends_after(299ms, watch);
  EXPECT_EQ(error.kind, ErrorKind::timeout);
}

TEST(ConnectTimeout, DoesNotCutAnAnswerThatTakesLonger) {
  Gate connect_timeout_is_over;
  ScriptedServer server([&](Connection& connection) {
    while (connection.read_request()) {
      connect_timeout_is_over.wait(connection.stop_token());
      connection.write(http_response(200, completion_json("Hi")));
    }
  });
  SilentPort silent;
  Client client({{.base_url = server.url()}}, {.max_retries = 0, .connect_timeout = 200ms});
  const std::jthread other([&] {  // whose connect timeout begins no earlier
    Client late({{.base_url = silent.url()}}, {.max_retries = 0, .connect_timeout = 600ms});
    server.wait_for_requests(1);
    EXPECT_FALSE(late.chat.completions.create(hello()));
    connect_timeout_is_over.open();
  });
  EXPECT_TRUE(client.chat.completions.create(hello()));
}

TEST(TimeoutOnSockets, EndsAnAttemptAtEachStage) {
  for (const std::string& stage : {std::string{}, half_an_answer()}) {
    ScriptedServer server(answers_then_waits(stage));
    Client client({{.base_url = server.url()}}, {.max_retries = 0, .timeout = 200ms});
    const Stopwatch watch;
    const Error error = error_of(client.chat.completions.create(hello()));
    expect_ends_after(200ms, watch);
    EXPECT_EQ(error.kind, ErrorKind::timeout);
    EXPECT_THAT(error.message, HasSubstr("no answer within 200 ms"));
  }
}

TEST(TimeoutOnSockets, IsOfOneAttempt) {
  ScriptedServer stuck(answers_then_waits("")),
      healthy(answer_with(http_response(200, completion_json("Hi"))));
  Client client({{.base_url = stuck.url()}, {.base_url = healthy.url()}}, {.timeout = 200ms});
  auto completion = client.chat.completions.create(hello());
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->info.endpoint, "endpoint-1");
  EXPECT_EQ(completion->info.attempts[0].kind, ErrorKind::timeout);
}

TEST(TimeoutOnSockets, EndsAnAnswerThatDripsInForever) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    while (connection.write(http_chunk(" ")))
      std::this_thread::sleep_for(5ms);  // the drip, and nobody waits for it
  });
  Client client({{.base_url = server.url()}}, {.max_retries = 0, .timeout = 300ms});
  const Stopwatch watch;
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).kind, ErrorKind::timeout);
  expect_ends_after(300ms, watch);
}

TEST(Deadline, HoldsAtEachStage) {
  for (const std::string& stage : {std::string{}, half_an_answer()}) {
    ScriptedServer server(answers_then_waits(stage));
    Client client({{.base_url = server.url()}}, {.deadline = 200ms});
    const Stopwatch watch;
    EXPECT_EQ(error_of(client.chat.completions.create(hello())).kind, ErrorKind::timeout);
    expect_ends_after(200ms, watch);
    EXPECT_EQ(server.request_count(), 1);
  }
  SilentPort silent;
  Client client({{.base_url = silent.url()}}, {.deadline = 200ms});
  const Stopwatch watch;
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).kind, ErrorKind::timeout);
  expect_ends_after(200ms, watch);
}

TEST(Deadline, HoldsWithinAStream) {
  ScriptedServer server(answers_then_waits(half_a_stream()));
  Client client({{.base_url = server.url()}}, {.deadline = 300ms});
  const Stopwatch watch;
  StreamText text = read(client.chat.completions.stream(hello()));
  expect_ends_after(300ms, watch);
  EXPECT_EQ(text.content, "Hel");
  EXPECT_EQ(text.error->kind, ErrorKind::timeout);
}

TEST(IdleTimeout, EndsAStreamThatSaysNothingMore) {
  ScriptedServer server(answers_then_waits(half_a_stream()));
  Client client({{.base_url = server.url()}}, {.idle_timeout = 200ms});
  const Stopwatch watch;
  StreamText text = read(client.chat.completions.stream(hello()));
  expect_ends_after(200ms, watch);
  EXPECT_EQ(text.error->kind, ErrorKind::stream_interrupted);
}

// Stop tokens, from another thread. Each of these calls would take at least 30 s.

void expect_stopped(const std::string& url, std::stop_token token) {
  Client client({{.base_url = url}}, {.connect_timeout = 30s});
  const Stopwatch watch;
  const Error error = error_of(client.chat.completions.create(hello(), {.stop_token = std::move(token)}));
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_LT(watch.elapsed(), noise);
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0);
  EXPECT_EQ(client.endpoints()[0].in_flight, 0);
}

TEST(StopToken, EndsACallThatWaitsForAnAnswerOrItsRest) {
  for (const std::string& stage : {std::string{}, std::string("HTTP/1.1 200"), half_an_answer()}) {
    std::stop_source stop;
    Gate closed;
    ScriptedServer server([&](Connection& connection) {
      connection.read_request();
      connection.write(stage);
      stop.request_stop();
      connection.wait_closed();
      closed.open();
    });
    expect_stopped(server.url(), stop.get_token());
    EXPECT_TRUE(closed.wait());  // the connection is not kept for the rest
  }
}

TEST(StopToken, EndsAConnectingCall) {
  SilentPort port;
  std::stop_source stop;
  Gate connecting;
  const std::jthread stopper([&] {
    connecting.wait();
    stop.request_stop();
  });
  const ApiKey key([&] {  // asked right before the attempt
    connecting.open();
    return std::string("sk-key");
  });
  Client client({{.api_key = key, .base_url = port.url()}}, {.connect_timeout = 30s});
  const Stopwatch watch;
  const Error error = error_of(client.chat.completions.create(hello(), {.stop_token = stop.get_token()}));
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_LT(watch.elapsed(), noise);
}

TEST(StopToken, EndsABackoff) {
  ScriptedServer server(answer_with(http_response(503, error_json("busy"), {{"Retry-After", "30"}})));
  std::stop_source stop;
  Gate failed;
  const std::jthread stopper([&] {
    failed.wait();
    stop.request_stop();
  });
  ClientOptions options;
  options.classify = [&](const Error&) {
    failed.open();
    return std::optional<FailureClass>{};
  };
  Client client({{.base_url = server.url()}}, options);
  const Stopwatch watch;
  const Error error = error_of(client.chat.completions.create(hello(), {.stop_token = stop.get_token()}));
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_THAT(error.message, HasSubstr("503 busy"));
  EXPECT_LT(watch.elapsed(), noise);
  EXPECT_EQ(server.request_count(), 1);
}

TEST(StopToken, EndsAStream) {
  std::stop_source stop;
  Gate first_is_read;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(half_a_stream());
    first_is_read.wait(connection.stop_token());
    stop.request_stop();
    connection.wait_closed();
  });
  Client client({{.base_url = server.url()}});
  auto stream = client.chat.completions.stream(hello(), {.stop_token = stop.get_token()});
  ASSERT_TRUE(stream.next());
  first_is_read.open();
  const Stopwatch watch;
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(stream.error()->kind, ErrorKind::canceled);
  EXPECT_LT(watch.elapsed(), noise);
}

TEST(StopToken, ThatWasRequestedBeforeSendsNothing) {
  ScriptedServer server(answers_then_waits(""));
  std::stop_source stop;
  stop.request_stop();
  expect_stopped(server.url(), stop.get_token());
  EXPECT_EQ(server.connection_count(), 0);
}

// Pieces that arrive exactly as cut, since one thread plays both sides

TEST(CurlEventLoop, ReadsTheSameAnswerWhereverItIsCut) {
  LoopbackPort port;
  port.listen(1);
  CurlEventLoop loop;
  std::optional<Socket> server;
  const auto turn = [&] { loop.wait(loop.now()); };
  const std::string response = http_response(200, "{}", {{"x-request-id", "req_1"}});
  const std::string chunked = chunked_response(200, {"{", "}"}, {{"x-request-id", "req_1"}});
  for (const std::string& answer : {response, chunked}) {
    for (std::size_t cut = 1; cut < answer.size(); ++cut) {
      HttpRequest request{.url = "http://127.0.0.1:" + std::to_string(port.number()) + "/", .body = "{}"};
      request.max_response_size = 100;
      Transfer transfer(loop, std::move(request));
      if (!server) {
        turn();
        server.emplace(::accept(port.socket().fd(), nullptr, nullptr));
      }
      int received = 0;
      for (const Stopwatch watch; received == 0 && watch.elapsed() < patience; turn()) {
        ::ioctl(server->fd(), FIONREAD, &received);
      }
      char buffer[4096];
      ASSERT_GT(server->read(buffer, sizeof buffer), 0);
      ASSERT_TRUE(server->write(std::string_view(answer).substr(0, cut)));
      for (int turns = 0; turns < 3; ++turns) turn();
      ASSERT_TRUE(server->write(std::string_view(answer).substr(cut)));
      for (const Stopwatch watch; !transfer.done() && watch.elapsed() < patience;) turn();
      ASSERT_TRUE(transfer.done() && !transfer.failure()) << cut;
      EXPECT_EQ(transfer.response.status, 200);
      EXPECT_EQ(transfer.response.body, "{}");
      EXPECT_EQ(header(transfer.response.headers, "x-request-id"), "req_1");
    }
  }
}

// What outlives what

TEST(Lifetime, StreamsOutliveTheirClient) {
  ScriptedServer server(answer_with(sse_response(completion_events({"Hel", "lo"}))));
  auto client = std::make_unique<Client>(std::vector<EndpointConfig>{{.base_url = server.url()}});
  auto read_to_the_end = client->chat.completions.stream(hello());
  auto dropped = client->chat.completions.stream(hello());
  auto closed = client->chat.completions.stream(hello());
  client.reset();
  EXPECT_EQ(read(read_to_the_end).content, "Hello");
  ASSERT_TRUE(dropped.next());
  closed.close();
  closed.close();
  EXPECT_FALSE(closed.next());
  EXPECT_EQ(closed.error(), std::nullopt);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Calls, streams, streams dropped, calls that time out, and clients that go.
void use_clients(int clients) {
  TlsServer server(answer([](const Request& request) {
    if (request.target.ends_with("silent")) return std::string(" ");  // never a whole status line
    return request.json().contains("stream") ? sse_response(completion_events({"Hel", "lo"}))
                                             : http_response(200, completion_json("Hi"));
  }));
  for (int number = 0; number < clients; ++number) {
    Client client({{.base_url = server.url()}}, {.connection = {.ca_bundle = certificate("ca.pem")}});
    for (int call = 0; call < 5; ++call) EXPECT_TRUE(client.chat.completions.create(hello()));
    EXPECT_EQ(read(client.chat.completions.stream(hello())).content, "Hello");
    auto dropped = client.chat.completions.stream(hello());
    EXPECT_TRUE(dropped.next());
    std::stop_source stop;
    EXPECT_FALSE(client.post("/silent", {{"x", 1}}, {.deadline = 1ms}));
    auto outlives = client.chat.completions.stream(hello());
    client = Client({{.base_url = server.url()}});
    EXPECT_EQ(read(outlives).content, "Hello");
  }
}

// libcurl closes a socket that has not connected, and its number goes to whoever opens something next.
TEST(Lifetime, WhatOthersHaveOpenIsNotRead) {
  SilentPort silent;
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"))));
  const Client client({{.base_url = silent.url()}, {.base_url = server.url()}}, {.max_retries = 0});
  EXPECT_FALSE(client.chat.completions.create(hello(), {.timeout = 50ms, .endpoint = "endpoint-0"}));
  std::array<std::array<int, 2>, 8> pipes{};
  for (auto& pair : pipes) {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    const auto [mine, theirs] = pair;
    ASSERT_EQ(::write(theirs, "mine", 4), 4);
    ::shutdown(theirs, SHUT_WR);
  }
  EXPECT_TRUE(client.chat.completions.create(hello(), {.endpoint = "endpoint-1"}));
  for (const auto& [mine, theirs] : pipes) {
    std::array<char, 8> text{};
    EXPECT_EQ(::read(mine, text.data(), text.size()), 4) << "somebody else has read it";
    ::close(mine);
    ::close(theirs);
  }
}

TEST(Lifetime, NoDescriptorIsLeftBehind) {
  use_clients(1);  // what libraries open once and keep
  const std::size_t before = open_descriptors();
  use_clients(40);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Lifetime, AProgramStartedMeanwhileKeepsNoConnectionOpen) {
  Gate connection_is_closed;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(half_a_stream());
    connection.wait_closed();
    connection_is_closed.open();
  });
  Client client({{.base_url = server.url()}});
  auto stream = client.chat.completions.stream(hello());
  std::FILE* program = ::popen("cat", "w");  // runs until pclose
  ASSERT_NE(program, nullptr);
  stream.close();
  EXPECT_TRUE(connection_is_closed.wait());
  ::pclose(program);
}

}  // namespace
}  // namespace openailb::test::curl_event_loop_test
