// Connecting: who is blamed when it takes long, what is learned of it, and who is asked meanwhile.

#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace openailb::connecting_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;

/// An endpoint that connects, but takes so long for it.
SimulatedAnswer slow(nanoseconds connect_time = 1300ms) {
  SimulatedAnswer answer = ok();
  answer.connect_time = connect_time;
  return answer;
}

SimulatedAnswer black_hole() { return {.connects = false}; }

/// What an endpoint's breaker has made of what came.
struct Verdict {
  std::uint64_t failures{}, exclusions{};
  bool operator==(const Verdict&) const = default;
};
constexpr Verdict blamed{.failures = 1}, excused{.exclusions = 1}, unheard{};

std::vector<Verdict> verdicts(const Client& client) {
  std::vector<Verdict> all;
  for (const EndpointStatus& endpoint : client.endpoints()) {
    all.push_back({endpoint.counts.total_failures, endpoint.counts.total_exclusions});
  }
  return all;
}

/// How many of so many calls, one after the other, each endpoint has answered. None may fail.
std::vector<int> shares(const Client& client, int calls) {
  std::vector<int> shares(client.endpoints().size());
  for (int call = 0; call < calls; ++call) {
    const Result<ChatCompletion> answer = ask(client);
    EXPECT_TRUE(answer) << answer.error().message;
    if (answer) ++shares[static_cast<std::size_t>(answer->info.endpoint.back() - '0')];
  }
  return shares;
}

std::vector<nanoseconds> connect_timeouts(const Simulation& simulation) {
  std::vector<nanoseconds> all;
  for (const HttpRequest& request : simulation.network.requests()) all.push_back(request.connect_timeout);
  return all;
}

/// When an endpoint was asked.
std::vector<nanoseconds> times_of(const Simulation& simulation, std::size_t endpoint) {
  std::vector<nanoseconds> times;
  for (const Simulation::Sent& one : simulation.sent) {
    if (one.endpoint == endpoint) times.push_back(one.at);
  }
  return times;
}

/// Lets an endpoint answer 500 until its breaker is open, and then this.
void open_breaker(Simulation& simulation, const Client& client, std::size_t endpoint, SimulatedAnswer then) {
  simulation.serve(endpoint, failing(500));
  const std::string name = "endpoint-" + std::to_string(endpoint);
  for (int call = 0; call < 3; ++call) EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = name}));
  EXPECT_EQ(client.endpoints().at(endpoint).state, State::open);
  simulation.serve(endpoint, std::move(then));
}

TEST(BlackHoles, DoNotCountTowardMaxEndpoints) {
  for (const nanoseconds timeout :
       {nanoseconds(500ms), nanoseconds(30s)}) {  // shorter and longer than the connect timeout
    Simulation simulation({{black_hole()}, {black_hole()}, {black_hole()}, {ok()}});
    simulation.options.max_endpoints = 1;
    EXPECT_TRUE(ask(simulation.client(), {.timeout = timeout, .max_retries = 0}));
    EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 2, 3));
  }
}

TEST(BlackHoles, AreGivenUpSoonWhileAnotherCouldBeAsked) {
  Simulation simulation({{black_hole()}, {black_hole()}, {black_hole()}});
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 1s, 2s));
  EXPECT_EQ(simulation.elapsed(), 7s) << "for the last one the connect timeout holds";
  EXPECT_EQ(verdicts(client), (std::vector{excused, excused, blamed})) << "only that one was given all of it";
}

TEST(BlackHoles, AreGivenUpByTheShorterTimeout) {
  const auto took = [&](nanoseconds connect, nanoseconds failover) {
    Simulation simulation({{black_hole()}, {ok()}});
    simulation.options.connect_timeout = connect;
    simulation.options.failover_connect_timeout = failover;
    EXPECT_TRUE(ask(simulation.client()));
    return simulation.elapsed();
  };
  EXPECT_EQ(took(5s, 1s), 1s);
  EXPECT_EQ(took(300ms, 1s), 300ms);
  EXPECT_EQ(took(5s, 0s), 5s);
  EXPECT_EQ(took(0s, 2s), 2s);
}

