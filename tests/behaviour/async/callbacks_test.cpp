// The functions that a user gives to a call of an AsyncClient: when they are not called any more.
#include "support/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::callbacks_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// Texts that come one by one, 50 ms apart, as often as should_stop is asked.
SimulatedAnswer abc() { return dripping({says("a"), says("b"), says("c"), finish(), done()}, 50ms); }

/// A client whose functions run when the test says so.
struct WithMainLoop : AsyncSimulation {
  using AsyncSimulation::AsyncSimulation;

  MainLoop main{};

  AsyncClient client() {
    options.executor = main.executor();
    return AsyncSimulation::client();
  }
};

/// What counts the calls of a function, and owns the coroutine if it is one.
struct Called {
  int times{};
  std::vector<OwnedCoroutine> coroutines{};
};

/// One way to give a call a function.
struct Way {
  std::string name;
  SimulatedAnswer answer;
  /// Begins a call, and returns what ends it.
  std::function<std::shared_ptr<void>(const AsyncClient&, Called&, std::stop_token)> begin;
};

template <class Future>
std::shared_ptr<void> shared(Future future) {
  return std::make_shared<Future>(std::move(future));
}

std::vector<Way> ways() {
  return {
      {"on_chunk", abc(),
       [](const AsyncClient& client, Called& called, std::stop_token stop) {
         return shared(ask_to_stream(client, {.stop_token = std::move(stop)})
                           .on_chunk([&called](const ChatCompletionChunk&) { ++called.times; }));
       }},
      {"a sink", answering("bytes"),
       [](const AsyncClient& client, Called& called, std::stop_token stop) {
         return shared(client.files.content("file-1", [&called](std::string_view) { ++called.times; },
                                            {.stop_token = std::move(stop)}));
       }},
      {"on_update", answering(R"({"id": "batch_1", "object": "batch", "status": "in_progress"})"),
       [](const AsyncClient& client, Called& called, std::stop_token stop) {
         return shared(client.batches.wait("batch_1",
                                           {.on_update = [&called](const Batch&) { ++called.times; }},
                                           {.stop_token = std::move(stop)}));
       }},
      {"a coroutine", ok(),
       [](const AsyncClient& client, Called& called, std::stop_token stop) -> std::shared_ptr<void> {
         auto future = std::make_shared<Future<ChatCompletion>>(ask(client, {.stop_token = std::move(stop)}));
         called.coroutines.push_back([](Future<ChatCompletion>& one, int& count) -> OwnedCoroutine {
           const Result<ChatCompletion> answer = co_await one;
           ++count;
         }(*future, called.times));
         return future;
       }},
      {"a coroutine that reads a stream", abc(),
       [](const AsyncClient& client, Called& called, std::stop_token stop) -> std::shared_ptr<void> {
         auto stream = std::make_shared<AsyncStream<ChatCompletionChunk>>(
             ask_to_stream(client, {.stop_token = std::move(stop)}));
         called.coroutines.push_back([](auto& one, int& count) -> OwnedCoroutine {
           const std::optional<ChatCompletionChunk> chunk = co_await one.next();
           ++count;
         }(*stream, called.times));
         return stream;
       }},
  };
}

/// Until the executor has got the call's function.
void wait_for_function(MainLoop& main) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (main.size() == 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
}

TEST(CallbacksTest, AreNotCalledAfterTheDestructorOnTheExecutorsThread) {
  for (const Way& way : ways()) {
    SCOPED_TRACE(way.name);
    WithMainLoop simulation;
    simulation.add_holding(way.answer);
    const AsyncClient client = simulation.client();
    Called called;
    std::shared_ptr<void> call = way.begin(client, called, {});
    simulation.released.open();
    wait_for_function(simulation.main);
    call.reset();
    simulation.main.run_one();
    EXPECT_EQ(called.times, 0);
    EXPECT_FALSE(ask(client, {.endpoint = "nobody"}).get());  // by then it has been dropped
    EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
    EXPECT_EQ(simulation.main.size(), 0U);
  }
}

