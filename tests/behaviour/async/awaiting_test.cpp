// Who waits for a Future or a stream: one at a time, and no longer than it is there.
#include "support/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test::awaiting_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Puts the text that it has waited for, or what was thrown instead.
Coroutine await(Future<ChatCompletion>& future, Box<std::string>& said) {
  try {
    const Result<ChatCompletion> answer = co_await future;
    said.put(answer ? answer->text() : answer.error().message);
  } catch (const std::exception& exception) {
    said.put(exception.what());
  }
}

/// Goes on only if it is resumed, which it is not.
OwnedCoroutine await_in_vain(Future<ChatCompletion>& future) {
  const Result<ChatCompletion> answer = co_await future;
  ADD_FAILURE() << "it was resumed";
}

Coroutine await_chunk(AsyncStream<ChatCompletionChunk>& stream, Box<std::string>& said) {
  try {
    const std::optional<ChatCompletionChunk> chunk = co_await stream.next();
    said.put(chunk ? chunk->text() : "the end");
  } catch (const std::exception& exception) {
    said.put(exception.what());
  }
}

/// An endpoint whose answers wait for `released`.
struct Holding : AsyncSimulation {
  explicit Holding(SimulatedAnswer answer) { add_holding(std::move(answer)); }
  /// Unless the test has done so already.
  ~Holding() { released.open(); }
};

TEST(AwaitingTest, ASecondCoroutineIsToldThatOneWaitsAlready) {
  Holding simulation(ok("hello"));
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  Box<std::string> first, second;
  await(future, first);
  await(future, second);
  EXPECT_THAT(second.get(), HasSubstr("awaited already"));
  simulation.released.open();
  EXPECT_EQ(first.get(), "hello");
}

TEST(AwaitingTest, ASecondCoroutineTakesNothingFromOneThatIsAboutToGoOn) {
  Holding simulation(ok("hello"));
  MainLoop main;
  simulation.options.executor = main.executor();
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  Box<std::string> first, second;
  await(future, first);
  simulation.released.open();
  EXPECT_TRUE(future.wait_for(patience));
  await(future, second);
  EXPECT_THAT(second.get(), HasSubstr("awaited already"));
  main.run_one();
  EXPECT_EQ(first.get(), "hello");
}

TEST(AwaitingTest, NobodyElseTakesTheResultFromACoroutine) {
  Holding simulation(ok("hello"));
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  Box<std::string> said;
  await(future, said);
  EXPECT_THROW((void)future.get(), std::logic_error);
  EXPECT_THROW(std::move(future).then([](Result<ChatCompletion>) { FAIL(); }), std::logic_error);
  EXPECT_THROW(std::move(future).detach(), std::logic_error);  // NOLINT(bugprone-use-after-move)
  simulation.released.open();
  EXPECT_EQ(said.get(), "hello");
}

TEST(AwaitingTest, ForEachTakesNothingFromACoroutine) {
  Holding simulation(ok("hello"));
  MainLoop nobody_runs_it;
  simulation.options.executor = nobody_runs_it.executor();
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  const OwnedCoroutine first = await_in_vain(future);
  simulation.released.open();
  const auto start = [&](int, const RequestOptions&) { return std::move(future); };
  const auto ignore = [](int, const Result<ChatCompletion>&) {};
  EXPECT_THROW(for_each(std::vector<int>{1}, start, ignore), std::logic_error);
}

TEST(AwaitingTest, ASecondReaderOfAStreamIsToldThatOneWaitsAlready) {
  Holding simulation(streaming(says("hello") + finish() + done()));
  const AsyncClient client = simulation.client();
  AsyncStream<ChatCompletionChunk> stream = ask_to_stream(client);
  Box<std::string> first, second;
  await_chunk(stream, first);
  await_chunk(stream, second);
  EXPECT_THAT(second.get(), HasSubstr("awaited already"));
  simulation.released.open();
  EXPECT_EQ(first.get(), "hello");
}

TEST(AwaitingTest, AnotherCoroutineWaitsAfterOneThatIsGone) {
  Holding simulation(ok("hello"));
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  {
    auto awaiter = future.operator co_await();  // is destroyed with its coroutine
    EXPECT_TRUE(awaiter.await_suspend(std::noop_coroutine()));
  }
  Box<std::string> second;
  await(future, second);
  simulation.released.open();
  EXPECT_EQ(second.get(), "hello");
}

TEST(AwaitingTest, AnAwaiterMayOutliveItsFuture) {
  Holding simulation(ok());
  const AsyncClient client = simulation.client();
  std::optional<Future<ChatCompletion>> future(ask(client));
  auto awaiter = future->operator co_await();
  EXPECT_TRUE(awaiter.await_suspend(std::noop_coroutine()));
  future.reset();
}

TEST(AwaitingTest, AnAwaiterMayOutliveItsStream) {
  Holding simulation(streaming(whole("hello")));
  const AsyncClient client = simulation.client();
  std::optional<AsyncStream<ChatCompletionChunk>> stream(ask_to_stream(client));
  auto awaiter = stream->next();
  EXPECT_FALSE(awaiter.await_ready());
  EXPECT_TRUE(awaiter.await_suspend(std::noop_coroutine()));
  stream.reset();
}

TEST(AwaitingTest, AssigningAnotherFutureCancelsTheCall) {
  Holding simulation(after(1ms, ok()));
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  ASSERT_TRUE(simulation.held.wait());
  future = ask(client);
  simulation.released.open();
  EXPECT_TRUE(future.get());
  const Counts counts = client.endpoints().at(0).counts;
  EXPECT_EQ(counts.total_exclusions, 1U);
  EXPECT_EQ(counts.total_successes, 1U);
}

TEST(AwaitingTest, AssigningAnotherFutureForgetsWhoWaitsForTheFirst) {
  Holding simulation(ok("hello"));
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  const OwnedCoroutine first = await_in_vain(future);
  future = ask(client);
  Box<std::string> second;
  await(future, second);
  simulation.released.open();
  EXPECT_EQ(second.get(), "hello");
  EXPECT_TRUE(ask(client).get());
}

}  // namespace
}  // namespace openailb::test::awaiting_test
