#include <openailb/detail/failure/retry_after.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <clocale>
#include <optional>
#include <string>
#include <string_view>

namespace openailb::retry_after_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using Wait = std::optional<std::chrono::nanoseconds>;
using TimePoint = std::chrono::system_clock::time_point;

/// Fri, 29 Sep 2023 16:26:37 GMT
constexpr TimePoint now{std::chrono::seconds(1696004797)};
constexpr std::chrono::nanoseconds year = 24h * 365;

Wait after(std::string seconds_or_date, TimePoint when = now) {
  return retry_after({{"Retry-After", seconds_or_date}}, when);
}

Wait after_ms(std::string milliseconds) { return retry_after({{"Retry-After-Ms", milliseconds}}, now); }

TEST(RetryAfter, IsNullWithoutAHeader) {
  EXPECT_EQ(retry_after({}, now), std::nullopt);
  EXPECT_EQ(retry_after({{"content-type", "20"}}, now), std::nullopt);
}

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(after("20"), 20s);
  EXPECT_EQ(after("0.25"), 250ms);
  EXPECT_EQ(after("34.074"), 34074ms);
  EXPECT_EQ(after(".5"), 500ms);
  EXPECT_EQ(after("1."), 1s);
  EXPECT_EQ(after("0000000000000000000000000000020"), 20s);
  EXPECT_EQ(after("0.000000001"), 1ns);
  EXPECT_EQ(after("1e1"), 10s);
  EXPECT_EQ(after("25E-1"), 2500ms);
}

TEST(RetryAfter, ReadsWhatOtherServersWrite) {
  EXPECT_EQ(after("+1"), 1s);
  EXPECT_EQ(after("7, 7"), 7s) << "a header that came twice";
  EXPECT_EQ(after("5, 7, 0"), 7s);
  EXPECT_EQ(after("5, soon"), std::nullopt);
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:57 UTC"), 20s);
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:57 GMT, Fri, 29 Sep 2023 16:26:57 GMT"), 20s);
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:57 CET"), std::nullopt);
}

TEST(RetryAfter, ReadsAPointInTime) {
  EXPECT_EQ(after("1696004817"), 20s) << "as seconds since 1970";
  EXPECT_EQ(after("1696004817000"), 20s) << "as milliseconds";
  EXPECT_EQ(after("1696004797"), std::nullopt) << "now";
  EXPECT_EQ(after("1696004700"), std::nullopt) << "past";
  EXPECT_EQ(after("99999999999999999999"), saturated_wait);
}

TEST(RetryAfter, ReportsMoreThanACallSitsOut) {
  EXPECT_EQ(after("120"), longest_retry_after);
  EXPECT_EQ(after("121"), 121s);
}

TEST(RetryAfter, IsNullForZeroNegativeNumbersAndNonsense) {
  for (const char* text :
       {"0",   "0.0", "-10", "-0.5", "",   " ",   "nan",  "NaN",  "inf",   "-inf", "Infinity", "soon",  "+",
        "++1", "-",   ".",   "e3",   "1e", "20s", "20 s", "20,5", "1.2.3", "0x10", "1e-400",   "0e9999"}) {
    EXPECT_EQ(after(text), std::nullopt) << text;
    EXPECT_EQ(after_ms(text), std::nullopt) << text;
  }
}

TEST(RetryAfter, PrefersMilliseconds) {
  EXPECT_EQ(after_ms("125"), 125ms);
  EXPECT_EQ(after_ms("0.5"), 500us);
  EXPECT_EQ(retry_after({{"retry-after-ms", "125"}, {"retry-after", "20"}}, now), 125ms);
}

TEST(RetryAfter, FallsBackToSecondsFromUselessMilliseconds) {
  for (const char* useless : {"-1", "0", "x", ""}) {
    EXPECT_EQ(retry_after({{"retry-after-ms", useless}, {"retry-after", "0.5"}}, now), 500ms) << useless;
  }
}

TEST(RetryAfter, SaturatesAtAYear) {
  for (const char* text : {"31536000", "9223372036.854775808", "18446744073709551616", "1e30", "1e308",
                           "1e400", "1e99999999999999999999"}) {
    EXPECT_EQ(after(text), year) << text;
  }
  EXPECT_EQ(after(std::string(1000, '9')), year);
  EXPECT_EQ(after_ms("1e300"), year);
  EXPECT_EQ(after("31535999"), year - 1s);
  EXPECT_EQ(after("Fri, 29 Sep 9999 16:26:57 GMT"), year);
  EXPECT_EQ(after("Fri, 29 Sep 100000 16:26:57 GMT"), year);
  EXPECT_EQ(after("Fri, 29 Sep 4294967295 16:26:57 GMT"), year);
}