TEST(CallbacksTest, AreNotCalledOnceAStopWasRequestedOnTheExecutorsThread) {
  for (const Way& way : ways()) {
    if (way.name.starts_with("a coroutine")) continue;  // which goes on with the error
    SCOPED_TRACE(way.name);
    WithMainLoop simulation;
    simulation.add_holding(way.answer);
    const AsyncClient client = simulation.client();
    Called called;
    std::stop_source stop;
    const std::shared_ptr<void> call = way.begin(client, called, stop.get_token());
    simulation.released.open();
    wait_for_function(simulation.main);
    stop.request_stop();
    simulation.main.run_one();
    EXPECT_EQ(called.times, 0);
  }
}

TEST(CallbacksTest, ACallWhoseFunctionWasNotCalledEndsAsCanceled) {
  WithMainLoop simulation({{abc()}, {answering("bytes")}, {answering(R"({"id": "batch_1"})")}});
  const AsyncClient client = simulation.client();
  std::stop_source stop;
  const auto at = [&](const std::string& endpoint) {
    return RequestOptions{.stop_token = stop.get_token(), .endpoint = endpoint};
  };
  auto text = ask_to_stream(client, at("endpoint-0")).on_chunk([](const ChatCompletionChunk&) {});
  auto bytes = client.files.content(
      "file-1", [](std::string_view) {}, at("endpoint-1"));
  auto batch = client.batches.wait("batch_1", {.on_update = [](const Batch&) {}}, at("endpoint-2"));
  while (simulation.main.size() < 3) std::this_thread::yield();
  stop.request_stop();
  for (int function = 0; function < 3; ++function) simulation.main.run_one();
  EXPECT_EQ(text.get().error().kind, ErrorKind::canceled);
  EXPECT_EQ(bytes.get().error().kind, ErrorKind::canceled);
  EXPECT_EQ(batch.get().error().kind, ErrorKind::canceled);
}

TEST(CallbacksTest, AreNotCalledAfterGetWhenAnotherThreadHasEndedTheClient) {
  WithMainLoop simulation({{abc()}});
  auto client = std::make_unique<AsyncClient>(simulation.client());
  int calls = 0;
  auto whole = ask_to_stream(*client).on_chunk([&](const ChatCompletionChunk&) { ++calls; });
  wait_for_function(simulation.main);
  std::jthread([&] { client.reset(); }).join();
  EXPECT_EQ(whole.get().error().kind, ErrorKind::canceled);
  simulation.main.run_one();
  EXPECT_EQ(calls, 0);
}

/// What opens a gate when nobody has it any more.
std::shared_ptr<void> opens(Gate& gate) {
  return {&gate, [](Gate* one) { one->open(); }};
}

TEST(CallbacksTest, AreNotCalledAfterGetWhenTheClientsOwnThreadHasEndedIt) {
  // A function is posted when the chunk comes. In the same turn of the loop, should_stop ends the client.
  AsyncSimulation simulation({{abc()}});
  auto client = std::make_unique<AsyncClient>(simulation.client());
  int asked = 0;
  const auto ends_the_client = [&] {
    if (++asked == 2) client.reset();
    return false;
  };
  int calls = 0;
  Gate gone;
  auto whole = ask_to_stream(*client, {.should_stop = ends_the_client})
                   .on_chunk([&calls, alive = opens(gone)](const ChatCompletionChunk&) { ++calls; });
  EXPECT_EQ(whole.get().error().kind, ErrorKind::canceled);
  EXPECT_TRUE(gone.wait());
  EXPECT_EQ(calls, 0);
}

TEST(CallbacksTest, AreNotCalledAfterTheDestructorOnTheClientsThread) {
  // As above, but should_stop drops the Future.
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  std::optional<Future<ChatCompletion>> whole;
  int asked = 0, calls = 0;
  Gate ready, gone;
  const auto drops_it = [&] {
    ready.wait();
    if (++asked == 2) whole.reset();
    return false;
  };
  whole = ask_to_stream(client, {.should_stop = drops_it})
              .on_chunk([&calls, alive = opens(gone)](const ChatCompletionChunk&) { ++calls; });
  ready.open();
  EXPECT_TRUE(gone.wait());
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(asked, 2);
}

