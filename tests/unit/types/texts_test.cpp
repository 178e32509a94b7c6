// The types of texts in params are what the standard library has, but for braces.
#include "support/written_json.hpp"
#include <openailb/async_client.hpp>
#include <openailb/client.hpp>
#include <openailb/options.hpp>
#include <openailb/types/audio.hpp>
#include <openailb/types/batches.hpp>
#include <openailb/types/chat.hpp>
#include <openailb/types/completions.hpp>
#include <openailb/types/conversations.hpp>
#include <openailb/types/embeddings.hpp>
#include <openailb/types/files.hpp>
#include <openailb/types/images.hpp>
#include <openailb/types/models.hpp>
#include <openailb/types/moderations.hpp>
#include <openailb/types/responses.hpp>
#include <openailb/types/uploads.hpp>
#include <openailb/types/vector_store_files.hpp>
#include <openailb/values/api_key.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/http.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::texts_test {
namespace {

using namespace test;

TEST(Texts, AreAndTakeStrings) {
  const nlohmann::json document{{"a", "b"}};
  EmbeddingCreateParams params{.model = document["a"]};
  const std::string string = params.model;
  EXPECT_EQ(string, "b");
  EXPECT_EQ((params.model = std::string_view("c")), "c");
  EXPECT_EQ((params.model = {"d"}), "d");
  EXPECT_EQ(written_json(params).dump(), R"({"model":"d"})");
  EXPECT_EQ(text_part(document["a"]).text, "b");
}

TEST(Texts, StandWhereThereMayBeNone) {
  const std::optional<std::string> user{"b"};
  EmbeddingCreateParams params{.model = "m", .user = "a"};
  EXPECT_EQ((params.user = {"d"}), "d");
  params.user = std::string("c");
  const std::optional<std::string> back = params.user;
  EXPECT_EQ(back, "c");
  params.user = user;
  EXPECT_EQ(params.user, user);
  EXPECT_EQ(written_json(params).dump(), R"({"model":"m","user":"b"})");
}

TEST(TextViews, ViewWhatConverts) {
  const std::string string("b");
  const Text text("c");
  const auto same = [](TextView view) { return view; };
  EXPECT_EQ(same("a"), "a");
  EXPECT_EQ(same(string).data(), string.data());
  EXPECT_EQ(same(text).data(), text.data());
  EXPECT_EQ(same(std::string_view(string).substr(0, 1)).data(), string.data());
  EXPECT_EQ(same(string.c_str()), "b");
}

TEST(TextLists, AreAndTakeVectors) {
  const std::vector<std::string> texts{"a", "b"};
  TextList list = texts;
  const std::vector<std::string> back = list;
  EXPECT_EQ(back, texts);
  list = {"c"};
  EXPECT_EQ(list, std::vector<std::string>{"c"});
  list = nlohmann::json{"d", "e"};
  EXPECT_EQ(list, (std::vector<std::string>{"d", "e"}));
}

TEST(TextMaps, AreAndTakeMaps) {
  const std::map<std::string, std::string> texts{{"a", "b"}};
  TextMap map = texts;
  const std::map<std::string, std::string> back = map;
  EXPECT_EQ(back, texts);
  map = {{"c", "d"}, {"e", "f"}};
  EXPECT_EQ(map.at("e"), "f");
  map = nlohmann::json{{"g", "h"}};
  EXPECT_EQ(map.at("g"), "h");
}

}  // namespace
}  // namespace openailb::texts_test
