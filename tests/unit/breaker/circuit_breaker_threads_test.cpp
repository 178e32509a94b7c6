#include "support/breaker_bench.hpp"
#include <openailb/circuit_breaker.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::circuit_breaker_threads_test {
namespace {

using namespace detail;
using Nanoseconds = std::chrono::nanoseconds;

void in_parallel(int threads, const std::function<void(int)>& work) {
  std::vector<std::thread> running;
  for (int index = 0; index < threads; ++index) running.emplace_back(work, index);
  for (std::thread& thread : running) thread.join();
}

TEST(CircuitBreakerThreads, LoseNoCount) {
  CircuitBreaker breaker(custom(), start);
  in_parallel(10, [&](int) {
    for (int request = 0; request < 10'000; ++request) {
      auto permit = breaker.acquire(start);
      ASSERT_TRUE(permit);
      request % 2 == 0 ? permit->success(start) : permit->exclude(start);
    }
  });
  EXPECT_EQ(breaker.counts(), (Counts{100'000, 50'000, 0, 50'000, 50'000, 0}));
}

TEST(CircuitBreakerThreads, AreNotRefusedByAClosedRollingWindow) {
  // Twelve threads of S, F, X could by chance count three failures among the first five outcomes.
  BreakerSettings settings = rolling();
  settings.ready_to_trip = [](const Counts& counts) {
    return counts.requests > 1'000 && mostly_failures(counts);
  };
  CircuitBreaker breaker(settings, start);
  std::atomic<std::int64_t> ticks{0};
  in_parallel(12, [&](int) {
    for (int request = 0; request < 100; ++request) {
      const TimePoint now = start + Nanoseconds(1ms) * ticks++;
      auto permit = breaker.acquire(now);
      ASSERT_TRUE(permit);
      if (request % 3 == 0) permit->success(now);
      if (request % 3 == 1) permit->failure(now);
      if (request % 3 == 2) permit->exclude(now);
    }
  });
  const Counts counts = breaker.counts();
  EXPECT_EQ(counts.requests, 1'200U);
  EXPECT_EQ(counts.total_successes, 12U * 34);
  EXPECT_EQ(counts.total_failures, 12U * 33);
  EXPECT_EQ(counts.total_exclusions, 12U * 33);
}

TEST(CircuitBreakerThreads, GetNoMoreThanMaxRequestsProbes) {
  for (int round = 0; round < 200; ++round) {
    Bench bench({.max_requests = 3});
    bench.half_open();
    std::array<std::optional<Permit>, 4> permits;
    std::array<std::optional<Permit>, 4> more;
    in_parallel(4, [&](int index) {
      permits[static_cast<std::size_t>(index)] = bench.breaker.acquire(bench.now);
      more[static_cast<std::size_t>(index)] = bench.breaker.acquire(bench.now);
    });
    const auto granted = [](const auto& list) {
      return std::count_if(list.begin(), list.end(), [](const auto& permit) { return permit.has_value(); });
    };
    EXPECT_EQ(granted(permits) + granted(more), 3);
    EXPECT_FALSE(bench.breaker.may_admit(bench.now));
  }
}

TEST(CircuitBreakerThreads, HearOfEachChangeInOrderAndOneAtATime) {
  std::atomic<int> inside{0};
  std::atomic<int> overlaps{0};
  State last = State::closed;
  int changes = 0;
  int broken = 0;
  std::optional<CircuitBreaker> breaker;
  breaker.emplace(BreakerSettings{.timeout = 3ns,
                                  .ready_to_trip = [](const Counts&) { return true; },
                                  .on_state_change =
                                      [&](const std::string&, State from, State to) {
                                        if (++inside > 1) ++overlaps;
                                        if (from != std::exchange(last, to)) ++broken;
                                        if (++changes % 7 == 0) {
                                          --inside;
                                          throw std::runtime_error("change");
                                        }
                                        --inside;
                                      }},
                  start);
  std::atomic<std::int64_t> ticks{0};
  std::atomic<int> thrown{0};
  in_parallel(4, [&](int index) {
    for (int request = 0; request < 5'000; ++request) {
      const TimePoint now = start + Nanoseconds(ticks++);
      try {
        auto permit = breaker->acquire(now);
        if (permit) (request + index) % 3 == 0 ? permit->failure(now) : permit->success(now);
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    }
  });
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(broken, 0) << "a change was lost or came out of order";
  EXPECT_GT(changes, 1'000);
  EXPECT_GT(thrown, 0);
  EXPECT_EQ(last, breaker->state(start)) << "no change is left undelivered";
}

}  // namespace
}  // namespace openailb::test::circuit_breaker_threads_test
