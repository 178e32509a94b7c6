#include <openailb/detail/balance/round_robin.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

namespace openailb::round_robin_test {
namespace {

using namespace detail;
using Picks = std::vector<std::size_t>;

/// Round robin over endpoints of these weights.
class Wheel {
 public:
  explicit Wheel(const std::vector<double>& weights) {
    for (const double weight : weights) turns_.emplace_back(weight);
  }
  explicit Wheel(std::size_t size) : Wheel(std::vector(size, 1.0)) {}

  template <class Usable, class Admit>
  auto pick(Usable usable, Admit admit, PickKind kind = PickKind::turn) {
    const auto turn = [&](std::size_t index) -> RoundRobinState& { return turns_[index]; };
    const auto same = [](std::size_t) { return 0; };
    return round_robin_.pick(kind, turns_.size(), turn, usable, same, admit);
  }

 private:
  std::deque<RoundRobinState> turns_{};
  RoundRobin round_robin_{};
};

/// Picks among the usable ones; each lease is granted unless it is among the refusing.
std::optional<std::size_t> pick(Wheel& scorer, const std::vector<bool>& usable, const Picks& refusing = {}) {
  const auto is_usable = [&](std::size_t index) { return usable[index]; };
  return scorer.pick(is_usable, [&](std::size_t index) -> std::optional<std::size_t> {
    if (std::ranges::find(refusing, index) != refusing.end()) return std::nullopt;
    return index;
  });
}

TEST(RoundRobin, IsPlainWhenAllAreUsable) {
  Wheel scorer(3);
  Picks picks;
  for (int i = 0; i < 7; ++i) picks.push_back(*pick(scorer, {true, true, true}));
  EXPECT_EQ(picks, (Picks{0, 1, 2, 0, 1, 2, 0}));
}

TEST(RoundRobin, IsNullWhenNoneIsUsable) {
  Wheel scorer(2);
  EXPECT_EQ(pick(scorer, {false, false}), std::nullopt);
  EXPECT_EQ(pick(scorer, {true, true}, {0, 1}), std::nullopt);
}

TEST(RoundRobin, TakesTheLeastRecentlyPicked) {
  Wheel scorer(3);
  EXPECT_EQ(pick(scorer, {true, true, true}), 0U);
  EXPECT_EQ(pick(scorer, {true, true, true}), 1U);
  EXPECT_EQ(pick(scorer, {true, true, false}), 0U);
  EXPECT_EQ(pick(scorer, {true, true, true}), 2U);
  EXPECT_EQ(pick(scorer, {true, true, true}), 1U);
  EXPECT_EQ(pick(scorer, {true, true, true}), 0U);
}

TEST(RoundRobin, DrawsAgainWhenAnAdmissionIsRefused) {
  Wheel scorer(3);
  EXPECT_EQ(pick(scorer, {true, true, true}, {0}), 1U);
  EXPECT_EQ(pick(scorer, {true, true, true}, {0, 2}), 1U);
}

TEST(RoundRobin, DoesNotCountARefusedAdmissionAsATurn) {
  Wheel scorer(3);
  EXPECT_EQ(pick(scorer, {true, true, true}, {0}), 1U);
  EXPECT_EQ(pick(scorer, {true, true, true}), 0U);
  EXPECT_EQ(pick(scorer, {true, true, true}), 2U);
}

// Invariant 7. A counter modulo the usable ones gives 900:300 here.
TEST(RoundRobin, SpreadsTheShareOfOneThatFailsEvenlyOverTheOthers) {
  Wheel scorer(3);
  std::array<int, 3> served{};
  for (int call = 0; call < 1200; ++call) {
    const std::size_t first = *pick(scorer, {true, true, true});
    ++served[first != 1 ? first : *pick(scorer, {true, false, true})];
  }
  EXPECT_EQ(served, (std::array<int, 3>{600, 0, 600}));
}

TEST(RoundRobin, GivesOneThatWasAwayNoMoreThanItsTurn) {
  Wheel scorer(3);
  for (int i = 0; i < 20; ++i) pick(scorer, {true, true, false});
  Picks picks;
  for (int i = 0; i < 6; ++i) picks.push_back(*pick(scorer, {true, true, true}));
  EXPECT_EQ(picks, (Picks{2, 0, 1, 2, 0, 1}));
}

TEST(WeightedRoundRobin, IsSmooth) {
  Wheel scorer(std::vector<double>{4.0, 2.0, 1.0});
  Picks picks;
  for (int i = 0; i < 14; ++i) picks.push_back(*pick(scorer, {true, true, true}));
  EXPECT_EQ(picks, (Picks{0, 1, 0, 2, 0, 1, 0, 0, 1, 0, 2, 0, 1, 0}));
}

TEST(WeightedRoundRobin, KeepsToTheWeightsInAHundredThousandPicks) {
  const std::vector<double> weights{1.0, 2.5, 0.3, 7.0, 1.0};
  double all = 0.0;
  for (const double weight : weights) all += weight;
  Wheel scorer(weights);
  std::vector<double> picked(weights.size());
  constexpr int picks = 100'000;
  for (int i = 0; i < picks; ++i) ++picked[*pick(scorer, std::vector(weights.size(), true))];
  for (std::size_t index = 0; index < weights.size(); ++index) {
    EXPECT_NEAR(picked[index], picks * weights[index] / all, 2.0) << index;
  }
}

TEST(WeightedRoundRobin, SharesWhatOneLeavesByTheWeightsOfTheOthers) {
  Wheel scorer(std::vector<double>{1.0, 3.0, 2.0});
  std::array<int, 3> picked{};
  for (int i = 0; i < 6000; ++i) ++picked[*pick(scorer, {true, i % 2 == 0, true})];
  EXPECT_NEAR(picked[2], 2 * picked[0], 2);
}

/// Asks an endpoint again, which is not its turn.
void repeat(Wheel& scorer, std::size_t index) {
  const auto is_it = [index](std::size_t one) { return one == index; };
  const auto admit = [](std::size_t one) { return std::optional(one); };
  EXPECT_EQ(scorer.pick(is_it, admit, PickKind::retry), index);
}

TEST(WeightedRoundRobin, RepetitionsTakeNothingFromTheOthers) {
  Wheel scorer(std::vector<double>{0.5, 9.0, 4.0});
  std::array<int, 3> picked{};
  for (int call = 0; call < 3000; ++call) {
    const std::size_t first = *pick(scorer, {true, true, true});
    if (first == 0) repeat(scorer, 0);
    ++picked[first == 0 ? *pick(scorer, {false, true, true}) : first];
  }
  EXPECT_NEAR(picked[1] * 4.0, picked[2] * 9.0, 60.0);
}

TEST(RoundRobin, OneThatWasRepeatedOftenIsNotPassedOverForLong) {
  Wheel scorer(2);
  for (int i = 0; i < 100; ++i) repeat(scorer, 0);
  Picks picks;
  for (int i = 0; i < 4; ++i) picks.push_back(*pick(scorer, {true, true}));
  EXPECT_EQ(picks, (Picks{1, 0, 1, 0}));
}

TEST(RoundRobin, GivesExactSharesToThreadsThatPickAtOnce) {
  constexpr int threads = 8;
  constexpr int picks_each = 3000;
  Wheel scorer(3);
  std::array<std::atomic<int>, 3> shares{};
  std::latch start(threads);
  {
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < picks_each; ++i) ++shares[*pick(scorer, {true, true, true})];
      });
    }
  }
  for (const auto& share : shares) EXPECT_EQ(share, threads * picks_each / 3);
}

TEST(RoundRobin, AdmitsNoMoreThanThereAreProbesWhateverTheRace) {
  constexpr int threads = 8;
  Wheel scorer(2);
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
          const auto picked = scorer.pick(all, [&](std::size_t index) -> std::optional<std::size_t> {
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
}  // namespace openailb::round_robin_test
