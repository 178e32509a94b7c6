#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/json_writer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace openailb::json_writer_test {
namespace {

using namespace detail;
using nlohmann::json;
using nlohmann::ordered_json;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string flaw_of(const json& value) {
  JsonPrinter printer;
  write_json(printer, value);
  EXPECT_TRUE(json::accept(printer.text())) << printer.text();
  return printer.problem() ? printer.problem()->message() : "none: " + printer.text();
}

// nlohmann_json is the oracle: what it dumps is what is sent.
void expect_as_dumped(const json& value) {
  EXPECT_EQ(write_json(value), value.dump());
  const ordered_json ordered = value;
  EXPECT_EQ(write_json(ordered), ordered.dump());
}

TEST(JsonWriter, WritesTextAsNlohmannDoes) {
  for (int c = 0; c < 0x80; ++c) {
    for (const std::size_t before : {0u, 1u, 6u, 7u, 8u, 9u, 16u}) {
      expect_as_dumped(std::string(before, 'a') + static_cast<char>(c) + std::string(9, 'z'));
    }
  }
  for (const char* text :
       {"", "é", "12345678é", "漢字 😀 12345678", "\U0010FFFF", "\"\\\"", "a\0b", "\x7f"}) {
    expect_as_dumped(text);
  }
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto length = random() % 40; length > 0; --length) {
      constexpr std::string_view some = "ab \"\\\n\t\x01/{}";
      text += random() % 8 == 0 ? "ß" : std::string(1, some[random() % some.size()]);
    }
    expect_as_dumped(json{{text, text}});
  }
}

TEST(JsonWriter, WritesNumbersAsNlohmannDoes) {
  using limits = std::numeric_limits<double>;
  for (const double number : {0.0, -0.0, 0.7, 1.0, 100.0, 1e15, 1e16, 1e22, -2.5e-7, limits::max(),
                              limits::min(), limits::denorm_min(), limits::epsilon()}) {
    expect_as_dumped(number);
    EXPECT_EQ(write_json(number), json(number).dump());
  }
  expect_as_dumped((std::numeric_limits<std::int64_t>::min)());
  expect_as_dumped((std::numeric_limits<std::int64_t>::max)());
  expect_as_dumped((std::numeric_limits<std::uint64_t>::max)());
}

TEST(JsonWriter, WritesStructuresAsNlohmannDoes) {
  expect_as_dumped(
      json{{"b", {1, nullptr, true, false, json::array(), json::object()}}, {"a", "é\n"}, {"", 0}});
  expect_as_dumped(json::parse(nested(max_json_depth)));
  expect_as_dumped(json::binary({1, 2}));
}

TEST(JsonWriter, NamesThePlaceOfWhatJsonCannotSay) {
  EXPECT_EQ(flaw_of({{"messages", {{{"content", "a\xff"}}}}}), "messages[0].content is not valid UTF-8");
  EXPECT_EQ(flaw_of({{"a\xff", 1}}), "the JSON has a member's name that is not valid UTF-8");
  EXPECT_EQ(flaw_of({{"a", {{{"b\xff", 1}}}}}), "a[0] has a member's name that is not valid UTF-8");
  EXPECT_EQ(flaw_of("\xc3"), "the JSON is not valid UTF-8");
  EXPECT_EQ(flaw_of({{"temperature", std::nan("")}}), "temperature is not a finite number");
  EXPECT_EQ(flaw_of({{"a", {{1, -HUGE_VAL}}}}), "a[0][1] is not a finite number");
  EXPECT_EQ(flaw_of({{"a", {0, "\xff"}}, {"b", std::nan("")}}), "a[1] is not valid UTF-8");
  EXPECT_EQ(flaw_of({{"body", json(json::value_t::discarded)}}), "body is not valid JSON");
}

