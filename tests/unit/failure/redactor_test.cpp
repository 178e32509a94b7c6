#include <openailb/detail/failure/redactor.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::redactor_test {
namespace {

using namespace detail;

std::string redacted(std::string text, const std::vector<std::string_view>& secrets) {
  Redactor redactor;
  for (const std::string_view secret : secrets) redactor.add(secret);
  redactor.redact(text);
  return text;
}

TEST(Redactor, TakesOutEverySecretEverywhere) {
  EXPECT_EQ(redacted("sk-12345678 and xsk-12345678x", {"sk-12345678"}), "[redacted] and x[redacted]x");
  EXPECT_EQ(redacted("nothing", {"sk-12345678"}), "nothing");
  EXPECT_EQ(redacted("nothing", {""}), "nothing");
}

TEST(Redactor, TakesOutTheLongerOfTwoThatBeginAlike) {
  EXPECT_EQ(redacted("key-12345-long!", {"key-12345", "key-12345-long"}), "[redacted]!");
}

TEST(Redactor, TakesOutAShortSecretWhereItStandsAlone) {
  EXPECT_EQ(redacted("key 'abc', abc", {"abc"}), "key '[redacted]', [redacted]");
  EXPECT_EQ(redacted("abcd xabc 1abc", {"abc"}), "abcd xabc 1abc");
}

TEST(Redactor, TakesOutASecretAsJsonWritesIt) {
  EXPECT_EQ(redacted(R"({"key":"ab\/cd+ef\/gh=="})", {"ab/cd+ef/gh=="}), R"({"key":"[redacted]"})");
  EXPECT_EQ(redacted(R"({"key":"ab\"cd\\efgh"})", {R"(ab"cd\efgh)"}), R"({"key":"[redacted]"})");
  EXPECT_EQ(redacted(R"(ab\u002fcd\u002Bef\u003d)", {"ab/cd+ef="}), "[redacted]");
  EXPECT_EQ(redacted(R"(\u0061\u0062/cd+ef=)", {"ab/cd+ef="}), "[redacted]");
}

TEST(Redactor, TakesOutASecretAsAUrlWritesIt) {
  EXPECT_EQ(redacted("?key=ab%2Fcd%2bef%3D&x=1", {"ab/cd+ef="}), "?key=[redacted]&x=1");
  EXPECT_EQ(redacted("?key=%61%62/cd+ef=", {"ab/cd+ef="}), "?key=[redacted]");
}

TEST(Redactor, TakesOutASecretThatLooksEncodedItself) {
  EXPECT_EQ(redacted("the key ab%2Fcd\\u002f!", {"ab%2Fcd\\u002f"}), "the key [redacted]!");
  EXPECT_EQ(redacted("the key ab%252Fcd!", {"ab%2Fcd0"}), "the key ab%252Fcd!");
  EXPECT_EQ(redacted("the key ab%252Fcdef", {"ab%2Fcdef"}), "the key [redacted]");
}

TEST(Redactor, TakesOutASecretInJsonInsideJson) {
  const std::string secret = R"(ab/c"d\e\\f+=)";
  std::string text = secret;
  for (int level = 0; level < 3; ++level) {
    const std::string quoted = nlohmann::json(text).dump();
    text = quoted.substr(1, quoted.size() - 2);
    EXPECT_EQ(redacted("key: " + text + "!", {secret}), "key: [redacted]!") << text;
  }
  EXPECT_EQ(redacted(R"(ab\\/c\\\"d\\u005ce\\\\f\\u002b=)", {secret}), "[redacted]");
  EXPECT_EQ(redacted("ab%252fcd%253D", {"ab/cd="}), "[redacted]");
  EXPECT_EQ(redacted(R"(ab\)", {R"(ab\)"}), "[redacted]");
  EXPECT_EQ(redacted(R"(key: sk-\a1234!)", {"sk-a1234"}), "key: [redacted]!");
  EXPECT_EQ(redacted(R"(key: ab\\cdefgh1!)", {R"(ab\cdefgh1)"}), "key: [redacted]!");
}

