#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/event_loop.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::loop_pool_test {
namespace {

using namespace detail;
/// A loop that counts how many of its kind there are.
class CountedLoop final : public EventLoop {
 public:
  CountedLoop(std::atomic<int>& alive, const TimePoint& now)
      : EventLoop([&now] { return now; }), alive_(&alive) {
    ++*alive_;
  }
  ~CountedLoop() override { --*alive_; }

  void start(Transfer&, HttpRequest) override {}
  void cancel(Transfer&) noexcept override {}
  void wait(TimePoint) override {}
  void wake() noexcept override {}

 private:
  std::atomic<int>* alive_;
};

struct LoopPoolTest : ::testing::Test {
  std::atomic<int> alive{};
  TimePoint now{};
  std::shared_ptr<LoopPool> pool =
      std::make_shared<LoopPool>([this] { return std::make_unique<CountedLoop>(alive, now); });
};

TEST_F(LoopPoolTest, MakesNoLoopBeforeOneIsNeeded) { EXPECT_EQ(alive, 0); }

TEST_F(LoopPoolTest, ALoopIsUsedAgain) {
  const EventLoop* first = &*pool->lease();
  EXPECT_EQ(&*pool->lease(), first);
  EXPECT_EQ(alive, 1);
}

TEST_F(LoopPoolTest, ALeaseIsExclusive) {
  const LoopLease one = pool->lease();
  const LoopLease two = pool->lease();
  EXPECT_NE(&*one, &*two);
  EXPECT_EQ(alive, 2);
}

TEST_F(LoopPoolTest, TheOneUsedLastIsUsedNextSinceItsConnectionsAreWarm) {
  std::optional<LoopLease> one(pool->lease());
  std::optional<LoopLease> two(pool->lease());
  const EventLoop* last = &**two;
  one.reset();
  two.reset();
  EXPECT_EQ(&*pool->lease(), last);
}

// A burst leaves nothing behind: its loops, with all their connections, are closed when a later call ends.
TEST_F(LoopPoolTest, LoopsThatAreIdleForTwoMinutesAreClosed) {
  std::vector<LoopLease> burst;
  for (int call = 0; call < 60; ++call) burst.push_back(pool->lease());
  burst.clear();
  now += std::chrono::seconds(119);
  { const LoopLease call = pool->lease(); }
  EXPECT_EQ(alive, 60);
  now += std::chrono::seconds(1);
  { const LoopLease call = pool->lease(); }
  EXPECT_EQ(alive, 1);
}

TEST_F(LoopPoolTest, TheOnlyLoopIsKeptHoweverLongItIsIdle) {
  const EventLoop* only = &*pool->lease();
  now += std::chrono::hours(24);
  EXPECT_EQ(&*pool->lease(), only);
  EXPECT_EQ(alive, 1);
}

TEST_F(LoopPoolTest, AMovedLeaseGivesBackOnce) {
  {
    LoopLease one = pool->lease();
    const LoopLease two = std::move(one);
  }
  const LoopLease one = pool->lease();
  const LoopLease two = pool->lease();
  EXPECT_NE(&*one, &*two);
  EXPECT_EQ(alive, 2);
}

TEST_F(LoopPoolTest, ALeaseOutlivesItsPool) {
  {
    const LoopLease lease = pool->lease();
    pool.reset();
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(lease->now(), TimePoint{});
  }
  EXPECT_EQ(alive, 0);
}

TEST_F(LoopPoolTest, AnEmptyLeaseGivesNothingBack) {
  { const LoopLease nothing; }
  LoopLease lease = pool->lease();
  { const LoopLease taken = std::move(lease); }
  EXPECT_EQ(alive, 1);
}

TEST_F(LoopPoolTest, WhatMakingALoopThrowsComesOut) {
  bool fails = true;
  const auto unlucky = std::make_shared<LoopPool>([&]() -> std::unique_ptr<EventLoop> {
    if (fails) throw std::runtime_error("no more descriptors");
    return std::make_unique<CountedLoop>(alive, now);
  });
  EXPECT_THROW(unlucky->lease(), std::runtime_error);
  fails = false;
  EXPECT_NO_THROW(unlucky->lease());
}

TEST_F(LoopPoolTest, NoTwoThreadsHaveTheSameLoop) {
  constexpr int threads = 4;
  std::atomic<bool> shared{};
  std::mutex mutex;
  std::set<const EventLoop*> leased;
  {
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&] {
        for (int round = 0; round < 2000; ++round) {
          const LoopLease lease = pool->lease();
          {
            const std::lock_guard lock(mutex);
            if (!leased.insert(&*lease).second) shared = true;
          }
          const std::lock_guard lock(mutex);
          leased.erase(&*lease);
        }
      });
    }
  }
  EXPECT_FALSE(shared);
  EXPECT_LE(alive, threads);
}

}  // namespace
}  // namespace openailb::loop_pool_test
