// A stream of an AsyncClient, as coroutines and functions read it.
#include "support/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace openailb::test::async_stream_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

static_assert(std::is_nothrow_move_constructible_v<AsyncStream<ChatCompletionChunk>>);

/// Texts that come one by one, a millisecond apart.
SimulatedAnswer abc(Ending ending = Ending::complete) {
  std::vector<std::string> events{says("a"), says("b"), says("c")};
  if (ending == Ending::complete) events.insert(events.end(), {finish(), done()});
  return dripping(events, 1ms, ending);
}

Coroutine read(AsyncStream<ChatCompletionChunk> stream, Box<Heard>& heard) {
  Heard all;
  while (std::optional<ChatCompletionChunk> chunk = co_await stream.next())
    all.texts.push_back(chunk->text());
  if (stream.error()) all.kind = stream.error()->kind;
  heard.put(all);
}

Heard read_all(const AsyncClient& client, RequestOptions options = {}) {
  Box<Heard> heard;
  read(ask_to_stream(client, std::move(options)), heard);
  return heard.get();
}

TEST(AsyncStreamTest, IsReadByACoroutine) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  const Heard heard = read_all(client);
  EXPECT_THAT(heard.texts, ElementsAre("a", "b", "c", ""));
  EXPECT_FALSE(heard.kind);
}

TEST(AsyncStreamTest, BreaksWithAnError) {
  AsyncSimulation simulation({{abc(Ending::reset)}});
  const AsyncClient client = simulation.client();
  const Heard heard = read_all(client);
  EXPECT_THAT(heard.texts, ElementsAre("a", "b", "c"));
  EXPECT_EQ(heard.kind, ErrorKind::stream_interrupted);
}

TEST(AsyncStreamTest, FailsOverUntilItsFirstToken) {
  AsyncSimulation simulation({{streaming(role(), Ending::reset)}, {abc()}});
  const AsyncClient client = simulation.client();
  EXPECT_THAT(read_all(client).texts, ElementsAre("a", "b", "c", ""));
  EXPECT_EQ(client.endpoints().at(0).counts.total_failures, 1);
  EXPECT_EQ(client.endpoints().at(1).counts.total_successes, 1);
}

TEST(AsyncStreamTest, SaysWhyItDidNotOpen) {
  AsyncSimulation simulation({{failing(404)}});
  const AsyncClient client = simulation.client();
  EXPECT_EQ(read_all(client).kind, ErrorKind::not_found);
  EXPECT_EQ(read_all(client, {.timeout = -1s}).kind, ErrorKind::bad_request);
}

TEST(AsyncStreamTest, StopsByItsStopTokenAndShouldStop) {
  AsyncSimulation simulation({{abc(Ending::hang)}});
  const AsyncClient client = simulation.client();
  bool stop = false;
  simulation.network.at(simulation.began + 2ms, [&] { stop = true; });
  EXPECT_EQ(read_all(client, {.should_stop = [&] { return stop; }}).kind, ErrorKind::canceled);
}

TEST(AsyncStreamTest, ObeysItsIdleTimeout) {
  AsyncSimulation simulation({{abc(Ending::hang)}});
  simulation.options.idle_timeout = 5s;
  const AsyncClient client = simulation.client();
  const Heard heard = read_all(client);
  EXPECT_THAT(heard.texts, ElementsAre("a", "b", "c"));
  EXPECT_EQ(heard.kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(simulation.elapsed(), 5s + 3ms);
}

Coroutine read_after_end(AsyncStream<ChatCompletionChunk> stream, Box<std::string>& said) {
  std::string text;
  while (std::optional<ChatCompletionChunk> chunk = co_await stream.next()) text += chunk->text();
  const std::optional<ChatCompletionChunk> none = co_await stream.next();
  text += none ? " and more" : " and no more";
  text += ", " + stream.completion().text() + " from " + stream.info().endpoint + ", " +
          std::to_string(stream.raw().size());
  said.put(text);
}

TEST(AsyncStreamTest, TellsWhatItWas) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  Box<std::string> said;
  read_after_end(ask_to_stream(client), said);
  EXPECT_THAT(said.get(), HasSubstr("abc and no more, abc from endpoint-0, "));
}

TEST(AsyncStreamTest, CallsAFunctionWithEachChunk) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  std::string text;
  auto whole =
      ask_to_stream(client).on_chunk([&](const ChatCompletionChunk& chunk) { text += chunk.text(); });
  const Result<ChatCompletion> completion = whole.get();
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(completion->text(), "abc");
  EXPECT_EQ(completion->info.endpoint, "endpoint-0");
}

TEST(AsyncStreamTest, CallsAFunctionWhereTheExecutorRunsIt) {
  AsyncSimulation simulation({{abc()}});
  MainLoop main;
  simulation.options.executor = main.executor();
  const AsyncClient client = simulation.client();
  std::string text;
  auto whole =
      ask_to_stream(client).on_chunk([&](const ChatCompletionChunk& chunk) { text += chunk.text(); });
  for (int chunk = 0; chunk < 4; ++chunk) main.run_one();
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(whole.get()->text(), "abc");
}

TEST(AsyncStreamTest, EndsWhenItsFunctionThrows) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  auto whole =
      ask_to_stream(client).on_chunk([](const ChatCompletionChunk&) { throw std::runtime_error("enough"); });
  EXPECT_THROW((void)whole.get(), std::runtime_error);
  EXPECT_TRUE(read_all(client).texts.size() == 4);
  EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
}

