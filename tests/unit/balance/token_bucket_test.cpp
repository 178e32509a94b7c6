// A budget per minute whose limit changes: what was used stays used.

#include <openailb/detail/balance/token_bucket.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace openailb::minute_budget_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;

constexpr TimePoint start{100h};

struct Limited {
  TokenBucket budget{start};
  explicit Limited(int per_minute) { budget.set_most(per_minute, start); }

  int left(TimePoint now) {
    int count = 0;
    while (budget.take(1.0, now)) ++count;
    return count;
  }
};

TEST(TokenBucket, BeginsFull) { EXPECT_EQ(Limited(60).left(start), 60); }

TEST(TokenBucket, IsNotFilledByAHigherLimit) {
  Limited limited(60);
  EXPECT_EQ(limited.left(start), 60);
  limited.budget.set_most(600, start);
  EXPECT_EQ(limited.left(start), 0);
  EXPECT_EQ(limited.left(start + 1s), 10) << "but it fills faster";
}

TEST(TokenBucket, KeepsWhatIsLeftUnderAHigherLimit) {
  Limited limited(60);
  EXPECT_TRUE(limited.budget.take(20.0, start));
  limited.budget.set_most(600, start);
  EXPECT_EQ(limited.left(start), 40);
}

TEST(TokenBucket, UnderALowerLimitHasTheSamePartLeft) {
  Limited limited(60);
  EXPECT_TRUE(limited.budget.take(30.0, start));
  limited.budget.set_most(6, start);
  EXPECT_EQ(limited.left(start), 3);
}

TEST(TokenBucket, FillsAtTheOldRateUntilTheLimitChanges) {
  Limited limited(60);
  EXPECT_EQ(limited.left(start), 60);
  limited.budget.set_most(6, start + 10s);
  EXPECT_EQ(limited.left(start + 10s), 1);
}

TEST(TokenBucket, OwesAtMostAMinuteOfALowerLimit) {
  Limited limited(60);
  EXPECT_TRUE(limited.budget.take(60.0, start));
  limited.budget.give_back(-60.0);
  limited.budget.set_most(6, start);
  EXPECT_EQ(limited.left(start + 59s), 0);
  EXPECT_EQ(limited.left(start + 70s), 1);
}

TEST(TokenBucket, WithoutALimitForAMomentIsNotFilled) {
  Limited limited(60);
  EXPECT_EQ(limited.left(start), 60);
  limited.budget.set_most(0, start);
  EXPECT_TRUE(limited.budget.take(1000.0, start)) << "there is no limit";
  limited.budget.set_most(60, start + 5s);
  EXPECT_EQ(limited.left(start + 5s), 5);
}

TEST(TokenBucket, WithoutALimitForAMomentHasTheSamePartLeft) {
  Limited limited(60);
  EXPECT_TRUE(limited.budget.take(30.0, start));
  limited.budget.set_most(0, start);
  limited.budget.give_back(20.0);
  limited.budget.set_most(6, start);
  EXPECT_EQ(limited.left(start), 3);
}

TEST(TokenBucket, IsAsNewWhenEverythingWouldBeThereAgain) {
  EXPECT_TRUE(TokenBucket(start).is_as_new(start));
  Limited limited(60);
  EXPECT_TRUE(limited.budget.is_as_new(start));
  EXPECT_TRUE(limited.budget.take(30.0, start));
  EXPECT_FALSE(limited.budget.is_as_new(start + 29s));
  EXPECT_TRUE(limited.budget.is_as_new(start + 31s));
  EXPECT_TRUE(limited.budget.take(30.0, start + 31s));
  limited.budget.set_most(0, start + 31s);
  EXPECT_FALSE(limited.budget.is_as_new(start + 60s));
  EXPECT_TRUE(limited.budget.is_as_new(start + 200s));
}

}  // namespace
}  // namespace openailb::minute_budget_test
