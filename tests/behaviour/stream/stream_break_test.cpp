// How a stream ends after its first token, and what its endpoint's breaker makes of it.
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test::stream_break_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Opens at the first failure.
const BreakerSettings touchy{
    .ready_to_trip = [](const Counts& all) { return all.consecutive_failures >= 1; }};

enum class Blame { success, failure, exclusion };

Blame blame(const Client& client) {
  const Counts all = counts(client);
  EXPECT_EQ(all.requests, 1u);
  EXPECT_EQ(all.total_successes + all.total_failures + all.total_exclusions, 1u) << "reported once";
  if (all.total_successes != 0) return Blame::success;
  return all.total_failures != 0 ? Blame::failure : Blame::exclusion;
}

struct Breaking {
  std::string name;
  SimulatedAnswer answer;  // after the text "a"
  Blame blame;
  std::string says{};  // in the message
};

void PrintTo(const Breaking& breaking, std::ostream* out) { *out << breaking.name; }

class BreaksAfter : public ::testing::TestWithParam<Breaking> {};

TEST_P(BreaksAfter, IsInterruptedAndNothingIsReplayed) {
  SimulatedAnswer answer = GetParam().answer;
  answer.pieces.insert(answer.pieces.begin(), {1ms, role() + says("a")});
  Simulation simulation({{answer}, {streaming(whole("b"))}});
  simulation.options.idle_timeout = 5s;
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  EXPECT_THAT(listen(stream).texts, ElementsAre("", "a"));
  ASSERT_TRUE(stream.error());
  const Error& error = *stream.error();
  EXPECT_EQ(error.kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(error.endpoint, "endpoint-0");
  EXPECT_THAT(error.message, HasSubstr("endpoint-0"));
  EXPECT_THAT(error.message, HasSubstr(GetParam().says));
  ASSERT_THAT(error.attempts, SizeIs(1));
  EXPECT_EQ(error.attempts[0].kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(stream.completion().text(), "a");
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
  EXPECT_EQ(blame(client), GetParam().blame);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Endings, BreaksAfter,
    ::testing::Values(
        Breaking{"Reset", {.ending = Ending::reset}, Blame::failure, "broke"},
        Breaking{"LateReset", {.pieces = {{1s, ": ping\n\n"}}, .ending = Ending::reset}, Blame::failure},
        Breaking{"End", {}, Blame::failure, "finish_reason"},
        Breaking{"HalfAnEvent", {.pieces = {{1ms, "data: {\"choices\":"}}}, Blame::failure},
        Breaking{"Silence", {.ending = Ending::hang}, Blame::failure, "nothing came for 5 s"},
        Breaking{"Nonsense", {.pieces = {{1ms, sse_event("<html>")}}}, Blame::failure},
        Breaking{
            "ServerError", {.pieces = {{1ms, sse_event(error_json("hot", 500))}}}, Blame::failure, "hot"},
        Breaking{"AnyError", {.pieces = {{1ms, sse_event(error_json("hmm"))}}}, Blame::failure, "hmm"},
        Breaking{
            "CallersFault", {.pieces = {{1ms, sse_event(error_json("long", 400))}}}, Blame::success, "long"},
        Breaking{
            "RateLimit", {.pieces = {{1ms, sse_event(error_json("fast", 429))}}}, Blame::exclusion, "fast"},
        Breaking{"WrongIndex", {.pieces = {{1ms, says("x", 128)}}}, Blame::failure, "128"},
        Breaking{"NegativeIndex", {.pieces = {{1ms, says("x", -1)}}}, Blame::failure, "-1"}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(StreamBreak, AChunkThatCannotBeAddedIsKept) {
  const std::string wrong = says("x", 128);
  OneEndpoint simulation(streaming(says("a") + wrong + says("b")));
  auto stream = ask_to_stream(simulation.client());
  EXPECT_THAT(listen(stream).texts, ElementsAre("a"));
  EXPECT_EQ(sse_event(stream.error()->body), wrong);
  EXPECT_EQ(stream.completion().text(), "a");
  EXPECT_THAT(stream.completion().choices, SizeIs(1));
}

TEST(StreamBreak, EveryChoiceNeedsAFinishReasonWhenThereIsNoDone) {
  for (const bool both : {true, false}) {
    OneEndpoint simulation(
        streaming(says("a", 0) + says("b", 1) + finish(0) + (both ? finish(1) : std::string())));
    const Client client = simulation.client();
    auto stream = ask_to_stream(client);
    EXPECT_EQ(listen(stream).kind.has_value(), !both);
    EXPECT_THAT(stream.completion().choices, SizeIs(2));
    EXPECT_EQ(blame(client), both ? Blame::success : Blame::failure);
  }
}

TEST(StreamBreak, ARateLimitInsideAStreamCools) {
  OneEndpoint simulation(streaming(says("a") + sse_event(error_json("slow", 429))));
  const Client client = simulation.client();
  hear(client);
  EXPECT_THAT(client.endpoints()[0].cooldowns, SizeIs(1));
}

// The idle timeout.

TEST(StreamBreak, TheIdleTimeoutCountsFromTheLastPiece) {
  OneEndpoint simulation(dripping({says("a"), says("b"), says("c")}, 900ms, Ending::hang));
  simulation.options.idle_timeout = 1s;
  EXPECT_EQ(hear(simulation.client()).kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(simulation.elapsed(), 3700ms);
}

TEST(StreamBreak, AServerThatSendsCommentsIsNotIdle) {
  OneEndpoint simulation(
      dripping({says("a"), ": ping\n\n", ": ping\n\n", ":", "\n", says("b"), done()}, 900ms));
  simulation.options.idle_timeout = 1s;
  EXPECT_FALSE(hear(simulation.client()).kind);
  EXPECT_EQ(simulation.elapsed(), 6300ms);
}

TEST(StreamBreak, AServerThatSendsOnlyCommentsIsEndedByTheDeadline) {
  OneEndpoint simulation(dripping(std::vector<std::string>(40, says("a") + ": ping\n\n"), 900ms));
  simulation.options.idle_timeout = 1s;
  simulation.options.deadline = 10s;
  EXPECT_EQ(hear(simulation.client()).kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 10s);
}

TEST(StreamBreak, ASlowReaderIsNotIdle) {
  OneEndpoint simulation(dripping({says("a"), says("b"), says("c"), done()}, 900ms));
  simulation.options.idle_timeout = 1s;
  auto stream = ask_to_stream(simulation.client());
  std::string text;
  while (auto chunk = stream.next()) {
    text += chunk->text();
    simulation.network.advance(10s);
  }
  EXPECT_EQ(text, "abc");
  EXPECT_FALSE(stream.error());
}

TEST(StreamBreak, EmptyPiecesAreNoEnd) {
  SimulatedAnswer answer{.pieces = {{1ms, says("a")}, {1ms, ""}, {1ms, ""}, {1ms, says("b") + done()}}};
  OneEndpoint simulation(answer);
  EXPECT_FALSE(hear(simulation.client()).kind);
}

// The deadline and the stop token.

TEST(StreamBreak, TheDeadlineEndsAStreamAtEveryMoment) {
  for (auto deadline = 1ms; deadline <= 14ms; ++deadline) {
    OneEndpoint simulation(dripping({role(), says("a"), says("b"), says("c"), finish(), done()}, 2ms));
    simulation.options.deadline = deadline;
    const Client client = simulation.client();
    auto stream = ask_to_stream(client);
    const Heard heard = listen(stream);
    const std::string so_far = stream.completion().text();
    // What arrives at the deadline comes too late.
    const auto words = deadline < 4ms ? 0 : static_cast<std::size_t>((deadline - 1ms) / 2ms) - 1;
    EXPECT_EQ(heard.kind.has_value(), deadline <= 12ms) << deadline.count();
    EXPECT_EQ(so_far, std::string("abc").substr(0, words));
    if (heard.kind) {
      EXPECT_EQ(heard.kind, ErrorKind::timeout);
      EXPECT_EQ(simulation.elapsed(), deadline);
      EXPECT_THAT(stream.error()->message, HasSubstr("deadline"));
    }
    if (deadline >= 4ms && heard.kind) {
      EXPECT_EQ(blame(client), Blame::exclusion);
    }
    EXPECT_EQ(in_flight(client), 0);
    EXPECT_EQ(simulation.network.in_flight(), 0u);
  }
}

TEST(StreamBreak, TheDeadlineHoldsWhileEventsAreBuffered) {
  OneEndpoint simulation(streaming(role() + says("a") + says("b") + says("c") + finish() + done()));
  simulation.options.deadline = 10s;
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  std::string text;
  while (auto chunk = stream.next()) {
    text += chunk->text();
    simulation.network.advance(4s);
  }
  EXPECT_EQ(text, "ab") << "all had come at once, and then the deadline passed";
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, ErrorKind::timeout);
}

TEST(StreamBreak, TellsItsRequestId) {
  SimulatedAnswer answer = streaming(says("a"), Ending::reset);
  answer.headers = {{"X-Request-Id", "req-7"}};
  OneEndpoint simulation(answer);
  auto stream = ask_to_stream(simulation.client());
  EXPECT_EQ(listen(stream).kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(stream.error()->request_id, "req-7");
}

TEST(StreamBreak, AStopEndsAStreamAtEveryMoment) {
  for (auto when = 1ms; when <= 14ms; ++when) {
    OneEndpoint simulation(dripping({role(), says("a"), says("b"), says("c"), finish(), done()}, 2ms));
    simulation.options.breaker = touchy;
    const Client client = simulation.client();
    std::stop_source stop;
    simulation.network.at(simulation.began + when, [&] { stop.request_stop(); });
    const Heard heard = hear(client, {.stop_token = stop.get_token()});
    EXPECT_EQ(heard.kind.has_value(), when <= 12ms) << when.count();
    if (heard.kind) {
      EXPECT_EQ(heard.kind, ErrorKind::canceled);
      EXPECT_EQ(simulation.elapsed(), when);
      EXPECT_EQ(blame(client), Blame::exclusion);
    }
    EXPECT_EQ(in_flight(client), 0);
    EXPECT_EQ(simulation.network.in_flight(), 0u);
  }
}

TEST(StreamBreak, AStopEndsAStreamWhateverHasArrivedAlready) {
  OneEndpoint simulation(streaming(says("a") + says("b") + says("c") + done()));
  std::stop_source stop;
  const Client client = simulation.client();
  auto stream = ask_to_stream(client, {.stop_token = stop.get_token()});
  EXPECT_EQ(stream.next()->text(), "a");
  stop.request_stop();
  EXPECT_FALSE(stream.next());
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, ErrorKind::canceled);
  EXPECT_EQ(blame(client), Blame::exclusion);
}

TEST(StreamBreak, AStopBeforeTheStreamSendsNothing) {
  OneEndpoint simulation(streaming(whole("a")));
  std::stop_source stop;
  stop.request_stop();
  const Client client = simulation.client();
  EXPECT_EQ(hear(client, {.stop_token = stop.get_token()}).kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.sent.size(), 0u);
}

TEST(StreamBreak, AStopEndsABackoff) {
  OneEndpoint simulation(streaming(role(), Ending::reset));
  simulation.options.max_retries = 2;
  std::stop_source stop;
  simulation.network.at(simulation.began + 100ms, [&] { stop.request_stop(); });
  EXPECT_EQ(hear(simulation.client(), {.stop_token = stop.get_token()}).kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.elapsed(), 100ms);
}

// The breaker. Invariants 4 and 5.

TEST(StreamBreak, ACleanEndIsASuccessAndOnlyThen) {
  OneEndpoint simulation(streaming(whole("a")));
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  for (int chunk = 0; chunk < 3; ++chunk) {
    ASSERT_TRUE(stream.next());
    EXPECT_EQ(counts(client).total_successes, 0u);
    EXPECT_EQ(in_flight(client), 1);
  }
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(blame(client), Blame::success);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(StreamBreak, DroppedStreamsNeverOpenABreaker) {
  OneEndpoint simulation(dripping({role(), says("a"), says("b"), finish(), done()}, 1ms));
  simulation.options.breaker = touchy;
  const Client client = simulation.client();
  for (int chunks = 0; chunks < 4; ++chunks) {
    for (const bool closes : {true, false}) {
      auto stream = ask_to_stream(client);
      for (int read = 0; read < chunks; ++read) EXPECT_TRUE(stream.next());
      if (closes) stream.close();
    }
  }
  EXPECT_EQ(counts(client).total_exclusions, 8u);
  EXPECT_EQ(counts(client).requests, 8u);
  EXPECT_EQ(client.endpoints()[0].state, State::closed);
}

TEST(StreamBreak, CallersFaultsInsideStreamsNeverOpenABreaker) {
  OneEndpoint simulation({streaming(says("a") + sse_event(error_json("bad", 400))),
                          streaming(sse_event(error_json("bad", 422)))});
  simulation.options.breaker = touchy;
  const Client client = simulation.client();
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(hear(client).kind);
  EXPECT_EQ(counts(client).total_successes, 4u);
  EXPECT_EQ(client.endpoints()[0].state, State::closed);
}

TEST(StreamBreak, BrokenStreamsOpenTheBreaker) {
  OneEndpoint simulation(streaming(says("a"), Ending::reset));
  const Client client = simulation.client();
  for (int call = 0; call < 3; ++call) EXPECT_EQ(hear(client).kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(client.endpoints()[0].state, State::open);
  EXPECT_EQ(hear(client).kind, ErrorKind::stream_interrupted) << "asked as a last resort";
  EXPECT_EQ(simulation.sent.size(), 4u);
}

/// An endpoint whose breaker is about to be half-open.
struct Recovering : OneEndpoint {
  explicit Recovering(SimulatedAnswer answer) : OneEndpoint({failing(500), std::move(answer), ok()}) {
    options.breaker = touchy;
  }
  Client client() {
    Client client = OneEndpoint::client();
    EXPECT_FALSE(ask(client));
    EXPECT_EQ(client.endpoints()[0].state, State::open);
    network.advance(31s);
    return client;
  }
};

TEST(StreamBreak, AProbeSucceedsAtItsFirstToken) {
  Recovering simulation(dripping({role(), says("a"), says("b"), done()}, 1ms));
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  EXPECT_EQ(client.endpoints()[0].state, State::closed);
  EXPECT_EQ(in_flight(client), 1);
  EXPECT_TRUE(ask(client)) << "a long stream keeps nobody out";
  EXPECT_FALSE(listen(stream).kind);
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(counts(client).total_failures, 0u);
}

TEST(StreamBreak, AProbeThatFailsBeforeItsFirstTokenOpensAgain) {
  Recovering simulation(streaming(role(), Ending::reset));
  const Client client = simulation.client();
  EXPECT_TRUE(hear(client).kind);
  EXPECT_EQ(client.endpoints()[0].state, State::open);
}

TEST(StreamBreak, AProbeThatIsStoppedLetsAnotherOneIn) {
  Recovering simulation(dripping({role(), role(), says("a"), done()}, 1s));
  const Client client = simulation.client();
  std::stop_source stop;
  simulation.network.at(simulation.network.now() + 1500ms, [&] { stop.request_stop(); });
  EXPECT_EQ(hear(client, {.stop_token = stop.get_token()}).kind, ErrorKind::canceled);
  EXPECT_EQ(client.endpoints()[0].state, State::half_open);
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(client.endpoints()[0].state, State::closed);
}

// What a user's functions throw comes out, and leaves nothing behind.

TEST(StreamBreak, WhatAPredicateThrowsComesOutOfNext) {
  OneEndpoint simulation(streaming(whole("a")));
  simulation.options.breaker.is_successful = [](const Error*) -> bool { throw std::runtime_error("mine"); };
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  EXPECT_THROW(listen(stream), std::runtime_error);
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(blame(client), Blame::exclusion);
}

TEST(StreamBreak, WhatClassifyThrowsComesOutOfNext) {
  OneEndpoint simulation(streaming(says("a"), Ending::reset));
  simulation.options.classify = [](const Error&) -> std::optional<FailureClass> {
    throw std::runtime_error("mine");
  };
  const Client client = simulation.client();
  {
    auto stream = ask_to_stream(client);
    EXPECT_THROW(listen(stream), std::runtime_error);
  }
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(blame(client), Blame::exclusion);
}

}  // namespace
}  // namespace openailb::test::stream_break_test
