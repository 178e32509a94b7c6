// Connecting over real sockets: how long it takes is learned, and who connects slowly is not blamed.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/socket.hpp"
#include "support/tls_server.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace openailb::test::connecting_over_sockets_test {
namespace {

using namespace detail;
using std::chrono::nanoseconds;

/// Returns when so much time has passed, by the clock that the clients have: one of them connects in vain.
void let_pass(nanoseconds time) {
  const SilentPort silent;
  const Client client({{.base_url = silent.url()}}, {.max_retries = 0, .connect_timeout = time});
  EXPECT_FALSE(client.chat.completions.create(hello()));
}

Handler says_hi_once() {
  return [](Connection& connection) {
    if (connection.read_request()) connection.write(http_response(200, completion_json("Hi")));
  };
}

/// A server with TLS whose handshakes, one after the other, wait for gates that tests open.
class SlowServer {
 public:
  Gate& handshake(std::size_t index) { return gates_[index]; }
  std::string url() const { return server_.url(); }
  void wait_for_connections(std::size_t count) const { EXPECT_TRUE(server_.wait_for_connections(count)); }

 private:
  std::array<Gate, 3> gates_{};
  std::atomic<std::size_t> begun_{};
  TlsServer server_{says_hi_once(), ClientCertificate::not_asked, [this] { gates_.at(begun_++).wait(); }};
};

std::string served_by(const Client& client) {
  const Result<ChatCompletion> answer = client.chat.completions.create(hello());
  return answer ? answer->info.endpoint : answer.error().message;
}

TEST(SlowTls, IsWaitedForOnceItIsKnown) {
  SlowServer slow;
  TlsServer quick(answer_with(http_response(200, completion_json("Hi"))));
  const Client client({{.base_url = slow.url(), .name = "slow"}, {.base_url = quick.url(), .name = "quick"}},
                      {.max_retries = 0,
                       .connect_timeout = 60s,
                       .failover_connect_timeout = 200ms,
                       .connection = {.ca_bundle = certificate("ca.pem")}});
  EXPECT_EQ(served_by(client), "quick") << "the handshake with the first was given up";
  slow.handshake(0).open();
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0U);
  EXPECT_EQ(client.endpoints()[0].counts.total_exclusions, 1U);
  {
    const std::jthread later([&] {
      slow.wait_for_connections(2);
      let_pass(2s);
      slow.handshake(1).open();
    });
    EXPECT_EQ(served_by(client), "slow") << "nobody knew how long it takes, so it was given all the time";
  }
  EXPECT_EQ(served_by(client), "quick");
  {
    const std::jthread later([&] {
      slow.wait_for_connections(3);
      let_pass(300ms);
      slow.handshake(2).open();
    });
    EXPECT_EQ(served_by(client), "slow") << "it is known to need longer than that";
  }
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0U);
}

class ConnectTimeOfLoop : public ::testing::TestWithParam<LoopTuning> {};
INSTANTIATE_TEST_SUITE_P(ForCalls, ConnectTimeOfLoop,
                         ::testing::Values(LoopTuning::latency, LoopTuning::throughput),
                         [](const auto& tested) {
                           return tested.param == LoopTuning::latency ? "Few" : "Many";
                         });

/// Runs the loop until the transfer has ended, for which no coroutine waits.
void end(const Transfer& transfer, EventLoop& loop) {
  while (!transfer.done()) loop.run_once(loop.now() + 5ms);
}

std::optional<nanoseconds> connect_time(EventLoop& loop, const std::string& url) {
  Transfer transfer(loop, {.method = "GET", .url = url, .max_response_size = 1000});
  end(transfer, loop);
  EXPECT_FALSE(transfer.failure());
  return transfer.connect_time();
}

TEST_P(ConnectTimeOfLoop, IsToldOfNewConnectionsAlone) {
  TlsServer server(answer_with(http_response(200, "Hi")));
  CurlEventLoop loop({.ca_bundle = certificate("ca.pem")}, GetParam());
  const Stopwatch watch;
  const std::optional<nanoseconds> first = connect_time(loop, server.url());
  ASSERT_TRUE(first);
  EXPECT_GT(*first, 0ns);
  EXPECT_LT(*first, watch.elapsed());
  EXPECT_FALSE(connect_time(loop, server.url())) << "this connection was kept";
  EXPECT_EQ(server.connection_count(), 1U);
}

TEST_P(ConnectTimeOfLoop, CoversTheHandshakeAndNotTheAnswer) {
  Gate handshake, answer;
  TlsServer server(
      [&](Connection& connection) {
        connection.read_request();
        answer.wait(connection.stop_token());
        connection.write(http_response(200, "Hi"));
      },
      ClientCertificate::not_asked, [&] { handshake.wait(); });
  CurlEventLoop loop({.ca_bundle = certificate("ca.pem")}, GetParam());
  const std::jthread later([&] {
    server.wait_for_connections(1);
    let_pass(200ms);
    handshake.open();
    server.wait_for_requests(1);
    let_pass(1s);
    answer.open();
  });
  Transfer transfer(loop, {.method = "GET", .url = server.url(), .max_response_size = 1000});
  const Stopwatch watch;
  end(transfer, loop);
  ASSERT_TRUE(transfer.connect_time());
  EXPECT_GE(*transfer.connect_time(), 199ms);
  EXPECT_LE(*transfer.connect_time(), watch.elapsed() - 999ms);
}

TEST_P(ConnectTimeOfLoop, IsUnknownWhileThereIsNoConnection) {
  const SilentPort silent;
  CurlEventLoop loop({}, GetParam());
  Transfer transfer(loop, {.url = silent.url(), .connect_timeout = 50ms, .max_response_size = 1000});
  end(transfer, loop);
  ASSERT_TRUE(transfer.failure());
  EXPECT_FALSE(transfer.connect_time());
}

}  // namespace
}  // namespace openailb::test::connecting_over_sockets_test
