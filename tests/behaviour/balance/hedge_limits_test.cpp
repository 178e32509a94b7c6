// When a hedge is due, how many there may be, and which options are none.
#include "support/hedged.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace openailb::hedge_limits_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;

TEST(HedgeFraction, HoldsFromTheFirstCallOn) {
  Hedged simulation({{after(2s, ok())}, {after(2s, ok())}});
  simulation.options.hedge->max_fraction = 0.25;
  const Client client = simulation.client();
  std::vector<std::size_t> sent;
  for (int call = 0; call < 8; ++call) {
    EXPECT_TRUE(ask(client));
    sent.push_back(simulation.sent.size());
  }
  EXPECT_THAT(sent, ElementsAre(1, 2, 3, 5, 6, 7, 8, 10));
}

TEST(HedgeFraction, IsNotUsedUpByAHedgeThatNobodyCanTake) {
  Hedged simulation({{after(2s, ok())}});
  simulation.options.hedge->max_fraction = 0.5;
  const Client alone = simulation.client();
  EXPECT_TRUE(ask(alone));
  EXPECT_TRUE(ask(alone));
  Hedged both({{after(2s, ok())}, {failing(429, "", {{"retry-after", "9"}}), ok()}});
  both.options.hedge->max_fraction = 0.25;
  const Client client = both.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-1"}));
  for (int call = 0; call < 4; ++call) EXPECT_TRUE(ask(client));  // the fourth call's hedge has no endpoint
  EXPECT_EQ(both.sent.size(), 5U);
  both.network.advance(10s);
  EXPECT_TRUE(ask(client, {.endpoint = "endpoint-1"}));  // so that endpoint-0 is next
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(both.sent.size(), 8U) << "it is still there to be sent";
}

TEST(HedgePercentile, NeedsFiftyAnswers) {
  Simulation simulation({{after(1s, ok())}, {after(1s, ok())}});
  simulation.options.hedge = HedgeOptions{.max_fraction = 1.0};
  const Client client = simulation.client();
  for (int call = 0; call < 49; ++call) EXPECT_TRUE(ask(client));
  simulation.serve(1, after(5s, ok()));
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.sent.size(), 50U) << "49 answers";
  simulation.serve(0, after(5s, ok()));
  simulation.serve(1, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.sent.size(), 52U) << "50 answers";
  EXPECT_EQ(simulation.sent[51].endpoint, 1U);
  EXPECT_EQ(simulation.sent[51].at - simulation.sent[50].at, 1s) << "as most answers of the other one took";
}

TEST(HedgePercentile, CountsForAttemptsThatWereUnderWayBeforeItWasKnown) {
  Simulation simulation({{after(1s, ok())}, {after(1s, ok())}});
  simulation.options.hedge = HedgeOptions{.max_fraction = 1.0};
  const Client client = simulation.client();
  for (int call = 0; call < 48; ++call) EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client, {.endpoint = "endpoint-1"}));
  simulation.serve(0, after(1h, ok()));
  const auto before = simulation.elapsed();
  simulation.network.at(simulation.network.now() + 2s, [&] { EXPECT_TRUE(ask(client)); });
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(simulation.sent.back().endpoint, 1U);
  EXPECT_GE(simulation.sent.back().at - before, 3s) << "then the other call is answered, as the fiftieth";
  EXPECT_LE(simulation.sent.back().at - before, 3100ms);
}

TEST(HedgePercentile, HedgesAtOnceOnAnEndpointThatIsKnownToBeSlow) {
  Simulation simulation({{after(1s, ok())}, {after(5s, ok())}});
  simulation.options.hedge = HedgeOptions{.max_fraction = 1.0};
  const Client client = simulation.client();
  for (int call = 0; call < 51; ++call) EXPECT_TRUE(ask(client));
  simulation.sent.clear();
  const auto before = simulation.elapsed();
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 0));
  EXPECT_EQ(simulation.elapsed() - before, 1s);
}

TEST(HedgeOptions, AreRejectedIfTheirNumbersAreWrong) {
  const auto refusal = [](HedgeOptions hedge) -> std::string {
    try {
      const Client client({{.base_url = "https://one.example"}}, {.hedge = hedge});
      return "accepted";
    } catch (const std::invalid_argument& wrong) {
      return wrong.what();
    }
  };
  EXPECT_EQ(refusal({}), "accepted");
  EXPECT_EQ(refusal({.delay = -1ns}), "openailb: hedge.delay is negative");
  EXPECT_EQ(refusal({.percentile = 1.01}), "openailb: hedge.percentile is not between 0 and 1");
  EXPECT_EQ(refusal({.max_fraction = -0.1}), "openailb: hedge.max_fraction is not between 0 and 1");
  EXPECT_EQ(refusal({.percentile = NAN}), "openailb: hedge.percentile is not between 0 and 1");
}

}  // namespace
}  // namespace openailb::hedge_limits_test
