#include "support/written_json.hpp"
#include <openailb/detail/wire/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace openailb::json_test {
namespace {

using namespace detail;
using nlohmann::json;
using test::written_json;
using ::testing::ElementsAre;
using ::testing::Pair;

struct Inner {
  std::string name{};
  std::optional<double> weight{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("name", self.name);
    field.alias("label", self.name);
    field("weight", self.weight);
  }
};

struct Outer {
  std::string id{"default"};
  std::string note{};
  std::int64_t number{7};
  int small{7};
  double ratio{};
  bool flag{};
  std::optional<bool> maybe{};
  std::optional<std::vector<std::int64_t>> bytes{};
  std::vector<std::string> words{};
  std::map<std::string, std::int64_t> weights{};
  Inner inner{};
  std::optional<Inner> option{};
  std::vector<Inner> list{};
  json free{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("id", self.id);
    field("note", self.note);
    field("number", self.number);
    field("small", self.small);
    field("ratio", self.ratio);
    field("flag", self.flag);
    field("maybe", self.maybe);
    field("bytes", self.bytes);
    field("words", self.words);
    field("weights", self.weights);
    field("inner", self.inner);
    field("option", self.option);
    field("list", self.list);
    field("free", self.free);
  }
};

Outer read(std::string_view text) { return read_json<Outer>(*parse_json(text)); }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(WriteJson, LeavesOutWhatIsAbsentButNotWhatIsRequired) {
  Outer outer{.id = ""};
  EXPECT_EQ(written_json(outer).dump(), R"({"id":"","number":7,"small":7,"ratio":0.0,"flag":false})");
}

TEST(WriteJson, SendsAnOptionalThatHasAnEmptyValue) {
  Outer outer{.bytes = std::vector<std::int64_t>{}, .option = Inner{}};
  auto written = written_json(outer);
  EXPECT_EQ(written["bytes"], json::array());
  EXPECT_EQ(written["option"], json::object());
}

TEST(Json, ComesBackAsItWasWritten) {
  auto golden =
      json::parse(R"({"id":"x","note":"n","number":-5,"small":3,"ratio":0.25,"flag":true,"maybe":false,
    "bytes":[1,2],"words":["a","b"],"weights":{"50256":-100},"inner":{"name":"i","weight":1.5},
    "option":{"name":"o"},"list":[{"name":"a"},{"weight":2.0}],"free":{"any":[1,null]}})");
  EXPECT_EQ(json(written_json(read_json<Outer>(golden))), golden);
}

TEST(ReadJson, KeepsDefaultsForWhatIsMissingNullUnknownOrOddlyTyped) {
  auto plain = written_json(Outer{});
  EXPECT_EQ(written_json(read("{}")), plain);
  EXPECT_EQ(written_json(read(R"({"who":{"knows":1},"":null})")), plain);
  for (const char* odd : {"null", "true", "\"text\"", "{}", "[]", "[null]", "{\"a\":[]}", "1.5", "3"}) {
    auto text = std::string("{");
    for (const auto& [name, value] : plain.items()) text += "\"" + name + "\":" + odd + ",";
    text.back() = '}';
    EXPECT_NO_THROW((void)written_json(read(text))) << odd;
    EXPECT_NO_THROW((void)written_json(read(odd))) << odd;
  }
  auto odd =
      read(R"({"id":[],"number":"five","small":{},"ratio":"1","flag":1,"words":"a","weights":[],"inner":3,
                      "list":{"name":"x"},"option":"x","maybe":0,"bytes":"AQ=="})");
  EXPECT_EQ(written_json(odd), plain);
}

TEST(ReadJson, ReadsIdsThatAreNumbers) {
  EXPECT_EQ(read(R"({"id":17})").id, "17");
  EXPECT_EQ(read(R"({"id":-9223372036854775808})").id, "-9223372036854775808");
  EXPECT_EQ(read(R"({"id":18446744073709551615})").id, "18446744073709551615");
  EXPECT_EQ(read(R"({"id":null})").id, "default");
}

TEST(ReadJson, ReadsIntegersOutOfFloatsThatFit) {
  EXPECT_EQ(read(R"({"number":1700000000.75})").number, 1700000000);
  EXPECT_EQ(read(R"({"number":-2.5})").number, -2);
  EXPECT_EQ(read(R"({"number":9.3e18})").number, 7);
  EXPECT_EQ(read(R"({"number":-1e300})").number, 7);
  EXPECT_EQ(read(R"({"number":18446744073709551615})").number, 7);
  EXPECT_EQ(read(R"({"number":9223372036854775807})").number, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read(R"({"small":4294967296})").small, 7);
  EXPECT_EQ(read_json<Outer>({{"number", std::nan("")}}).number, 7);
  EXPECT_EQ(read_json<Outer>({{"number", HUGE_VAL}}).number, 7);
  EXPECT_EQ(read(R"({"ratio":3})").ratio, 3.0);
}

