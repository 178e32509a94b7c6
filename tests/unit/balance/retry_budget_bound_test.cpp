// However calls and retries come, the retry budget pays no more than was put in.

#include <openailb/detail/balance/retry_budget.hpp>
#include <openailb/testing/random.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace openailb::retry_budget_bound_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;

constexpr TimePoint start{1h};

/// As many as can be had now.
int spend_all(RetryBudget& budget, TimePoint now) {
  int spent = 0;
  while (RetryBudget::Reserved one = budget.reserve(now)) {
    RetryBudget::spend(one);
    ++spent;
  }
  return spent;
}

TEST(RetryBudgetBound, HoldsForEveryPaceOfCallsAndRetries) {
  testing::Random random(1);
  for (int round = 0; round < 200; ++round) {
    const RetryBudgetOptions options{.per_call = random.uniform(), .per_second = 20.0 * random.uniform()};
    RetryBudget budget(options, start);
    TimePoint now = start;
    double put_in = 10.0 * options.per_second;
    int spent = 0;
    for (int step = 0; step < 200; ++step) {
      const auto passed = random.chance(0.5) ? 0ns : random.between(0s, 3s);
      now += passed;
      put_in += options.per_second * std::chrono::duration<double>(passed).count();
      for (int calls = random.between(0, 20); calls > 0; --calls) {
        budget.deposit(now);
        put_in += options.per_call;
      }
      if (random.chance(0.3)) spent += spend_all(budget, now);
      ASSERT_LE(spent, put_in + 1e-6);
    }
  }
}

TEST(RetryBudgetBound, IsReachedByThoseWhoSpendAtOnce) {
  RetryBudget budget(RetryBudgetOptions{.per_call = 0.2, .per_second = 10.0}, start);
  int spent = spend_all(budget, start);
  EXPECT_EQ(spent, 100);
  for (int call = 1; call <= 10000; ++call) {
    budget.deposit(start + call * 1ms);
    spent += spend_all(budget, start + call * 1ms);
  }
  EXPECT_NEAR(spent, 100 + 2000 + 100, 2);
}

TEST(RetryBudgetBound, DoesNotGrowWhenTheClockStandsOrGoesBack) {
  RetryBudget budget(RetryBudgetOptions{}, start);
  EXPECT_EQ(spend_all(budget, start), 100);
  EXPECT_EQ(spend_all(budget, start - 1h), 0);
  EXPECT_EQ(spend_all(budget, start), 0);
}

TEST(RetryBudgetBound, TakesBackWhatWasNotSpent) {
  RetryBudget budget(RetryBudgetOptions{.per_call = 0.0, .per_second = 0.1}, start);
  { const RetryBudget::Reserved unused = budget.reserve(start); }
  EXPECT_EQ(spend_all(budget, start), 1);
}

TEST(RetryBudgetBound, HoldsForManyThreads) {
  RetryBudget budget(RetryBudgetOptions{.per_call = 0.5, .per_second = 0.0}, start);
  std::atomic<int> spent{};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int call = 0; call < 1000; ++call) {
        budget.deposit(start);
        if (RetryBudget::Reserved one = budget.reserve(start)) {
          RetryBudget::spend(one);
          ++spent;
        }
      }
    });
  }
  threads.clear();
  spent += spend_all(budget, start);
  EXPECT_EQ(spent, 2000);
}

}  // namespace
}  // namespace openailb::retry_budget_bound_test
