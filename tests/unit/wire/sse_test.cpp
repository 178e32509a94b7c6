#include "support/counted_memory.hpp"
#include <openailb/detail/wire/sse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::detail {

void PrintTo(const ServerSentEvent& event, std::ostream* out) {
  *out << "{event " << ::testing::PrintToString(event.event) << ", data "
       << ::testing::PrintToString(event.data) << "}";
}

}  // namespace openailb::detail

namespace openailb::sse_test {
namespace {

using namespace detail;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Events = std::vector<ServerSentEvent>;

constexpr std::size_t mebibyte = 1024 * 1024;

Events drain(SseDecoder& decoder) {
  Events events;
  while (auto event = decoder.next()) events.push_back(*std::move(event));
  return events;
}

Events decode_pieces(const std::vector<std::string_view>& pieces) {
  SseDecoder decoder;
  Events events;
  for (auto piece : pieces) {
    decoder.feed(std::string(piece));
    for (auto& event : drain(decoder)) events.push_back(std::move(event));
  }
  return events;
}

Events decode(std::string_view text) { return decode_pieces({text}); }

Events decode_byte_by_byte(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(text.substr(i, 1));
  return decode_pieces(pieces);
}

ServerSentEvent data(std::string text) { return {.event = "", .data = std::move(text)}; }

struct Case {
  std::string_view name;
  std::string_view text;
  Events events;
};

/// The events that the text gives, whole and byte by byte. The numbers are those of the reference's cases.
const std::vector<Case> cases = {
    {"1: name and data", "event: completion\ndata: {\"foo\":true}\n\n", {{"completion", "{\"foo\":true}"}}},
    {"2: no name", "data: {\"foo\":true}\n\n", {data("{\"foo\":true}")}},
    {"3: two events", "data: a\n\nevent: e\ndata: b\n\n", {data("a"), {"e", "b"}}},
    {"4: data lines are joined",
     "data: {\ndata: \"foo\":\ndata: \ndata:\ndata: true}\n\n",
     {data("{\n\"foo\":\n\n\ntrue}")}},
    {"5: an escaped line end is none",
     R"(data: {"a":"x\n\ny"})"
     "\n\n",
     {data(R"({"a":"x\n\ny"})")}},
    {"6: U+2028 is no line end", "data: a\xE2\x80\xA8z\n\n", {data("a\xE2\x80\xA8z")}},
    {"6: nor are NEL, FF and VT", "data: a\xC2\x85z\f\v\n\n", {data("a\xC2\x85z\f\v")}},
    {"7: multi-byte characters", "data: \xD1\x8F\xF0\x9F\xA6\x89\n\n", {data("\xD1\x8F\xF0\x9F\xA6\x89")}},
    {"8: no space, LF", "data:ok\n\n", {data("ok")}},
    {"8: no space, CRLF", "data:ok\r\n\r\n", {data("ok")}},
    {"8: no space, CR", "data:ok\r\r", {data("ok")}},
    {"11: mixed line ends", "id:one\r\ndata:a\r\n\ndata:b\n\rdata:unfinished", {data("a"), data("b")}},
    {"13: a comment", ": OPENROUTER PROCESSING\n\ndata: a\n\n", {data("a")}},
    {"13: a comment within an event", "data: a\n: comment\ndata: b\n\n", {data("a\nb")}},
    {"14: retry only", "retry: 3000\n\n", {}},
    {"15: comments only", ": a\n\n:\n\n:b", {}},
    {"16: an unfinished event", "event: update\ndata: hello", {}},
    {"16: its line is whole, its event is not", "event: update\ndata: hello\n", {}},
    {"17: an empty data line makes an event", "data:\n\n", {data("")}},
    {"17: so does data without a colon", "data\n\n", {data("")}},
    {"17: and two make a line end", "data\ndata\n\n", {data("\n")}},
    {"20: DONE without a space", "data:[DONE]\r\n\r\n", {data("[DONE]")}},
    {"21: DONE and more", "data: [DONE]x\n\n", {data("[DONE]x")}},
    {"22: DONE and another line", "data: [DONE]\ndata: {}\n\n", {data("[DONE]\n{}")}},
    {"24: an error", "event: error\ndata: {\"message\":\"m\"}\n\n", {{"error", "{\"message\":\"m\"}"}}},
    {"32: CR alone ends lines", "data: a\r\r\ndata: b\r\r", {data("a"), data("b")}},
    {"33: a byte order mark",
     "\xEF\xBB\xBF"
     "data: a\n\n",
     {data("a")}},
    {"33: only one, and only at the start",
     "\xEF\xBB\xBF\xEF\xBB\xBF"
     "data: a\n\ndata: \xEF\xBB\xBF"
     "b\n\n",
     {data("\xEF\xBB\xBF"
           "b")}},
    {"a byte order mark before a blank line", "\xEF\xBB\xBF\ndata: a\n\n", {data("a")}},
    {"half a byte order mark is data",
     "\xEF\xBB"
     "data: a\n\ndata: b\n\n",
     {data("b")}},
    {"a name without data is forgotten", "event: lost\n\ndata: a\n\n", {data("a")}},
    {"a name lasts for one event", "event: e\ndata: a\n\ndata: b\n\n", {{"e", "a"}, data("b")}},
    {"the last name counts", "event: a\nevent: b\ndata: x\n\n", {{"b", "x"}}},
    {"one space is taken off, not two", "data:  a \n\n", {data(" a ")}},
    {"a tab is not a space", "data:\ta\n\n", {data("\ta")}},
    {"a space before the name makes another name", " data: a\n\ndata : a\n\n", {}},
    {"names are compared with case", "Data: a\n\n", {}},
    {"later colons belong to the value", "data: a: b\n\n", {data("a: b")}},
    {"a NUL is data", {"data: a\0b\n\n", 11}, {data(std::string("a\0b", 3))}},
    {"blank lines are nothing", "\n\n\r\r\r\n\n\ndata: a\n\n\n\n", {data("a")}},
    {"nothing", "", {}},
};

TEST(Sse, GivesTheEventsOfATextFedWholeOrByteByByte) {
  for (const auto& [name, text, events] : cases) {
    EXPECT_EQ(decode(text), events) << name;
    EXPECT_EQ(decode_byte_by_byte(text), events) << name;
  }
}

constexpr std::string_view mixed_document =
    "\xEF\xBB\xBF: hello\r\n\r\nevent: first\ndata: {\n data:\rdata:\xD1\x8F}\r\n\r\nretry: 3\n\nid: "
    "7\rdata\r\r"
    "\ndata:x\n:c\ndata:  y\r\n\nevent:lost\n\n\ndata: \xF0\x9F\xA6\x89\n\rdata: [DONE]\r\r\ndata: half";

const Events mixed_events = {
    {"first", "{\n\xD1\x8F}"}, data(""), data("x\n y"), data("\xF0\x9F\xA6\x89"), data("[DONE]")};

TEST(Sse, SplittingAtAnyByteOrPairOfBytesChangesNothing) {
  constexpr auto text = mixed_document;
  ASSERT_EQ(decode(text), mixed_events);
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      ASSERT_EQ(
          decode_pieces({text.substr(0, first), text.substr(first, second - first), text.substr(second)}),
          mixed_events)
          << "split at " << first << " and " << second;
    }
  }
}