TEST(BlackHoles, ThatAreKnownToBeDoNotHurryOthers) {
  Simulation simulation({{ok(), black_hole()}, {ok()}});
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  const Client client = simulation.client();
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(ask(client));
  ASSERT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 1));
  EXPECT_EQ(simulation.request(2).connect_timeout, 1s);
  EXPECT_EQ(simulation.request(4).connect_timeout, 5s) << "nobody would be asked at once instead";
}

TEST(SlowConnecting, OfBothEndpointsCostsOneCallOneSecond) {
  Simulation simulation({{slow()}, {slow()}});
  const Client client = simulation.client();
  EXPECT_THAT(shares(client, 40), ElementsAre(20, 20));
  EXPECT_EQ(simulation.elapsed(), 40 * 1300ms + 1s);
  EXPECT_EQ(verdicts(client), (std::vector{excused, unheard}));
}

TEST(SlowConnecting, OfOneEndpointOfFourTakesNothingFromItsShare) {
  Simulation simulation({{slow()}, {ok()}, {ok()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_THAT(shares(client, 41), ElementsAre(10, 11, 10, 10));
  EXPECT_EQ(verdicts(client), (std::vector{excused, unheard, unheard, unheard}));
}

TEST(SlowConnecting, OfAllEndpointsOfManyIsLearned) {
  std::vector<std::vector<SimulatedAnswer>> all(8, {slow(3s)});
  Simulation simulation(std::move(all));
  const Client client = simulation.client();
  shares(client, 8);
  EXPECT_THAT(shares(client, 40), Each(5));
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.counts.total_failures, 0U);
}

TEST(SlowConnecting, IsLearnedBeforeTheAnswerComes) {
  Simulation simulation({{after(1min, slow())}, {after(1min, slow())}});
  const Client client = simulation.client();
  for (const nanoseconds at : {4s, 5s, 6s, 7s}) {
    simulation.network.at(simulation.began + at, [&] { EXPECT_TRUE(ask(client)); });
  }
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 0, 1)) << "the third has found out by 5.3 s";
}

TEST(SlowConnecting, IsLearnedOfStreamsToo) {
  SimulatedAnswer stream = streaming(whole("Hello"));
  stream.connect_time = 1300ms;
  Simulation simulation({{stream}, {stream}});
  const Client client = simulation.client();
  for (int call = 0; call < 4; ++call) EXPECT_FALSE(hear(client).kind);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 0));
}

TEST(SlowConnecting, IsLearnedOfAnswersThatAreErrors) {
  SimulatedAnswer overloaded = failing(503);
  overloaded.connect_time = 800ms;
  Simulation simulation({{overloaded, black_hole()}, {ok()}});
  const Client client = simulation.client();
  shares(client, 3);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 0, 1))
      << "or it would be found out with all the time";
  EXPECT_EQ(connect_timeouts(simulation)[2], 1600ms);
}

TEST(SlowConnecting, IsLearnedOfAttemptsThatAHedgeHasBeaten) {
  Simulation simulation({{after(1h, slow(800ms))}, {ok()}});
  simulation.options.hedge = HedgeOptions{.delay = 1s, .max_fraction = 1.0};
  const Client client = simulation.client();
  EXPECT_THAT(shares(client, 3), ElementsAre(0, 3));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 0, 1));
  EXPECT_EQ(connect_timeouts(simulation)[3], 1600ms);
}

// What a cut attempt means.

TEST(CutAttempts, AskNoPredicateAndAreNoFailure) {
  Simulation simulation({{black_hole()}, {ok()}});
  int asked = 0;
  simulation.options.breaker.is_successful = [&](const Error* error) {
    return ++asked > 0 && error == nullptr;
  };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(verdicts(client), (std::vector{excused, unheard}));
  EXPECT_EQ(asked, 1) << "for the answer";
}

