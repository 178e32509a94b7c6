// Waits that stand only in the words of a rate limit.

#include <openailb/detail/failure/wait_in_text.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::wait_in_text_test {
namespace {

using namespace std::chrono_literals;
using detail::wait_in_text;

TEST(WaitInText, IsReadInTheWordsOfEachService) {
  const std::vector<std::pair<std::string, std::chrono::nanoseconds>> all{
      {"Rate limit reached for gpt-4o. Limit: 3 / min. Please try again in 20s. Contact us", 20s},
      {"Rate limit reached for model `llama` on tokens per minute (TPM): Limit 6000, Used 5000, Requested "
       "2000. "
       "Please try again in 2.512s. Visit https://console.groq.com",
       2512ms},
      {"Please try again in 1m30s.", 90s},
      {"Please try again in 7m12s. Limit 100", 432s},
      {"Please try again in 1h2m3s", 3723s},
      {"Please try again in 345ms. Visit", 345ms},
      {"Please retry after 7 seconds.", 7s},
      {"Requests have exceeded the call rate limit. Please retry after 26 seconds. Please go here", 26s},
      {"Too many requests. Please wait 15 seconds before retrying.", 15s},
      {"Please wait for 2 minutes and 5 seconds", 125s},
      {"Rate limited: retry in 30 sec", 30s},
      {"Try again in about 10 minutes", 600s},
      {"limit resets in 6 minutes", 360s},
      {"Please retry in 54.123456789s.", 54123456789ns},
      {"available in 3 hours", 3h},
      {"RETRY AFTER 2 SECONDS", 2s},
      {"try again in 1 day", 24h},
      {"Please try again in approximately 12 s", 12s},
  };
  for (const auto& [message, wait] : all) EXPECT_EQ(wait_in_text(message), wait) << message;
}

TEST(WaitInText, IsNotReadWhereNoneIsNamed) {
  for (const char* message :
       {"", "Please try again later.", "try again in a moment", "Rate limit reached: 20 requests per minute",
        "please wait", "try again in 5", "retry after 2026-01-01", "try again in 0s", "wait 5 apples",
        "The limit is 30 seconds of audio"}) {
    EXPECT_EQ(wait_in_text(message), std::nullopt) << message;
  }
}

TEST(WaitInText, IsBounded) {
  EXPECT_EQ(wait_in_text("try again in 99999999999999999999 days"), detail::saturated_wait);
  EXPECT_EQ(wait_in_text("try again in 9999999999h9999999999h"), detail::saturated_wait);
  EXPECT_EQ(wait_in_text(std::string(1000000, ' ') + "try again in 20s"), std::nullopt) << "too far behind";
}

}  // namespace
}  // namespace openailb::wait_in_text_test
