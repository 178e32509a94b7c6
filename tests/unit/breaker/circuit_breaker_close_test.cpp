// Closing a breaker by hand, and asking it what an outcome counts as.
#include <openailb/circuit_breaker.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace openailb::circuit_breaker_close_test {
namespace {

using namespace std::chrono_literals;
using TimePoint = CircuitBreaker::Clock::time_point;

constexpr TimePoint start{100h};

BreakerSettings touchy(std::string* told = nullptr) {
  return {.name = "b",
          .timeout = 30s,
          .ready_to_trip = [](const Counts&) { return true; },
          .on_state_change =
              [told](const std::string& name, State from, State to) {
                if (told != nullptr) {
                  *told +=
                      name + ": " + std::string(to_string(from)) + " -> " + std::string(to_string(to)) + '\n';
                }
              }};
}

void open(CircuitBreaker& breaker, TimePoint now) { breaker.try_acquire(now).value().failure(now); }

TEST(Close, ClosesAnOpenBreakerAndTells) {
  std::string told;
  CircuitBreaker breaker(touchy(&told), start);
  open(breaker, start);
  breaker.close(start + 1s);
  EXPECT_EQ(breaker.state(start + 1s), State::closed);
  EXPECT_EQ(breaker.counts(), Counts{});
  EXPECT_TRUE(breaker.try_acquire(start + 1s));
  EXPECT_EQ(told, "b: closed -> open\nb: open -> closed\n");
}

TEST(Close, ClosesAHalfOpenBreakerWhoseProbesThenCountForNothing) {
  CircuitBreaker breaker(touchy(), start);
  open(breaker, start);
  auto probe = breaker.try_acquire(start + 31s);
  ASSERT_TRUE(probe && probe->half_open());
  breaker.close(start + 32s);
  probe->failure(start + 33s);
  EXPECT_EQ(breaker.state(start + 33s), State::closed);
  EXPECT_EQ(breaker.counts(), Counts{});
}

TEST(Close, LeavesAClosedBreakerAsItIs) {
  std::string told;
  CircuitBreaker breaker({.on_state_change = touchy(&told).on_state_change}, start);
  open(breaker, start);
  const Counts before = breaker.counts();
  breaker.close(start);
  EXPECT_EQ(breaker.counts(), before);
  EXPECT_EQ(told, "");
}

TEST(Close, MovesTheClockOnFirst) {
  std::string told;
  CircuitBreaker breaker(touchy(&told), start);
  open(breaker, start);
  breaker.close(start + 31s);
  EXPECT_EQ(told, "b: closed -> open\nb: open -> half_open\nb: half_open -> closed\n");
}

TEST(ClassifyAnswer, AsksTheFunctionsOfTheSettings) {
  const Error conflict{.status = 409}, bad{.status = 400}, broken{.status = 500};
  const CircuitBreaker plain;
  EXPECT_EQ(plain.outcome_of(&broken, Outcome::failure), Outcome::failure);
  EXPECT_EQ(plain.outcome_of(nullptr, Outcome::success), Outcome::success);
  const CircuitBreaker asking(
      {.is_successful = [](const Error* error) { return error == nullptr || error->status == 400; },
       .is_excluded = [](const Error* error) { return error != nullptr && error->status == 409; }});
  EXPECT_EQ(asking.outcome_of(&conflict, Outcome::failure), Outcome::exclusion);
  EXPECT_EQ(asking.outcome_of(&bad, Outcome::failure), Outcome::success);
  EXPECT_EQ(asking.outcome_of(&broken, Outcome::success), Outcome::failure);
}

}  // namespace
}  // namespace openailb::circuit_breaker_close_test
