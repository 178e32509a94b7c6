#include "support/breaker_bench.hpp"
#include <openailb/circuit_breaker.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test::circuit_breaker_permit_test {
namespace {

using namespace detail;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Permit, AbandonedCountsAsExcluded) {
  Bench bench;
  { const Permit lost = bench.admit(); }
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
  bench.half_open();
  { const Permit lost = bench.admit(); }
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(bench.play("S"), "S") << "a lost probe does not wedge the half-open state";
  EXPECT_EQ(bench.state(), State::closed);
}

TEST(Permit, AbandonedIsBookedToItsAdmissionAndMovesNoClock) {
  Bench bench({.interval = 6s, .bucket_period = 3s});
  std::optional<Permit> lost = bench.admit();
  bench.now += 3s;
  bench.play("S");
  lost.reset();
  EXPECT_EQ(bench.counts(), (Counts{2, 1, 0, 1, 1, 0}));
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  EXPECT_EQ(bench.counts(), (Counts{1, 1, 0, 0, 1, 0}));

  lost = bench.admit();
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  bench.now += 3s;
  EXPECT_EQ(bench.state(), State::closed);
  lost.reset();
  EXPECT_EQ(bench.counts(), Counts{}) << "its bucket has fallen out";
}

TEST(Permit, AbandonedInAnOlderGenerationChangesNothing) {
  Bench bench;
  std::optional<Permit> lost = bench.admit();
  bench.half_open();
  Permit probe = bench.admit();
  lost.reset();
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(bench.play("S"), "");
  probe.success(bench.now);
}

TEST(Permit, AbandonedCallsNoUserCode) {
  std::string called;
  const auto call = [&](char letter, bool answer) {
    called += letter;
    return answer;
  };
  // Long ago, so that a clock that was read by mistake would end the timeout.
  const TimePoint now{};
  CircuitBreaker breaker({.timeout = 1ns,
                          .ready_to_trip = [&](const Counts&) { return call('r', true); },
                          .on_state_change = [&](const std::string&, State, State) { call('c', true); },
                          .is_successful = [&](const Error*) { return call('s', false); },
                          .is_excluded = [&](const Error*) { return call('x', false); }},
                         now);
  std::optional<Permit> lost = breaker.acquire(now);
  std::optional<Permit> late = breaker.acquire(now);
  lost.reset();
  EXPECT_EQ(called, "");
  breaker.acquire(now)->failure(now);
  EXPECT_EQ(called, "rc");
  late.reset();
  EXPECT_EQ(called, "rc");
  EXPECT_EQ(breaker.state(now), State::open);
}

TEST(Permit, OnlyTheFirstReportCounts) {
  const std::array<std::function<void(Permit&, TimePoint)>, 4> reports{
      [](Permit& permit, TimePoint now) { permit.success(now); },
      [](Permit& permit, TimePoint now) { permit.failure(now); },
      [](Permit& permit, TimePoint now) { permit.exclude(now); },
      [](Permit& permit, TimePoint now) { permit.report(&failed, now); }};
  const std::array<Counts, 4> outcomes{
      {{1, 1, 0, 0, 1, 0}, {1, 0, 1, 0, 0, 1}, {1, 0, 0, 1, 0, 0}, {1, 0, 1, 0, 0, 1}}};
  for (std::size_t first = 0; first < reports.size(); ++first) {
    Bench bench;
    {
      Permit permit = bench.admit();
      reports[first](permit, bench.now);
      for (const auto& report : reports) report(permit, bench.now + 1h);
    }
    EXPECT_EQ(bench.counts(), outcomes[first]);
  }
}

TEST(Permit, ASecondReportAsksNoPredicate) {
  int asked = 0;
  Bench bench({.is_successful = [&](const Error*) { return ++asked > 0; }});
  Permit permit = bench.admit();
  permit.report(&failed, bench.now);
  permit.report(&failed, bench.now);
  EXPECT_EQ(asked, 1);
}