/// The rules once more, as plainly as they can be written for a text that is there as a whole.
Events decode_plainly(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  for (std::size_t at = 0; (at = text.find("\r\n", at)) != text.npos; ++at) text.replace(at, 2, "\n");
  std::ranges::replace(text, '\r', '\n');
  Events events;
  ServerSentEvent event;
  std::optional<std::string> lines;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    const auto line = text.substr(begin, end - begin);
    if (line.empty()) {
      if (lines) events.push_back({event.event, lines->substr(0, lines->size() - 1)});
      event = {};
      lines.reset();
      continue;
    }
    const auto colon = std::min(line.find(':'), line.size());
    auto value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.erase(0, 1);
    if (line.substr(0, colon) == "event") event.event = value;
    if (line.substr(0, colon) == "data") lines = lines.value_or("") + value + "\n";
  }
  return events;
}

TEST(Sse, AgreesWithAPlainDecoderOnRandomTextsInRandomPieces) {
  constexpr std::string_view words[] = {"data", "event", ":",    " ", "\n",
                                        "\r",   "\r\n",  "\n\n", "x", "\xEF\xBB\xBF"};
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int word = 0; word < 40; ++word) text += words[random() % std::size(words)];
    std::vector<std::string_view> pieces;
    for (std::string_view rest = text; !rest.empty();) {
      pieces.push_back(rest.substr(0, 1 + random() % 6));
      rest.remove_prefix(pieces.back().size());
    }
    ASSERT_EQ(decode_pieces(pieces), decode_plainly(text)) << ::testing::PrintToString(text);
  }
}

