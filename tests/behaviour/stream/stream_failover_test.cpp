// The commit point of a stream: until it another endpoint may take over, after it nothing is replayed.
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test::stream_failover_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;

/// A first endpoint with this answer, and a second one that streams "b".
struct TwoEndpoints : Simulation {
  explicit TwoEndpoints(SimulatedAnswer first) : Simulation({{std::move(first)}, {streaming(whole("b"))}}) {}
};

// Chunks that say nothing yet.

class NothingYet : public ::testing::TestWithParam<std::string> {};

TEST_P(NothingYet, LetsAnotherEndpointTakeOver) {
  TwoEndpoints simulation(streaming(sse_event(GetParam()), Ending::reset));
  const Heard heard = hear(simulation.client());
  EXPECT_THAT(heard.texts, ElementsAre("", "b", "")) << "what the first endpoint said is not to be seen";
  EXPECT_FALSE(heard.kind);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
}

TEST_P(NothingYet, IsHandedOnWhenTheStreamIsCommitted) {
  OneEndpoint simulation(streaming(sse_event(GetParam()) + sse_event(GetParam()) + whole("a")));
  auto stream = ask_to_stream(simulation.client());
  ASSERT_TRUE(stream.next());
  EXPECT_EQ(stream.raw(), GetParam());
  EXPECT_THAT(listen(stream).texts, ElementsAre("", "", "a", ""));
}

INSTANTIATE_TEST_SUITE_P(
    Chunks, NothingYet,
    ::testing::Values(R"({})", R"({"id":"x"})", R"({"choices":[]})", R"({"choices":null})",
                      R"({"choices":[],"usage":{"total_tokens":3}})", R"({"choices":[{"index":0}]})",
                      R"({"choices":[{"index":0,"delta":null}]})", R"({"choices":[{"index":0,"delta":{}}]})",
                      R"({"choices":[{"delta":{"role":"assistant"}}]})",
                      R"({"choices":[{"delta":{"role":"assistant","content":""}}]})",
                      R"({"choices":[{"delta":{"content":null,"refusal":null,"tool_calls":null}}]})",
                      R"({"choices":[{"delta":{"content":"","tool_calls":[],"audio":{}}}]})",
                      R"({"choices":[{"delta":{"content":""},"finish_reason":null}]})",
                      R"({"choices":[{"delta":{"content":""},"finish_reason":""}]})",
                      R"({"choices":[],"prompt_filter_results":[{"prompt_index":0}]})"));

// Chunks that say something.

class CommitPoint : public ::testing::TestWithParam<std::string> {};

TEST_P(CommitPoint, EndsFailover) {
  TwoEndpoints simulation(streaming(sse_event(GetParam()), Ending::hang));
  auto stream = ask_to_stream(simulation.client());
  EXPECT_FALSE(stream.error());
  EXPECT_EQ(simulation.elapsed(), 0ns) << "stream() returns at its first token";
  ASSERT_TRUE(stream.next());
  EXPECT_EQ(stream.raw(), GetParam());
  EXPECT_FALSE(stream.next());
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

INSTANTIATE_TEST_SUITE_P(
    Chunks, CommitPoint,
    ::testing::Values(R"({"choices":[{"index":0,"delta":{"content":"x"}}]})",
                      R"({"choices":[{"delta":{"role":"assistant","content":" "}}]})",
                      R"({"choices":[{"delta":{"content":"","reasoning_content":"x"}}]})",
                      R"({"choices":[{"delta":{"reasoning":"x"}}]})",
                      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"t"}]}}]})",
                      R"({"choices":[{"delta":{"refusal":"no"}}]})",
                      R"({"choices":[{"delta":{"audio":{"id":"a"}}}]})",
                      R"({"choices":[{"delta":{"function_call":{"name":"f"}}}]})",
                      R"({"choices":[{"delta":{"tomorrow":1}}]})",
                      R"({"choices":[{"delta":{"tomorrow":[0]}}]})",
                      R"({"choices":[{"delta":{},"finish_reason":"stop"}]})",
                      R"({"choices":[{"finish_reason":"content_filter"}]})",
                      R"({"choices":[{"delta":{}},{"index":1,"delta":{"content":"x"}}]})"));

// All that can go wrong before it.

struct Failing {
  std::string name;
  SimulatedAnswer answer;
  ErrorKind kind;
  std::chrono::nanoseconds after{};
};

void PrintTo(const Failing& failing, std::ostream* out) { *out << failing.name; }

class FailsBefore : public ::testing::TestWithParam<Failing> {};

