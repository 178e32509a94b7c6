#include <openailb/values/counts.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <random>
#include <sstream>

namespace openailb::test::counts_test {
namespace {

using namespace detail;
using detail::RollingCounts;

/// Requests whose outcomes arrive at once: "SFX" is a success, a failure and an exclusion.
void play(RollingCounts& counts, const char* outcomes) {
  for (const char* outcome = outcomes; *outcome != '\0'; ++outcome) {
    counts.on_request();
    if (*outcome == 'S') counts.on_success(counts.age());
    if (*outcome == 'F') counts.on_failure(counts.age());
    if (*outcome == 'X') counts.on_exclusion(counts.age());
  }
}

TEST(Counts, AreZeroAtFirstAndPrintInTheOrderOfTheirDeclaration) {
  EXPECT_EQ(Counts{}, (Counts{0, 0, 0, 0, 0, 0}));
  std::ostringstream text;
  text << Counts{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(text.str(), "(1,2,3,4,5,6)");
}

TEST(Counts, DifferInAnyMember) {
  const Counts zeros;
  EXPECT_NE(zeros, (Counts{.requests = 1}));
  EXPECT_NE(zeros, (Counts{.total_successes = 1}));
  EXPECT_NE(zeros, (Counts{.total_failures = 1}));
  EXPECT_NE(zeros, (Counts{.total_exclusions = 1}));
  EXPECT_NE(zeros, (Counts{.consecutive_successes = 1}));
  EXPECT_NE(zeros, (Counts{.consecutive_failures = 1}));
}

TEST(Counts, DoNotWrapWithinCenturiesOfARequestPerNanosecond) {
  using Nanoseconds = std::chrono::duration<long double, std::nano>;
  const Nanoseconds until_wrap{
      static_cast<long double>(std::numeric_limits<decltype(Counts::requests)>::max())};
  EXPECT_GT(until_wrap, std::chrono::years(500));
}

TEST(RollingCounts, OneOutcomeAfterAnother) {
  RollingCounts counts(2);
  EXPECT_EQ(counts.totals(), Counts{});
  counts.on_request();
  EXPECT_EQ(counts.totals(), (Counts{1, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(counts.on_success(0));
  EXPECT_EQ(counts.totals(), (Counts{1, 1, 0, 0, 1, 0}));
  counts.on_request();
  EXPECT_TRUE(counts.on_failure(0));
  EXPECT_EQ(counts.totals(), (Counts{2, 1, 1, 0, 0, 1}));
  counts.on_request();
  EXPECT_TRUE(counts.on_success(0));
  EXPECT_EQ(counts.totals(), (Counts{3, 2, 1, 0, 1, 0}));
  counts.on_request();
  EXPECT_TRUE(counts.on_exclusion(0));
  EXPECT_EQ(counts.totals(), (Counts{4, 2, 1, 1, 1, 0}));
}

TEST(RollingCounts, ABucketThatFallsOutTakesItsCountsAlong) {
  RollingCounts counts(2);
  play(counts, "SFSX");
  EXPECT_EQ(counts.totals(), (Counts{4, 2, 1, 1, 1, 0}));
  counts.grow(1);
  EXPECT_EQ(counts.totals(), (Counts{4, 2, 1, 1, 1, 0}));
  play(counts, "S");
  EXPECT_EQ(counts.totals(), (Counts{5, 3, 1, 1, 2, 0}));
  counts.grow(2);
  EXPECT_EQ(counts.totals(), (Counts{1, 1, 0, 0, 1, 0}));
}

TEST(RollingCounts, ALateOutcomeIsBookedToTheBucketOfItsRequest) {
  RollingCounts counts(2);
  play(counts, "FSF");
  EXPECT_EQ(counts.totals(), (Counts{3, 1, 2, 0, 0, 1}));
  counts.grow(1);
  play(counts, "F");
  EXPECT_EQ(counts.totals(), (Counts{4, 1, 3, 0, 0, 2}));
  counts.on_request();
  EXPECT_TRUE(counts.on_exclusion(0));
  EXPECT_EQ(counts.totals(), (Counts{5, 1, 3, 1, 0, 2}));
  counts.grow(2);
  EXPECT_EQ(counts.totals(), (Counts{2, 0, 1, 0, 0, 1}));
}

TEST(RollingCounts, AnOutcomeOfAnExpiredOrAFutureBucketIsDropped) {
  RollingCounts counts(2);
  counts.grow(2);
  play(counts, "SF");
  for (const std::uint64_t age : {std::uint64_t{0}, std::uint64_t{3}}) {
    EXPECT_FALSE(counts.on_success(age));
    EXPECT_FALSE(counts.on_failure(age));
    EXPECT_FALSE(counts.on_exclusion(age));
  }
  EXPECT_EQ(counts.totals(), (Counts{2, 1, 1, 0, 0, 1}));
  EXPECT_TRUE(counts.on_failure(1));
  EXPECT_EQ(counts.totals(), (Counts{2, 1, 2, 0, 0, 2}));
}

TEST(RollingCounts, ARunShrinksByWhatTheLostBucketHeldOfIt) {
  RollingCounts failures(2);
  play(failures, "FFFF");
  failures.grow(1);
  play(failures, "F");
  EXPECT_EQ(failures.totals(), (Counts{5, 0, 5, 0, 0, 5}));
  failures.grow(2);
  EXPECT_EQ(failures.totals(), (Counts{1, 0, 1, 0, 0, 1}));

  RollingCounts successes(3);
  play(successes, "FSS");
  successes.grow(1);
  play(successes, "SX");
  successes.grow(2);
  play(successes, "S");
  EXPECT_EQ(successes.totals(), (Counts{6, 4, 1, 1, 4, 0}));
  successes.grow(3);
  EXPECT_EQ(successes.totals(), (Counts{3, 2, 0, 1, 2, 0}));
  successes.grow(4);
  EXPECT_EQ(successes.totals(), (Counts{1, 1, 0, 0, 1, 0}));
}

TEST(RollingCounts, ARunThatBeganAfterTheLostBucketStaysWhole) {
  RollingCounts counts(3);
  play(counts, "FF");
  counts.grow(1);
  play(counts, "SFF");
  counts.grow(2);
  play(counts, "F");
  counts.grow(3);
  EXPECT_EQ(counts.totals(), (Counts{4, 1, 3, 0, 0, 3}));
}

TEST(RollingCounts, AnInterruptedRunIsNotShortenedByALateOutcome) {
  RollingCounts counts(2);
  play(counts, "S");
  counts.on_request();
  counts.grow(1);
  play(counts, "F");
  EXPECT_TRUE(counts.on_success(0));
  EXPECT_EQ(counts.totals(), (Counts{3, 2, 1, 0, 1, 0}));
  counts.grow(2);
  EXPECT_EQ(counts.totals(), (Counts{1, 0, 1, 0, 1, 0}));
}

TEST(RollingCounts, NeverGrowBackwards) {
  RollingCounts counts(3);
  counts.grow(5);
  play(counts, "F");
  counts.grow(4);
  counts.grow(5);
  EXPECT_EQ(counts.age(), 5U);
  EXPECT_EQ(counts.totals(), (Counts{1, 0, 1, 0, 0, 1}));
}

TEST(RollingCounts, AJumpOfAllBucketsClearsEverythingAndOneLessDoesNot) {
  RollingCounts counts(3);
  play(counts, "F");
  counts.grow(2);
  EXPECT_EQ(counts.totals(), (Counts{1, 0, 1, 0, 0, 1}));
  play(counts, "FF");
  counts.grow(4);
  EXPECT_EQ(counts.totals(), (Counts{2, 0, 2, 0, 0, 2}));
  counts.grow(7);
  EXPECT_EQ(counts.totals(), Counts{});
  EXPECT_EQ(counts.age(), 7U);
  counts.grow(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(counts.totals(), Counts{});
  play(counts, "S");
  EXPECT_EQ(counts.totals(), (Counts{1, 1, 0, 0, 1, 0}));
}

TEST(RollingCounts, ClearingStartsAnewAtAgeZero) {
  RollingCounts counts(2);
  counts.grow(3);
  play(counts, "SFX");
  counts.clear();
  EXPECT_EQ(counts.age(), 0U);
  EXPECT_EQ(counts.totals(), Counts{});
  counts.grow(1);
  counts.grow(2);
  EXPECT_EQ(counts.totals(), Counts{});
}

TEST(RollingCounts, WithOneBucketAreAPlainWindow) {
  RollingCounts counts(1);
  EXPECT_EQ(counts.size(), 1U);
  play(counts, "SFX");
  EXPECT_EQ(counts.totals(), (Counts{3, 1, 1, 1, 0, 1}));
  counts.grow(1);
  EXPECT_EQ(counts.totals(), Counts{});
  EXPECT_FALSE(counts.on_failure(0));
}

TEST(RollingCounts, HaveAtLeastOneBucket) { EXPECT_EQ(RollingCounts(0).size(), 1U); }

/// The rule of gobreaker v2, written the long way: a list of buckets, the oldest first, summed up anew for
/// every question.
class Model {
 public:
  explicit Model(std::size_t size) : buckets_(size) {}

  void on_request() { ++buckets_.back().requests; }
  void on_success(std::size_t back) { succeed(buckets_[buckets_.size() - 1 - back]), succeed(runs_); }
  void on_failure(std::size_t back) { fail(buckets_[buckets_.size() - 1 - back]), fail(runs_); }
  void on_exclusion(std::size_t back) { ++buckets_[buckets_.size() - 1 - back].total_exclusions; }

  void roll() {
    const Counts oldest = buckets_.front();
    std::uint64_t successes = oldest.consecutive_successes;
    std::uint64_t failures = oldest.consecutive_failures;
    for (std::size_t index = 1; index < buckets_.size(); ++index) {
      successes += buckets_[index].total_successes;
      failures += buckets_[index].total_failures;
    }
    if (runs_.consecutive_successes == successes) runs_.consecutive_successes -= oldest.consecutive_successes;
    if (runs_.consecutive_failures == failures) runs_.consecutive_failures -= oldest.consecutive_failures;
    buckets_.pop_front();
    buckets_.emplace_back();
  }

  Counts totals() const {
    Counts sum{.consecutive_successes = runs_.consecutive_successes,
               .consecutive_failures = runs_.consecutive_failures};
    for (const Counts& bucket : buckets_) {
      sum.requests += bucket.requests;
      sum.total_successes += bucket.total_successes;
      sum.total_failures += bucket.total_failures;
      sum.total_exclusions += bucket.total_exclusions;
    }
    return sum;
  }

 private:
  static void succeed(Counts& counts) {
    ++counts.total_successes, ++counts.consecutive_successes, counts.consecutive_failures = 0;
  }
  static void fail(Counts& counts) {
    ++counts.total_failures, ++counts.consecutive_failures, counts.consecutive_successes = 0;
  }

  std::deque<Counts> buckets_;
  Counts runs_;
};

TEST(RollingCounts, AgreeWithTheModelInRandomHistories) {
  std::mt19937 random(20240229);
  for (std::size_t size = 1; size <= 4; ++size) {
    RollingCounts counts(size);
    Model model(size);
    for (int step = 0; step < 20'000; ++step) {
      const std::size_t oldest = std::min<std::size_t>(counts.age(), size - 1);
      const std::size_t back = std::uniform_int_distribution<std::size_t>(0, oldest)(random);
      switch (std::uniform_int_distribution(0, 9)(random)) {
        case 0: counts.grow(counts.age() + 1), model.roll(); break;
        case 1: counts.on_request(), model.on_request(); break;
        case 2: counts.on_exclusion(counts.age() - back), model.on_exclusion(back); break;
        case 3:
        case 4:
        case 5: counts.on_success(counts.age() - back), model.on_success(back); break;
        default: counts.on_failure(counts.age() - back), model.on_failure(back); break;
      }
      ASSERT_EQ(counts.totals(), model.totals()) << "step " << step << " with " << size << " buckets";
    }
  }
}

}  // namespace
}  // namespace openailb::test::counts_test