TEST(Sse, DeliversAnEventAtItsLastCarriageReturn) {
  SseDecoder decoder;
  decoder.feed("data: a\r");
  EXPECT_EQ(decoder.next(), std::nullopt);
  decoder.feed("\r");
  EXPECT_EQ(decoder.next(), data("a"));
  decoder.feed("\n");
  EXPECT_EQ(decoder.next(), std::nullopt);
  decoder.feed("data: b\n\n");
  EXPECT_THAT(drain(decoder), ElementsAre(data("b")));
}

TEST(Sse, AnEmptyFeedBetweenCarriageReturnAndLineFeedChangesNothing) {
  EXPECT_THAT(decode_pieces({"data: a\r", "", "\n", "", "data: b\r\n\r", "", "\n"}),
              ElementsAre(data("a\nb")));
}

TEST(Sse, GivesTwoThousandEventsOfOneFeed) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "data: " + std::to_string(i) + "\n\n";
  const auto events = decode(text);
  ASSERT_EQ(events.size(), 2000U);
  EXPECT_EQ(events[1999].data, "1999");
}

TEST(Sse, TwoThousandLinesWithoutABlankOneAreNoEvent) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "data: x\n";
  EXPECT_THAT(decode(text), IsEmpty());
}

// Were the time quadratic in the length of a line, these two would take hours.
TEST(Sse, TakesALineOfSixtyFourMebibytesInSmallPieces) {
  SseDecoder decoder;
  const std::string piece(1024, 'x');
  decoder.feed("data:x");
  for (std::size_t i = 0; i < 64 * mebibyte / piece.size(); ++i) decoder.feed(std::string(piece));
  decoder.feed("\n\n");
  const auto event = decoder.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->data.size(), 64 * mebibyte + 1);
  EXPECT_FALSE(decoder.overflowed());
}

TEST(Sse, TakesALongLineByteByByte) {
  SseDecoder decoder;
  decoder.feed("data:");
  for (std::size_t i = 0; i < 4 * mebibyte; ++i) decoder.feed("x");
  decoder.feed("\n\n");
  const auto event = decoder.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->data.size(), 4 * mebibyte);
}

TEST(Sse, OverflowsAtTheFirstByteBeyondTheLimit) {
  SseDecoder fits(9);
  fits.feed("data: abc\n\n");
  EXPECT_FALSE(fits.overflowed());
  EXPECT_EQ(fits.next(), data("abc"));

  SseDecoder too_small(8);
  too_small.feed("data: abc\n\n");
  EXPECT_EQ(too_small.next(), std::nullopt);
  EXPECT_TRUE(too_small.overflowed());
}

TEST(Sse, OverflowsBeforeTheLineHasEnded) {
  SseDecoder decoder(8);
  decoder.feed("data: ab");
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_FALSE(decoder.overflowed());
  decoder.feed("c");
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_TRUE(decoder.overflowed());
}

TEST(Sse, AddsUpTheLinesOfAnEvent) {
  SseDecoder decoder(20);
  for (int i = 0; i < 3; ++i) decoder.feed("data: abcd\n");
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_FALSE(decoder.overflowed());
  decoder.feed("data: abcd\n");
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_TRUE(decoder.overflowed());
}

