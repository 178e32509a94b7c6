// What a call does when all breakers refuse, other than to ask: ClientOptions::when_all_open.
#include "support/open_breakers.hpp"
#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace openailb::when_all_open_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using ::testing::ElementsAre;

TEST(WhenAllOpen, WaitWaitsForTheSoonestReopening) {
  OpenBreakers fleet(2);
  fleet.options.when_all_open = WhenAllOpen::wait;
  fleet.endpoints[0].breaker.timeout = 50s;
  fleet.endpoints[1].breaker.timeout = 20s;
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.open(client, 1);
  const auto began = fleet.elapsed();
  fleet.serve(1, ok());
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(fleet.asked(), ElementsAre(1));
  EXPECT_GE(fleet.elapsed() - began, 20s - 10ms);
  EXPECT_LE(fleet.elapsed() - began, 22s);
}

TEST(WhenAllOpen, WaitAsksWhenItHasWaited) {
  OpenBreakers fleet(2);
  fleet.options.when_all_open = WhenAllOpen::wait;
  const Client client = fleet.client();
  fleet.open(client, 0);
  fleet.open(client, 1);
  EXPECT_FALSE(ask(client, {.max_retries = 0}));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 1)) << "the probe, and then the other as a last resort";
}

TEST(WhenAllOpen, WaitDoesNotWaitBeyondTheDeadlineOrAMinute) {
  for (const auto& [timeout, deadline] : {std::pair<nanoseconds, nanoseconds>{30s, 20s}, {61s, 600s}}) {
    OpenBreakers fleet(1);
    fleet.options.when_all_open = WhenAllOpen::wait;
    fleet.endpoints[0].breaker.timeout = timeout;
    const Client client = fleet.client();
    fleet.open(client, 0);
    fleet.serve(0, ok());
    const auto began = fleet.elapsed();
    EXPECT_TRUE(ask(client, {.deadline = deadline}));
    EXPECT_EQ(fleet.elapsed(), began) << "it asks at once instead";
  }
}

TEST(WhenAllOpen, WaitIsJittered) {
  const auto waited = [](double random) {
    OpenBreakers fleet(1);
    fleet.options.when_all_open = WhenAllOpen::wait;
    fleet.options.random = [random] { return random; };
    const Client client = fleet.client();
    fleet.open(client, 0);
    fleet.serve(0, ok());
    EXPECT_TRUE(ask(client));
    return fleet.elapsed();
  };
  EXPECT_GT(waited(0.9), waited(0.1) + 1s);
}

TEST(WhenAllOpen, WaitIsNotKeptFromItByACooldownThatIsTooLongToWaitFor) {
  OpenBreakers fleet(2);
  fleet.options.when_all_open = WhenAllOpen::wait;
  fleet.endpoints[1].breaker.timeout = 20s;
  const Client client = fleet.client();
  fleet.open(client, 1);
  fleet.serve(0, failing(429, "", {{"retry-after", "40"}}));
  EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-0"}));
  const std::size_t before = fleet.sent.size();
  fleet.serve(1, ok());
  const auto answer = ask(client, {.fallback_models = {"another"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->info.model, "gpt-4o") << "it waited for the breaker, as if there were nothing else";
  EXPECT_EQ(fleet.sent.size(), before + 1);
}

TEST(WhenAllOpen, FailEndsAWaitForACooldownAtTheSoonestReopening) {
  OpenBreakers fleet(2);
  fleet.options.when_all_open = WhenAllOpen::fail;
  fleet.options.max_retries = 0;
  fleet.endpoints[1].breaker.timeout = 10s;
  const Client client = fleet.client();
  fleet.open(client, 1);
  fleet.serve(0, failing(429, "", {{"retry-after", "40"}}));
  EXPECT_FALSE(ask(client));
  fleet.serve(1, ok());
  const auto began = fleet.elapsed();
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(fleet.asked(), ElementsAre(0, 1));
  EXPECT_LE(fleet.elapsed() - began, 11s);
}

}  // namespace
}  // namespace openailb::when_all_open_test
