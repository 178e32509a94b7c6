// Chat completions that were stored.
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace openailb::stored_chat_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;

TEST(StoredChat, IsRetrieved) {
  Simulation simulation({{answering(completion_json("stored"))}});
  EXPECT_EQ(simulation.client().chat.completions.retrieve("chatcmpl-1/2")->text(), "stored");
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/chat/completions/chatcmpl-1%2F2"));
}

TEST(StoredChat, IsListed) {
  const json page{{"object", "list"},
                  {"data", {json::parse(completion_json("one")), json::parse(completion_json("two"))}},
                  {"first_id", "chatcmpl-1"},
                  {"last_id", "chatcmpl-2"},
                  {"has_more", true}};
  Simulation simulation({{answering(page.dump())}});
  const Client client = simulation.client();
  const auto listed = client.chat.completions.list();
  EXPECT_EQ(listed->data.at(1).text(), "two");
  EXPECT_EQ(listed->first_id, "chatcmpl-1");
  EXPECT_EQ(listed->last_id, "chatcmpl-2");
  EXPECT_TRUE(listed->has_more);
  EXPECT_TRUE(client.chat.completions.list(
      {.after = "chatcmpl-2", .limit = 2, .metadata = {{"to do", "a&b"}}, .model = "gpt-4o", .order = "desc"},
      {.extra_query = {{"limit", "3"}}}));
  EXPECT_THAT(wire(simulation),
              ElementsAre("GET /v1/chat/completions",
                          "GET /v1/chat/completions?after=chatcmpl-2&metadata%5Bto%20do%5D=a%26b&model=gpt-4o"
                          "&order=desc&limit=3"));
  for (const json& other : variations(page, {"data"})) {
    Simulation odd({{answering(other.dump())}});
    EXPECT_EQ(odd.client().chat.completions.list()->data.size(), 2U) << other;
  }
}

/// The first is from OpenAI's documentation.
const json messages = json::parse(R"({"object": "list", "data": [
  {"id": "chatcmpl-AyPN-0", "role": "user", "content": "write a haiku about ai", "name": null,
   "content_parts": null},
  {"id": "chatcmpl-AyPN-1", "role": "user", "content": null, "name": "Ann", "unheard": 1,
   "content_parts": [{"type": "text", "text": "What is "}, {"type": "image_url", "image_url": {"url": "u"}},
                     {"type": "text", "text": "this?"}]}],
  "first_id": "chatcmpl-AyPN-0", "last_id": "chatcmpl-AyPN-1", "has_more": true})");

TEST(StoredChat, HasTheMessagesOfItsRequest) {
  Simulation simulation({{answering(messages.dump()), answering(R"({"data":[]})")}, {ok()}});
  const Client client = simulation.client();
  const auto list =
      client.chat.completions.messages.list("chatcmpl-AyPN", {.after = "x", .limit = 2, .order = "asc"});
  ASSERT_EQ(list->data.size(), 2U);
  EXPECT_EQ(list->data[0].id, "chatcmpl-AyPN-0");
  EXPECT_EQ(list->data[0].role, "user");
  EXPECT_EQ(list->data[0].content, "write a haiku about ai");
  EXPECT_TRUE(list->data[0].extra.is_null());
  EXPECT_EQ(list->data[1].name, "Ann");
  EXPECT_EQ(list->data[1].content, "What is this?");
  EXPECT_EQ(list->data[1].content_parts.size(), 3U);
  EXPECT_EQ(list->data[1].extra, json({{"unheard", 1}}));
  EXPECT_TRUE(list->next_page());
  EXPECT_TRUE(client.chat.completions.messages.list("chatcmpl-AyPN"));
  EXPECT_THAT(
      wire(simulation),
      ElementsAre("GET /v1/chat/completions/chatcmpl-AyPN/messages?after=x&limit=2&order=asc",
                  "GET /v1/chat/completions/chatcmpl-AyPN/messages?limit=2&order=asc&after=chatcmpl-AyPN-1",
                  "GET /v1/chat/completions/chatcmpl-AyPN/messages"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0)) << "where the completion is kept";
}

TEST(StoredChat, HasMessagesWhoseContentMayComeTwice) {
  json both = messages;
  both["data"][1]["content"] = "What is this?";
  Simulation simulation({{answering(both.dump())}});
  EXPECT_EQ(simulation.client().chat.completions.messages.list("c")->data.at(1).content, "What is this?");
  for (const json& odd : variations(messages.at("data").at(1), {"id"})) {
    Simulation odds({{answering(json{{"data", json::array({odd})}}.dump())}});
    EXPECT_EQ(odds.client().chat.completions.messages.list("c")->data.at(0).id, "chatcmpl-AyPN-1") << odd;
  }
}

TEST(StoredChat, IsUpdated) {
  Simulation simulation({{answering(completion_json("stored"))}});
  const Client client = simulation.client();
  EXPECT_EQ(client.chat.completions.update("c1", {.metadata = {{"a", "b"}}})->text(), "stored");
  EXPECT_TRUE(client.chat.completions.update("c1", {}));
  EXPECT_THAT(wire(simulation), ElementsAre(R"(POST /v1/chat/completions/c1 {"metadata":{"a":"b"}})",
                                            R"(POST /v1/chat/completions/c1 {"metadata":{}})"));
}

TEST(StoredChat, IsDeleted) {
  Simulation simulation(
      {{answering(R"({"object":"chat.completion.deleted","id":"chatcmpl-1","deleted":true})")}});
  const auto gone = simulation.client().chat.completions.del("chatcmpl-1");
  EXPECT_TRUE(gone->deleted);
  EXPECT_EQ(gone->id, "chatcmpl-1");
  EXPECT_THAT(wire(simulation), ElementsAre("DELETE /v1/chat/completions/chatcmpl-1"));
}

TEST(StoredChat, NeedsAnId) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  EXPECT_EQ(client.chat.completions.retrieve("").error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.chat.completions.update("..", {}).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.chat.completions.del("").error().kind, ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

}  // namespace
}  // namespace openailb::stored_chat_test