TEST(CutAttempts, BlameAnEndpointThatIsKnownToConnectFaster) {
  Simulation simulation({{ok(), black_hole()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_THAT(shares(client, 3), ElementsAre(1, 2));
  EXPECT_EQ(verdicts(client), (std::vector{blamed, unheard}));
  EXPECT_EQ(simulation.elapsed(), 1s);
  shares(client, 4);
  EXPECT_EQ(client.endpoints().at(0).state, State::open) << "it is no less dead than before";
  EXPECT_EQ(simulation.elapsed(), 3s);
}

TEST(CutAttempts, HadTwiceTheTimeThatTheEndpointIsKnownToNeed) {
  Simulation simulation({{slow(), slow(2500ms), black_hole()}, {ok()}});
  const Client client = simulation.client();
  const auto of_first = [&] { return ask(client, {.endpoint = "endpoint-0"}); };
  EXPECT_TRUE(of_first());
  EXPECT_TRUE(ask(client));  // endpoint-1
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.request(2).connect_timeout, 2600ms);
  EXPECT_TRUE(ask(client));  // endpoint-1
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.request(4).connect_timeout, 5s) << "never more than that";
  EXPECT_EQ(verdicts(client), (std::vector{blamed, unheard}));
}

TEST(CutAttempts, OfImpatientCallersAreNoReasonToDoubt) {
  Simulation simulation({{black_hole()}, {ok()}});
  const Client client = simulation.client();
  for (const nanoseconds timeout : {nanoseconds(100ms), nanoseconds(4s)}) {
    const RequestOptions impatient{.timeout = timeout, .max_retries = 0, .endpoint = "endpoint-0"};
    EXPECT_FALSE(ask(client, impatient));
  }
  EXPECT_EQ(verdicts(client).front(), (Verdict{.exclusions = 2}));
  shares(client, 2);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 1, 0, 1));
  EXPECT_EQ(connect_timeouts(simulation)[3], 1s) << "nobody has waited long enough to put it in question";
}

