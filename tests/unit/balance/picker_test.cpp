#include <openailb/detail/balance/picker.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

namespace openailb::picker_test {
namespace {

using namespace detail;
using Picks = std::vector<std::size_t>;

/// Picks among the usable ones; each admission is granted unless it is among the refusing.
std::optional<std::size_t> pick(RoundRobin& picker, const std::vector<bool>& usable,
                                const Picks& refusing = {}) {
  const auto is_usable = [&](std::size_t index) { return usable[index]; };
  return picker.pick(is_usable, [&](std::size_t index) -> std::optional<std::size_t> {
    if (std::ranges::find(refusing, index) != refusing.end()) return std::nullopt;
    return index;
  });
}

TEST(RoundRobin, IsPlainWhenAllAreUsable) {
  RoundRobin picker(3);
  Picks picks;
  for (int i = 0; i < 7; ++i) picks.push_back(*pick(picker, {true, true, true}));
  EXPECT_EQ(picks, (Picks{0, 1, 2, 0, 1, 2, 0}));
}

TEST(RoundRobin, IsNullWhenNoneIsUsable) {
  RoundRobin picker(2);
  EXPECT_EQ(pick(picker, {false, false}), std::nullopt);
  EXPECT_EQ(pick(picker, {true, true}, {0, 1}), std::nullopt);
}

TEST(RoundRobin, TakesTheLeastRecentlyPicked) {
  RoundRobin picker(3);
  EXPECT_EQ(pick(picker, {true, true, true}), 0U);
  EXPECT_EQ(pick(picker, {true, true, true}), 1U);
  EXPECT_EQ(pick(picker, {true, true, false}), 0U);
  EXPECT_EQ(pick(picker, {true, true, true}), 2U);
  EXPECT_EQ(pick(picker, {true, true, true}), 1U);
  EXPECT_EQ(pick(picker, {true, true, true}), 0U);
}

TEST(RoundRobin, DrawsAgainWhenAnAdmissionIsRefused) {
  RoundRobin picker(3);
  EXPECT_EQ(pick(picker, {true, true, true}, {0}), 1U);
  EXPECT_EQ(pick(picker, {true, true, true}, {0, 2}), 1U);
}

TEST(RoundRobin, DoesNotCountARefusedAdmissionAsATurn) {
  RoundRobin picker(3);
  EXPECT_EQ(pick(picker, {true, true, true}, {0}), 1U);
  EXPECT_EQ(pick(picker, {true, true, true}), 0U);
  EXPECT_EQ(pick(picker, {true, true, true}), 2U);
}

// Invariant 7. A counter modulo the usable ones gives 900:300 here.
TEST(RoundRobin, SpreadsTheShareOfOneThatFailsEvenlyOverTheOthers) {
  RoundRobin picker(3);
  std::array<int, 3> served{};
  for (int call = 0; call < 1200; ++call) {
    const std::size_t first = *pick(picker, {true, true, true});
    ++served[first != 1 ? first : *pick(picker, {true, false, true})];
  }
  EXPECT_EQ(served, (std::array<int, 3>{600, 0, 600}));
}

TEST(RoundRobin, GivesExactSharesToThreadsThatPickAtOnce) {
  constexpr int threads = 8;
  constexpr int picks_each = 3000;
  RoundRobin picker(3);
  std::array<std::atomic<int>, 3> shares{};
  std::latch start(threads);
  {
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < picks_each; ++i) ++shares[*pick(picker, {true, true, true})];
      });
    }
  }
  for (const auto& share : shares) EXPECT_EQ(share, threads * picks_each / 3);
}

TEST(RoundRobin, AdmitsNoMoreThanThereAreProbesWhateverTheRace) {
  constexpr int threads = 8;
  RoundRobin picker(2);
  std::atomic<int> probes{5};  // what endpoint 1 admits
  std::array<std::atomic<int>, 2> shares{};
  std::latch start(threads);
  {
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < 1000; ++i) {
          const auto all = [](std::size_t) { return true; };
          const auto picked = picker.pick(all, [&](std::size_t index) -> std::optional<std::size_t> {
            if (index == 1 && probes.fetch_sub(1) <= 0) return std::nullopt;
            return index;
          });
          ++shares[*picked];
        }
      });
    }
  }
  EXPECT_EQ(shares[1], 5);
  EXPECT_EQ(shares[0], threads * 1000 - 5);
}

}  // namespace
}  // namespace openailb::picker_test
