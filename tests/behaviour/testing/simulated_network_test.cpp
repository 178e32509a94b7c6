#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulated_network_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::SimulatedAnswer;
using testing::SimulatedNetwork;
using Ending = SimulatedAnswer::Ending;

/// When something arrived, and what.
struct Arrival {
  std::chrono::nanoseconds at{};
  std::string bytes{};
  bool operator==(const Arrival&) const = default;
};

void PrintTo(const Arrival& arrival, std::ostream* out) {
  *out << arrival.at.count() << " ns: '" << arrival.bytes << "'";
}

struct Fetched {
  int status{};
  ResponseHeaders headers{};
  std::vector<Arrival> arrivals{};
  std::optional<TransferFailure> failure{};
};

Task<Fetched> fetch(EventLoop& loop, std::string url, std::size_t max_response_size = 1024) {
  const TimePoint began = loop.now();
  Transfer transfer(loop, {.url = std::move(url), .body = "{}", .max_response_size = max_response_size});
  transfer.wake_on_data(true);
  Fetched fetched;
  while (!transfer.done()) {
    WhenAny news(transfer);
    co_await news;
    fetched.arrivals.push_back({loop.now() - began, std::exchange(transfer.response.body, {})});
  }
  fetched.status = transfer.response.status;
  fetched.headers = transfer.response.headers;
  fetched.failure = transfer.failure();
  co_return fetched;
}

Task<int> sleep_for(EventLoop& loop, std::chrono::nanoseconds time) {
  Timer timer(loop, loop.now() + time);
  WhenAny over(timer);
  co_await over;
  co_return 0;
}

class SimulatedNetworkTest : public ::testing::Test {
 protected:
  void serve(SimulatedAnswer answer) {
    network.serve("https://one.example", [answer = std::move(answer)](const HttpRequest&) { return answer; });
  }
  Fetched fetch_one() { return run(*loop, fetch(*loop, "https://one.example/v1/x?y=z")); }

  SimulatedNetwork network;
  TimePoint began = network.now();
  std::unique_ptr<EventLoop> loop = network.loops()();
};

TEST_F(SimulatedNetworkTest, GivesTheAnswerOfItsServer) {
  serve({.status = 201, .headers = {{"X-Request-Id", "r"}}, .body = "hello"});
  const Fetched fetched = fetch_one();
  EXPECT_EQ(fetched.status, 201);
  EXPECT_EQ(header(fetched.headers, "x-request-id"), "r");
  EXPECT_THAT(fetched.arrivals, ElementsAre(Arrival{0ns, "hello"}));
  EXPECT_FALSE(fetched.failure);
}

TEST_F(SimulatedNetworkTest, RemembersEveryRequestInOrder) {
  serve({});
  fetch_one();
  run(*loop, fetch(*loop, "https://nowhere.example/"));
  ASSERT_EQ(network.requests().size(), 2u);
  EXPECT_EQ(network.requests()[0].url, "https://one.example/v1/x?y=z");
  EXPECT_EQ(network.requests()[0].body, "{}");
  EXPECT_EQ(network.requests()[1].url, "https://nowhere.example/");
}

TEST_F(SimulatedNetworkTest, SendsPiecesAfterTheirPauses) {
  serve({.body = "a", .latency = 5ms, .pieces = {{1ms, "b"}, {0ms, "c"}, {10ms, "d"}}});
  EXPECT_THAT(fetch_one().arrivals,
              ElementsAre(Arrival{5ms, "a"}, Arrival{6ms, "b"}, Arrival{6ms, "c"}, Arrival{16ms, "d"}));
  EXPECT_EQ(network.now() - began, 16ms);
}

TEST_F(SimulatedNetworkTest, AnOriginWithoutAServerCannotBeResolved) {
  const Fetched fetched = run(*loop, fetch(*loop, "https://nowhere.example/v1"));
  ASSERT_TRUE(fetched.failure);
  EXPECT_EQ(fetched.failure->kind, ErrorKind::connection);
  EXPECT_THAT(fetched.failure->message, ::testing::HasSubstr("nowhere.example"));
  EXPECT_EQ(fetched.failure->sent, Sent::nothing);
}

TEST_F(SimulatedNetworkTest, ConnectingComesBeforeTheLatency) {
  serve({.body = "a", .latency = 5ms, .connect_time = 1s});
  Transfer transfer(*loop, {.url = "https://one.example/", .connect_timeout = 1s, .max_response_size = 10});
  network.advance(999ms);
  EXPECT_EQ(transfer.sent(), Sent::nothing);
  EXPECT_FALSE(transfer.connect_time());
  network.advance(1ms);
  EXPECT_EQ(transfer.sent(), Sent::all);
  EXPECT_EQ(transfer.connect_time(), 1s);
  network.advance(4ms);
  EXPECT_FALSE(transfer.done());
  network.advance(1ms);
  EXPECT_TRUE(transfer.done());
  EXPECT_EQ(transfer.response.body, "a");
}

