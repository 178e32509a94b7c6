// What a client keeps of connecting to an endpoint.

#include <openailb/detail/balance/connecting.hpp>
#include <openailb/values/clock.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace openailb::connect_times_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(Connecting, RemembersTheSlowestAndComesNearerToTheOthers) {
  Connecting connecting(30s);
  EXPECT_EQ(connecting.blame_threshold(), (nanoseconds::max)());
  EXPECT_EQ(connecting.given(1s), 1s);
  connecting.connected(1600ms);
  EXPECT_EQ(connecting.blame_threshold(), 3200ms);
  connecting.connected(0s);
  EXPECT_EQ(connecting.blame_threshold(), 2800ms);
  connecting.connected(std::nullopt);
  EXPECT_EQ(connecting.given(1s), 2800ms);
  EXPECT_EQ(connecting.given(9s), 9s);
  EXPECT_EQ(connecting.given(0s), 0s) << "no limit";
  for (int connection = 0; connection < 100; ++connection) connecting.connected(10ms);
  EXPECT_EQ(connecting.given(1s), 1s);
  EXPECT_LT(connecting.blame_threshold(), 21ms);
  connecting.connected(2s);
  EXPECT_EQ(connecting.blame_threshold(), 4s);
}

TEST(Connecting, PutsOffForAnHourAtMostThatDoublesTwice) {
  Connecting connecting((nanoseconds::max)());
  TimePoint now{1000h};
  for (const auto pause : {1h, 2h, 4h, 4h}) {
    connecting.failed(now, now);
    EXPECT_TRUE(connecting.is_put_off(now + pause - 1ns));
    EXPECT_FALSE(connecting.is_put_off(now + pause));
    now += pause;
  }
}

TEST(Connecting, FindsOutOnlyWhatIsUnknown) {
  Connecting connecting(30s);
  EXPECT_FALSE(connecting.in_question());
  connecting.cut();
  EXPECT_TRUE(connecting.in_question());
  EXPECT_FALSE(connecting.is_put_off(TimePoint{1000h})) << "the next call finds out";
  connecting.connected(1s);
  connecting.cut();
  EXPECT_FALSE(connecting.in_question()) << "one that is known to be quicker is blamed instead";
}

TEST(Connecting, IsPutOffNoSoonerForOneThatFindsOut) {
  Connecting connecting(30s);
  const TimePoint now{1000h};
  connecting.failed(now, now);
  connecting.finds_out(now + 5s);
  EXPECT_TRUE(connecting.is_put_off(now + 29s));
  connecting.finds_out(now + 50s);
  EXPECT_TRUE(connecting.is_put_off(now + 49s));
}

}  // namespace
}  // namespace openailb::connect_times_test
