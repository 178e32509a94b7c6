// Which limit of time holds where a client's options and a call's meet.

#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::time_left_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::HasSubstr;

TEST(IdleTimeOfAStream, IsTheCallsTimeoutUnlessItIsSet) {
  OneEndpoint simulation(dripping({role(), says("a")}, 1s, Ending::hang));
  const Client client = simulation.client();
  EXPECT_EQ(hear(client, {.timeout = 7s}).kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(simulation.elapsed(), 9s) << "7 s after the last token";
}

TEST(IdleTimeOfAStream, OfTheClientHoldsWhateverTheCallsTimeout) {
  OneEndpoint simulation(dripping({role(), says("a")}, 1s, Ending::hang));
  simulation.options.idle_timeout = 4s;
  EXPECT_EQ(hear(simulation.client(), {.timeout = 70s}).kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(simulation.elapsed(), 6s);
}

TEST(IdleTimeOfAStream, BlamesTheEndpointOnlyIfItIsTheClientsOwn) {
  for (const bool of_client : {true, false}) {
    OneEndpoint simulation(
        {after(5s, streaming(whole("a"))), dripping({role(), says("a")}, 1ms, Ending::hang)});
    if (of_client) simulation.options.idle_timeout = 1s;
    const Client client = simulation.client();
    EXPECT_FALSE(hear(client).kind) << "first tokens may take 5 s here";
    const RequestOptions impatient{.timeout = 1s};
    EXPECT_EQ(hear(client, of_client ? RequestOptions{} : impatient).kind, ErrorKind::stream_interrupted);
    EXPECT_EQ(counts(client).total_failures, of_client ? 1U : 0U);
  }
}

TEST(FirstTokenTimeout, EndsAnAttemptOfAStreamAlone) {
  OneEndpoint simulation(after(9s, streaming(whole("a"))));
  simulation.options.first_token_timeout = 3s;
  const Client client = simulation.client();
  EXPECT_EQ(ask_to_stream(client).error()->kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 3s);
  simulation.serve(0, after(9s, ok()));
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(ask_to_stream(client, {.timeout = 2s}).error()->kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 14s) << "the shorter one holds";
}

TEST(TimeOfACall, OfTheClientHoldsForACallThatSetsNone) {
  OneEndpoint simulation(hanging());
  simulation.options.deadline = 8s;
  const Client client = simulation.client();
  EXPECT_EQ(ask(client).error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 8s);
  EXPECT_EQ(ask(client, {.deadline = 3s}).error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 11s);
}

TEST(TimeOfACall, OfADownloadHoldsWhileItsBytesCome) {
  OneEndpoint simulation(dripping(std::vector<std::string>(20, "bytes"), 1s));
  const auto done = simulation.client().download("/x", [](std::string_view) {}, {.deadline = 5s});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 5s);
}

TEST(TimeOfACall, OfADownloadHoldsWhileTheUserTakesItsTime) {
  OneEndpoint simulation({.body = "all at once"});
  const Client client = simulation.client();
  simulation.serve(0, dripping({"one", "two"}, 1ms));
  const auto done =
      client.download("/x", [&](std::string_view) { simulation.network.advance(10s); }, {.deadline = 5s});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::timeout);
}

TEST(StopOfADownload, HoldsThoughMoreBytesHaveCome) {
  OneEndpoint simulation(dripping({"one", "two", "three"}, 1ms));
  std::stop_source stop;
  std::string taken;
  const auto done = simulation.client().download("/x",
                                                 [&](std::string_view bytes) {
                                                   taken += bytes;
                                                   simulation.network.advance(1s);
                                                   stop.request_stop();
                                                 },
                                                 {.stop_token = stop.get_token()});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::canceled);
  EXPECT_EQ(taken, "one");
}

TEST(TimeoutOfADownload, SaysThatNoByteHasCome) {
  OneEndpoint simulation(hanging());
  const auto done = simulation.client().download("/x", [](std::string_view) {}, {.timeout = 2s});
  EXPECT_THAT(done.error().message, HasSubstr("no first byte within 2 s"));
  EXPECT_THAT(ask_to_stream(simulation.client(), {.timeout = 2s}).error()->message,
              HasSubstr("no first token within 2 s"));
}

TEST(MaxRetries, OfTheClientHoldForACallThatSetsNone) {
  OneEndpoint simulation(failing(503));
  simulation.options.max_retries = 1;
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_EQ(simulation.sent.size(), 2U);
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_EQ(simulation.sent.size(), 3U);
}

}  // namespace
}  // namespace openailb::time_left_test