TEST_F(SimulatedNetworkTest, ConnectingThatTakesTooLongTimesOut) {
  serve({.connect_time = 1s});
  Transfer transfer(*loop, {.url = "https://one.example/", .connect_timeout = 1s - 1ns});
  network.advance(1s - 1ns);
  ASSERT_TRUE(transfer.failure());
  EXPECT_EQ(transfer.failure()->kind, ErrorKind::timeout);
  EXPECT_EQ(transfer.failure()->sent, Sent::nothing);
  EXPECT_FALSE(transfer.connect_time());
}

TEST_F(SimulatedNetworkTest, AnAddressWhereNobodyAnswersIsWaitedForWithoutALimit) {
  serve({.connects = false});
  const Transfer transfer(*loop, {.url = "https://one.example/"});
  network.advance(24h);
  EXPECT_FALSE(transfer.done());
  EXPECT_EQ(transfer.sent(), Sent::nothing);
}

TEST_F(SimulatedNetworkTest, AConnectionThatWasRefusedHasNotTakenAnyTime) {
  serve({.failure = TransferFailure{.message = "refused"}});
  const Transfer transfer(*loop, {.url = "https://one.example/"});
  network.advance(1ms);
  ASSERT_TRUE(transfer.failure());
  EXPECT_FALSE(transfer.connect_time());
}

TEST_F(SimulatedNetworkTest, AFailureComesAfterTheLatency) {
  serve({.latency = 3ms,
         .failure = TransferFailure{.kind = ErrorKind::timeout, .message = "could not connect"}});
  const Fetched fetched = fetch_one();
  ASSERT_TRUE(fetched.failure);
  EXPECT_EQ(fetched.failure->kind, ErrorKind::timeout);
  EXPECT_EQ(fetched.failure->message, "could not connect");
  EXPECT_EQ(fetched.status, 0);
  EXPECT_EQ(network.now() - began, 3ms);
}

TEST_F(SimulatedNetworkTest, AResetBreaksTheConnectionAfterTheLastPiece) {
  serve({.body = "a", .pieces = {{1ms, "b"}}, .ending = Ending::reset});
  const Fetched fetched = fetch_one();
  ASSERT_TRUE(fetched.failure);
  EXPECT_EQ(fetched.failure->kind, ErrorKind::connection);
  EXPECT_EQ(fetched.failure->sent, Sent::all);
  EXPECT_THAT(fetched.arrivals, ElementsAre(Arrival{0ms, "a"}, Arrival{1ms, "b"}));
}

TEST_F(SimulatedNetworkTest, AJumpMakesWhatWasDueLate) {
  network.at(began + 1s, [this] { network.jump(1h); });
  serve({.latency = 2s});
  fetch_one();
  EXPECT_EQ(network.now() - began, 1h + 1s);
}

TEST_F(SimulatedNetworkTest, WhoWaitsForNothingIsTold) {
  serve({.body = "a", .ending = Ending::hang});
  EXPECT_THROW(fetch_one(), std::logic_error);
  EXPECT_EQ(network.in_flight(), 0u);
}

TEST_F(SimulatedNetworkTest, AHangingAnswerStaysInFlight) {
  serve({.body = "a", .ending = Ending::hang});
  {
    Task<Fetched> hanging = fetch(*loop, "https://one.example/");
    hanging.start();
    EXPECT_EQ(network.in_flight(), 1u);
    run(*loop, sleep_for(*loop, 1h));
    EXPECT_FALSE(hanging.done());
    EXPECT_EQ(network.in_flight(), 1u);
  }
  EXPECT_EQ(network.in_flight(), 0u);
}

TEST_F(SimulatedNetworkTest, AnAnswerThatIsTooLargeIsAFailure) {
  serve({.body = "123", .pieces = {{1ms, "4567"}}});
  EXPECT_FALSE(run(*loop, fetch(*loop, "https://one.example/", 4)).failure) << "what was read has made room";
  const Fetched fetched = run(*loop, fetch(*loop, "https://one.example/", 3));
  ASSERT_TRUE(fetched.failure);
  EXPECT_EQ(fetched.failure->kind, ErrorKind::parse);
  EXPECT_EQ(network.in_flight(), 0u);
}

TEST_F(SimulatedNetworkTest, TimePassesByAdvanceAlone) {
  std::vector<std::chrono::nanoseconds> times;
  const auto note = [&] { times.push_back(network.now() - began); };
  network.at(began + 2s, note);
  network.at(began + 1s, note);
  network.at(began + 4s, note);
  network.advance(3s);
  EXPECT_EQ(network.now() - began, 3s);
  EXPECT_THAT(times, ElementsAre(1s, 2s));
  network.advance(1s);
  EXPECT_THAT(times, ElementsAre(1s, 2s, 4s));
}