TEST(Permit, AReportFromAnotherGenerationAsksNoPredicate) {
  int asked = 0;
  const auto ask = [&](const Error*) { return ++asked < 0; };
  Bench bench({.interval = 10s, .is_successful = ask, .is_excluded = ask});
  Permit permit = bench.admit();
  bench.now += 10s;
  bench.play("F");
  EXPECT_EQ(asked, 2);
  bench.now += 1ns;
  permit.report(&failed, bench.now);
  EXPECT_EQ(asked, 2) << "the report itself began the new generation";
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(Permit, AReportThatOutlivesItsBucketAsksNoPredicate) {
  int asked = 0;
  const auto ask = [&](const Error*) { return ++asked < 0; };
  Bench bench({.interval = 6s, .bucket_period = 3s, .is_successful = ask, .is_excluded = ask});
  Permit early = bench.admit();
  Permit late = bench.admit();
  bench.now += 6s - 1ns;
  early.report(&failed, bench.now);
  EXPECT_EQ(asked, 2);
  bench.now += 1ns;
  late.report(&failed, bench.now);
  EXPECT_EQ(asked, 2) << "the report itself moved on to the bucket in which it counts no more";
  EXPECT_EQ(bench.counts(), Counts{});
}

TEST(Permit, MovedFromReportsNothing) {
  Bench bench;
  Permit permit = bench.admit();
  Permit owner = std::move(permit);
  permit.failure(bench.now);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(bench.counts(), (Counts{1, 0, 0, 0, 0, 0}));
  owner.success(bench.now);
  EXPECT_EQ(bench.counts(), (Counts{1, 1, 0, 0, 1, 0}));
}

TEST(Permit, AssignedOverIsAbandoned) {
  Bench bench;
  Permit permit = bench.admit();
  Permit other = bench.admit();
  permit = std::move(other);
  EXPECT_EQ(bench.counts(), (Counts{2, 0, 0, 1, 0, 0}));
  Permit& itself = permit;
  permit = std::move(itself);
  permit.success(bench.now);
  EXPECT_EQ(bench.counts(), (Counts{2, 1, 0, 1, 1, 0}));
}

TEST(Permit, ReportsWhatElseItWouldCountAs) {
  const std::array<Outcome, 3> outcomes{Outcome::success, Outcome::failure, Outcome::exclusion};
  const std::array<Counts, 3> counts{{{1, 1, 0, 0, 1, 0}, {1, 0, 1, 0, 0, 1}, {1, 0, 0, 1, 0, 0}}};
  enum : std::size_t { success, failure, exclusion };
  const auto yes = [](const Error*) { return true; };
  const auto no = [](const Error*) { return false; };
  for (std::size_t otherwise = 0; otherwise < outcomes.size(); ++otherwise) {
    for (const Error* error : {&failed, static_cast<const Error*>(nullptr)}) {
      const auto counted = [&](BreakerSettings settings) {
        Bench bench(std::move(settings));
        bench.admit().report(error, outcomes[otherwise], bench.now);
        return bench.counts();
      };
      EXPECT_EQ(counted({}), counts[otherwise]);
      EXPECT_EQ(counted({.is_excluded = no}), counts[otherwise]);
      EXPECT_EQ(counted({.is_excluded = yes}), counts[exclusion]);
      EXPECT_EQ(counted({.is_successful = yes}), counts[success]);
      EXPECT_EQ(counted({.is_successful = no}), counts[failure]);
      EXPECT_EQ(counted({.is_successful = yes, .is_excluded = yes}), counts[exclusion]);
      EXPECT_EQ(counted({.is_successful = yes, .is_excluded = no}), counts[success]);
    }
  }
}

TEST(Execute, ReportsAResult) {
  CircuitBreaker breaker;
  const Result<int> good = breaker.execute([]() -> Result<int> { return 42; });
  EXPECT_EQ(*good, 42);
  EXPECT_EQ(breaker.counts(), (Counts{1, 1, 0, 0, 1, 0}));
  const Result<int> bad = breaker.execute([]() -> Result<int> { return failed; });
  EXPECT_EQ(bad.error().message, "failed");
  EXPECT_EQ(breaker.counts(), (Counts{2, 1, 1, 0, 0, 1}));
  const Result<void> nothing = breaker.execute([]() -> Result<void> { return {}; });
  EXPECT_TRUE(nothing);
  EXPECT_FALSE(breaker.execute([]() -> Result<void> { return failed; }));
  EXPECT_EQ(breaker.counts(), (Counts{4, 2, 2, 0, 0, 1}));
}

TEST(Execute, WrapsAPlainValue) {
  CircuitBreaker breaker;
  EXPECT_EQ(*breaker.execute([] { return std::string("value"); }), "value");
  EXPECT_EQ(**breaker.execute([] { return std::make_unique<int>(7); }), 7);
  int runs = 0;
  const Result<void> nothing = breaker.execute([&] { ++runs; });
  EXPECT_TRUE(nothing);
  EXPECT_EQ(runs, 1);
  const Result<int> copy = breaker.execute([&]() -> const int& { return runs; });
  EXPECT_EQ(*copy, 1);
  EXPECT_EQ(breaker.counts(), (Counts{4, 4, 0, 0, 4, 0}));
}

TEST(Execute, DoesNotRunWhatIsRefused) {
  CircuitBreaker breaker({.ready_to_trip = [](const Counts&) { return true; }});
  breaker.acquire()->failure();
  bool ran = false;
  const Result<void> refused = breaker.execute([&] { ran = true; });
  EXPECT_EQ(refused.error().kind, ErrorKind::circuit_open);
  EXPECT_FALSE(ran);
}

/// For a function that is expected to throw.
template <class Function>
void execute(CircuitBreaker& breaker, Function function) {
  static_cast<void>(breaker.execute(function));
}

TEST(Execute, CountsAnExceptionAsAFailureAndRethrowsIt) {
  CircuitBreaker breaker;
  EXPECT_THROW(execute(breaker, [] { throw std::runtime_error("oops"); }), std::runtime_error);
  EXPECT_EQ(breaker.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_THROW(execute(breaker, []() -> Result<int> { throw 42; }), int);
  EXPECT_EQ(breaker.counts(), (Counts{2, 0, 2, 0, 0, 2}));
}

TEST(Execute, AsksThePredicatesAboutAnException) {
  std::vector<std::string> asked;
  CircuitBreaker breaker({.is_successful = [](const Error*) { return true; },
                          .is_excluded =
                              [&](const Error* error) {
                                asked.push_back(error->message);
                                return error->kind == ErrorKind::canceled;
                              }});
  EXPECT_THROW(execute(breaker, [] { throw std::runtime_error("oops"); }), std::runtime_error);
  EXPECT_EQ(breaker.counts(), (Counts{1, 1, 0, 0, 1, 0})) << "is_successful is always true";
  EXPECT_THROW(execute(breaker, [] { throw Exception({.kind = ErrorKind::canceled, .message = "mine"}); }),
               Exception);
  EXPECT_EQ(breaker.counts(), (Counts{2, 1, 0, 1, 1, 0}));
  EXPECT_THROW(execute(breaker, [] { throw 42; }), int);
  EXPECT_EQ(breaker.counts(), (Counts{3, 2, 0, 1, 2, 0}));
  EXPECT_THAT(asked, ElementsAre("oops", "mine", HasSubstr("no std::exception")));
}

TEST(Execute, CountsOnceWhenACallbackThrows) {
  std::vector<Counts> asked;
  CircuitBreaker breaker({.ready_to_trip = [&](const Counts& counts) -> bool {
    asked.push_back(counts);
    throw std::logic_error("callback");
  }});
  EXPECT_THROW(execute(breaker, []() -> Result<int> { return failed; }), std::logic_error);
  EXPECT_EQ(breaker.counts(), (Counts{1, 0, 1, 0, 0, 1}));
  EXPECT_THROW(execute(breaker, [] { throw std::runtime_error("oops"); }), std::logic_error);
  EXPECT_EQ(breaker.counts(), (Counts{2, 0, 2, 0, 0, 2}));
  EXPECT_THAT(asked, ElementsAre(Counts{1, 0, 1, 0, 0, 1}, Counts{2, 0, 2, 0, 0, 2}));
}

}  // namespace
}  // namespace openailb::test::circuit_breaker_permit_test
