// Connections are kept from call to call, and one that has died is never an excuse to send a request twice.
#include "support/gate.hpp"
#include "support/http2_server.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include "support/tls_server.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::connection_reuse_test {
namespace {

using namespace detail;

Handler says_hi() { return answer_with(http_response(200, completion_json("Hi"))); }

ClientOptions trusting() { return {.connection = {.ca_bundle = certificate("ca.pem")}}; }

template <class Server>
void expect_one_connection_per_endpoint(std::size_t endpoints, int calls) {
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<EndpointConfig> configs;
  for (std::size_t index = 0; index < endpoints; ++index) {
    servers.push_back(std::make_unique<Server>(says_hi()));
    configs.push_back({.base_url = servers.back()->url()});
  }
  Client client(configs, trusting());
  for (int call = 0; call < calls; ++call) {
    auto completion = client.chat.completions.create(hello());
    ASSERT_EQ(completion->text(), "Hi");
  }
  std::size_t requests = 0;
  for (const auto& server : servers) {
    EXPECT_EQ(server->connection_count(), 1);
    requests += server->request_count();
  }
  EXPECT_EQ(requests, calls);
}

TEST(ConnectionReuse, OneConnectionServesAHundredCalls) {
  expect_one_connection_per_endpoint<ScriptedServer>(1, 100);
}
TEST(ConnectionReuse, SixteenEndpointsKeepSixteenConnections) {
  expect_one_connection_per_endpoint<ScriptedServer>(16, 160);
}
TEST(ConnectionReuse, OneConnectionServesAHundredCallsOverTls) {
  expect_one_connection_per_endpoint<TlsServer>(1, 100);
}
TEST(ConnectionReuse, SixteenEndpointsKeepSixteenConnectionsOverTls) {
  expect_one_connection_per_endpoint<TlsServer>(16, 64);
}

TEST(ConnectionReuse, OneConnectionServesManyCallsOverHttp2) {
  if (Http2Server::program().empty()) GTEST_SKIP() << "nghttpd is not installed";
  Http2Server server(completion_json("two"));
  Client client({{.base_url = server.url()}}, trusting());
  for (int call = 0; call < 20; ++call) {
    auto completion = client.chat.completions.create(hello());
    ASSERT_EQ(completion->text(), "two");
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(ConnectionReuse, StaysAfterErrorsThatCameWhole) {
  ScriptedServer server(
      answer_in_turn({http_response(400, error_json("no")), chunked_response(422, {"{", "}"}),
                      http_response(200, completion_json("Hi"))}));
  Client client({{.base_url = server.url()}});
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).status, 400);
  EXPECT_EQ(read(client.chat.completions.stream(hello())).error->status, 422);
  EXPECT_TRUE(client.chat.completions.create(hello()));
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(ConnectionReuse, OneConnectionServesFiftyStreams) {
  ScriptedServer server(answer_with(sse_response(completion_events({"Hel", "lo"}))));
  Client client({{.base_url = server.url()}});
  for (int call = 0; call < 50; ++call) {
    EXPECT_EQ(read(client.chat.completions.stream(hello())).content, "Hello");
  }
  EXPECT_EQ(server.connection_count(), 1);
}

/// A stream whose last chunk comes only when it has been asked for.
std::string sse_without_end() {
  std::string stream = sse_response(completion_events({"Hel", "lo"}));
  return stream.substr(0, stream.size() - last_chunk.size());
}

TEST(ConnectionReuse, OneConnectionServesStreamsWhoseEndComesAfterDone) {
  constexpr int calls = 50;
  std::vector<Gate> reader_is_done(calls), end_is_written(calls);
  ScriptedServer server([&](Connection& connection) {
    for (std::size_t call = 0; connection.read_request(); ++call) {
      connection.write(sse_without_end());
      if (!reader_is_done[call].wait(connection.stop_token())) return;
      connection.write(last_chunk);
      end_is_written[call].open();
    }
  });
  Client client({{.base_url = server.url()}});
  for (std::size_t call = 0; call < calls; ++call) {
    StreamText text = read(client.chat.completions.stream(hello()));
    EXPECT_EQ(text.content, "Hello");
    EXPECT_EQ(text.error, std::nullopt);
    reader_is_done[call].open();
    ASSERT_TRUE(end_is_written[call].wait());
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(ConnectionReuse, ACallWaitsAMomentForTheEndOfTheStreamBefore) {
  int reused = 0;
  for (int round = 0; round < 10; ++round) {
    Gate next_call;
    ScriptedServer server([&](Connection& connection) {
      connection.read_request();
      if (connection.index() == 0) {
        connection.write(sse_without_end());
        next_call.wait(connection.stop_token());
        std::this_thread::sleep_for(2ms);  // the moment
        connection.write(last_chunk);
        connection.read_request();
      }
      connection.write(http_response(200, completion_json("next")));
      connection.wait_closed();
    });
    int asked = 0;
    const ApiKey key([&] {  // right before an attempt
      if (++asked == 2) next_call.open();
      return std::string("sk-key");
    });
    Client client({{.api_key = key, .base_url = server.url()}});
    EXPECT_EQ(read(client.chat.completions.stream(hello())).content, "Hello");
    auto next = client.chat.completions.create(hello());
    EXPECT_EQ(next->text(), "next");
    if (server.connection_count() == 1) ++reused;
  }
  EXPECT_GT(reused, 0);  // all of them, unless the machine is so busy that the moment takes 20 ms
}

/// Reads the beginning of an answer, as much as a reader needs.
Task<bool> read_beginning(Transfer& reading) {
  reading.wake_on_data(true);
  WhenAny data(reading);
  co_await data;
  reading.set_satisfied();
  co_return true;
}

Task<int> read_whole(Transfer& reading) {
  WhenAny end(reading);
  co_await end;
  co_return reading.response.status;
}

/// A loop in which the rest of an answer is drained, which its server does not end before it is told to.
struct Draining {
  Gate end{};
  ScriptedServer server{[this](Connection& connection) {
    connection.read_request();
    if (connection.index() == 0) {
      connection.write(sse_without_end());
      if (!end.wait(connection.stop_token())) return;
      connection.write(last_chunk);
      if (!connection.read_request()) return;
    }
    do {
      connection.write(http_response(200, completion_json("next")));
    } while (connection.read_request());
  }};
  std::unique_ptr<CurlEventLoop> loop = std::make_unique<CurlEventLoop>();

  Draining() {
    Transfer first(*loop, request());
    run(*loop, read_beginning(first));
  }
  HttpRequest request() const {
    return {.url = server.url() + "/x", .body = "{}", .max_response_size = 1000};
  }
};

TEST(Draining, ARequestThatWaitsForItDoesNotHoldUpItsStart) {
  Draining draining;
  Transfer next(*draining.loop, draining.request());
  EXPECT_EQ(next.sent(), Sent::nothing);
  EXPECT_FALSE(next.done());
  draining.end.open();
  EXPECT_EQ(run(*draining.loop, read_whole(next)), 200);
  EXPECT_EQ(draining.server.request_count(), 2);
}

TEST(Draining, ARequestGoesOnAnotherConnectionWhenItTakesTooLong) {
  Draining draining;
  Transfer next(*draining.loop, draining.request());
  EXPECT_EQ(run(*draining.loop, read_whole(next)), 200);
  EXPECT_EQ(draining.server.connection_count(), 2);
}

TEST(Draining, ARequestThatIsCanceledMeanwhileIsNeverSent) {
  Draining draining;
  std::optional<Transfer> canceled(std::in_place, *draining.loop, draining.request());
  canceled.reset();
  Transfer next(*draining.loop, draining.request());
  EXPECT_EQ(run(*draining.loop, read_whole(next)), 200);
  EXPECT_EQ(draining.server.request_count(), 2);
}

TEST(Draining, EachAnswerHoldsUpOneRequestAtMost) {
  Draining draining;
  Transfer second(*draining.loop, draining.request()), third(*draining.loop, draining.request());
  EXPECT_EQ(run(*draining.loop, read_whole(third)), 200);
  EXPECT_EQ(run(*draining.loop, read_whole(second)), 200);
  EXPECT_EQ(draining.server.request_count(), 3);
}

TEST(Draining, ALoopMayEndMeanwhile) {
  Draining draining;
  auto next = std::make_unique<Transfer>(*draining.loop, draining.request());
  next.reset();
  draining.loop.reset();
  EXPECT_EQ(draining.server.request_count(), 1);
}

TEST(ConnectionReuse, ADeadConnectionIsFoundAlsoAfterAStreamWhoseEndCameLater) {
  Gate stream_is_read, end_is_written, connection_is_closed;
  TlsServer closing([&](Connection& connection) {
    if (!connection.read_request()) return;
    connection.write(http_response(200, completion_json("Hi")));
    if (connection.index() == 0 && stream_is_read.wait(connection.stop_token())) {
      connection.close();
      connection_is_closed.open();
    }
  });
  TlsServer streaming([&](Connection& connection) {
    if (!connection.read_request()) return;
    connection.write(sse_without_end());
    if (!stream_is_read.wait(connection.stop_token())) return;
    connection.write(last_chunk);
    end_is_written.open();
    connection.wait_closed();
  });
  Client client(
      {{.base_url = closing.url(), .name = "closing"}, {.base_url = streaming.url(), .name = "streaming"}},
      trusting());
  EXPECT_TRUE(client.chat.completions.create(hello(), {.endpoint = "closing"}));
  EXPECT_EQ(read(client.chat.completions.stream(hello(), {.endpoint = "streaming"})).content, "Hello");
  stream_is_read.open();
  ASSERT_TRUE(end_is_written.wait());
  ASSERT_TRUE(connection_is_closed.wait());
  const auto again = client.chat.completions.create(hello(), {.endpoint = "closing"});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->info.attempts.size(), 1);
}

TEST(ConnectionReuse, AServerThatNeverEndsAfterDoneHoldsNobodyUp) {
  Gate first_connection_is_closed;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    if (connection.index() > 0) {
      connection.write(http_response(200, completion_json("next")));
    } else {
      connection.write(sse_without_end());
    }
    connection.wait_closed();
    if (connection.index() == 0) first_connection_is_closed.open();
  });
  Client client({{.base_url = server.url()}});
  Stopwatch watch;
  StreamText text = read(client.chat.completions.stream(hello()));
  EXPECT_EQ(text.content, "Hello");
  EXPECT_EQ(text.error, std::nullopt);
  EXPECT_EQ(client.endpoints()[0].in_flight, 0);
  EXPECT_EQ(client.endpoints()[0].counts.total_successes, 1);
  auto next = client.chat.completions.create(hello());
  EXPECT_EQ(next->text(), "next");
  EXPECT_LT(watch.elapsed(), 20ms + noise);
  EXPECT_TRUE(first_connection_is_closed.wait());
}

// A kept handle counts nothing up from request to request: not the bytes of heads, nor dead connections.
TEST(ConnectionReuse, FiveThousandCallsOnOneLoop) {
  const std::string large(100, 'h');
  ScriptedServer server(answer_with(http_response(200, completion_json("Hi"), {{"X-Large", large}})));
  const Client client({{.base_url = server.url()}}, {.max_retries = 0});
  for (int call = 0; call < 5000; ++call) {
    const auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << "call " << call << ": " << completion.error().message;
  }
  EXPECT_EQ(server.connection_count(), 1);
}

}  // namespace
}  // namespace openailb::test::connection_reuse_test
