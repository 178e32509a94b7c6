#include <openailb/detail/failure/redactor.hpp>
#include <openailb/values/response_headers.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::response_headers_test {
namespace {

std::vector<std::pair<std::string, std::string>> all(const ResponseHeaders& headers) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, value] : headers) all.emplace_back(name, value);
  return all;
}

const ResponseHeaders some{{"Content-Type", "text/plain"}, {"x-request-id", "r"}, {"Empty", ""}};

TEST(ResponseHeaders, AreFoundInAnyCase) {
  EXPECT_TRUE(some.contains("content-type"));
  EXPECT_EQ(some.at("X-REQUEST-ID"), "r");
  EXPECT_EQ(some.find("CONTENT-TYPE")->second, "text/plain");
  EXPECT_EQ(header(some, "content-type"), "text/plain");
  EXPECT_TRUE(some.contains("empty"));
}

TEST(ResponseHeaders, KnowWhatIsNotThere) {
  EXPECT_FALSE(some.contains("content-typ"));
  EXPECT_EQ(some.find("x"), some.end());
  EXPECT_EQ(header(some, "x"), "");
  EXPECT_THROW((void)some.at("x"), std::out_of_range);
  const ResponseHeaders none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.find(""), none.end());
}

TEST(ResponseHeaders, KeepTheOrderAndTheNamesAsTheyCame) {
  EXPECT_THAT(all(some), ::testing::ElementsAre(std::pair("Content-Type", "text/plain"),
                                                std::pair("x-request-id", "r"), std::pair("Empty", "")));
}

TEST(ResponseHeaders, JoinTheValuesOfOneThatCameSeveralTimes) {
  ResponseHeaders headers{{"Via", "a"}, {"Empty", ""}, {"X", "x"}};
  headers.add("via", "b");
  headers.add("VIA", "c");
  headers.add("empty", "no more");
  EXPECT_THAT(all(headers), ::testing::ElementsAre(std::pair("Via", "a, b, c"), std::pair("Empty", "no more"),
                                                   std::pair("X", "x")));
}

TEST(ResponseHeaders, StayWhateverBecomesOfTheirCopies) {
  ResponseHeaders copy = some;
  copy.add("x-request-id", std::string(2000, 'y'));
  copy.add("more", "z");
  ResponseHeaders moved = std::move(copy);
  EXPECT_EQ(some.at("x-request-id"), "r");
  EXPECT_EQ(moved.at("x-request-id"), "r, " + std::string(2000, 'y'));
  EXPECT_EQ(moved.at("content-type"), "text/plain");
  EXPECT_EQ(moved.size(), 4U);
  moved = some;
  EXPECT_EQ(moved, some);
  EXPECT_EQ(ResponseHeaders(some).at("Content-Type"), "text/plain") << "a copy, as its headers are gone";
}

TEST(ResponseHeaders, MayBeGivenWhatTheyHave) {
  ResponseHeaders headers{{"a", std::string(900, 'a')}};
  headers.add(std::string(200, 'n'), headers.at("a"));
  headers.add("a", headers.at("a"));
  EXPECT_EQ(headers.at(std::string(200, 'n')), std::string(900, 'a'));
  EXPECT_EQ(headers.at("a"), std::string(900, 'a') + ", " + std::string(900, 'a'));
}

// Redaction replaces values, by longer and by shorter ones.
TEST(ResponseHeaders, KeepTheirOrderWhenSecretsAreTakenOut) {
  ResponseHeaders headers{
      {"a", "sk-12345678"}, {"b", "plain"}, {"c", "(abc) sk-12345678-and-more"}, {"d", "e"}};
  detail::Redactor redactor;
  redactor.add("sk-12345678-and-more");
  redactor.add("sk-12345678");
  redactor.add("abc");
  redactor.redact(headers);
  EXPECT_EQ(headers, (ResponseHeaders{
                         {"a", "[redacted]"}, {"b", "plain"}, {"c", "([redacted]) [redacted]"}, {"d", "e"}}));
}

TEST(ResponseHeaders, AreMadeOfThoseOfARequest) {
  EXPECT_THAT(all(ResponseHeaders(Headers{{"B", "2"}, {"a", "1"}})),
              ::testing::ElementsAre(std::pair("a", "1"), std::pair("B", "2")));
}

}  // namespace
}  // namespace openailb::response_headers_test