// Before it looks at each character, it asks whether a secret may be there. An encoded character at the end
// of a text, which is of no secret, makes it look.
TEST(Redactor, FindsTheSameWhetherOrNotItLooksAtEachCharacter) {
  const std::string secret = R"(sk-pr"oj\Ab/c+12==)";
  const std::string quoted = nlohmann::json(secret).dump();
  const std::string as_json = quoted.substr(1, quoted.size() - 2);
  const std::vector<std::string> pieces{secret,
                                        as_json,
                                        R"(\u0073k-pr\"oj\\Ab\/c+12==)",
                                        "sk%2Dpr%22oj%5CAb/c%2b12==",
                                        "sk-pr",
                                        R"(sk-pr"o)",
                                        R"(oj\\Ab)",
                                        "short",
                                        "shorter",
                                        R"(\n)",
                                        R"(\\n)",
                                        R"(\")",
                                        "100% sure",
                                        "%",
                                        "%2",
                                        R"(\u00e9)",
                                        "k",
                                        "\n",
                                        " ",
                                        "an answer without escapes, as most of them are: 42"};
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto count = random() % 6; count > 0; --count) text += pieces[random() % pieces.size()];
    text += " .";
    for (const std::vector<std::string_view>& secrets : {std::vector<std::string_view>{secret},
                                                         {"short", R"(sk-pr"o)"},
                                                         {"a-plain-key-0123456789", "short"}}) {
      ASSERT_EQ(redacted(text, secrets) + "%00 .", redacted(text + "%00 .", secrets)) << text;
    }
  }
}

// Each of the backslashes could be the first of a secret.
TEST(Redactor, IsLinearInBackslashes) {
  std::string text(1'000'000, '\\');
  EXPECT_EQ(redacted(text, {"sk-0123456789"}), text);
}

TEST(Redactor, TakesOutASecretWithoutItsSchemeAndTheBlanksAroundIt) {
  EXPECT_EQ(redacted("bad key: sk-12345678.", {"Bearer sk-12345678"}), "bad key: [redacted].");
  EXPECT_EQ(redacted("bad key: sk-12345678.", {"Bearer  sk-12345678 "}), "bad key: [redacted].");
  EXPECT_EQ(redacted("bad key: 'sk-12345678'", {" sk-12345678\t"}), "bad key: '[redacted]'");
}

TEST(Redactor, TakesOutWhatIsLeftOfASecretAtTheEndOfATextThatWasCut) {
  EXPECT_EQ(redacted("bad key: sk-12345678-1234", {"sk-12345678-123456"}), "bad key: [redacted]");
  EXPECT_EQ(redacted("bad key: sk%2D12345678", {"sk-12345678-123456"}), "bad key: [redacted]");
  EXPECT_EQ(redacted("bad key: sk-1234", {"sk-12345678-123456"}), "bad key: sk-1234") << "could be any word";
}

TEST(Redactor, LeavesWhatEndsInTheMiddleOfACharacter) {
  for (const char* text :
       {"sk-1234%", "sk-1234%3", "sk-1234\\", "sk-1234\\u00", "sk-1234\\u003", "%", "\\"}) {
    EXPECT_EQ(redacted(text, {"sk-12345"}), text);
  }
}

// A server that repeats a key all through a large body must not hold its caller up: replacing each in its
// place would move the rest of these 4 MB 300,000 times, for a minute.
TEST(Redactor, IsLinearHoweverOftenASecretOccurs) {
  const std::string secret = "sk-0123456789";
  constexpr std::size_t times = 300'000;
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += secret + ' ';
  EXPECT_EQ(redacted(std::move(text), {secret}).size(), times * std::string("[redacted] ").size());
}

}  // namespace
}  // namespace openailb::redactor_test
