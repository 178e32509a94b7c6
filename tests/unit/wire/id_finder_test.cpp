// Ids are found at the places that are named, and nowhere else, whatever the text is.

#include <openailb/detail/wire/id_finder.hpp>
#include <openailb/testing/random.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::id_finder_test {
namespace {

using namespace detail;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> found(std::string_view json, std::span<const IdPath> paths) {
  std::vector<std::string> ids;
  IdFinder::find(json, paths, [&ids](std::string id) { ids.push_back(std::move(id)); });
  return ids;
}

constexpr IdPath inner[] = {{"file_id"}, {"parts.*.id"}};
constexpr IdPath paths[] = {{"id"}, {"conversation"}, {"conversation.id"}, {"list.*"}, {"input.*", inner}};

TEST(IdFinder, FindsWhatStandsAtAPath) {
  EXPECT_THAT(found(R"({"id":"a"})", paths), ElementsAre("a"));
  EXPECT_THAT(found(R"({"conversation":"a"})", paths), ElementsAre("a"));
  EXPECT_THAT(found(R"({"conversation":{"name":"b","id":"a"}})", paths), ElementsAre("a"));
  EXPECT_THAT(found(R"({"list":["a","b"]})", paths), ElementsAre("a", "b"));
  EXPECT_THAT(found(R"({"list":{"x":"a","y":"b"}})", paths), ElementsAre("a", "b"));
  EXPECT_THAT(found(R"({"input":[{"file_id":"a"},{"parts":[{"id":"b"},{"id":"c"}]}],"id":"d"})", paths),
              ElementsAre("a", "b", "c", "d"));
}

TEST(IdFinder, LooksNowhereElse) {
  for (const char* json :
       {R"({"ids":"a","i":"a","idx":"a","file_id":"a"})", R"({"x":{"id":"a"},"y":[{"id":"a"}]})",
        R"([{"id":"a"}])", R"({"conversation":{"ids":["a"],"x":{"id":"a"}}})",
        R"({"list":[["a"],{"id":"a"}]})", R"({"input":{"file_id":["a"]},"text":"\"id\":\"a\""})",
        R"({"input":"[{\"file_id\":\"a\"}]"})", R"({"id":1,"conversation":null,"list":[1,true,null,{}]})",
        R"({"id":""})", R"({"conversation.id":"a","":"a","list.*":"a"})", R"("id")", "7", ""}) {
    EXPECT_THAT(found(json, paths), IsEmpty()) << json;
  }
}

TEST(IdFinder, ReadsTextsAsTheyAreMeant) {
  EXPECT_THAT(found(R"({"text":"say \"id\\","id":"a"})", paths), ElementsAre("a"));
  EXPECT_THAT(found(R"({"text":"\\\\\"","id":"a\"b\\cé\n"})", paths), ElementsAre("a\"b\\cé\n"));
  EXPECT_THAT(found("{ \"text\" : [ { } , [ ] , 1.5e3 ] ,\r\n\t\"id\" : \"a\" }", paths), ElementsAre("a"));
  EXPECT_THAT(found(R"({"text":"]}[{","n":[[1,{"a":[]}],"]"],"id":"a"})", paths), ElementsAre("a"));
  EXPECT_THAT(found(R"({"id":"\ud83d"})", paths), IsEmpty()) << "half a character";
}

TEST(IdFinder, FindsInAMemberWhatItFindsInTheWhole) {
  std::vector<std::string> ids;
  const IdFinder::Found note = [&ids](std::string id) { ids.push_back(std::move(id)); };
  IdFinder::find_in_member("id", R"("a")", paths, note);
  IdFinder::find_in_member("conversation", R"({"id":"b"})", paths, note);
  IdFinder::find_in_member("input", R"([{"file_id":"c"}])", paths, note);
  IdFinder::find_in_member("other", R"({"id":"d"})", paths, note);
  EXPECT_THAT(ids, ElementsAre("a", "b", "c"));
}

/// What is at a path, by way of nlohmann_json.
void look(const nlohmann::json& value, std::string_view rest, const IdPath& path,
          std::vector<std::string>& ids) {
  if (rest.empty() && !path.then.empty()) {
    for (const IdPath& one : path.then) look(value, one.path, one, ids);
  } else if (rest.empty()) {
    if (value.is_string() && value != "") ids.push_back(value);
  } else if (value.is_structured()) {
    const std::string_view head = rest.substr(0, rest.find('.'));
    const std::string_view tail = head.size() == rest.size() ? "" : rest.substr(head.size() + 1);
    for (const auto& [name, one] : value.items()) {
      if (head == "*" || (value.is_object() && head == name)) look(one, tail, path, ids);
    }
  }
}

