// How many attempts may be in flight at once, and who goes first when there is no room.

#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <stop_token>
#include <utility>
#include <vector>

namespace openailb::max_in_flight_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Callers = std::vector<Crowd::Caller*>;

TEST(MaxInFlight, OfAnEndpointLeavesTheRestToTheOthers) {
  Crowd crowd(2, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  for (int i = 0; i < 4; ++i) crowd.call(i * 1s);
  crowd.run();
  EXPECT_THAT(crowd.asked(), ElementsAre(0, 1, 1, 1));
}

TEST(MaxInFlight, WhenAllAreFullTheCallThatCameFirstGoesFirst) {
  Crowd crowd(2, 10s);
  for (EndpointConfig& endpoint : crowd.endpoints) endpoint.max_in_flight = 1;
  Callers callers;
  for (int i = 0; i < 6; ++i) callers.push_back(&crowd.call(i * 1s));
  crowd.run();
  EXPECT_THAT(crowd.most_at_once, ElementsAre(1, 1));
  for (std::size_t i = 0; i < callers.size(); ++i) {
    ASSERT_TRUE(*callers[i]->answer);
    EXPECT_EQ(callers[i]->done_at, 10s * (1 + static_cast<int>(i) / 2) + 1s * (static_cast<int>(i) % 2)) << i;
    EXPECT_EQ(callers[i]->answer->value().info.attempts.size(), 1U) << "to wait is no attempt";
  }
}

TEST(MaxInFlight, OfTheClientHoldsForAllEndpointsTogether) {
  Crowd crowd(3, 10s);
  crowd.options.max_in_flight = 2;
  for (int i = 0; i < 7; ++i) crowd.call(0s);
  int most = 0;
  for (int tick = 0; tick < 60; ++tick) {
    crowd.at(1s * tick,
             [&] { most = std::max(most, crowd.in_flight(0) + crowd.in_flight(1) + crowd.in_flight(2)); });
  }
  crowd.run();
  EXPECT_EQ(most, 2);
  EXPECT_EQ(crowd.elapsed(), 40s);
}

TEST(MaxInFlight, NewcomerDoesNotTakeTheSeatOfOneWhoWaits) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.call(0s);
  Crowd::Caller& waits = crowd.call(1s);
  Crowd::Caller& comes = crowd.call(10s);  // just as the slot is free again
  crowd.run();
  EXPECT_EQ(waits.done_at, 20s);
  EXPECT_EQ(comes.done_at, 30s);
}

TEST(MaxInFlight, CallThatWaitsCanBeStoppedAndTheNextGoesOn) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  std::stop_source stop;
  crowd.call(0s);
  Crowd::Caller& stopped = crowd.call(1s, {.stop_token = stop.get_token()});
  Crowd::Caller& late = crowd.call(2s, {.deadline = 3s});
  Crowd::Caller& waits = crowd.call(3s);
  crowd.at(4s, [&] { stop.request_stop(); });
  crowd.run();
  EXPECT_EQ(stopped.answer->error().kind, ErrorKind::canceled);
  EXPECT_EQ(stopped.done_at, 4s);
  EXPECT_EQ(late.answer->error().kind, ErrorKind::timeout);
  EXPECT_THAT(late.answer->error().message, HasSubstr("max_in_flight"));
  EXPECT_EQ(late.done_at, 5s);
  EXPECT_EQ(waits.done_at, 20s);
}

TEST(MaxInFlight, PinnedCallsWaitForTheirEndpointAndKeepNobodyElse) {
  Crowd crowd(2, 10s);
  for (EndpointConfig& endpoint : crowd.endpoints) endpoint.max_in_flight = 1;
  crowd.call(0s, {.endpoint = "endpoint-0"});
  Crowd::Caller& pinned = crowd.call(1s, {.endpoint = "endpoint-0"});
  Crowd::Caller& free = crowd.call(2s);
  crowd.run();
  EXPECT_EQ(free.done_at, 12s);
  EXPECT_EQ(pinned.done_at, 20s);
}

TEST(MaxInFlight, FailedAttemptGivesItsSeatToWhoWaits) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.serve(0, [first = true](const HttpRequest&) mutable {
    return std::exchange(first, false) ? after(5s, failing(500)) : after(1s, ok());
  });
  Crowd::Caller& fails = crowd.call(0s);
  Crowd::Caller& waits = crowd.call(1s);
  crowd.run();
  EXPECT_EQ(waits.done_at, 6s);
  EXPECT_TRUE(*fails.answer) << "it comes again after its backoff";
}

TEST(MaxInFlight, CallWaitsForASeatRatherThanAskWhatFailsSlowly) {
  Crowd crowd(2, 1s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.options.timeout = 60s;
  crowd.options.breaker.ready_to_trip = [](const Counts&) { return true; };
  crowd.serve(1, [](const HttpRequest&) { return hanging(); });
  crowd.call(0s);
  crowd.call(0s);
  crowd.run();  // the second one has opened the breaker of the endpoint that hangs
  Callers callers;
  for (int i = 0; i < 3; ++i) callers.push_back(&crowd.call(70s + 100ms * i));
  crowd.run();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(callers[static_cast<std::size_t>(i)]->done_at, 71s + 1s * i) << i;
}

TEST(MaxInFlight, CallThatWaitsTakesWhateverCanBeAskedSooner) {
  Crowd crowd(2, 590s);
  crowd.endpoints[0].max_in_flight = 1;
  crowd.serve(1, [limits = 1](const HttpRequest&) mutable {
    return limits-- > 0 ? failing(429, "{}", {{"retry-after", "200"}}) : after(1s, ok());
  });
  crowd.call(0s);
  crowd.call(500ms, {.max_retries = 0, .endpoint = "endpoint-1"});
  Crowd::Caller& caller = crowd.call(1s);
  crowd.run();
  EXPECT_EQ(caller.answer->value().info.endpoint, "endpoint-1");
  EXPECT_LT(caller.done_at, 230s);
}

TEST(MaxInFlight, WhoCameFirstGoesFirstAlsoWhenTheLimitIsRaised) {
  Crowd crowd(1, 10s);
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].max_in_flight = 1;
  Callers callers;
  for (int i = 0; i < 5; ++i) callers.push_back(&crowd.call(1s * i));
  crowd.at(5s, [&] {
    EndpointConfig more = crowd.endpoints[0];
    more.max_in_flight = 2;
    crowd.client().set_endpoints({more});
  });
  crowd.run();
  EXPECT_EQ(callers[1]->done_at, 15s);
  EXPECT_EQ(callers[2]->done_at, 20s);
  EXPECT_EQ(callers[3]->done_at, 25s);
  EXPECT_EQ(callers[4]->done_at, 30s);
}

TEST(MaxInFlight, CountsAStreamToItsEnd) {
  Simulation simulation({{streaming(says("a") + says("b") + finish() + done())}});
  simulation.endpoints[0].max_in_flight = 1;
  const Client client = simulation.client();
  {
    auto stream = client.chat.completions.stream(question());
    ASSERT_TRUE(stream.next());
    EXPECT_EQ(ask(client, {.deadline = 1s}).error().kind, ErrorKind::timeout);
  }
  simulation.serve(0, ok());
  EXPECT_TRUE(ask(client, {.deadline = 1s}));
}

TEST(MaxInFlight, MustNotBeNegative) {
  EXPECT_THROW(Client({{.max_in_flight = -1}}), std::invalid_argument);
  EXPECT_THROW(Client({EndpointConfig{}}, {.max_in_flight = -1}), std::invalid_argument);
}

}  // namespace
}  // namespace openailb::max_in_flight_test
