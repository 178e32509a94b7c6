// Many calls at once on one loop that is made for them.
#include "simulation/concurrent.hpp"
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

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::many_calls_test {
namespace {

using namespace openailb::detail;
using namespace std::chrono_literals;
using simulation::ConcurrentClient;
using Answer = Result<ChatCompletion>;

/// A client whose calls share one loop.
class Client {
 public:
  explicit Client(std::string url, ClientOptions options = {})
      : client_({{.base_url = std::move(url)}}, with_loop(std::move(options))) {}

  EventLoop& loop() const { return *loop_; }
  auto ask(std::size_t number, RequestOptions options = {}) const {
    return client_.chat.completions.create(hello(std::to_string(number)), std::move(options));
  }
  /// Makes so many calls at once.
  std::vector<Answer> ask_all(std::size_t calls) const {
    std::deque<Task<Answer>> tasks;
    for (std::size_t number = 0; number < calls; ++number) tasks.push_back(ask(number));
    for (auto& task : tasks) task.start();
    std::vector<Answer> answers;
    for (auto& task : tasks) answers.push_back(run(loop(), std::move(task)));
    return answers;
  }
  EndpointStatus endpoint() const { return client_.endpoints().at(0); }

 private:
  ClientOptions with_loop(ClientOptions options) {
    options.event_loop = [this, connection = options.connection] {
      auto made = std::make_unique<CurlEventLoop>(connection, LoopTuning::throughput);
      loop_ = made.get();
      return made;
    };
    return options;
  }

  EventLoop* loop_{};
  ConcurrentClient client_;
};

ClientOptions trusting() { return {.connection = {.ca_bundle = certificate("ca.pem")}}; }

/// Answers with what was asked.
Handler echo() {
  return answer([](const Request& request) {
    return http_response(200, completion_json(request.json()["messages"][0]["content"].get<std::string>()));
  });
}

void expect_own_answers(const std::vector<Answer>& answers) {
  for (std::size_t number = 0; number < answers.size(); ++number) {
    ASSERT_TRUE(answers[number]) << answers[number].error().message;
    EXPECT_EQ(answers[number]->text(), std::to_string(number));
  }
}

template <class Server>
void expect_each_gets_its_own_answer(std::size_t calls) {
  Server server(echo());
  const Client client(server.url(), trusting());
  for (int round = 0; round < 3; ++round) expect_own_answers(client.ask_all(calls));
  EXPECT_LE(server.connection_count(), calls);
  EXPECT_EQ(client.endpoint().in_flight, 0);
}

TEST(ManyCalls, EachGetsItsOwnAnswer) { expect_each_gets_its_own_answer<ScriptedServer>(300); }
TEST(ManyCalls, EachGetsItsOwnAnswerOverTls) { expect_each_gets_its_own_answer<TlsServer>(60); }

/// No answer comes before all requests have: for ever, if one waits for the answer of another.
template <class Server>
void expect_none_waits_for_the_answer_of_another() {
  constexpr std::size_t calls = 30;
  std::unique_ptr<Server> server;
  server = std::make_unique<Server>([&](Connection& connection) {
    if (!connection.read_request() || !server->wait_for_requests(calls)) return;
    connection.write(http_response(200, completion_json("Hi")));
    connection.wait_closed();
  });
  const Client client(server->url(), trusting());
  for (const Answer& answer : client.ask_all(calls)) EXPECT_TRUE(answer) << answer.error().message;
}

TEST(ManyCalls, NoneWaitsForTheAnswerOfAnother) {
  expect_none_waits_for_the_answer_of_another<ScriptedServer>();
}
TEST(ManyCalls, NoneWaitsForTheAnswerOfAnotherOverTls) {
  expect_none_waits_for_the_answer_of_another<TlsServer>();
}

TEST(ManyCalls, ShareAConnectionOverHttp2) {
  if (Http2Server::program().empty()) GTEST_SKIP() << "nghttpd is not installed";
  Http2Server server(completion_json("two"));
  const Client client(server.url(), trusting());
  for (const Answer& answer : client.ask_all(80)) {
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->text(), "two");
  }
  EXPECT_EQ(server.connection_count(), 1);
}

// A cap on connections

TEST(ConnectionCap, HoldsAndAllAreAnswered) {
  ScriptedServer server(echo());
  const Client client(server.url(), {.connection = {.max_connections_per_host = 2}});
  expect_own_answers(client.ask_all(50));
  EXPECT_EQ(server.connection_count(), 2);
}

/// A server of which one call has the only connection, until it may have its answer.
struct Taken {
  Gate may_end{};
  ScriptedServer server{[this](Connection& connection) {
    while (connection.read_request()) {
      may_end.wait(connection.stop_token());
      connection.write(http_response(200, completion_json("Hi")));
    }
  }};
  Client client;
  Task<Answer> first;

  explicit Taken(ClientOptions options)
      : client(server.url(), with_cap(std::move(options))), first(client.ask(1)) {
    first.start();
    while (server.request_count() == 0) client.loop().run_once(client.loop().now() + 1ms);
  }
  static ClientOptions with_cap(ClientOptions options) {
    options.max_retries = 0;
    options.connection.max_connections_per_host = 1;
    return options;
  }
};

TEST(ConnectionCap, ACallThatWaitsObeysItsConnectTimeout) {
  Taken taken({.connect_timeout = 200ms});
  const Stopwatch watch;
  const Error error = error_of(run(taken.client.loop(), taken.client.ask(2)));
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_THAT(error.message, ::testing::HasSubstr("could not connect to"));
  EXPECT_GE(watch.elapsed(), 199ms);
  EXPECT_LT(watch.elapsed(), 200ms + noise);
  EXPECT_FALSE(taken.first.done()) << "one that is connected may take longer";
  taken.may_end.open();
  EXPECT_TRUE(run(taken.client.loop(), std::move(taken.first)));
  EXPECT_EQ(taken.server.request_count(), 1);
}

TEST(ConnectionCap, ACallThatWaitsObeysItsDeadline) {
  Taken taken({.connect_timeout = 1h});
  const Stopwatch watch;
  EXPECT_EQ(error_of(run(taken.client.loop(), taken.client.ask(2, {.deadline = 200ms}))).kind,
            ErrorKind::timeout);
  EXPECT_LT(watch.elapsed(), 200ms + noise);
}

TEST(ConnectionCap, ACallThatWaitsObeysItsStopToken) {
  Taken taken({.connect_timeout = 1h});
  std::stop_source stop;
  Task<Answer> waiting = taken.client.ask(2, {.stop_token = stop.get_token()});
  waiting.start();
  const std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(error_of(run(taken.client.loop(), std::move(waiting))).kind, ErrorKind::canceled);
}

TEST(ConnectionCap, ACallThatWaitsGoesOnWhenTheOneBeforeHasItsAnswer) {
  Taken taken({});
  Task<Answer> waiting = taken.client.ask(2);
  waiting.start();
  taken.may_end.open();
  EXPECT_TRUE(run(taken.client.loop(), std::move(waiting)));
  EXPECT_TRUE(run(taken.client.loop(), std::move(taken.first)));
  EXPECT_EQ(taken.server.connection_count(), 1);
}

TEST(ManyCalls, ThatDoNotConnectEndAtTheirConnectTimeout) {
  SilentPort port;
  const Client client(port.url(), {.max_retries = 0, .connect_timeout = 200ms});
  const Stopwatch watch;
  for (const Answer& answer : client.ask_all(50)) EXPECT_EQ(error_of(answer).kind, ErrorKind::timeout);
  EXPECT_LT(watch.elapsed(), 200ms + noise);
}

TEST(ManyCalls, ThatAreRefusedFail) {
  RefusedPort port;
  const Client client(port.url(), {.max_retries = 0});
  for (const Answer& answer : client.ask_all(50)) EXPECT_EQ(error_of(answer).kind, ErrorKind::connection);
}

TEST(ManyCalls, AreAllStoppedFromAnotherThread) {
  ScriptedServer server([](Connection& connection) { connection.wait_closed(); });
  const Client client(server.url());
  std::stop_source stop;
  std::deque<Task<Answer>> tasks;
  for (std::size_t number = 0; number < 200; ++number) {
    tasks.push_back(client.ask(number, {.stop_token = stop.get_token()}));
    tasks.back().start();
  }
  const std::jthread stopper([&] {
    server.wait_for_connections(200);
    stop.request_stop();
  });
  for (auto& task : tasks) {
    EXPECT_EQ(error_of(run(client.loop(), std::move(task))).kind, ErrorKind::canceled);
  }
  EXPECT_EQ(client.endpoint().in_flight, 0);
}

}  // namespace
}  // namespace openailb::test::many_calls_test