TEST_P(FailsBefore, AndAnotherEndpointTakesOver) {
  TwoEndpoints simulation(GetParam().answer);
  simulation.options.timeout = 10s;
  const Client client = simulation.client();
  auto stream = ask_to_stream(client);
  EXPECT_EQ(simulation.elapsed(), GetParam().after);
  EXPECT_EQ(stream.info().endpoint, "endpoint-1");
  ASSERT_THAT(stream.info().attempts, SizeIs(2));
  EXPECT_EQ(stream.info().attempts[0].kind, GetParam().kind);
  EXPECT_FALSE(stream.info().attempts[1].kind);
  EXPECT_THAT(listen(stream).texts, ElementsAre("", "b", ""));
  EXPECT_FALSE(stream.error());
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  EXPECT_EQ(in_flight(client), 0);
  EXPECT_EQ(simulation.network.in_flight(), 0u);
}

TEST_P(FailsBefore, AndWithoutAnotherEndpointTheErrorIsItsOwn) {
  OneEndpoint simulation(GetParam().answer);
  simulation.options.timeout = 10s;
  auto stream = ask_to_stream(simulation.client());
  EXPECT_FALSE(stream.next());
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, GetParam().kind);
  EXPECT_THAT(stream.error()->attempts, SizeIs(1));
  EXPECT_TRUE(stream.completion().choices.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Answers, FailsBefore,
    ::testing::Values(
        Failing{"Refused", refused(), ErrorKind::connection},
        Failing{"Broken", broken(), ErrorKind::connection},
        Failing{"Status503", failing(503), ErrorKind::internal_server},
        Failing{"Status401", failing(401), ErrorKind::authentication},
        Failing{"Drop", streaming(role(), Ending::reset), ErrorKind::connection},
        Failing{"LateDrop", dripping({role(), ": ping\n\n"}, 1s, Ending::reset), ErrorKind::connection, 2s},
        Failing{"InBandError", streaming(role() + sse_event(error_json("down", 502))),
                ErrorKind::internal_server},
        Failing{"InBandRateLimit", streaming(sse_event(error_json("slow", 429))), ErrorKind::rate_limit},
        Failing{"ErrorEvent", streaming(role() + "event: error\ndata: gone\n\n"), ErrorKind::api},
        Failing{"End", streaming(role()), ErrorKind::connection},
        Failing{"EarlyDone", streaming(role() + done(), Ending::hang), ErrorKind::connection},
        Failing{"Nonsense", streaming(role() + sse_event("<html>")), ErrorKind::parse},
        Failing{"Document", answering(completion_json()), ErrorKind::parse},
        Failing{"Silence", hanging(), ErrorKind::timeout, 10s},
        Failing{"SilenceAfterTheHeaders", streaming("", Ending::hang), ErrorKind::timeout, 10s},
        Failing{"SilenceAfterTheRole", streaming(role(), Ending::hang), ErrorKind::timeout, 10s},
        Failing{"PingsOnly", dripping(std::vector<std::string>(40, ": ping\n\n"), 1s), ErrorKind::timeout,
                10s}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(StreamFailover, TheTimeoutEndsAtTheFirstToken) {
  OneEndpoint simulation(dripping({role(), says("a"), says("b"), finish(), done()}, 900ms));
  simulation.options.timeout = 2s;
  EXPECT_FALSE(hear(simulation.client()).kind);
  EXPECT_EQ(simulation.elapsed(), 4500ms);
}

TEST(StreamFailover, TheFirstTokenTimeoutIsForStreamsAlone) {
  TwoEndpoints simulation(after(2s, streaming(whole("a"))));
  simulation.options.first_token_timeout = 1s;
  const Client client = simulation.client();
  EXPECT_THAT(hear(client).texts, Contains("b"));
  EXPECT_EQ(simulation.elapsed(), 1s);
  simulation.serve(0, after(2s, ok()));
  EXPECT_TRUE(ask(client, {.endpoint = "endpoint-0"}));
}

TEST(StreamFailover, ACallersFaultInsideAStreamIsSentOnce) {
  TwoEndpoints simulation(streaming(role() + sse_event(error_json("bad", nullptr, "invalid_request_error"))));
  simulation.options.second_opinion = false;
  const Client client = simulation.client();
  EXPECT_EQ(hear(client).kind, ErrorKind::bad_request);
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
  EXPECT_EQ(counts(client).total_failures, 0u);
}

TEST(StreamFailover, ARateLimitInsideAStreamCools) {
  TwoEndpoints simulation(streaming(sse_event(error_json("slow", 429))));
  const Client client = simulation.client();
  hear(client);
  hear(client);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1));
  EXPECT_THAT(client.endpoints()[0].cooldowns, SizeIs(1));
}

TEST(StreamFailover, TheSameEndpointIsAskedAgainWhenItIsTheOnlyOne) {
  OneEndpoint simulation({streaming(role(), Ending::reset), failing(500), streaming(whole("a"))});
  simulation.options.max_retries = 2;
  const Heard heard = hear(simulation.client());
  EXPECT_THAT(heard.texts, ElementsAre("", "a", ""));
  EXPECT_EQ(simulation.sent.size(), 3u);
}