TEST(CutAttempts, OfCallersBlameWhenTheEndpointIsKnownToBeFaster) {
  Simulation simulation({{slow(100ms), black_hole()}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_FALSE(ask(client, {.timeout = 190ms}));
  EXPECT_EQ(verdicts(client).front(), excused);
  EXPECT_FALSE(ask(client, {.timeout = 210ms}));
  EXPECT_EQ(verdicts(client).front(), (Verdict{1, 1}));
}

TEST(CutAttempts, OfCallersExcuseAnEndpointThatIsKnownToAnswerSlowly) {
  Simulation simulation({{after(20s, slow(100ms)), black_hole()}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_FALSE(ask(client, {.timeout = 4s}));
  EXPECT_EQ(verdicts(client).front(), excused) << "it may have waited for another's connection";
}

// Finding out.

TEST(FindingOut, HasAllTheTimeWhileOthersAreAskedFirst) {
  Simulation simulation({{black_hole()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  for (const nanoseconds at : {1500ms, 5999ms}) {
    simulation.network.at(simulation.began + at, [&] { EXPECT_TRUE(ask(client)); });
  }
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 1, 1));
  EXPECT_EQ(simulation.request(2).connect_timeout, 5s);
  EXPECT_EQ(verdicts(client), (std::vector{Verdict{1, 1}, unheard})) << "it was given the client's own limit";
}

TEST(FindingOut, InVainPutsAnEndpointOffForLongerEachTime) {
  Simulation simulation({{black_hole()}, {ok()}});
  const Client client = simulation.client();
  while (simulation.elapsed() < 10min) {
    EXPECT_TRUE(ask(client));
    simulation.network.advance(1s);
  }
  std::vector<nanoseconds> pauses;
  const std::vector<nanoseconds> times = times_of(simulation, 0);
  for (std::size_t index = 1; index < times.size(); ++index)
    pauses.push_back(times[index] - times[index - 1]);
  EXPECT_THAT(pauses, ElementsAre(2s, 35s, 65s, 125s, 125s, 125s)) << "5 s in vain, and 30 s, 60 s, 120 s";
}

TEST(FindingOut, HasThePauseOfTheEndpointsBreaker) {
  Simulation simulation({{black_hole()}, {ok()}});
  simulation.endpoints.front().breaker.timeout = 3s;
  const Client client = simulation.client();
  while (times_of(simulation, 0).size() < 4) {
    EXPECT_TRUE(ask(client));
    simulation.network.advance(500ms);
  }
  const std::vector<nanoseconds> times = times_of(simulation, 0);
  EXPECT_EQ(times[2] - times[1], 8s);
  EXPECT_EQ(times[3] - times[2], 11s);
}

TEST(FindingOut, OfAnEndpointThatIsBackEndsTheDoubt) {
  Simulation simulation({{black_hole(), black_hole(), slow()}, {ok()}});
  const Client client = simulation.client();
  shares(client, 3);
  simulation.network.advance(30s);
  EXPECT_THAT(shares(client, 10), ElementsAre(5, 5));
  EXPECT_THAT(connect_timeouts(simulation), Contains(2600ms).Times(4)) << "only the first has found out";
}

TEST(FindingOut, CountsAttemptsOfTheSameTimeOnce) {
  Simulation simulation({{black_hole()}, {ok()}});
  simulation.options.breaker.ready_to_trip = [](const Counts&) { return false; };
  const Client client = simulation.client();
  const RequestOptions pinned{.max_retries = 0, .endpoint = "endpoint-0"};
  for (int call = 1; call < 7; ++call) {
    simulation.network.at(simulation.began + call * 100ms, [&] { EXPECT_FALSE(ask(client, pinned)); });
  }
  EXPECT_FALSE(ask(client, pinned));
  simulation.network.advance(31s);
  shares(client, 2);
  EXPECT_EQ(times_of(simulation, 0).size(), 8U) << "put off for 30 s, not for 120 s";
}

TEST(PutOffEndpoints, AreAskedWhenTheOthersHaveFailed) {
  Simulation simulation({{black_hole(), black_hole(), ok()}, {ok(), ok(), failing(500)}});
  const Client client = simulation.client();
  shares(client, 2);
  EXPECT_THAT(shares(client, 1), ElementsAre(1, 0));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 1, 0));
}

TEST(PutOffEndpoints, AreNoReasonToHurryOthers) {
  Simulation simulation({{black_hole()}, {ok()}});
  const Client client = simulation.client();
  shares(client, 3);
  EXPECT_EQ(connect_timeouts(simulation).back(), 5s);
}

TEST(PutOffEndpoints, ComeAfterThoseOfAHigherPriorityNumber) {
  Simulation simulation({{black_hole()}, {ok()}});
  simulation.endpoints.back().priority = 1;
  const Client client = simulation.client();
  shares(client, 5);
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1, 1, 1, 1));
}

// Half-open breakers.

TEST(HalfOpenProbes, HaveTheWholeConnectTimeout) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  open_breaker(simulation, client, 0, slow());
  simulation.network.advance(31s);
  shares(client, 2);
  EXPECT_EQ(client.endpoints().at(0).state, State::closed);
  ASSERT_EQ(simulation.asked().back(), 0U);
  EXPECT_EQ(connect_timeouts(simulation).back(), 5s);
}

TEST(HalfOpenProbes, OfABlackHoleAreBlamedAndPutItOffLonger) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client, {.endpoint = "endpoint-0"}));  // it is known to be quick
  simulation.serve(0, black_hole());
  const nanoseconds began = simulation.elapsed();
  while (simulation.elapsed() < began + 8min) {
    EXPECT_TRUE(ask(client));
    simulation.network.advance(1s);
  }
  const std::vector<nanoseconds> times = times_of(simulation, 0);
  ASSERT_EQ(times.size(), 4U + 5U) << "three that were cut open the breaker";
  EXPECT_GE(times[5] - times[4], 35s);
  EXPECT_GE(times[6] - times[5], 65s);
  EXPECT_GE(times[7] - times[6], 125s);
}

TEST(LastResorts, AreCutAsOthersAre) {
  Simulation simulation({{ok()}, {ok()}, {failing(500)}});
  const Client client = simulation.client();
  for (const std::size_t index : {0U, 1U}) open_breaker(simulation, client, index, black_hole());
  const std::size_t before = simulation.sent.size();
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_EQ(simulation.request(before + 1).connect_timeout, 1s) << "the other one could be asked instead";
}

}  // namespace
}  // namespace openailb::connecting_test
