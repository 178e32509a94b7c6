// A stream as its caller reads it.
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace openailb::test::stream_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ChunkStream = Stream<ChatCompletionChunk>;

static_assert(std::is_nothrow_move_constructible_v<ChunkStream>);
static_assert(!std::is_copy_constructible_v<ChunkStream>);
static_assert(std::input_iterator<ChunkStream::Iterator>);
static_assert(std::sentinel_for<std::default_sentinel_t, ChunkStream::Iterator>);

/// Texts that come one by one, a millisecond apart.
SimulatedAnswer abc() { return dripping({role(), says("a"), says("b"), says("c"), finish(), done()}, 1ms); }

TEST(StreamTest, IsReadByARangeFor) {
  OneEndpoint simulation(abc());
  auto stream = ask_to_stream(simulation.client());
  std::string text;
  for (const auto& chunk : stream) text += chunk.text();
  EXPECT_EQ(text, "abc");
  EXPECT_FALSE(stream.error());
}

TEST(StreamTest, IsReadByNext) {
  OneEndpoint simulation(abc());
  auto stream = ask_to_stream(simulation.client());
  EXPECT_THAT(listen(stream).texts, ElementsAre("", "a", "b", "c", ""));
  EXPECT_FALSE(stream.next());
  EXPECT_FALSE(stream.next());
  EXPECT_FALSE(stream.error());
}

TEST(StreamTest, AsksForAStream) {
  OneEndpoint simulation(abc());
  hear(simulation.client());
  const HttpRequest& request = simulation.request(0);
  EXPECT_EQ(nlohmann::json::parse(request.body).at("stream"), true);
  EXPECT_EQ(header(request.headers, "accept"), "text/event-stream");
}

TEST(StreamTest, GivesEveryChunkAsSoonAsItIsThere) {
  OneEndpoint simulation(abc());
  auto stream = ask_to_stream(simulation.client());
  EXPECT_EQ(simulation.elapsed(), 2ms) << "the first token";
  std::vector<std::chrono::nanoseconds> times;
  while (stream.next()) times.push_back(simulation.elapsed());
  EXPECT_THAT(times, ElementsAre(2ms, 2ms, 3ms, 4ms, 5ms));
}

TEST(StreamTest, ARangeForOverABrokenStreamThrowsAfterItsLastChunk) {
  OneEndpoint simulation(streaming(says("a") + says("b"), Ending::reset));
  auto stream = ask_to_stream(simulation.client());
  std::string text;
  try {
    for (const auto& chunk : stream) text += chunk.text();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.kind(), ErrorKind::stream_interrupted);
    EXPECT_THAT(exception.what(), HasSubstr("endpoint-0"));
  }
  EXPECT_EQ(text, "ab");
}

TEST(StreamTest, OneThatNeverBeganHasAnErrorAndNothingElse) {
  OneEndpoint simulation(failing(400, error_json("bad")));
  auto stream = ask_to_stream(simulation.client());
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, ErrorKind::bad_request);
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(stream.raw(), "");
  EXPECT_EQ(stream.info().endpoint, "");
  EXPECT_THAT(stream.completion().choices, IsEmpty());
  EXPECT_THROW(stream.begin(), Exception);
  stream.close();
  EXPECT_TRUE(stream.error());
}

TEST(StreamTest, IteratingTwiceIsAnErrorAndNotASecondRequest) {
  OneEndpoint simulation(abc());
  auto stream = ask_to_stream(simulation.client());
  for (const auto& chunk : stream) static_cast<void>(chunk);
  EXPECT_THROW(stream.begin(), std::logic_error);
  EXPECT_EQ(simulation.sent.size(), 1u);
}

TEST(StreamTest, IteratingAgainAfterABreakIsAnErrorToo) {
  OneEndpoint simulation(abc());
  auto stream = ask_to_stream(simulation.client());
  for (const auto& chunk : stream) {
    if (chunk.text() == "a") break;
  }
  EXPECT_THROW(stream.begin(), std::logic_error);
  EXPECT_EQ(stream.next()->text(), "b") << "what is left can be read";
}

