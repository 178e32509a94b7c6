// The scanner takes what nlohmann_json takes, and reads the same from it.

#include "support/json_oracle.hpp"
#include <openailb/testing/random.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace openailb::json_scanner_test {
namespace {

using namespace openailb::detail;
using namespace test;

bool takes(std::string_view text) {
  std::vector<JsonNode> nodes;
  return JsonScanner::scan(text, false, nodes);
}

void expect_the_same(std::string_view text) {
  const char* found = difference(text);
  ASSERT_EQ(found, nullptr) << found << " differ: " << text;
}

TEST(JsonScanner, TakesWhatServersUsuallySend) {
  for (const std::string& text : sample_texts()) EXPECT_TRUE(takes(text)) << text;
}

TEST(JsonScanner, AgreesOnWhatServersUsuallySend) {
  for (const std::string& text : sample_texts()) expect_the_same(text);
}

TEST(JsonScanner, AgreesOnTextsThatAreCutAnywhere) {
  for (const std::string& text : sample_texts()) {
    const std::size_t step = text.size() / 150 + 1;
    for (std::size_t size = 0; size < text.size(); size += step) expect_the_same(text.substr(0, size));
  }
}

TEST(JsonScanner, AgreesOnTextsWithOneWrongByte) {
  testing::Random random(1);
  constexpr std::string_view bytes =
      "\"\\{}[],:0123456789eE+-.tfnuNI \n\r\t/\x01\x1f\x7f\x80\xc3\xed\xa0\xff";
  for (const std::string& text : sample_texts()) {
    for (int round = 0; round < 60; ++round) {
      std::string spoilt = text;
      spoilt[random.below(spoilt.size())] = bytes[random.below(bytes.size())];
      expect_the_same(spoilt);
    }
  }
}

TEST(JsonScanner, AgreesOnTextsThatWerePutTogether) {
  testing::Random random(2);
  const auto& samples = sample_texts();
  for (int round = 0; round < 300; ++round) {
    const std::string& one = samples[random.below(samples.size())];
    const std::string& other = samples[random.below(samples.size())];
    expect_the_same(one.substr(0, random.below(one.size())) + other.substr(random.below(other.size())));
  }
}

TEST(JsonScanner, AgreesOnNumbers) {
  for (const char* number : {"0",
                             "-0",
                             "00",
                             "-",
                             "+1",
                             "1.",
                             ".5",
                             "1.0",
                             "-0.0",
                             "1e",
                             "1e+",
                             "1e5",
                             "1E-5",
                             "1e99",
                             "1e308",
                             "1e309",
                             "-1e999",
                             "1e-400",
                             "123456789012345678",
                             "1234567890123456789012",
                             "9223372036854775807",
                             "9223372036854775808",
                             "18446744073709551616",
                             "-9223372036854775809",
                             "0x1",
                             "1_0",
                             "NaN",
                             "Infinity"}) {
    expect_the_same(number);
    expect_the_same(std::string(R"({"created":)") + number + R"(,"choices":[]})");
  }
  expect_the_same(std::string(70, '9'));
  expect_the_same("0." + std::string(400, '9'));
}

TEST(JsonScanner, AgreesOnStringsOfEveryLength) {
  for (std::size_t length = 0; length < 20; ++length) {
    for (const char* odd : {"\\n", "\\\"", "\\", "\"", "\x1f", "\x7f", "\xC3\xBC", "\xC3", "\\u00e9",
                            "\\ud83d", "\\udc00", "\\ud83d\\ude00", "\\u12", "\\x"}) {
      const std::string text = '"' + std::string(length, 'a') + odd + std::string(9, 'b') + '"';
      expect_the_same(text);
      expect_the_same("{" + text + ":" + text + "}");
    }
  }
}

TEST(JsonScanner, AgreesOnDepth) {
  for (const std::size_t depth : {255u, 256u, 257u}) {
    expect_the_same(std::string(depth, '[') + std::string(depth, ']'));
  }
}

TEST(JsonScanner, AgreesOnBlanksAndMarks) {
  for (const char* text :
       {"", " ", "\n{}\r\n", "{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }", "\xEF\xBB\xBF{}", "{}x", "{} {}",
        "{\"a\":1,}", "[1,]", "[,1]", "{\"a\"}", "{1:2}", "{\"a\":}", "\v{}", "//\n{}"}) {
    expect_the_same(text);
  }
  expect_the_same(std::string_view("{}\0", 3));
  expect_the_same(std::string_view("\"a\0b\"", 5));
}

TEST(JsonScanner, OfSeveralMembersWithOneNameTheLastCounts) {
  ScannedJson scanned;
  ASSERT_TRUE(scanned.read(R"({"id":"a","x":1,"i\u0064":"b","x":null,"y":2,"y":3})"));
  const auto chunk = read_json<ChatCompletionChunk>(scanned.root());
  EXPECT_EQ(chunk.id, "b");
  EXPECT_EQ(chunk.extra, nlohmann::json({{"y", 3}}));
}

TEST(JsonScanner, ANameIsTheSameHoweverItIsWritten) {
  for (const char* text : {R"({"id":"a","i\u0064":"b"})", R"({"i\u0064":"a","id":"b"})"}) {
    ScannedJson scanned;
    ASSERT_TRUE(scanned.read(text));
    EXPECT_EQ(read_json<ChatCompletionChunk>(scanned.root()).id, "b") << text;
  }
}

// What looks each member up among all others would take minutes.
TEST(JsonScanner, ReadsObjectsOfManyMembersInTimeThatGrowsWithThem) {
  std::string delta = R"({"role":"assistant")";
  for (int number = 0; number < 100'000; ++number) delta += ",\"m" + std::to_string(number) + "\":1";
  for (int number = 0; number < 100'000; ++number) delta += ",\"m" + std::to_string(number) + "\":\"\"";
  const std::string text = R"({"choices":[{"delta":)" + delta + "}}]}";
  EXPECT_FALSE(text_commits(text)) << "each of them is empty in the end";
  ScannedJson scanned;
  ASSERT_TRUE(scanned.read(text));
  const auto chunk = read_json<ChatCompletionChunk>(scanned.root());
  EXPECT_EQ(chunk.choices.at(0).delta.extra.size(), 100'000);
  EXPECT_EQ(chunk.choices.at(0).delta.extra.at("m7"), "");
}

TEST(CommitOfAChunk, IsSeenInTheLastOfSeveralMembers) {
  EXPECT_FALSE(text_commits(R"({"choices":[{"delta":{"content":"a","content":""}}]})"));
  EXPECT_TRUE(text_commits(R"({"choices":[{"delta":{"content":"","content":"a"}}]})"));
}

}  // namespace
}  // namespace openailb::json_scanner_test
