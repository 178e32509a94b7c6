// A chunk that repeats the one before is read as if it had come alone.

#include "support/chunk_oracle.hpp"
#include <openailb/testing/random.hpp>

#include <gtest/gtest.h>

#include <string>

namespace openailb::chunk_reader_test {
namespace {

using namespace detail;
using namespace test;

TEST(ChunkReader, ReadsRepetitionsAsIfEachHadComeAlone) {
  testing::Random random(3);
  ChunkTexts texts;
  ChunkOracle oracle;
  for (int round = 0; round < 15'000; ++round) {
    const std::string text = texts.next([&random] { return static_cast<unsigned>(random.below(256)); });
    const char* found = oracle.next(text);
    ASSERT_EQ(found, nullptr) << found << " differs: " << text;
  }
  EXPECT_GT(oracle.chunks(), 7'500U);
  EXPECT_GT(oracle.repetitions() * 2, oracle.chunks()) << "or this test proves little";
}

/// Whether the second chunk is read as a repetition of the first.
bool repeats(std::string first, std::string second) {
  ScannedJson document;
  EXPECT_TRUE(document.read(first)) << first;
  ChunkReaderOf<ChatCompletionChunk> reader;
  reader.read(document, first);
  return reader.read_repetition(second);
}

std::string chunk(const std::string& delta, const std::string& rest = "") {
  return R"({"id":"1","choices":[{"index":0,"delta":{)" + delta + "}}]" + rest + "}";
}

TEST(ChunkReader, TakesChunksThatDifferInTheirTokenForRepetitions) {
  EXPECT_TRUE(repeats(chunk(R"("content":"a")"), chunk(R"("content":"b")")));
  EXPECT_TRUE(repeats(chunk(R"("content":"")"), chunk(R"("content":"a longer one, with \"escapes\"\n")")));
  EXPECT_TRUE(repeats(chunk(R"("content":"a")", R"(,"obfuscation":"xyz")"),
                      chunk(R"("content":"bc")", R"(,"obfuscation":"")")));
  EXPECT_TRUE(repeats(chunk(R"("reasoning_content":"a")"), chunk(R"("reasoning_content":"b")")));
  const auto arguments = [](const std::string& text) {
    return chunk(R"("tool_calls":[{"index":0,"function":{"arguments":")" + text + R"("}}])");
  };
  EXPECT_TRUE(repeats(arguments(R"({\"a\":)"), arguments("1}")));
}

TEST(ChunkReader, TakesNothingElseForARepetition) {
  const std::string first = chunk(R"("content":"a")");
  EXPECT_FALSE(repeats(first, first + " "));
  EXPECT_FALSE(repeats(first, first.substr(0, first.size() - 1)));
  EXPECT_FALSE(repeats(first, chunk(R"("content":"b","content":"c")")));
  EXPECT_FALSE(repeats(first, chunk(R"("content":null)")));
  EXPECT_FALSE(repeats(first, chunk("\"content\":\"\xFF\"")));
  EXPECT_FALSE(repeats(first, chunk(R"("content":"b","role":"")")));
  const std::string parts = R"("content":[{"type":"thinking","thinking":"T"}],)";
  EXPECT_FALSE(
      repeats(chunk(parts + R"("reasoning_content":"a")"), chunk(parts + R"("reasoning_content":"")")))
      << "which is then T";
  EXPECT_FALSE(repeats(R"({"id":"1"})", R"({"id":"2"})"));
  EXPECT_FALSE(repeats(chunk("\"content\":\"\xFF\""), chunk("\"content\":\"\xFF\""))) << "mended";
}

TEST(ChunkReader, ReadsNoChunkBeforeTheFirst) {
  ChunkReaderOf<ChatCompletionChunk> reader;
  std::string text;
  EXPECT_FALSE(reader.read_repetition(text));
}

}  // namespace
}  // namespace openailb::chunk_reader_test