TEST(CallbacksTest, ShouldStopIsNotAskedAfterTheDestructorOnTheClientsThread) {
  AsyncSimulation simulation;
  simulation.add(script({hanging()}));
  simulation.add(script({ok()}));
  const AsyncClient client = simulation.client();
  int asked = 0, asked_before = 0;
  const auto counted = [&] { return ++asked < 0; };
  for (const bool streams : {false, true}) {
    const RequestOptions options{.should_stop = counted, .endpoint = "endpoint-0"};
    std::vector<std::shared_ptr<void>> calls;
    if (streams) {
      calls.push_back(shared(ask_to_stream(client, options)));
      calls.push_back(shared(ask_to_stream(client, options).on_chunk([](const ChatCompletionChunk&) {})));
    } else {
      calls.push_back(shared(ask(client, options)));
    }
    Box<bool> dropped;
    ask(client, {.endpoint = "endpoint-1"}).then([&](Result<ChatCompletion>) {
      calls.clear();
      asked_before = asked;
      simulation.network.jump(1s);  // so that it would be asked now
      dropped.put(true);
    });
    EXPECT_TRUE(dropped.get());
    EXPECT_TRUE(ask(client, {.endpoint = "endpoint-1"}).get());
    EXPECT_EQ(asked, asked_before);
  }
}

TEST(CallbacksTest, GetWaitsForTheOneThatIsRunning) {
  AsyncSimulation simulation({{abc()}});
  std::jthread executor;
  simulation.options.executor = [&](std::function<void()> function) {
    executor = std::jthread(std::move(function));
  };
  auto client = std::make_unique<AsyncClient>(simulation.client());
  Gate began, release;
  bool has_returned = false;
  auto whole = ask_to_stream(*client).on_chunk([&](const ChatCompletionChunk&) {
    began.open();
    release.wait();
    has_returned = true;
  });
  ASSERT_TRUE(began.wait());
  client.reset();
  EXPECT_FALSE(whole.ready());
  EXPECT_FALSE(whole.wait_for(0s));
  release.open();
  EXPECT_EQ(whole.get().error().kind, ErrorKind::canceled);
  EXPECT_TRUE(has_returned);
}

TEST(CallbacksTest, ThenFollowsTheOneThatIsRunning) {
  AsyncSimulation simulation({{abc()}});
  std::mutex mutex;
  std::vector<std::jthread> executor;
  simulation.options.executor = [&](std::function<void()> function) {
    const std::lock_guard lock(mutex);
    executor.emplace_back(std::move(function));
  };
  auto client = std::make_unique<AsyncClient>(simulation.client());
  Gate began, release, is_over;
  std::vector<std::string> order;
  ask_to_stream(*client)
      .on_chunk([&](const ChatCompletionChunk&) {
        began.open();
        release.wait();
        order.push_back("chunk");
      })
      .then([&](Result<ChatCompletion>) {
        order.push_back("then");
        is_over.open();
      });
  ASSERT_TRUE(began.wait());
  client.reset();
  release.open();
  ASSERT_TRUE(is_over.wait());
  {
    const std::lock_guard lock(mutex);
    executor.front().join();  // which has made the other one
    executor.clear();
  }
  EXPECT_THAT(order, ElementsAre("chunk", "then"));
}

TEST(CallbacksTest, OneThatReturnsFalseEndsTheStream) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  std::string text;
  auto whole = ask_to_stream(client).on_chunk([&](const ChatCompletionChunk& chunk) {
    text += chunk.text();
    return text != "ab";
  });
  const Result<ChatCompletion> answer = whole.get();
  EXPECT_EQ(answer.error().kind, ErrorKind::canceled);
  EXPECT_EQ(text, "ab");
  EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
  EXPECT_EQ(client.endpoints().at(0).counts.total_exclusions, 1U);
}

TEST(CallbacksTest, OneMayHaveAStateOfItsOwnAndNotBeCopied) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  int last = 0;
  auto whole =
      ask_to_stream(client).on_chunk([&last, count = 0, owned = std::make_unique<int>(1)](
                                         const ChatCompletionChunk&) mutable { last = count += *owned; });
  EXPECT_TRUE(whole.get());
  EXPECT_EQ(last, 4);
}

}  // namespace
}  // namespace openailb::test::callbacks_test