TEST(StreamFailover, WhenAllFailTheErrorHasEveryAttempt) {
  Simulation simulation({{streaming(role(), Ending::reset)}, {streaming(sse_event("?"))}, {failing(503)}});
  simulation.options.max_retries = 0;
  auto stream = ask_to_stream(simulation.client());
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, ErrorKind::internal_server);
  EXPECT_THAT(stream.error()->attempts, SizeIs(3));
  EXPECT_EQ(stream.info().endpoint, "");
}

/// Dropped after every number of events, by every way of arriving.
TEST(StreamFailover, NothingIsLostOrSaidTwiceWhereverAStreamBreaks) {
  const std::vector<std::string> events{role(), says("a1"), says("a2"), says("a3"), finish(), done()};
  const std::vector<std::string> texts{"", "a1", "a2", "a3", "", ""};
  for (std::size_t kept = 0; kept <= events.size(); ++kept) {
    for (const auto pause : {0ms, 1ms}) {
      const std::vector<std::string> first(events.begin(),
                                           events.begin() + static_cast<std::ptrdiff_t>(kept));
      TwoEndpoints simulation(dripping(first, pause, Ending::reset));
      const Client client = simulation.client();
      const Heard heard = hear(client);
      const std::size_t said = std::min(kept, events.size() - 1);
      if (kept < 2) {
        EXPECT_THAT(heard.texts, ElementsAre("", "b", "")) << kept;
        EXPECT_FALSE(heard.kind) << kept;
      } else {
        EXPECT_EQ(heard.texts, std::vector(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(said)));
        EXPECT_EQ(heard.kind.has_value(), kept < events.size()) << kept;
        EXPECT_EQ(simulation.sent.size(), 1u) << kept;
      }
      EXPECT_EQ(in_flight(client), 0) << kept;
      EXPECT_EQ(simulation.network.in_flight(), 0u) << kept;
    }
  }
}

/// A random stream, or what is none, each of whose texts names the request that it answers.
class RandomServer {
 public:
  explicit RandomServer(unsigned seed) : random_(seed) {}

  SimulatedAnswer operator()(const HttpRequest&) {
    const std::string mark = std::to_string(++requests_) + ":";
    SimulatedAnswer answer{.latency = std::chrono::milliseconds(below(30))};
    if (below(5) == 0) return failing(static_cast<int>(400 + 50 * below(4)));
    for (std::size_t count = below(7), index = 0; index < count; ++index) {
      answer.pieces.push_back({std::chrono::milliseconds(below(20)), random_event(mark, index)});
    }
    answer.ending = static_cast<Ending>(below(3));
    return answer;
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  std::string random_event(const std::string& mark, std::size_t index) {
    switch (below(9)) {
      case 0: return role();
      case 1: return sse_event(error_json("boom", below(2) == 0 ? 400 : 500));
      case 2: return sse_event("invalid_response");
      case 3: return finish();
      case 4: return done();
      case 5: return says(mark + std::to_string(index)).substr(0, 20);
      default: return says(mark + std::to_string(index));
    }
  }

  std::mt19937 random_;
  int requests_{};
};

/// Invariants 1, 3 and 4.
TEST(StreamFailover, AtMostOneStreamIsCommittedWhateverHappens) {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    RandomServer server(seed);
    Simulation simulation;
    for (int index = 0; index < 3; ++index) simulation.add(std::ref(server));
    simulation.options.timeout = 25ms;
    simulation.options.idle_timeout = 15ms;
    simulation.options.deadline = 60s;
    const Client client = simulation.client();
    {
      auto stream = ask_to_stream(client);
      const std::size_t sent = simulation.sent.size();
      ASSERT_LE(sent, 5u) << seed;
      std::size_t left = server.below(4) == 0 ? server.below(3) : 100;
      std::string mark;
      std::string last;
      for (; left > 0; --left) {
        const auto next = stream.next();
        if (!next) break;
        const std::string text = next->text();
        if (text.empty()) continue;
        if (mark.empty()) mark = text.substr(0, text.find(':'));
        ASSERT_EQ(text.substr(0, text.find(':')), mark) << seed;
        ASSERT_LT(last, text) << seed;
        last = text;
      }
      ASSERT_EQ(simulation.sent.size(), sent) << seed << ": nothing is sent once the stream has begun";
      if (!mark.empty()) {
        ASSERT_EQ(mark, std::to_string(sent)) << seed;
      }
    }
    ASSERT_EQ(in_flight(client), 0) << seed;
    ASSERT_EQ(simulation.network.in_flight(), 0u) << seed;
    for (const EndpointStatus& endpoint : client.endpoints()) {
      const Counts& all = endpoint.counts;
      ASSERT_EQ(all.requests, all.total_successes + all.total_failures + all.total_exclusions) << seed;
    }
  }
}

}  // namespace
}  // namespace openailb::test::stream_failover_test
