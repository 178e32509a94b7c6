// client.vector_stores: what it sends, what it makes of the answers, and that stores stay at their endpoint.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"
#include "support/vector_store_answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace openailb::vector_stores_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using namespace test::vector_store_answers;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(VectorStores, Create) {
  Simulation simulation({{answering(store_json.dump())}});
  const Client client = simulation.client();
  const auto made = client.vector_stores.create({.chunking_strategy = {{"type", "auto"}},
                                                 .description = "d",
                                                 .expires_after = {.days = 7},
                                                 .file_ids = {"file-1", "file-2"},
                                                 .metadata = {{"a", "b"}},
                                                 .name = "Support FAQ"});
  ASSERT_TRUE(client.vector_stores.create({}));
  EXPECT_THAT(
      wire(simulation),
      ElementsAre(R"(POST /v1/vector_stores {"chunking_strategy":{"type":"auto"},"description":"d",)"
                  R"("expires_after":{"anchor":"last_active_at","days":7},"file_ids":["file-1","file-2"],)"
                  R"("metadata":{"a":"b"},"name":"Support FAQ"})",
                  "POST /v1/vector_stores {}"));
  EXPECT_EQ(made->id, "vs_abc123");
  EXPECT_EQ(made->object, "vector_store");
  EXPECT_EQ(made->created_at, 1699061776);
  EXPECT_EQ(made->name, "Support FAQ");
  EXPECT_EQ(made->description, "Contains commonly asked questions");
  EXPECT_EQ(made->usage_bytes, 139920);
  EXPECT_EQ(made->file_counts->in_progress, 1);
  EXPECT_EQ(made->file_counts->completed, 2);
  EXPECT_EQ(made->file_counts->failed, 3);
  EXPECT_EQ(made->file_counts->cancelled, 4);
  EXPECT_EQ(made->file_counts->total, 10);
  EXPECT_EQ(made->status, "completed");
  EXPECT_EQ(made->expires_after->anchor, "last_active_at");
  EXPECT_EQ(made->expires_after->days, 7);
  EXPECT_EQ(made->expires_at, 1699666576);
  EXPECT_EQ(made->last_active_at, 1699061776);
  EXPECT_EQ(made->metadata.at("a"), "b");
  EXPECT_TRUE(made->extra.is_null()) << made->extra;
}

TEST(VectorStores, RetrieveUpdateListAndDelete) {
  Simulation simulation(
      {{answering(store_json.dump()), answering(store_json.dump()), answering(list_of(store_json).dump()),
        answering(R"({"id":"vs_abc123","object":"vector_store.deleted","deleted":true})")}});
  const Client client = simulation.client();
  EXPECT_EQ(client.vector_stores.retrieve("vs_abc123")->id, "vs_abc123");
  EXPECT_EQ(client.vector_stores
                .update("vs_abc123", {.expires_after = {.days = 1}, .metadata = {{"a", "b"}}, .name = "n"})
                ->id,
            "vs_abc123");
  const auto list =
      client.vector_stores.list({.after = "vs_0", .before = "vs_9", .limit = 2, .order = "asc"});
  EXPECT_EQ(list->data.at(0).name, "Support FAQ");
  EXPECT_TRUE(client.vector_stores.del("a/../b")->deleted);
  EXPECT_THAT(wire(simulation),
              ElementsAre("GET /v1/vector_stores/vs_abc123",
                          R"(POST /v1/vector_stores/vs_abc123 {"expires_after":)"
                          R"({"anchor":"last_active_at","days":1},"metadata":{"a":"b"},"name":"n"})",
                          "GET /v1/vector_stores?after=vs_0&before=vs_9&limit=2&order=asc",
                          "DELETE /v1/vector_stores/a%2F..%2Fb"));
}

TEST(VectorStores, Search) {
  Simulation simulation({{answering(found_json.dump())}});
  const Client client = simulation.client();
  const auto page = client.vector_stores.search(
      "vs_abc123", {.query = "What is the return policy?",
                    .filters = {{"type", "eq"}, {"key", "author"}, {"value", "me"}},
                    .max_num_results = 5,
                    .ranking_options = {{"score_threshold", 0.5}},
                    .rewrite_query = true});
  ASSERT_TRUE(client.vector_stores.search("vs_abc123", {.query = {"one", "another"}}));
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/vector_stores/vs_abc123/search {"query":"What is the return policy?",)"
                          R"("filters":{"type":"eq","key":"author","value":"me"},"max_num_results":5,)"
                          R"("ranking_options":{"score_threshold":0.5},"rewrite_query":true})",
                          R"(POST /v1/vector_stores/vs_abc123/search {"query":["one","another"]})"));
  EXPECT_EQ(page->object, "vector_store.search_results.page");
  EXPECT_THAT(page->search_query, ElementsAre("What is the return policy?"));
  EXPECT_TRUE(page->has_more);
  EXPECT_EQ(page->next_page, "p2");
  const VectorStoreSearchResultItem& best = page->data.at(0);
  EXPECT_EQ(best.file_id, "file_123");
  EXPECT_EQ(best.filename, "document.pdf");
  EXPECT_DOUBLE_EQ(best.score, 0.95);
  EXPECT_EQ(best.attributes.at("author"), "John Doe");
  EXPECT_EQ(best.content.at(0).type, "text");
  EXPECT_EQ(best.content[0].text, "Relevant chunk");
  EXPECT_TRUE(page->extra.is_null());
}