TEST(StreamTest, LeavingTheScopeAbortsTheTransfer) {
  OneEndpoint simulation(abc());
  const Client client = simulation.client();
  {
    auto stream = ask_to_stream(client);
    for (const auto& chunk : stream) {
      if (chunk.text() == "a") break;
    }
    EXPECT_EQ(simulation.network.in_flight(), 1u);
    EXPECT_EQ(in_flight(client), 1);
  }
  EXPECT_EQ(simulation.network.in_flight(), 0u);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(StreamTest, CloseEndsItAndMayBeCalledTwice) {
  OneEndpoint simulation(abc());
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  stream.next();
  stream.next();
  stream.close();
  EXPECT_EQ(simulation.network.in_flight(), 0u);
  EXPECT_EQ(in_flight(client), 0);
  stream.close();
  EXPECT_FALSE(stream.next());
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(stream.completion().text(), "a") << "what has accumulated stays";
  EXPECT_EQ(stream.info().endpoint, "endpoint-0");
}

TEST(StreamTest, CloseAfterTheEndChangesNothing) {
  OneEndpoint simulation(streaming(says("a"), Ending::reset));
  auto stream = ask_to_stream(simulation.client());
  listen(stream);
  stream.close();
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
}

TEST(StreamTest, AccumulatesTheCompletionOnTheWay) {
  OneEndpoint simulation(abc());
  auto stream = ask_to_stream(simulation.client());
  std::string texts;
  while (stream.next()) texts += stream.completion().text() + ",";
  EXPECT_EQ(texts, ",a,ab,abc,abc,");
  const ChatCompletion& completion = stream.completion();
  EXPECT_EQ(completion.id, "chatcmpl-1");
  ASSERT_THAT(completion.choices, SizeIs(1));
  EXPECT_EQ(completion.choices[0].message.role, "assistant");
  EXPECT_EQ(completion.choices[0].finish_reason, "stop");
}

TEST(StreamTest, TheUsageComesInAChunkWithoutChoices) {
  OneEndpoint simulation(
      streaming(says("a") + finish() + sse_event(R"({"choices":[],"usage":{"total_tokens":9}})") + done()));
  auto stream = ask_to_stream(simulation.client());
  EXPECT_FALSE(listen(stream).kind);
  ASSERT_TRUE(stream.completion().usage);
  EXPECT_EQ(stream.completion().usage->total_tokens, 9);
}

TEST(StreamTest, RawIsTheTextOfTheLastChunk) {
  const std::string data = R"({"choices":[{"delta":{"content":"a","tomorrow":[1]}}],  "x":1})";
  OneEndpoint simulation(streaming(sse_event(data) + done()));
  auto stream = ask_to_stream(simulation.client());
  EXPECT_EQ(stream.raw(), "") << "nothing was read yet";
  stream.next();
  EXPECT_EQ(stream.raw(), data);
  stream.next();
  EXPECT_EQ(stream.raw(), data) << "[DONE] is no chunk";
}

TEST(StreamTest, InfoTellsWhoServesItBeforeItsFirstChunk) {
  Simulation simulation({{failing(503)}, {abc()}});
  simulation.endpoints[1].query = {{"secret", "s"}};
  simulation.serve(1, [](const HttpRequest&) {
    SimulatedAnswer answer = abc();
    answer.headers = {{"X-Request-Id", "r1"}};
    return answer;
  });
  auto stream = ask_to_stream(simulation.client());
  const ResponseInfo& info = stream.info();
  EXPECT_EQ(info.endpoint, "endpoint-1");
  EXPECT_EQ(info.base_url, "https://endpoint-1.example/v1");
  EXPECT_EQ(info.status, 200);
  EXPECT_EQ(info.request_id, "r1");
  ASSERT_THAT(info.attempts, SizeIs(2));
  EXPECT_EQ(info.attempts[0].status, 503);
  EXPECT_FALSE(info.attempts[1].kind);
  EXPECT_EQ(info.attempts[1].elapsed, 2ms) << "to the first token";
}

TEST(StreamTest, OutlivesItsClient) {
  OneEndpoint simulation(abc());
  std::optional<Client> client(simulation.client());
  auto stream = ask_to_stream(*client);
  client.reset();
  EXPECT_THAT(listen(stream).texts, ElementsAre("", "a", "b", "c", ""));
}

TEST(StreamTest, GoesOnAfterBeingMoved) {
  OneEndpoint simulation(abc());
  const Client client = simulation.client();
  auto first = ask_to_stream(client);
  first.next();
  first.next();
  {
    ChunkStream second = std::move(first);
    EXPECT_FALSE(first.next());  // NOLINT(bugprone-use-after-move): it is empty, and safe to use
    first.close();
    EXPECT_EQ(first.raw(), "");
    EXPECT_THAT(listen(second).texts, ElementsAre("b", "c", ""));
    EXPECT_EQ(second.completion().text(), "abc");
  }
  EXPECT_EQ(in_flight(client), 0);
}

TEST(StreamTest, CanBeKeptInAContainer) {
  OneEndpoint simulation(abc());
  const Client client = simulation.client();
  std::vector<ChunkStream> streams;
  for (int count = 0; count < 5; ++count) streams.push_back(ask_to_stream(client));
  EXPECT_EQ(in_flight(client), 5);
  for (ChunkStream& stream : streams) EXPECT_FALSE(listen(stream).kind);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(StreamTest, OthersCanBeReadInTurn) {
  Simulation simulation({{dripping({says("a"), says("b"), says("c"), done()}, 2ms)},
                         {dripping({says("x"), says("y"), says("z"), done()}, 3ms)}});
  const Client client = simulation.client();
  auto one = ask_to_stream(client);
  auto two = ask_to_stream(client);
  std::string text;
  for (int turn = 0; turn < 3; ++turn) {
    text += one.next()->text();
    text += two.next()->text();
  }
  EXPECT_EQ(text, "axbycz");
  EXPECT_FALSE(one.next());
  EXPECT_FALSE(two.next());
  EXPECT_FALSE(one.error());
  EXPECT_FALSE(two.error());
}

TEST(StreamTest, CallsCanBeMadeWhileItIsOpen) {
  Simulation simulation({{abc()}, {after(10ms, ok("whole"))}});
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  stream.next();
  EXPECT_EQ(stream.next()->text(), "a");
  EXPECT_EQ(ask(client).value().text(), "whole");
  EXPECT_THAT(listen(stream).texts, ElementsAre("b", "c", ""));
}

TEST(StreamTest, MayBeReadOnAnotherThread) {
  OneEndpoint simulation(abc());
  auto stream = ask_to_stream(simulation.client());
  Heard heard;
  std::thread([&heard, moved = std::move(stream)]() mutable { heard = listen(moved); }).join();
  EXPECT_THAT(heard.texts, ElementsAre("", "a", "b", "c", ""));
}

TEST(StreamTest, TakesABodyOfOnesOwn) {
  OneEndpoint simulation(abc());
  auto stream = simulation.client().chat.completions.stream(
      nlohmann::json{{"model", "m"}, {"messages", nlohmann::json::array()}, {"tomorrow", 1}});
  EXPECT_FALSE(listen(stream).kind);
  const auto body = nlohmann::json::parse(simulation.request(0).body);
  EXPECT_EQ(body.at("tomorrow"), 1);
  EXPECT_EQ(body.at("stream"), true);
}

/// An answer with many chunks is read in linear time.
TEST(StreamTest, ManyChunksInOnePiece) {
  std::string body;
  for (int count = 0; count < 2'000; ++count) body += says("x");
  OneEndpoint simulation(streaming(body + finish() + done()));
  auto stream = ask_to_stream(simulation.client());
  EXPECT_THAT(listen(stream).texts, SizeIs(2'001));
  EXPECT_EQ(stream.completion().text().size(), 2'000u);
}

}  // namespace
}  // namespace openailb::test::stream_test