TEST(Sse, CountsEachEventAnewAndCommentsOneByOne) {
  SseDecoder decoder(16);
  for (int i = 0; i < 100; ++i) decoder.feed(": keep-alive\ndata: abcd\n\n");
  EXPECT_EQ(drain(decoder).size(), 100U);
  EXPECT_FALSE(decoder.overflowed());
}

TEST(Sse, GivesTheEventsBeforeAnOverflowAndNoneAfter) {
  SseDecoder decoder(8);
  decoder.feed("data: a\n\ndata: b\n\ndata: abcdefgh\n\ndata: c\n\n");
  decoder.feed("\n\ndata: d\n\n");
  EXPECT_THAT(drain(decoder), ElementsAre(data("a"), data("b")));
  EXPECT_TRUE(decoder.overflowed());
  decoder.feed("data: e\n\n");
  EXPECT_EQ(decoder.next(), std::nullopt);
}

TEST(Sse, KeepsNoMemoryOfWhatItHasDelivered) {
  SseDecoder decoder;
  const std::size_t before = test::held;
  for (int i = 0; i < 100'000; ++i) {
    decoder.feed(": a comment that is longer than a small string\ndata: some text that is longer");
    decoder.feed(" than a small string\r\n\r\n");
    ASSERT_TRUE(decoder.next());
  }
  EXPECT_LT(test::held - before, 4096U);
}

TEST(Sse, KeepsNoMemoryOfALongEvent) {
  SseDecoder decoder;
  const std::size_t before = test::held;
  const std::string line(8 * mebibyte, 'x');
  decoder.feed("data: ");
  decoder.feed(line);
  decoder.feed("\n\n");
  ASSERT_TRUE(decoder.next());
  ASSERT_FALSE(decoder.next());
  EXPECT_LT(test::held - before - line.size(), 8192U);
}

TEST(Sse, MovesALongEventHardlyEver) {
  const std::size_t size = 40 * mebibyte;
  SseDecoder decoder(64 * mebibyte);
  decoder.feed("data: ");
  const std::size_t before = test::held;
  test::most = before;
  for (std::size_t fed = 0; fed < size; fed += mebibyte) {
    decoder.feed(std::string(mebibyte, 'x'));
    ASSERT_FALSE(decoder.next());
  }
  decoder.feed("\n\n");
  const auto event = decoder.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->data.size(), size);
  EXPECT_LT(test::most - before, 90 * mebibyte) << "a text that is moved takes its room twice";
}

TEST(Sse, ALongFirstLineMayHaveAByteOrderMark) {
  EXPECT_THAT(decode_byte_by_byte("\xEF\xBB\xBF"
                                  "data: a long line of data\ndata:and another one\n\n"),
              ElementsAre(data("a long line of data\nand another one")));
  EXPECT_THAT(decode_byte_by_byte("\xEF\xBB\xBF"
                                  "database: a long line\ndata : a long line\n\n"),
              IsEmpty());
}

// What is fed is held until it is asked for, and then no more than the event that is being built.
TEST(Sse, HoldsNoMoreThanItsLimitAllows) {
  const std::string small(1024, 'x');
  const std::size_t before = test::held;
  SseDecoder decoder(mebibyte);
  for (int i = 0; i < 100'000; ++i) {
    decoder.feed(small);
    EXPECT_EQ(decoder.next(), std::nullopt);
  }
  EXPECT_TRUE(decoder.overflowed());
  EXPECT_LT(test::held - before, 3 * mebibyte);
}

TEST(Sse, ReadsOneEventAtATime) {
  std::string many;
  for (int i = 0; i < 500'000; ++i) many += "data:\n\n";
  const auto size = many.size();
  const std::size_t before = test::held - many.capacity();
  SseDecoder decoder;
  decoder.feed(std::move(many));
  for (int i = 0; i < 500'000; ++i) {
    ASSERT_EQ(decoder.next(), data(""));
    ASSERT_LT(test::held - before, 2 * size);
  }
  EXPECT_EQ(decoder.next(), std::nullopt);
}

}  // namespace
}  // namespace openailb::sse_test
