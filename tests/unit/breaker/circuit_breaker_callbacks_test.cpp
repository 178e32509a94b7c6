#include "support/breaker_bench.hpp"
#include <openailb/circuit_breaker.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test::circuit_breaker_callbacks_test {
namespace {

using namespace detail;
using ::testing::ElementsAre;

TEST(Callbacks, ReadyToTripIsAskedOnlyAfterAFailureInTheClosedState) {
  std::vector<Counts> asked;
  Bench bench({.ready_to_trip = [&](const Counts& counts) {
    asked.push_back(counts);
    return counts.consecutive_failures >= 2;
  }});
  bench.play("SXFSF");
  EXPECT_THAT(asked, ElementsAre(Counts{3, 1, 1, 1, 0, 1}, Counts{5, 2, 2, 1, 0, 1}));
  bench.play("F");
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_EQ(bench.state(), State::open);
  bench.now += 60s + 1ns;
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_EQ(asked.size(), 3U) << "a half-open failure needs no asking";
}

TEST(Callbacks, MayCallTheBreaker) {
  std::function<void()> use_the_breaker = [] {};
  const auto used = [&](bool answer) {
    use_the_breaker();
    return answer;
  };
  Bench bench({.ready_to_trip = [&](const Counts&) { return used(true); },
               .on_state_change = [&](const std::string&, State, State) { use_the_breaker(); },
               .is_successful = [&](const Error* error) { return used(error == nullptr); },
               .is_excluded = [&](const Error*) { return used(false); }});
  int uses = 0;
  use_the_breaker = [&] {
    ++uses;
    bench.state();
    bench.counts();
    if (auto permit = bench.breaker.acquire(bench.now)) permit->exclude(bench.now);
    bench.breaker.may_admit(bench.now);
  };
  bench.play("S");
  EXPECT_EQ(uses, 2);
  EXPECT_EQ(bench.counts(), (Counts{3, 1, 0, 2, 1, 0}));
  bench.play("F");
  EXPECT_EQ(uses, 6);
  EXPECT_EQ(bench.state(), State::open);
}

TEST(Callbacks, ATripIsDroppedWhenTheGenerationEndedWhileReadyToTripRan) {
  bool nested = false;
  Bench bench({.interval = 10s, .ready_to_trip = [&](const Counts&) {
                 if (std::exchange(nested, true)) return true;
                 bench.now += 11s;
                 bench.state();
                 return true;
               }});
  bench.play("F");
  EXPECT_EQ(bench.state(), State::closed) << "its failure belongs to a window that has passed";
  EXPECT_EQ(bench.counts(), Counts{});
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
}

TEST(Callbacks, ANestedFailureTripsOnce) {
  int depth = 0;
  Bench bench({.ready_to_trip = [&](const Counts& counts) {
    if (++depth == 1) bench.play("F");
    return counts.consecutive_failures >= 1;
  }});
  bench.play("F");
  EXPECT_EQ(depth, 2);
  EXPECT_EQ(bench.state(), State::open);
  EXPECT_THAT(bench.changes, ElementsAre(": closed to open"));
}

TEST(Callbacks, AChangeMadeInsideOnStateChangeFollowsWhenItReturns) {
  std::vector<std::string> log;
  Bench bench({.ready_to_trip = [](const Counts&) { return true; },
               .on_state_change =
                   [&](const std::string&, State, State to) {
                     log.push_back("begin " + std::string(to_string(to)));
                     if (log.size() < 5) {
                       bench.now += 60s + 1ns;
                       bench.play("S");
                     }
                     log.push_back("end " + std::string(to_string(to)));
                   }});
  bench.play("F");
  EXPECT_THAT(log, ElementsAre("begin open", "end open", "begin half_open", "end half_open", "begin closed",
                               "end closed"));
}

TEST(Callbacks, AThrowingPredicateExcludesTheRequest) {
  const auto refuse_to_say = [](const Error*) -> bool { throw std::logic_error("predicate"); };
  for (const BreakerSettings& settings :
       {BreakerSettings{.is_successful = refuse_to_say}, BreakerSettings{.is_excluded = refuse_to_say}}) {
    Bench bench(settings);
    Permit permit = bench.admit();
    EXPECT_THROW(permit.report(&failed, bench.now), std::logic_error);
    EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
    permit.failure(bench.now);
    EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
    EXPECT_EQ(bench.play(""), "");
  }
}

TEST(Callbacks, AThrowingReadyToTripLeavesTheFailureCountedOnceAndTheBreakerClosed) {
  bool throws = true;
  Bench bench({.ready_to_trip = [&](const Counts& counts) {
    if (throws) throw std::logic_error("ready_to_trip");
    return counts.consecutive_failures > 1;
  }});
  {
    Permit permit = bench.admit();
    EXPECT_THROW(permit.failure(bench.now), std::logic_error);
  }
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_EQ(bench.state(), State::closed);
  throws = false;
  bench.play("F");
  EXPECT_EQ(bench.state(), State::open);
}

TEST(Callbacks, AThrowingOnStateChangeLeavesTheChangeMade) {
  Bench bench(
      {.ready_to_trip = [](const Counts&) { return true; },
       .on_state_change = [](const std::string&, State, State) { throw std::logic_error("change"); }});
  EXPECT_THROW(bench.play("F"), std::logic_error);
  EXPECT_EQ(bench.state(), State::open);
  bench.now += 60s + 1ns;
  EXPECT_THROW(static_cast<void>(bench.admit()), std::logic_error);
  EXPECT_EQ(bench.state(), State::half_open);
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}))
      << "the permit that could not be handed out came back";
  EXPECT_THROW(bench.play("S"), std::logic_error);
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_THAT(bench.changes, ElementsAre(": closed to open", ": open to half_open", ": half_open to closed"));
}

TEST(Callbacks, AThrowingOnStateChangeLosesNoOtherChange) {
  Bench bench({.ready_to_trip = [](const Counts&) { return true; },
               .on_state_change =
                   [&](const std::string&, State, State to) {
                     if (to == State::open) {
                       bench.now += 60s + 1ns;
                       bench.play("S");
                     }
                     throw std::runtime_error(std::string(to_string(to)));
                   }});
  try {
    bench.play("F");
    ADD_FAILURE() << "the callback's exception was swallowed";
  } catch (const std::runtime_error& first) {
    EXPECT_STREQ(first.what(), "open");
  }
  EXPECT_THAT(bench.changes, ElementsAre(": closed to open", ": open to half_open", ": half_open to closed"));
  EXPECT_EQ(bench.state(), State::closed);
}

}  // namespace
}  // namespace openailb::test::circuit_breaker_callbacks_test