TEST_F(SimulatedNetworkTest, WhatIsDueAtTheSameTimeHappensInTheOrderItWasAskedFor) {
  std::string order;
  for (const char name : {'a', 'b', 'c'}) network.at(began + 1ms, [&order, name] { order += name; });
  network.at(began - 1h, [&order] { order += "past "; });
  network.advance(1ms);
  EXPECT_EQ(order, "past abc");
  EXPECT_EQ(network.now() - began, 1ms);
}

TEST_F(SimulatedNetworkTest, ActionsHappenWhileACallWaits) {
  network.at(began + 1ms, [&] { serve({.body = "late"}); });
  serve({.body = "early"});
  EXPECT_EQ(fetch_one().arrivals.front().bytes, "early");
  run(*loop, sleep_for(*loop, 1ms));
  EXPECT_EQ(fetch_one().arrivals.front().bytes, "late");
}

TEST_F(SimulatedNetworkTest, AnswersArriveWhileTimeIsAdvanced) {
  serve({.body = "a", .latency = 1s, .pieces = {{1s, "b"}}});
  Transfer transfer(*loop, {.url = "https://one.example/", .max_response_size = 9});
  network.advance(1s);
  EXPECT_EQ(transfer.response.body, "a");
  EXPECT_FALSE(transfer.done());
  network.advance(1s);
  EXPECT_EQ(transfer.response.body, "ab");
  EXPECT_TRUE(transfer.done());
}

TEST_F(SimulatedNetworkTest, AServerMayReplaceItselfWhileItAnswers) {
  std::string said = "the text of an answer that a replaced server still has to give";
  network.serve("https://one.example", [this, said](const HttpRequest&) {
    serve({.body = "second"});
    return SimulatedAnswer{.body = said};
  });
  EXPECT_EQ(fetch_one().arrivals.front().bytes, said);
  EXPECT_EQ(fetch_one().arrivals.front().bytes, "second");
}

TEST_F(SimulatedNetworkTest, WhatAServerThrowsComesOutOfTheCall) {
  network.serve("https://one.example",
                [](const HttpRequest&) -> SimulatedAnswer { throw std::runtime_error("no such path"); });
  EXPECT_THROW(fetch_one(), std::runtime_error);
  EXPECT_EQ(network.in_flight(), 0u);
}

TEST_F(SimulatedNetworkTest, TheTimeOfDayGoesAlong) {
  const auto date = loop->date();
  EXPECT_EQ(std::chrono::system_clock::to_time_t(date), 1696004797);
  run(*loop, sleep_for(*loop, 90s));
  EXPECT_EQ(loop->date() - date, 90s);
}

TEST_F(SimulatedNetworkTest, ItsLoopsShareOneTime) {
  const std::unique_ptr<EventLoop> other = network.loops()();
  serve({.body = "a", .pieces = {{1ms, "b"}, {1ms, "c"}}});
  Transfer transfer(*loop, {.url = "https://one.example/", .max_response_size = 9});
  run(*other, sleep_for(*other, 1ms));
  EXPECT_EQ(transfer.response.body, "ab");
  EXPECT_EQ(loop->now(), other->now());
}

TEST_F(SimulatedNetworkTest, AWakeEndsTheWait) {
  loop->wake();
  loop->wait(TimePoint::max());
  EXPECT_EQ(network.now(), began);
}

/// The story of a random network, as its clients see it.
std::vector<std::string> story_of(std::uint32_t seed) {
  SimulatedNetwork network;
  const std::unique_ptr<EventLoop> loop = network.loops()();
  std::vector<std::string> story;
  std::uint32_t state = seed;
  const auto below = [&](std::uint32_t limit) {
    return ((state = state * 1664525u + 1013904223u) >> 16) % limit;
  };
  network.serve("https://one.example", [&](const HttpRequest& request) {
    story.push_back(request.url);
    return SimulatedAnswer{
        .body = "a", .latency = std::chrono::milliseconds(below(3)), .pieces = {{1ms, "b"}}};
  });
  std::vector<Task<Fetched>> tasks;
  for (int index = 0; index < 20; ++index) {
    tasks.push_back(fetch(*loop, "https://one.example/" + std::to_string(index)));
    tasks.back().start();
  }
  while (network.in_flight() != 0) {
    loop->run_once();
    for (std::size_t index = 0; index < tasks.size(); ++index) {
      if (!tasks[index].done()) story.push_back(std::to_string(index) + " waits");
    }
    story.push_back(std::to_string((network.now() - TimePoint{}).count()));
  }
  return story;
}

TEST(SimulatedNetworkRuns, TheSameScriptGivesTheSameRun) {
  EXPECT_EQ(story_of(1), story_of(1));
  EXPECT_NE(story_of(1), story_of(2));
}

}  // namespace
}  // namespace openailb::simulated_network_test