TEST(VectorStores, ThatNothingIsFoundIsAnAnswer) {
  Simulation simulation({{answering(R"({"data":[],"has_more":false,"next_page":null})")}});
  EXPECT_TRUE(simulation.client().vector_stores.search("vs_1", {.query = "x"})->data.empty());
}

TEST(VectorStores, SearchesThatAreNoListsFail) {
  for (const char* nonsense :
       {"{}", "[]", "null", "ID3", R"({"object":"list","data":[],"error":{"message":"boom"}})"}) {
    Simulation simulation({{answering(nonsense)}, {answering(found_json.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.search("s", {.query = "x"})->info.endpoint, "endpoint-1")
        << nonsense;
  }
}

TEST(VectorStores, IdsThatAreNoneAreNotSent) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  for (const char* id : {"", ".", ".."}) {
    EXPECT_EQ(client.vector_stores.retrieve(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.vector_stores.update(id, {}).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.vector_stores.del(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.vector_stores.search(id, {.query = "x"}).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.vector_stores.files.list(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.vector_stores.files.del("vs_1", id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.vector_stores.files.retrieve(id, "file-1").error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.vector_stores.file_batches.cancel("vs_1", id).error().kind, ErrorKind::bad_request);
  }
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(VectorStores, AreAskedForWhereTheyAreKept) {
  Simulation simulation({{answering(store_json.dump()), answering(file_json.dump()),
                          answering(found_json.dump()), failing(400), answering(store_json.dump())},
                         {answering(store_json.dump())}});
  const Client client = simulation.client();
  const std::string id = client.vector_stores.create({})->id;
  EXPECT_EQ(client.owner_of(id), "endpoint-0");
  ASSERT_TRUE(client.vector_stores.files.create(id, {.file_id = "file-abc123"}));
  ASSERT_TRUE(client.vector_stores.search(id, {.query = "x"}));
  EXPECT_FALSE(client.vector_stores.update(id, {.name = "n"}));
  ASSERT_TRUE(client.vector_stores.retrieve(id));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0, 0));
}

TEST(VectorStores, DoNotTakeFilesThatAreKeptElsewhere) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.pin_object("vs_1", "endpoint-0");
  client.pin_object("file-1", "endpoint-1");
  EXPECT_THAT(client.vector_stores.files.create("vs_1", {.file_id = "file-1"}).error().message,
              StartsWith("not sent: vs_1 is kept by endpoint-0, but file-1 by endpoint-1: "));
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(VectorStores, HaveAttributesThatNameNoObjects) {
  Simulation simulation({{answering(file_json.dump())}, {answering(file_json.dump())}});
  const Client client = simulation.client();
  client.pin_object("vs_1", "endpoint-0");
  client.pin_object("file-of-mine", "endpoint-1");
  ASSERT_TRUE(client.vector_stores.files.create(
      "vs_1", {.file_id = "file-1", .attributes = {{"source_id", "file-of-mine"}}}));
  EXPECT_EQ(client.owner_of("file-of-mine"), "endpoint-1");
}

TEST(VectorStores, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(store_json, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.retrieve("vs_1")->id, "vs_abc123") << other;
  }
  for (const json& other : variations(file_json, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.files.retrieve("vs_1", "f")->id, "file-abc123") << other;
  }
  for (const json& other : variations(batch_json, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.file_batches.retrieve("vs_1", "b")->id, "vsfb_123") << other;
  }
  for (const json& other : variations(found_json, {"data"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.search("vs_1", {.query = "x"})->data.at(0).file_id,
              "file_123")
        << other;
  }
}

TEST(VectorStores, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{answering(store_json.dump()), answering(found_json.dump()),
                               answering(list_of(file_json).dump()), answering(batch_json.dump())}});
  const AsyncClient client = simulation.client();
  auto made = client.vector_stores.create({.name = "n"});
  EXPECT_EQ(made.get()->id, "vs_abc123");
  auto page = client.vector_stores.search("vs_abc123", {.query = "x"});
  EXPECT_EQ(page.get()->data.size(), 1U);
  auto files = client.vector_stores.files.list("vs_abc123");
  EXPECT_EQ(files.get()->data.at(0).id, "file-abc123");
  auto stopped = client.vector_stores.file_batches.cancel("vs_abc123", "vsfb_123");
  EXPECT_EQ(stopped.get()->status, "in_progress");
}

}  // namespace
}  // namespace openailb::vector_stores_test
