#include <openailb/openailb.hpp>
#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_network.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulated_server_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using testing::Fault;
using testing::Random;
using testing::SimulatedAnswer;
using testing::SimulatedServer;
using Ending = SimulatedAnswer::Ending;

const HttpRequest question{.headers = {{"Authorization", "Bearer k"}},
                           .body = R"({"messages":[{"content":"How are you?"}]})"};
const HttpRequest streamed_question{.body = R"({"messages":[{"content":"How are you?"}],"stream":true})"};

/// All the bytes of an answer's body.
std::string bytes_of(const SimulatedAnswer& answer) {
  std::string bytes = answer.body;
  for (const SimulatedAnswer::Piece& piece : answer.pieces) bytes += piece.bytes;
  return bytes;
}

SimulatedAnswer answer_with(Fault fault, const HttpRequest& request = question) {
  return SimulatedServer({}).answer(request, fault);
}

TEST(RandomTest, IsTheSameForTheSameSeed) {
  // The numbers of the standard's engine, which are the same everywhere.
  Random random(5489);
  EXPECT_EQ(random.bits(), 14514284786278117030u);
  EXPECT_EQ(Random(1).bits(), Random(1).bits());
  EXPECT_NE(Random(1).bits(), Random(2).bits());
}

TEST(RandomTest, StaysWithinItsBounds) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const double uniform = random.uniform();
    EXPECT_TRUE(0.0 <= uniform && uniform < 1.0);
    EXPECT_LT(random.below(3), 3u);
    const int number = random.between(-1, 1);
    EXPECT_TRUE(-1 <= number && number <= 1);
    const std::chrono::nanoseconds time = random.between(1ms, 2ms);
    EXPECT_TRUE(1ms <= time && time <= 2ms);
  }
  EXPECT_FALSE(random.chance(0.0));
  EXPECT_TRUE(random.chance(1.0));
}

TEST(RandomTest, HalfOfTheLatenciesAreBelowTheMedian) {
  Random random(1);
  int below = 0;
  for (int i = 0; i < 1000; ++i) below += random.around(100ms, 0.5) < 100ms ? 1 : 0;
  EXPECT_NEAR(below, 500, 60);
}

TEST(AnswerTest, IsCutAtAnyByte) {
  const SimulatedAnswer whole{.body = "ab", .pieces = {{1ms, "cd"}, {2ms, "ef"}}};
  EXPECT_EQ(size(whole), 6u);
  for (std::size_t bytes = 0; bytes <= 7; ++bytes) {
    const SimulatedAnswer part = cut(whole, bytes, Ending::reset);
    EXPECT_EQ(bytes_of(part), std::string("abcdef").substr(0, bytes));
    EXPECT_EQ(part.ending, Ending::reset);
  }
}

TEST(AnswerTest, Drips) {
  const SimulatedAnswer dripping = drip(SimulatedAnswer{.body = "abc", .pieces = {{9ms, "de"}}}, 2, 1ms);
  EXPECT_EQ(dripping.body, "");
  ASSERT_EQ(dripping.pieces.size(), 3u);
  EXPECT_EQ(dripping.pieces[1].bytes, "cd");
  EXPECT_EQ(dripping.pieces[1].after, 1ms);
  EXPECT_EQ(bytes_of(dripping), "abcde");
}

TEST(SimulatedServerTest, AnswersWhatItIsAsked) {
  testing::SimulatedNetwork network;
  network.serve("https://one.example", SimulatedServer({}));
  const Client client({{.base_url = "https://one.example/v1"}}, {.event_loop = network.loops()});
  const ChatCompletionCreateParams params{.model = "m", .messages = {user_message("How are you?")}};
  EXPECT_EQ(client.chat.completions.create(params).value().text(), "How are you?");
  auto stream = client.chat.completions.stream(params);
  int chunks = 0;
  while (stream.next()) ++chunks;
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(stream.completion().text(), "How are you?");
  EXPECT_EQ(chunks, 5) << "the role, three words and the end";
}

TEST(SimulatedServerTest, SaysWhatItIsToldToSay) {
  SimulatedServer server({.content = [](const HttpRequest&) { return "Fine."; }});
  EXPECT_THAT(server(question).body, ::testing::HasSubstr("Fine."));
}

