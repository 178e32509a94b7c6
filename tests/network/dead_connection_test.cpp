// A kept connection that has died is never an excuse to send a request twice.
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

namespace openailb::test::dead_connection_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;

Handler says_hi() { return answer_with(http_response(200, completion_json("Hi"))); }

ClientOptions trusting() { return {.connection = {.ca_bundle = certificate("ca.pem")}}; }

// A kept connection that dies when it is used again: libcurl would silently send the POST a second time.

/// Serves one request per connection; what the first connection does with its second one is `dies`.
Handler dies_when_used_again(std::function<void(Connection&)> dies) {
  return [dies = std::move(dies)](Connection& connection) {
    connection.read_request();
    connection.write(http_response(200, completion_json("Hi")));
    if (connection.index() == 0) return dies(connection);
    while (connection.read_request()) connection.write(http_response(200, completion_json("again")));
  };
}

void close_after_reading(Connection& connection) { connection.read_request(); }
void reset_after_reading(Connection& connection) {
  connection.read_request();
  connection.reset();
}

template <class Server>
void expect_sent_at_most_once_per_attempt(void (*dies)(Connection&)) {
  std::atomic<int> backoffs = 0;
  for (int max_retries : {0, 2}) {
    Server server(dies_when_used_again(dies));
    ClientOptions options = trusting();
    options.max_retries = max_retries;
    options.random = [&] {
      ++backoffs;
      return 0.5;
    };
    Client client({{.base_url = server.url()}}, options);
    ASSERT_TRUE(client.chat.completions.create(hello()));
    auto second = client.chat.completions.create(hello());
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(server.request_count(), 3) << "one request before, and two of this call";
    EXPECT_EQ(second->info.attempts.at(0).kind, ErrorKind::connection);
    EXPECT_THAT(second->info.attempts.at(0).message, HasSubstr("127.0.0.1:" + std::to_string(server.port())));
    const Counts counts = client.endpoints()[0].counts;
    EXPECT_EQ(counts.total_failures, 0);
    EXPECT_EQ(counts.total_exclusions, 1);
  }
  EXPECT_EQ(backoffs, 0);
}

TEST(DeadConnection, ThatClosesAfterTheRequestCostsOneAttempt) {
  expect_sent_at_most_once_per_attempt<ScriptedServer>(close_after_reading);
}
TEST(DeadConnection, ThatIsResetAfterTheRequestCostsOneAttempt) {
  expect_sent_at_most_once_per_attempt<ScriptedServer>(reset_after_reading);
}
TEST(DeadConnection, ThatClosesAfterTheRequestCostsOneAttemptOverTls) {
  expect_sent_at_most_once_per_attempt<TlsServer>(close_after_reading);
}
TEST(DeadConnection, ThatIsResetAfterTheRequestCostsOneAttemptOverTls) {
  expect_sent_at_most_once_per_attempt<TlsServer>(reset_after_reading);
}

TEST(DeadConnection, LeavesItsEndpointItsTurn) {
  ScriptedServer dying(dies_when_used_again(close_after_reading)), healthy(says_hi());
  Client client({{.base_url = dying.url()}, {.base_url = healthy.url()}});
  for (int call = 0; call < 2; ++call) ASSERT_TRUE(client.chat.completions.create(hello()));
  auto third = client.chat.completions.create(hello());
  ASSERT_TRUE(third);
  EXPECT_EQ(third->info.endpoint, "endpoint-0");
  EXPECT_EQ(third->info.attempts.size(), 2);
  EXPECT_EQ(dying.request_count(), 3);
  EXPECT_EQ(healthy.request_count(), 1);
}

TEST(DeadConnection, OneAfterTheOtherNeverAddsUp) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(http_response(200, completion_json("Hi")));
    connection.read_request();  // and dies of it
  });
  const Client client({{.base_url = server.url()}}, {.max_retries = 0});
  for (int call = 0; call < 40; ++call) {
    const auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << "call " << call << ": " << completion.error().message;
  }
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0);
}

TEST(DeadConnection, WhoseServerIsGoneIsAFailureOfTheEndpoint) {
  auto server = std::make_unique<ScriptedServer>(says_hi());
  Client client({{.base_url = server->url()}}, {.max_retries = 0});
  ASSERT_TRUE(client.chat.completions.create(hello()));
  server.reset();
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::connection);
  EXPECT_THAT(error.message, HasSubstr("could not connect to 127.0.0.1:"));
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 1);
}

TEST(DeadConnection, WhoseServerIsGoneHasReceivedNothing) {
  auto gone = std::make_unique<ScriptedServer>(says_hi());
  ScriptedServer other(says_hi());
  const Client client({{.base_url = gone->url()}, {.base_url = other.url()}},
                      {.max_retries = 0, .max_endpoints = 1});
  for (int call = 0; call < 2; ++call) ASSERT_TRUE(client.chat.completions.create(hello()));
  gone.reset();
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(client.chat.completions.create(hello()));
}

/// The server ends a connection that nobody uses, and the end has arrived before the next call.
void expect_idle_end_unnoticed(void (*end)(Connection&)) {
  Gate idle, ended;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write(http_response(200, completion_json("Hi")));
    if (connection.index() > 0) return connection.wait_closed();
    idle.wait(connection.stop_token());
    end(connection);
    ended.open();
  });
  Client client({{.base_url = server.url()}}, {.max_retries = 0});
  ASSERT_TRUE(client.chat.completions.create(hello()));
  idle.open();
  ASSERT_TRUE(ended.wait());
  EXPECT_TRUE(client.chat.completions.create(hello()));
  EXPECT_EQ(server.request_count(), 2);
  EXPECT_EQ(server.connection_count(), 2);
}

TEST(DeadConnection, ThatWasClosedWhileIdleCostsNothing) {
  expect_idle_end_unnoticed([](Connection& connection) { connection.close(); });
}
TEST(DeadConnection, ThatWasResetWhileIdleCostsNothing) {
  expect_idle_end_unnoticed([](Connection& connection) { connection.reset(); });
}

}  // namespace
}  // namespace openailb::test::dead_connection_test