TEST(JsonWriter, StopsAtNestingThatCouldOverflowTheStack) {
  json deep;
  for (int i = 0; i < 100'000; ++i) deep = json::array({std::move(deep)});
  EXPECT_THAT(flaw_of(deep), ::testing::EndsWith("[0] is nested too deeply"));
}

struct Open {
  std::string name{"n"};
  std::optional<double> weight{};
  std::vector<Open> below{};
  json extra{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("name", self.name);
    field("weight", self.weight);
    field("below", self.below);
    field.rest(self.extra);
  }
};

TEST(JsonWriter, LetsAMemberWithoutAFieldTakeThePlaceOfAField) {
  const Open open{.weight = 0.5, .below = {{}}, .extra = {{"name", "longer"}, {"other", 1}, {"weight", 2}}};
  EXPECT_EQ(write_json(open), R"({"name":"longer","weight":2,"below":[{"name":"n"}],"other":1})");
  EXPECT_EQ(write_json(Open{.below = {open}, .extra = {{"below", 0}, {"name", ""}}}),
            R"({"name":"","below":0})");
}

struct Either {
  std::string text{"t"};
  std::string other{};
  std::vector<std::string> list{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("content", self.text);
    field("other", self.other);
    field("content", self.list);
  }
};

TEST(JsonWriter, WritesTheLastOfTwoFieldsWithOneName) {
  EXPECT_EQ(write_json(Either{.other = "o"}), R"({"content":"t","other":"o"})");
  EXPECT_EQ(write_json(Either{.other = "o", .list = {"a", "b"}}), R"({"content":["a","b"],"other":"o"})");
}

TEST(JsonWriter, NamesThePlaceInAStruct) {
  JsonPrinter printer;
  write_json(printer, Open{.below = {{}, {.weight = std::nan("")}}});
  EXPECT_EQ(printer.problem().value().message(), "below[1].weight is not a finite number");
}

TEST(JsonBody, KeepsTheOrderOfItsMembersWhateverBecomesOfThem) {
  JsonBody body = JsonDocument(R"({"z":1,"model":"m","a":{"b":[]}})");
  body.set({.name = "a", .json = "2"});
  body.set({.name = "stream", .json = "true"});
  EXPECT_EQ(body.text("mine"), R"({"z":1,"model":"mine","a":2,"stream":true})");
  body.merge(JsonDocument(R"({"z":null,"none":null,"a":{},"new":"é"})"));
  EXPECT_EQ(body.text("m\"\n"), R"({"model":"m\"\n","a":{},"stream":true,"new":"é"})");
}

TEST(JsonBody, MayBeAnythingOrNothing) {
  EXPECT_TRUE(JsonBody().empty());
  EXPECT_TRUE(JsonBody(JsonDocument()).empty());
  EXPECT_FALSE(JsonBody(JsonDocument("{}")).empty());
  for (const char* text : {"{}", "[1,2]", R"("model")", "0", R"({"\n\"":0})"}) {
    EXPECT_EQ(JsonBody(JsonDocument(text)).text("m"), text);
  }
}

TEST(JsonBody, KnowsThePlaceOfItsFlaw) {
  EXPECT_EQ(JsonBody(Open{.name = "\xff"}).problem().value().message(), "name is not valid UTF-8");
  EXPECT_EQ(JsonBody(JsonDocument(json{{"a", {{"b", "\xff"}}}})).problem().value().message(),
            "a.b is not valid UTF-8");
  EXPECT_EQ(JsonBody(JsonDocument(json{{"a\xff", 1}})).problem().value().message(),
            "the JSON has a member's name that is not valid UTF-8");
  EXPECT_EQ(JsonBody(JsonDocument("{")).problem().value().message(), "the JSON is not valid JSON");
  JsonBody flawed = JsonDocument(json{{"a", std::nan("")}, {"b", "\xff"}});
  EXPECT_EQ(flawed.problem().value().message(), "a is not a finite number");
  flawed.merge(JsonDocument("{\"a\":1}"));
  EXPECT_EQ(flawed.problem().value().message(), "b is not valid UTF-8") << "of that which is sent";
  flawed.merge(JsonDocument("{\"b\":null}"));
  EXPECT_FALSE(flawed.problem());
  JsonBody body = JsonDocument("{}");
  body.merge(JsonDocument(json{{"a", std::nan("")}}));
  EXPECT_EQ(body.problem().value().message(), "a is not a finite number");
}

}  // namespace
}  // namespace openailb::json_writer_test
