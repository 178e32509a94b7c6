// client.conversations: what it sends, what it makes of the answers, and that they stay at their endpoint.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::conversations_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;

/// From OpenAI's documentation.
const json example = json::parse(R"({"id": "conv_123", "object": "conversation", "created_at": 1741900000,
  "metadata": {"topic": "demo"}})");
const json hello = json::parse(R"({"type": "message", "id": "msg_abc", "status": "completed", "role": "user",
  "content": [{"type": "input_text", "text": "Hello!"}]})");
const json items = json::parse(R"({"object": "list", "first_id": "msg_abc", "last_id": "msg_def",
  "has_more": false, "data": [
    {"type": "message", "id": "msg_abc", "status": "completed", "role": "user",
     "content": [{"type": "input_text", "text": "Hello!"}]},
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}]})");

TEST(Conversations, Create) {
  Simulation simulation({{answering(example.dump())}});
  const Client client = simulation.client();
  const auto begun = client.conversations.create(
      {.items = {response_message("user", "Hello!")}, .metadata = {{"topic", "demo"}}});
  ASSERT_TRUE(client.conversations.create({}));
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/conversations {"items":[{"type":"message","role":"user",)"
                          R"("content":[{"type":"input_text","text":"Hello!"}]}],)"
                          R"("metadata":{"topic":"demo"}})",
                          "POST /v1/conversations {}"));
  EXPECT_EQ(begun->id, "conv_123");
  EXPECT_EQ(begun->object, "conversation");
  EXPECT_EQ(begun->created_at, 1741900000);
  EXPECT_EQ(begun->metadata.at("topic"), "demo");
  EXPECT_TRUE(begun->extra.is_null());
}

TEST(Conversations, RetrieveUpdateAndDelete) {
  Simulation simulation({{answering(example.dump()), answering(example.dump()), answering(example.dump()),
                          answering(R"({"id":"conv_123","object":"conversation.deleted","deleted":true})")}});
  const Client client = simulation.client();
  EXPECT_EQ(client.conversations.retrieve("conv_123")->id, "conv_123");
  EXPECT_EQ(client.conversations.update("conv_123", {.metadata = {{"topic", "b"}}})->id, "conv_123");
  ASSERT_TRUE(client.conversations.update("conv_123", {}));
  EXPECT_TRUE(client.conversations.del("conv/1")->deleted);
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/conversations/conv_123",
                                            R"(POST /v1/conversations/conv_123 {"metadata":{"topic":"b"}})",
                                            R"(POST /v1/conversations/conv_123 {"metadata":{}})",
                                            "DELETE /v1/conversations/conv%2F1"));
}

TEST(ConversationItems, Create) {
  Simulation simulation({{answering(items.dump())}});
  const auto all = simulation.client().conversations.items;
  const auto added = all.create("conv_123", {.items = {response_message("user", "Hello!")}});
  ASSERT_TRUE(all.create("conv_123", {}, {.include = {"a.b", "c"}}));
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/conversations/conv_123/items {"items":[{"type":"message",)"
                          R"("role":"user","content":[{"type":"input_text","text":"Hello!"}]}]})",
                          "POST /v1/conversations/conv_123/items?include%5B%5D=a.b&include%5B%5D=c "
                          R"({"items":[]})"));
  EXPECT_EQ(added->object, "list");
  EXPECT_EQ(added->first_id, "msg_abc");
  EXPECT_EQ(added->last_id, "msg_def");
  EXPECT_FALSE(added->has_more);
  EXPECT_EQ(added->data.at(0).id, "msg_abc");
  EXPECT_EQ(added->data[0].content.at(0).text, "Hello!");
  EXPECT_EQ(added->data.at(1).call_id, "call_1");
  EXPECT_TRUE(added->extra.is_null());
  EXPECT_EQ(added->info.endpoint, "endpoint-0");
}

