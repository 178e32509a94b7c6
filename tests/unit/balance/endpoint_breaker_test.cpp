// Which settings an endpoint's breaker has: its own before the client's, and the client's before the
// defaults.

#include <openailb/detail/balance/configuration.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace openailb::endpoint_breaker_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;

/// Settings whose functions all say the same.
BreakerSettings settings(std::string name, std::uint32_t number, bool says, int& changes) {
  const auto seconds = std::chrono::seconds(number);
  return {.name = std::move(name),
          .max_requests = number,
          .interval = 10 * seconds,
          .bucket_period = seconds,
          .timeout = 100 * seconds,
          .ready_to_trip = [says](const Counts&) { return says; },
          .on_state_change = [&changes](const std::string&, State, State) { ++changes; },
          .is_successful = [says](const Error*) { return says; },
          .is_excluded = [says](const Error*) { return says; }};
}

TEST(EndpointBreaker, HasItsOwnSettings) {
  int own = 0, of_client = 0;
  const BreakerSettings breaker =
      endpoint_breaker(settings("own", 3, true, own), settings("client", 4, false, of_client), "berlin");
  EXPECT_EQ(breaker.name, "own/berlin");
  EXPECT_EQ(breaker.max_requests, 3U);
  EXPECT_EQ(breaker.interval, 30s);
  EXPECT_EQ(breaker.bucket_period, 3s);
  EXPECT_EQ(breaker.timeout, 300s);
  EXPECT_TRUE(breaker.ready_to_trip({}));
  EXPECT_TRUE(breaker.is_successful(nullptr));
  EXPECT_TRUE(breaker.is_excluded(nullptr));
  breaker.on_state_change("", State::closed, State::open);
  EXPECT_EQ(own, 1);
  EXPECT_EQ(of_client, 0);
}

TEST(EndpointBreaker, HasTheClientsSettingsWhereItHasNone) {
  int changes = 0;
  const BreakerSettings breaker = endpoint_breaker({}, settings("client", 4, true, changes), "berlin");
  EXPECT_EQ(breaker.name, "client/berlin");
  EXPECT_EQ(breaker.max_requests, 4U);
  EXPECT_EQ(breaker.interval, 40s);
  EXPECT_EQ(breaker.bucket_period, 4s);
  EXPECT_EQ(breaker.timeout, 400s);
  EXPECT_TRUE(breaker.ready_to_trip({}));
  EXPECT_TRUE(breaker.is_successful(nullptr));
  EXPECT_TRUE(breaker.is_excluded(nullptr));
  breaker.on_state_change("", State::closed, State::open);
  EXPECT_EQ(changes, 1);
}

TEST(EndpointBreaker, TakesNegativeTimesForUnset) {
  int changes = 0;
  const BreakerSettings own{.interval = -1s, .bucket_period = -1s, .timeout = -1s};
  const BreakerSettings breaker = endpoint_breaker(own, settings("", 4, true, changes), "berlin");
  EXPECT_EQ(breaker.interval, 40s);
  EXPECT_EQ(breaker.bucket_period, 4s);
  EXPECT_EQ(breaker.timeout, 400s);
  EXPECT_EQ(endpoint_breaker(own, {.timeout = -1s}, "berlin").timeout, 30s);
}

TEST(EndpointBreaker, IsOpenForThirtySecondsAfterThreeFailuresByDefault) {
  const BreakerSettings breaker = endpoint_breaker({}, {}, "berlin");
  EXPECT_EQ(breaker.name, "berlin");
  EXPECT_EQ(breaker.timeout, 30s);
  EXPECT_FALSE(breaker.ready_to_trip({.consecutive_failures = 2}));
  EXPECT_TRUE(breaker.ready_to_trip({.consecutive_failures = 3}));
  EXPECT_FALSE(breaker.on_state_change || breaker.is_successful || breaker.is_excluded);
}

}  // namespace
}  // namespace openailb::endpoint_breaker_test