TEST(SimulatedServerTest, FailsAsOftenAsItIsToldTo) {
  SimulatedServer server({.faults = {{Fault::reset, 0.2}, {Fault::html, 0.3}}});
  std::vector<int> seen(testing::fault_count);
  for (int i = 0; i < 2000; ++i) ++seen[static_cast<std::size_t>(server.next_fault())];
  EXPECT_NEAR(seen[static_cast<std::size_t>(Fault::reset)], 400, 80);
  EXPECT_NEAR(seen[static_cast<std::size_t>(Fault::html)], 600, 80);
  EXPECT_NEAR(seen[static_cast<std::size_t>(Fault::none)], 1000, 80);
}

TEST(SimulatedServerTest, DoesTheSameForTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    SimulatedServer server({.faults = {{Fault::broken, 0.5}, {Fault::noise, 0.5}}}, seed);
    std::string all;
    for (int i = 0; i < 20; ++i) {
      const SimulatedAnswer answer = server(streamed_question);
      all += bytes_of(answer) + std::to_string(answer.latency.count());
    }
    return all;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(SimulatedServerTest, RefusalsHaveTheirStatusAndRepeatTheKey) {
  for (std::size_t index = 0; index < testing::fault_count; ++index) {
    const auto fault = static_cast<Fault>(index);
    if (testing::status_of(fault) == 200) continue;
    const SimulatedAnswer answer = answer_with(fault);
    EXPECT_EQ(answer.status, testing::status_of(fault)) << to_string(fault);
    EXPECT_THAT(answer.body, ::testing::HasSubstr("Bearer k")) << to_string(fault);
  }
  EXPECT_EQ(answer_with(Fault::rate_limited).headers.at("retry-after-ms"), "1000");
  EXPECT_EQ(answer_with(Fault::internal_error_final).headers.at("x-should-retry"), "false");
}

TEST(SimulatedServerTest, ConnectionsFail) {
  EXPECT_EQ(answer_with(Fault::unreachable).failure->sent, Sent::nothing);
  EXPECT_TRUE(answer_with(Fault::idle_connection_died).failure->connection_was_idle);
  EXPECT_EQ(answer_with(Fault::reset).failure->sent, Sent::all);
}

TEST(SimulatedServerTest, ConnectsSlowlyWhateverItAnswers) {
  SimulatedServer server({.connect_time = 1300ms});
  for (const Fault fault : {Fault::none, Fault::internal_error, Fault::reset, Fault::drip, Fault::broken}) {
    EXPECT_EQ(server.answer({}, fault).connect_time, 1300ms) << to_string(fault);
  }
}

TEST(SimulatedServerTest, AnswersAreLateOrNeverWhole) {
  const std::string whole = bytes_of(answer_with(Fault::none, streamed_question));
  EXPECT_GT(answer_with(Fault::hang).latency, 1h);
  EXPECT_EQ(answer_with(Fault::slow).latency, 20 * answer_with(Fault::none).latency);
  EXPECT_EQ(bytes_of(answer_with(Fault::drip, streamed_question)), whole);
  EXPECT_EQ(bytes_of(answer_with(Fault::no_end, streamed_question)) + "data: [DONE]\n\n", whole);
  const std::vector<std::pair<Fault, Ending>> cuts{
      {Fault::broken, Ending::reset}, {Fault::stalled, Ending::hang}, {Fault::truncated, Ending::complete}};
  for (const auto& [fault, ending] : cuts) {
    const SimulatedAnswer answer = answer_with(fault, streamed_question);
    EXPECT_TRUE(whole.starts_with(bytes_of(answer))) << to_string(fault);
    EXPECT_EQ(answer.ending, ending) << to_string(fault);
  }
}

TEST(SimulatedServerTest, ErrorsAreInsideAnswers) {
  EXPECT_THAT(bytes_of(answer_with(Fault::error_inside)), ::testing::StartsWith(R"({"error")"));
  EXPECT_THAT(bytes_of(answer_with(Fault::error_inside, streamed_question)),
              ::testing::HasSubstr(R"(data: {"error")"));
  EXPECT_THAT(bytes_of(answer_with(Fault::html)), ::testing::StartsWith("<html>"));
  EXPECT_EQ(bytes_of(answer_with(Fault::no_choice)), R"({"choices":[]})");
}

}  // namespace
}  // namespace openailb::simulated_server_test
