// An AsyncClient, its thread, and the end of both.
#include "support/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::async_client_test {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::HasSubstr;

TEST(AsyncClientTest, RejectsAWrongConfiguration) {
  EXPECT_THROW(AsyncClient(std::vector<EndpointConfig>{}), std::invalid_argument);
}

TEST(AsyncClientTest, CancelsItsCallsAtItsEnd) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  auto client = std::make_unique<AsyncClient>(simulation.client());
  Future<ChatCompletion> under_way = ask(*client), behind = ask(*client);
  ASSERT_TRUE(simulation.held.wait());
  std::jthread ending([&] { client.reset(); });
  simulation.released.open();
  ending.join();
  for (Future<ChatCompletion>* future : {&under_way, &behind}) {
    ASSERT_TRUE(future->ready());
    const Result<ChatCompletion> answer = future->get();
    if (answer) continue;  // it was faster than the end
    EXPECT_EQ(answer.error().kind, ErrorKind::canceled);
    EXPECT_THAT(answer.error().message, HasSubstr("the client of this call is gone"));
  }
}

TEST(AsyncClientTest, LivesAsLongAsACopyOrAResource) {
  AsyncSimulation simulation({{ok()}});
  std::optional<AsyncClient> client(simulation.client());
  const auto completions = client->chat.completions;
  client.reset();
  EXPECT_TRUE(completions.create(question()).get());
}

TEST(AsyncClientTest, MayEndOnItsOwnThread) {
  AsyncSimulation simulation({{ok()}});
  auto client = std::make_unique<AsyncClient>(simulation.client());
  const AsyncClient& called = *client;
  Box<bool> ended;
  ask(called).then([&ended, client = std::move(client)](Result<ChatCompletion>) mutable {
    Future<ChatCompletion> late = ask(*client);
    client.reset();
    std::move(late).then(
        [&ended](Result<ChatCompletion> answer) { ended.put(answer.error().kind == ErrorKind::canceled); });
  });
  EXPECT_TRUE(ended.get());
}

TEST(AsyncClientTest, CallsFromItsOwnContinuations) {
  AsyncSimulation simulation({{ok()}});
  const AsyncClient client = simulation.client();
  std::atomic<int> answers = 0;
  Box<bool> all;
  std::function<void()> again = [&] {
    ask(client).then([&](Result<ChatCompletion> answer) {
      if (answer) ++answers;
      answers == 100 ? all.put(true) : again();
    });
  };
  again();
  EXPECT_TRUE(all.get());
}

TEST(AsyncClientTest, CallsFromManyThreads) {
  AsyncSimulation simulation({{ok()}, {failing(503)}});
  const AsyncClient client = simulation.client();
  std::atomic<int> answers = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int call = 0; call < 50; ++call) {
          Future<ChatCompletion> future = ask(client);
          if (call % 5 != 0 && future.get()) ++answers;  // every fifth is dropped
        }
      });
    }
  }
  EXPECT_EQ(answers, 4 * 40);
}

TEST(AsyncClientTest, DropsOtherFuturesFromAContinuation) {
  AsyncSimulation simulation({{ok()}});
  const AsyncClient client = simulation.client();
  Box<int> left;
  ask(client).then([&](Result<ChatCompletion>) {
    auto others = std::make_shared<std::vector<Future<ChatCompletion>>>();
    for (int other = 0; other < 100; ++other) others->push_back(ask(client));
    ask(client).then([&left, others](Result<ChatCompletion>) {
      others->clear();
      left.put(0);
    });
  });
  EXPECT_EQ(left.get(), 0);
  EXPECT_TRUE(ask(client).get());
  EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
}

TEST(AsyncClientTest, ObeysAStopToken) {
  AsyncSimulation simulation;
  simulation.add_holding(hanging());
  const AsyncClient client = simulation.client();
  std::stop_source stop;
  Future<ChatCompletion> future = ask(client, {.stop_token = stop.get_token()});
  ASSERT_TRUE(simulation.held.wait());
  stop.request_stop();
  simulation.released.open();
  EXPECT_EQ(future.get().error().kind, ErrorKind::canceled);
}

TEST(AsyncClientTest, AsksShouldStop) {
  AsyncSimulation simulation({{hanging()}});
  const AsyncClient client = simulation.client();
  int asked = 0;
  Future<ChatCompletion> future = ask(client, {.should_stop = [&] { return ++asked == 3; }});
  EXPECT_EQ(future.get().error().kind, ErrorKind::canceled);
  EXPECT_EQ(asked, 3);
  EXPECT_LE(simulation.elapsed(), 200ms);
}

TEST(AsyncClientTest, EndsACallWhoseShouldStopThrows) {
  AsyncSimulation simulation({{hanging()}});
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future =
      ask(client, {.should_stop = []() -> bool { throw std::runtime_error("no flag"); }});
  EXPECT_EQ(simulation.unhandled.get(), "no flag");
  EXPECT_EQ(future.get().error().kind, ErrorKind::canceled);
}

TEST(AsyncClientTest, ObeysTimeoutAndDeadline) {
  AsyncSimulation simulation({{hanging()}});
  simulation.options.max_retries = 0;
  const AsyncClient client = simulation.client();
  EXPECT_EQ(ask(client, {.timeout = 3s}).get().error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 3s);
  EXPECT_EQ(ask(client, {.deadline = 2s}).get().error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 5s);
}

TEST(AsyncClientTest, ShowsWhatItsExecutorThrows) {
  AsyncSimulation simulation({{ok()}});
  simulation.options.executor = [](const std::function<void()>&) { throw std::runtime_error("full"); };
  const AsyncClient client = simulation.client();
  ask(client).then([](Result<ChatCompletion>) { FAIL() << "it was called"; });
  EXPECT_EQ(simulation.unhandled.get(), "full");
  EXPECT_TRUE(ask(client).get());
}

TEST(AsyncClientTest, FreesWhatItsExecutorDrops) {
  AsyncSimulation simulation({{ok()}});
  MainLoop main;
  simulation.options.executor = main.executor();
  const AsyncClient client = simulation.client();
  const auto owned = std::make_shared<int>();
  ask(client).then([owned](Result<ChatCompletion>) { FAIL() << "it was called"; });
  main.drop_one();
  EXPECT_TRUE(ask(client).get());
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(AsyncClientTest, SurvivesALoopThatThrows) {
  // A simulated loop throws when it waits for nothing: here for a server that has gone silent.
  AsyncSimulation simulation({{{.pieces = {}, .ending = Ending::hang}}});
  simulation.options.timeout = 0s;
  simulation.options.deadline = 0s;
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  EXPECT_THAT(simulation.unhandled.get(), HasSubstr("waits for nothing"));
  EXPECT_EQ(future.get().error().kind, ErrorKind::canceled);
  simulation.serve(0, ok());
  EXPECT_TRUE(ask(client).get());
}

}  // namespace
}  // namespace openailb::test::async_client_test