nlohmann::json any_value(testing::Random& random, int depth) {
  static constexpr const char* names[] = {"id", "conversation", "list", "input", "file_id", "parts", "x"};
  static constexpr const char* texts[] = {"a", "b\"", "\\", "{", "]", "id", "", "\n", "é", ","};
  nlohmann::json value;
  const std::size_t kind = depth == 0 ? 5 : random.below(depth > 4 ? 3 : 6);
  if (kind == 0) value = random.between(0, 99) / 4.0;
  if (kind == 1) value = random.chance(0.5) ? nlohmann::json(true) : nlohmann::json();
  if (kind == 2) value = texts[random.below(std::size(texts))];
  if (kind == 3) value = nlohmann::json::array();
  if (kind > 3) value = nlohmann::json::object();
  for (int count = random.between(depth == 0 ? 3 : 0, 6); kind >= 3 && count > 0; --count) {
    nlohmann::json one = any_value(random, depth + 1);
    kind == 3 ? value.push_back(std::move(one))
              : (value[names[random.below(std::size(names))]] = one, void());
  }
  return value;
}

TEST(IdFinder, FindsWhatAParserFinds) {
  testing::Random random(4);
  std::size_t count = 0;
  for (int round = 0; round < 3000; ++round) {
    const nlohmann::json value = any_value(random, 0);
    std::vector<std::string> expected;
    for (const IdPath& path : paths) look(value, path.path, path, expected);
    count += expected.size();
    const std::string text = value.dump(random.chance(0.5) ? -1 : 1);
    EXPECT_THAT(found(text, paths), ::testing::UnorderedElementsAreArray(expected)) << text;
  }
  EXPECT_GT(count, 500U);
}

TEST(IdFinder, SurvivesTextsThatAreBroken) {
  testing::Random random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string text = any_value(random, 0).dump();
    for (int times = random.between(1, 4); times > 0 && !text.empty(); --times) {
      const std::size_t at = random.below(text.size());
      random.chance(0.5) ? text.resize(at) : (text[at] = "\"\\[]{},:n\x01"[random.below(10)], void());
    }
    const std::string copy(text);  // so that AddressSanitizer sees its end
    found(copy, paths);
  }
  for (const char* text :
       {"{", "{\"", "{\"id", "{\"id\"", "{\"id\":", "{\"id\":\"", "{\"id\":\"a", "{\"id\" \"a\"}", "[",
        "{\"list\":[", "{\"list\":[\"a\"", "{\"x\":[[[", "{\"x\":]", "{\"id\":\"a\\", "{,}"}) {
    found(text, paths);
  }
}

TEST(IdFinder, TakesItsTimeByTheLengthOfTheText) {
  std::string deep(1'000'000, '[');
  EXPECT_THAT(found(R"({"x":)" + deep, paths), IsEmpty());
  EXPECT_THAT(found(R"({"list":)" + deep, paths), IsEmpty());
  EXPECT_THAT(found(R"({"id":")" + std::string(1'000'000, '\\'), paths), IsEmpty());
  std::string quotes;
  for (int index = 0; index < 500'000; ++index) quotes += "\\\"";
  EXPECT_THAT(found(R"({"x":")" + quotes + R"(","id":"a"})", paths), ElementsAre("a"));
}

TEST(ObjectIds, OfAResourceAreThoseOfTheLongestPath) {
  EXPECT_EQ(object_ids_of("/files/*/content").path, "/files");
  EXPECT_EQ(object_ids_of("/vector_stores/*/files/*").path, "/vector_stores/*/files");
  EXPECT_EQ(object_ids_of("/vector_stores/*").path, "/vector_stores");
  EXPECT_EQ(object_ids_of("/responses/*/input_items").path, "/responses/*/input_items");
  for (const char* other : {"/filesystem", "/embeddings", "/models/*", ""}) {
    EXPECT_EQ(object_ids_of(other).path, "") << other;
  }
}

TEST(ObjectIds, OfAnyPathAreItsSegmentsThatLookMadeByAMachine) {
  EXPECT_THAT(ids_in_path("/files/file-abc/content"), ElementsAre("file-abc"));
  EXPECT_THAT(ids_in_path("/v1/threads/thread_1/runs/run_2?after=msg-3"), ElementsAre("thread_1", "run_2"));
  EXPECT_THAT(ids_in_path("/files/a%20b%2F1"), ElementsAre("a b/1"));
  for (const char* none :
       {"/models/gpt-4o", "/v1/chat/completions", "/files", "/fine_tuning/jobs", "", "/", "//"}) {
    EXPECT_THAT(ids_in_path(none), IsEmpty()) << none;
  }
}

}  // namespace
}  // namespace openailb::id_finder_test