TEST(AsyncStreamTest, EndsWhenItsExecutorDropsAFunction) {
  AsyncSimulation simulation({{abc()}});
  MainLoop main;
  simulation.options.executor = main.executor();
  const AsyncClient client = simulation.client();
  auto whole = ask_to_stream(client).on_chunk([](const ChatCompletionChunk&) { FAIL() << "it was called"; });
  main.drop_one();
  EXPECT_THROW((void)whole.get(), std::runtime_error);
}

TEST(AsyncStreamTest, FailsWithTheFutureOfItsFunction) {
  AsyncSimulation simulation({{abc(Ending::reset)}});
  const AsyncClient client = simulation.client();
  auto whole = ask_to_stream(client).on_chunk([](const ChatCompletionChunk&) {});
  EXPECT_EQ(whole.get().error().kind, ErrorKind::stream_interrupted);
}

TEST(AsyncStreamTest, IsClosedWhenItIsDestroyed) {
  AsyncSimulation simulation;
  simulation.add_holding(abc(Ending::hang));
  simulation.add(script({ok()}));
  const AsyncClient client = simulation.client();
  {
    const AsyncStream<ChatCompletionChunk> dropped = ask_to_stream(client);
    ASSERT_TRUE(simulation.held.wait());
  }
  simulation.released.open();
  EXPECT_TRUE(ask(client).get());
  EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
  EXPECT_EQ(client.endpoints().at(0).counts.total_exclusions, 1);
}

TEST(AsyncStreamTest, IsCanceledAtTheEndOfItsClient) {
  AsyncSimulation simulation({{abc()}});
  auto client = std::make_unique<AsyncClient>(simulation.client());
  Box<Heard> heard;
  AsyncStream<ChatCompletionChunk> stream = ask_to_stream(*client);
  ask(*client).get().has_value();  // by then it has opened
  client.reset();
  read(std::move(stream), heard);
  EXPECT_EQ(heard.get().kind, ErrorKind::canceled);
}

TEST(AsyncStreamTest, KeepsItsEndWhenItsClientEnds) {
  AsyncSimulation simulation({{failing(404)}});
  auto client = std::make_unique<AsyncClient>(simulation.client());
  AsyncStream<ChatCompletionChunk> stream = ask_to_stream(*client);
  EXPECT_FALSE(ask(*client).get());  // by then it has failed
  client.reset();
  Box<Heard> heard;
  read(std::move(stream), heard);
  EXPECT_EQ(heard.get().kind, ErrorKind::not_found);
}

TEST(AsyncStreamTest, EndsWhenItsShouldStopThrows) {
  AsyncSimulation simulation({{abc(Ending::hang)}});
  const AsyncClient client = simulation.client();
  int asked = 0;
  const auto throws_at_last = [&] { return ++asked < 3 ? false : throw std::runtime_error("no flag"); };
  EXPECT_EQ(read_all(client, {.should_stop = throws_at_last}).kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.unhandled.get(), "no flag");
  EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
}

TEST(AsyncStreamTest, SaysSoWhenItsLoopFails) {
  // A simulated loop throws when it waits for nothing: here for a server that has gone silent.
  AsyncSimulation simulation({{abc(Ending::hang)}});
  simulation.options.timeout = simulation.options.deadline = 0s;
  const AsyncClient client = simulation.client();
  AsyncStream<ChatCompletionChunk> resting = ask_to_stream(client);
  EXPECT_EQ(read_all(client).kind, ErrorKind::canceled);
  EXPECT_THAT(simulation.unhandled.get(), HasSubstr("waits for nothing"));
  Box<Heard> heard;
  read(std::move(resting), heard);
  EXPECT_EQ(heard.get().kind, ErrorKind::canceled);
}

TEST(AsyncStreamTest, KnowsNothingBeforeItIsRead) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  const AsyncStream<ChatCompletionChunk> stream = ask_to_stream(client);
  EXPECT_TRUE(ask(client).get().error().kind == ErrorKind::parse);  // by then it has opened
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(stream.info().endpoint, "");
  EXPECT_EQ(stream.completion().text(), "");
  EXPECT_EQ(stream.raw(), "");
}

TEST(AsyncStreamTest, IsReadInOneWay) {
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  AsyncStream<ChatCompletionChunk> stream = ask_to_stream(client);
  EXPECT_TRUE(std::move(stream).on_chunk([](const ChatCompletionChunk&) {}).get());
  EXPECT_THROW((void)std::move(stream).on_chunk([](const ChatCompletionChunk&) {}),  // NOLINT
               std::logic_error);
}

TEST(AsyncStreamTest, RestsWhileNobodyReadsIt) {
  // The first stream rests while the second one is read, and then goes on.
  AsyncSimulation simulation({{abc()}});
  const AsyncClient client = simulation.client();
  AsyncStream<ChatCompletionChunk> resting = ask_to_stream(client);
  EXPECT_THAT(read_all(client).texts, ElementsAre("a", "b", "c", ""));
  Box<Heard> heard;
  read(std::move(resting), heard);
  EXPECT_THAT(heard.get().texts, ElementsAre("a", "b", "c", ""));
}

}  // namespace
}  // namespace openailb::test::async_stream_test