TEST(RetryAfter, ReadsDatesInAllThreeFormats) {
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:57 GMT"), 20s);
  EXPECT_EQ(after("Friday, 29-Sep-23 16:26:57 GMT"), 20s);
  EXPECT_EQ(after("Fri Sep 29 16:26:57 2023"), 20s);
  EXPECT_EQ(after("Sun Oct  1 16:26:37 2023"), 48h);
}

TEST(RetryAfter, CountsDaysAcrossMonthsAndLeapYears) {
  EXPECT_EQ(after("Sat, 30 Sep 2023 00:00:00 GMT"), 7h + 33min + 23s);
  EXPECT_EQ(after("Sun, 01 Oct 2023 16:26:37 GMT"), 48h);
  EXPECT_EQ(after("Thu, 29 Feb 2024 16:26:37 GMT"), 24h * 153);
  EXPECT_EQ(after("Sat, 31 Dec 2016 23:59:60 GMT", TimePoint(1483228799s)), 1s) << "a leap second";
}

TEST(RetryAfter, CountsFromWithinASecond) {
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:57 GMT", now + 250ms), 19750ms);
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:38 GMT", now + 999ms), 1ms);
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:37 GMT", now + 1ms), std::nullopt);
  EXPECT_EQ(after("Thu, 01 Jan 1970 00:00:01 GMT", TimePoint(-250ms)), 1250ms) << "before 1970";
}