TEST(ReadJson, SkipsElementsOfAnotherType) {
  auto outer = read(R"({"words":["a",null,{},2,"b"],"list":[null,{"name":"x"},7,[],{}],
                        "weights":{"a":1,"b":"x","c":null},"bytes":[1,"x",2.0]})");
  EXPECT_THAT(outer.words, ElementsAre("a", "2", "b"));
  ASSERT_EQ(outer.list.size(), 2u);
  EXPECT_EQ(outer.list[0].name, "x");
  EXPECT_THAT(outer.weights, ElementsAre(Pair("a", 1)));
  EXPECT_THAT(*outer.bytes, ElementsAre(1, 2));
}

TEST(ReadJson, ReadsAnAliasOnlyInThePlaceOfAnAbsentMember) {
  EXPECT_EQ(read(R"({"inner":{"label":"l"}})").inner.name, "l");
  EXPECT_EQ(read(R"({"inner":{"label":"l","name":null}})").inner.name, "l");
  EXPECT_EQ(read(R"({"inner":{"label":"l","name":"n"}})").inner.name, "n");
}

TEST(ParseJson, GivesNullForWhatIsNotJson) {
  for (const char* text : {"",         " ",        "\n\t", "{",   "{\"id\":", "<html>",
                           "not json", "{}x",      "[1,]", "nul", "'a'",      "{\"a\":1e999}",
                           "1e999",    "]",        "}",    "\"",  "\"\\",     "{\"a\"}",
                           "nan",      "\"\x01\"", "\\",   "\xff"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_FALSE(parse_json(std::string_view("{}\0garbage", 10)));
}

TEST(ParseJson, TakesAnyValueForWhatItIs) {
  EXPECT_EQ(*parse_json("[]"), json::array());
  EXPECT_EQ(*parse_json("[[1]]"), json::array({json::array({1})}));
  EXPECT_EQ(*parse_json(" null\n"), json());
  EXPECT_EQ(*parse_json("\xEF\xBB\xBF{\"byte order mark\":1}"), json({{"byte order mark", 1}}));
}

TEST(ParseJson, RefusesEveryTruncatedText) {
  std::string_view text = R"({"a":[1,{"b":"\u00e9\\\"}"}],"c":null})";
  ASSERT_TRUE(parse_json(text));
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_json(text.substr(0, length))) << text.substr(0, length);
  }
}

TEST(ParseJson, RefusesNestingThatCouldOverflowTheStack) {
  EXPECT_TRUE(parse_json(nested(max_json_depth)));
  EXPECT_FALSE(parse_json(nested(max_json_depth + 1)));
  EXPECT_FALSE(parse_json(nested(5'000'000)));
  EXPECT_FALSE(parse_json(std::string(5'000'000, '[')));
  std::string objects;
  for (std::size_t i = 0; i <= max_json_depth; ++i) objects += "{\"a\":";
  EXPECT_FALSE(parse_json(objects + "1" + std::string(max_json_depth + 1, '}')));
}

TEST(ParseJson, CountsNoBracketsInsideOfStrings) {
  auto brackets = std::string(1000, '[') + R"(\"\\)" + std::string(1000, '{');
  EXPECT_TRUE(parse_json("\"" + brackets + "\""));
  EXPECT_TRUE(parse_json("{\"" + brackets + "\":[\"" + brackets + "\"]}"));
  EXPECT_FALSE(parse_json(R"(["\\",)" + nested(max_json_depth) + "]"));
}

// Python's json module writes them.
TEST(ParseJson, ReadsNaNAndInfinityAsNull) {
  const auto document = parse_json(R"([NaN,{"a":-Infinity},Infinity,"NaN \"Infinity","\\",NaN])");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->dump(), R"([null,{"a":null},null,"NaN \"Infinity","\\",null])");
  EXPECT_FALSE(parse_json("[nan]"));
  EXPECT_FALSE(parse_json("[NaN"));
}

TEST(ParseJson, ReplacesBrokenCharacters) {
  EXPECT_EQ(*parse_json("\"a\xff\xc3\""), "a\uFFFD\uFFFD");
  EXPECT_EQ(*parse_json("\"\xed\xa0\x80 \xc0\xaf \xf4\x90\x80\x80\""),
            "\uFFFD\uFFFD\uFFFD \uFFFD\uFFFD \uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(*parse_json(R"("\ud83d")"), "\uFFFD");
  EXPECT_EQ(*parse_json(R"("\ude00\ud83d\u0041")"), "\uFFFD\uFFFDA");
  EXPECT_EQ(*parse_json(R"(["\ud83d\ude00","\\ud83d","\ud83d"])"), json({"😀", "\\ud83d", "\uFFFD"}));
  EXPECT_EQ(*parse_json("\"\xff é ß 漢 😀\""), "\uFFFD é ß 漢 😀");
  EXPECT_FALSE(parse_json(R"("\ud83d)"));
  EXPECT_FALSE(parse_json(R"("\uZZZZ\ud83d")"));
}

}  // namespace
}  // namespace openailb::json_test