TEST(ConversationItems, ListRetrieveAndDelete) {
  Simulation simulation({{answering(items.dump()), answering(items.dump()), answering(hello.dump()),
                          answering(hello.dump()), answering(example.dump())}});
  const auto all = simulation.client().conversations.items;
  EXPECT_EQ(all.list("conv_123")->data.at(1).name, "f");
  ASSERT_TRUE(all.list("conv_123", {.after = "msg_0", .include = {"x"}, .limit = 10, .order = "asc"}));
  const auto one = all.retrieve("conv_123", "msg_abc");
  ASSERT_TRUE(all.retrieve("conv_123", "msg/1", {.include = {"x"}}));
  EXPECT_EQ(all.del("conv_123", "msg_abc")->id, "conv_123");
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/conversations/conv_123/items",
                                            "GET /v1/conversations/conv_123/items"
                                            "?after=msg_0&include%5B%5D=x&limit=10&order=asc",
                                            "GET /v1/conversations/conv_123/items/msg_abc",
                                            "GET /v1/conversations/conv_123/items/msg%2F1?include%5B%5D=x",
                                            "DELETE /v1/conversations/conv_123/items/msg_abc"));
  EXPECT_EQ(one->id, "msg_abc");
  EXPECT_EQ(one->type, "message");
  EXPECT_EQ(one->role, "user");
  EXPECT_EQ(one->content.at(0).text, "Hello!");
  EXPECT_EQ(one->info.endpoint, "endpoint-0");
  EXPECT_TRUE(one->extra.is_null());
}

TEST(ConversationItems, GoOnFromPageToPage) {
  json first = items;
  first["has_more"] = true;
  Simulation simulation({{answering(first.dump()), answering(items.dump())}, {ok()}});
  auto page = simulation.client().conversations.items.list("conv_123", {.limit = 2});
  EXPECT_EQ(page->next_page()->data.size(), 2U);
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/conversations/conv_123/items?limit=2",
                                            "GET /v1/conversations/conv_123/items?limit=2&after=msg_def"));
}

TEST(ConversationItems, ThatHaveFailedAreAnswers) {
  Simulation simulation({{answering(R"({"type":"mcp_call","id":"mcp_1","error":{"message":"boom"}})")}});
  const auto item = simulation.client().conversations.items.retrieve("conv_123", "mcp_1");
  EXPECT_EQ(item->type, "mcp_call");
  EXPECT_EQ(item->extra.at("error").at("message"), "boom");
}

TEST(ConversationItems, AnswersThatAreNoListsFailOver) {
  for (const char* nonsense : {"{}", "[]", R"({"data":{}})", "ID3"}) {
    Simulation simulation({{answering(nonsense)}, {answering(items.dump())}});
    EXPECT_EQ(simulation.client().conversations.items.create("c", {})->info.endpoint, "endpoint-1")
        << nonsense;
  }
}

TEST(Conversations, IdsThatAreNoneAreNotSent) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  for (const char* id : {"", ".", ".."}) {
    EXPECT_EQ(client.conversations.retrieve(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.conversations.update(id, {}).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.conversations.del(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.conversations.items.create(id, {}).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.conversations.items.list(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.conversations.items.retrieve("conv_1", id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.conversations.items.del(id, "msg_1").error().kind, ErrorKind::bad_request);
  }
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Conversations, AreAskedForWhereTheyAreKept) {
  Simulation simulation(
      {{answering(example.dump()), answering(items.dump()), answering(R"({"id":"resp_1","output":[]})")},
       {ok()}});
  const Client client = simulation.client();
  const std::string id = client.conversations.create({})->id;
  ASSERT_TRUE(client.conversations.items.list(id));
  ASSERT_TRUE(client.responses.create({.model = "m", .input = "x", .conversation = id}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0));
  EXPECT_EQ(client.owner_of("msg_abc"), "endpoint-0");
}

TEST(Conversations, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(example, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().conversations.retrieve("c")->id, "conv_123") << other;
  }
  for (const json& other : variations(hello, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().conversations.items.retrieve("c", "m")->id, "msg_abc") << other;
  }
  for (const json& other : variations(items, {"data"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().conversations.items.create("c", {})->data.at(0).id, "msg_abc") << other;
  }
}

TEST(Conversations, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{answering(example.dump()), answering(items.dump()), answering(hello.dump())}});
  const AsyncClient client = simulation.client();
  auto begun = client.conversations.create({});
  EXPECT_EQ(begun.get()->id, "conv_123");
  auto list = client.conversations.items.list("conv_123");
  EXPECT_EQ(list.get()->data.size(), 2U);
  auto one = client.conversations.items.retrieve("conv_123", "msg_abc");
  EXPECT_EQ(one.get()->id, "msg_abc");
}

}  // namespace
}  // namespace openailb::conversations_test