TEST(RetryAfter, IsNullForADateThatIsNotAhead) {
  for (const char* text :
       {"Fri, 29 Sep 2023 16:26:37 GMT", "Fri, 29 Sep 2023 16:26:36 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(after(text), std::nullopt) << text;
  }
}

TEST(RetryAfter, IsNullForAnInvalidDate) {
  for (const char* text : {"Zun, 29 Sep 2023",
                           "Zun, 29 Sep 2030 16:26:57 GMT",
                           "Fri, 29 Sep 2030",
                           "Fri, 31 Sep 2030 16:26:57 GMT",
                           "Fri, 0 Sep 2030 16:26:57 GMT",
                           "Fri, 29 anF 2030 16:26:57 GMT",
                           "Fri, 29 Sept 2030 16:26:57 GMT",
                           "Fri, 29 Se 2030 16:26:57 GMT",
                           "Fri, 29 SepOct 2030 16:26:57 GMT",
                           "Fri, 29 Sep 2030 24:26:57 GMT",
                           "Fri, 29 Sep 2030 16:60:57 GMT",
                           "Fri, 29 Sep 2030 16:26:61 GMT",
                           "Fri, 29 Sep 2030 16:26 GMT",
                           "Fri, 29 Sep 2030 16-26-57 GMT",
                           "Fri, 29 Sep 2030 16:26:57 CET",
                           "Fri, 29 Sep 2030 16:26:57 GMT GMT",
                           "Fri, 29 Sep -2030 16:26:+7 GMT",
                           "Fri, 29 Sep 99999999999 16:26:57 GMT",
                           ", , ,",
                           "Fri",
                           "29 Feb 2031 16:26:57"}) {
    EXPECT_EQ(after(text), std::nullopt) << text;
  }
}

TEST(RetryAfter, ReadsTheSameInEveryLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  const bool has_decimal_comma =
      std::setlocale(LC_ALL, "de_DE.UTF-8") || std::setlocale(LC_ALL, "fr_FR.UTF-8");
  EXPECT_EQ(after("0.25"), 250ms);
  EXPECT_EQ(after("0,25"), std::nullopt);
  EXPECT_EQ(after("Fri, 29 Sep 2023 16:26:57 GMT"), 20s);
  std::setlocale(LC_ALL, before.c_str());
  if (!has_decimal_comma) GTEST_SKIP() << "no locale with a decimal comma is installed";
}

TEST(ParseDuration, ReadsGoDurations) {
  EXPECT_EQ(parse_duration("6m0s"), 6min);
  EXPECT_EQ(parse_duration("120ms"), 120ms);
  EXPECT_EQ(parse_duration("1h2m3.5s"), 1h + 2min + 3500ms);
  EXPECT_EQ(parse_duration("34.074s"), 34074ms);
  EXPECT_EQ(parse_duration("34.074824224s"), 34'074'824'224ns);
  EXPECT_EQ(parse_duration("1d2h"), 26h);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("3us4ns"), 3004ns);
  EXPECT_EQ(parse_duration("3\xC2\xB5s"), 3us);
  EXPECT_EQ(parse_duration("3\xCE\xBCs"), 3us);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(ParseDuration, ReadsAPlainNumberAsSeconds) {
  EXPECT_EQ(parse_duration("12"), 12s);
  EXPECT_EQ(parse_duration("0.5"), 500ms);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(ParseDuration, IsNullForNonsense) {
  for (const char* text : {"", "s", "-5s", "+5s", "1m30", "5 s", " 5s", "5s ", "5x", "5S", "1h-2m", "ms5",
                           ".s", "m", "1..5s", "nan", "inf", "infs", "2023-09-29T16:26:57Z"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(ParseDuration, SaturatesAtAYear) {
  EXPECT_EQ(parse_duration("9999999h"), year);
  EXPECT_EQ(parse_duration("1e300h"), year);
  EXPECT_EQ(parse_duration("1e999d1e999d"), year);
  EXPECT_EQ(parse_duration("365d1s"), year);
  EXPECT_EQ(parse_duration("99999999999999999999"), year);
}

TEST(RateLimitReset, IsThatOfTheLimitWhichIsUsedUp) {
  const auto reset = [](const char* requests, const char* reset_requests, const char* tokens) {
    return rate_limit_reset({{"x-ratelimit-remaining-requests", requests},
                             {"X-RateLimit-Reset-Requests", reset_requests},
                             {"X-RateLimit-Remaining-Tokens", tokens},
                             {"x-ratelimit-reset-tokens", "6m0s"}});
  };
  EXPECT_EQ(reset("0", "120ms", "149984"), 120ms);
  EXPECT_EQ(reset("0", "120ms", "0"), 6min) << "the longest";
  EXPECT_EQ(reset("0", "7m", "0"), 7min) << "the longest, in the other order";
  EXPECT_EQ(reset("1", "7m", "0"), 6min);
  EXPECT_EQ(reset("1", "7m", "1"), std::nullopt);
}

TEST(RateLimitReset, ReadsPlainSeconds) {
  EXPECT_EQ(rate_limit_reset({{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "12"}}),
            12s);
}

TEST(RateLimitReset, IsNullWithoutAUsableHeader) {
  EXPECT_EQ(rate_limit_reset({}), std::nullopt);
  EXPECT_EQ(rate_limit_reset({{"x-ratelimit-reset-requests", "1s"}}), std::nullopt);
  EXPECT_EQ(rate_limit_reset({{"x-ratelimit-remaining-requests", "0"}}), std::nullopt);
  for (const char* useless :
       {"0s", "", "soon", "-1s", "1696004797", "1696004797000", "2023-09-29T16:26:57Z"}) {
    EXPECT_EQ(
        rate_limit_reset({{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", useless}}),
        std::nullopt)
        << useless;
  }
  for (const char* remaining : {"", "1", "none", "-1"}) {
    EXPECT_EQ(rate_limit_reset(
                  {{"x-ratelimit-remaining-requests", remaining}, {"x-ratelimit-reset-requests", "1s"}}),
              std::nullopt)
        << remaining;
  }
}

TEST(BackoffLength, DoublesFromHalfASecondToEight) {
  EXPECT_EQ(backoff(0, 0.0), 500ms);
  EXPECT_EQ(backoff(1, 0.0), 1s);
  EXPECT_EQ(backoff(2, 0.0), 2s);
  EXPECT_EQ(backoff(3, 0.0), 4s);
  for (unsigned retry : {4U, 5U, 31U, 32U, 64U, 1100U, 4294967295U})
    EXPECT_EQ(backoff(retry, 0.0), 8s) << retry;
}

TEST(BackoffLength, IsShortenedByUpToAQuarter) {
  EXPECT_EQ(backoff(0, 0.5), 437500us);
  EXPECT_EQ(backoff(4, 0.5), 7s);
  EXPECT_EQ(backoff(0, 1.0), shortest_backoff);
  EXPECT_EQ(shortest_backoff, 375ms);
  EXPECT_EQ(backoff(1100, 1.0), 6s);
}

TEST(CooldownLength, DoublesFromOneSecondToSixty) {
  EXPECT_EQ(cooldown(0), 1s);
  EXPECT_EQ(cooldown(1), 2s);
  EXPECT_EQ(cooldown(5), 32s);
  for (unsigned consecutive : {6U, 7U, 31U, 32U, 4294967295U})
    EXPECT_EQ(cooldown(consecutive), 60s) << consecutive;
}

}  // namespace
}  // namespace openailb::retry_after_test
