// client.vector_stores: what it sends, what it makes of the answers, and that stores stay at their endpoint.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"

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
using nlohmann::json;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::StartsWith;

/// From OpenAI's documentation, with all members filled.
const json store = json::parse(R"({"id": "vs_abc123", "object": "vector_store", "created_at": 1699061776,
  "name": "Support FAQ", "description": "Contains commonly asked questions", "usage_bytes": 139920,
  "file_counts": {"in_progress": 1, "completed": 2, "failed": 3, "cancelled": 4, "total": 10},
  "status": "completed", "expires_after": {"anchor": "last_active_at", "days": 7},
  "expires_at": 1699666576, "last_active_at": 1699061776, "metadata": {"a": "b"}})");

const json file = json::parse(R"({"id": "file-abc123", "object": "vector_store.file",
  "created_at": 1699061776, "usage_bytes": 1234, "vector_store_id": "vs_abc123", "status": "completed",
  "last_error": null, "attributes": {"author": "me", "year": 2024},
  "chunking_strategy": {"type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}})");

const json batch = json::parse(R"({"id": "vsfb_123", "object": "vector_store.files_batch",
  "created_at": 1699061776, "vector_store_id": "vs_abc123", "status": "in_progress",
  "file_counts": {"in_progress": 1, "completed": 1, "failed": 0, "cancelled": 0, "total": 2}})");

const json found = json::parse(R"({"object": "vector_store.search_results.page",
  "search_query": ["What is the return policy?"], "has_more": true, "next_page": "p2",
  "data": [{"file_id": "file_123", "filename": "document.pdf", "score": 0.95,
            "attributes": {"author": "John Doe"},
            "content": [{"type": "text", "text": "Relevant chunk"}]}]})");

json list_of(const json& item) { return {{"object", "list"}, {"data", {item}}, {"has_more", false}}; }

TEST(VectorStores, Create) {
  Simulation simulation({{answering(store.dump())}});
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
      {{answering(store.dump()), answering(store.dump()), answering(list_of(store).dump()),
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
  Simulation simulation({{answering(found.dump())}});
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
  for (const char* nonsense : {"{}", "[]", "null", R"({"data":null})", "ID3",
                               R"({"object":"list","data":[],"error":{"message":"boom"}})"}) {
    Simulation simulation({{answering(nonsense)}, {answering(found.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.search("s", {.query = "x"})->info.endpoint, "endpoint-1")
        << nonsense;
  }
}

TEST(VectorStoreFiles, Create) {
  Simulation simulation({{answering(file.dump())}});
  const Client client = simulation.client();
  const auto added = client.vector_stores.files.create(
      "vs_abc123",
      {.file_id = "file-abc123", .attributes = {{"author", "me"}}, .chunking_strategy = {{"type", "auto"}}});
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/vector_stores/vs_abc123/files {"file_id":"file-abc123",)"
                          R"("attributes":{"author":"me"},"chunking_strategy":{"type":"auto"}})"));
  EXPECT_EQ(added->id, "file-abc123");
  EXPECT_EQ(added->object, "vector_store.file");
  EXPECT_EQ(added->created_at, 1699061776);
  EXPECT_EQ(added->usage_bytes, 1234);
  EXPECT_EQ(added->vector_store_id, "vs_abc123");
  EXPECT_EQ(added->status, "completed");
  EXPECT_FALSE(added->last_error);
  EXPECT_EQ(added->attributes.at("year"), 2024);
  EXPECT_EQ(added->chunking_strategy.at("type"), "static");
  EXPECT_TRUE(added->extra.is_null());
}

TEST(VectorStoreFiles, RetrieveUpdateListAndDelete) {
  Simulation simulation(
      {{answering(file.dump()), answering(file.dump()), answering(list_of(file).dump()),
        answering(R"({"id":"file-abc123","object":"vector_store.file.deleted","deleted":true})")}});
  const auto files = simulation.client().vector_stores.files;
  EXPECT_EQ(files.retrieve("vs_1", "file-abc123")->id, "file-abc123");
  EXPECT_EQ(files.update("vs_1", "file-abc123", {.attributes = {{"year", 2025}}})->id, "file-abc123");
  const auto list = files.list(
      "vs_1", {.after = "file-0", .before = "file-9", .filter = "completed", .limit = 2, .order = "desc"});
  EXPECT_EQ(list->data.at(0).id, "file-abc123");
  EXPECT_TRUE(files.del("vs/1", "file?")->deleted);
  EXPECT_THAT(wire(simulation),
              ElementsAre("GET /v1/vector_stores/vs_1/files/file-abc123",
                          R"(POST /v1/vector_stores/vs_1/files/file-abc123 {"attributes":{"year":2025}})",
                          "GET /v1/vector_stores/vs_1/files"
                          "?after=file-0&before=file-9&filter=completed&limit=2&order=desc",
                          "DELETE /v1/vector_stores/vs%2F1/files/file%3F"));
}

TEST(VectorStoreFiles, HaveTheirText) {
  const json page = json::parse(R"({"object": "vector_store.file_content.page", "has_more": true,
      "next_page": "p2", "data": [{"type": "text", "text": "Refunds"}, {"type": "text", "text": " in 30 days"}]})");
  // From OpenAI's documentation.
  const json documented = json::parse(R"({"file_id": "file-abc123", "filename": "example.txt",
      "attributes": {"key": "value"}, "content": [{"type": "text", "text": "Refunds"}]})");
  Simulation simulation({{answering(page.dump()), answering(documented.dump())}});
  const auto files = simulation.client().vector_stores.files;
  const auto text = files.content("vs_1", "file-abc123");
  EXPECT_EQ(text->data.at(1).text, " in 30 days");
  EXPECT_EQ(text->data.at(0).type, "text");
  EXPECT_TRUE(text->has_more);
  EXPECT_EQ(text->next_page, "p2");
  EXPECT_EQ(text->object, "vector_store.file_content.page");
  EXPECT_TRUE(text->extra.is_null());
  const auto other = files.content("vs_1", "file-abc123");
  EXPECT_EQ(other->data.at(0).text, "Refunds");
  EXPECT_EQ(other->extra.at("filename"), "example.txt");
  EXPECT_THAT(wire(simulation), Each("GET /v1/vector_stores/vs_1/files/file-abc123/content"));
  for (const json& odd : variations(page, {"data"})) {
    Simulation odds({{answering(odd.dump())}});
    EXPECT_EQ(odds.client().vector_stores.files.content("vs_1", "file-1")->data.size(), 2U) << odd;
  }
  for (const char* nonsense : {"{}", R"({"content":"text"})", "[]", "PDF"}) {
    Simulation fails({{answering(nonsense)}});
    EXPECT_EQ(fails.client().vector_stores.files.content("vs_1", "f", {.max_retries = 0}).error().kind,
              ErrorKind::parse)
        << nonsense;
  }
}

TEST(VectorStoreFiles, ThatCouldNotBeAddedAreAnswers) {
  json failed = file;
  failed["status"] = "failed";
  failed["last_error"] = {{"code", "unsupported_file"}, {"message", "no text"}, {"new", 1}};
  Simulation simulation({{answering(failed.dump())}});
  const auto one = simulation.client().vector_stores.files.retrieve("vs_1", "file-abc123");
  EXPECT_EQ(one->status, "failed");
  EXPECT_EQ(one->last_error->code, "unsupported_file");
  EXPECT_EQ(one->last_error->message, "no text");
  EXPECT_EQ(one->last_error->extra, json({{"new", 1}}));
}

json with_status(json document, const char* status) {
  document["status"] = status;
  return document;
}

TEST(VectorStoreFiles, AreWaitedFor) {
  for (const char* end : {"completed", "failed", "cancelled", "of tomorrow"}) {
    const SimulatedAnswer working = answering(with_status(file, "in_progress").dump());
    Simulation simulation({{working, working, answering(with_status(file, end).dump())}});
    int seen = 0;
    const auto over = simulation.client().vector_stores.files.wait(
        "vs_1", "file-abc123", {.every = 10s, .on_update = [&](const VectorStoreFile&) { ++seen; }});
    EXPECT_EQ(over->status, end);
    EXPECT_EQ(seen, 3);
    EXPECT_EQ(simulation.elapsed(), 20s);
    EXPECT_EQ(wire(simulation).back(), "GET /v1/vector_stores/vs_1/files/file-abc123");
  }
}

/// An endpoint that keeps a store, to which files are added in two steps.
std::vector<SimulatedAnswer> store_with_a_new_file() {
  json in_progress = file;
  in_progress["status"] = "in_progress";
  return {answering(R"({"id":"vs_1"})"), answering(R"({"id":"file-abc123"})"), answering(in_progress.dump()),
          answering(in_progress.dump()), answering(file.dump())};
}

TEST(VectorStoreFiles, AreUploadedToWhereTheStoreIsKept) {
  Simulation simulation({{failing(404)}, store_with_a_new_file()});
  const Client client = simulation.client();
  int updates = 0;
  const auto added = client.vector_stores.files.upload_and_poll(
      "vs_1", file_from_bytes("a.txt", "text"),
      {.every = 10s, .on_update = [&](const VectorStoreFile&) { ++updates; }});
  EXPECT_EQ(added->status, "completed");
  EXPECT_EQ(updates, 2);
  EXPECT_EQ(simulation.elapsed(), 10s);
  EXPECT_THAT(wire(simulation),
              ElementsAre("GET /v1/vector_stores/vs_1", "GET /v1/vector_stores/vs_1", "POST /v1/files",
                          R"(POST /v1/vector_stores/vs_1/files {"file_id":"file-abc123"})",
                          "GET /v1/vector_stores/vs_1/files/file-abc123",
                          "GET /v1/vector_stores/vs_1/files/file-abc123"));
  EXPECT_THAT(form(simulation.request(2)), ElementsAre("file=a.txt (text)", "purpose=assistants"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1, 1, 1));
}

TEST(VectorStoreFiles, ThatCannotBeUploadedAndAddedSaySo) {
  const FileInput small = file_from_bytes("a.txt", "text");
  for (const std::size_t steps : {0U, 1U, 2U, 3U}) {
    std::vector<SimulatedAnswer> answers = store_with_a_new_file();
    answers.resize(steps);
    answers.push_back(failing(400));
    Simulation simulation({answers});
    const auto added = simulation.client().vector_stores.files.upload_and_poll("vs_1", small);
    EXPECT_EQ(added.error().status, 400);
    const bool tells = added.error().message.ends_with(" (the file has been uploaded as file-abc123)");
    EXPECT_EQ(tells, steps > 1) << added.error().message;
  }
  Simulation simulation({{ok()}});
  const auto files = simulation.client().vector_stores.files;
  EXPECT_EQ(files.upload_and_poll("", small).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(files.upload_and_poll("vs_1", {}).error().message, "not sent: file is missing");
  EXPECT_EQ(files.upload_and_poll("vs_1", openailb::file("/no/such")).error().message,
            "not sent: the file /no/such does not exist");
  EXPECT_EQ(files.upload_and_poll("vs_1", small, {.every = 0s}).error().message,
            "not sent: `every` must be more than zero");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(VectorStoreFiles, AreUploadedAndAwaitedWithinOneDeadline) {
  std::vector<SimulatedAnswer> answers = store_with_a_new_file();
  answers.pop_back();
  for (SimulatedAnswer& one : answers) one.latency = 1s;
  Simulation simulation({answers});
  const auto added = simulation.client().vector_stores.files.upload_and_poll(
      "vs_1", file_from_bytes("a.txt", "text"), {}, {.deadline = 60s});
  EXPECT_EQ(added.error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 60s);
}

TEST(VectorStoreFileBatches, AreWaitedFor) {
  const SimulatedAnswer working = answering(batch.dump());
  Simulation simulation({{working, answering(with_status(batch, "completed").dump())}});
  EXPECT_EQ(simulation.client().vector_stores.file_batches.wait("vs_1", "vsfb_123")->status, "completed");
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/vector_stores/vs_1/file_batches/vsfb_123",
                                            "GET /v1/vector_stores/vs_1/file_batches/vsfb_123"));
}

TEST(VectorStoreFileBatches, CreateRetrieveCancelAndListFiles) {
  Simulation simulation({{answering(batch.dump()), answering(batch.dump()), answering(batch.dump()),
                          answering(batch.dump()), answering(list_of(file).dump())}});
  const auto batches = simulation.client().vector_stores.file_batches;
  const auto begun = batches.create("vs_1", {.file_ids = {"file-1", "file-2"},
                                             .attributes = {{"a", true}},
                                             .chunking_strategy = {{"type", "auto"}}});
  ASSERT_TRUE(batches.create("vs_1", {.files = {{.file_id = "file-1", .attributes = {{"a", 1}}}}}));
  EXPECT_EQ(batches.retrieve("vs_1", "vsfb_123")->id, "vsfb_123");
  EXPECT_EQ(batches.cancel("vs_1", "vsfb_123")->id, "vsfb_123");
  EXPECT_EQ(batches.list_files("vs_1", "vsfb_123", {.filter = "failed"})->data.at(0).id, "file-abc123");
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/vector_stores/vs_1/file_batches {"file_ids":["file-1","file-2"],)"
                          R"("attributes":{"a":true},"chunking_strategy":{"type":"auto"}})",
                          R"(POST /v1/vector_stores/vs_1/file_batches {"files":[{"file_id":"file-1",)"
                          R"("attributes":{"a":1}}]})",
                          "GET /v1/vector_stores/vs_1/file_batches/vsfb_123",
                          "POST /v1/vector_stores/vs_1/file_batches/vsfb_123/cancel",
                          "GET /v1/vector_stores/vs_1/file_batches/vsfb_123/files?filter=failed"));
  EXPECT_EQ(begun->object, "vector_store.files_batch");
  EXPECT_EQ(begun->created_at, 1699061776);
  EXPECT_EQ(begun->vector_store_id, "vs_abc123");
  EXPECT_EQ(begun->status, "in_progress");
  EXPECT_EQ(begun->file_counts->total, 2);
  EXPECT_TRUE(begun->extra.is_null());
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
  Simulation simulation({{answering(store.dump()), answering(file.dump()), answering(found.dump()),
                          failing(400), answering(store.dump())},
                         {answering(store.dump())}});
  const Client client = simulation.client();
  const std::string id = client.vector_stores.create({})->id;
  EXPECT_EQ(client.home_of(id), "endpoint-0");
  ASSERT_TRUE(client.vector_stores.files.create(id, {.file_id = "file-abc123"}));
  ASSERT_TRUE(client.vector_stores.search(id, {.query = "x"}));
  EXPECT_FALSE(client.vector_stores.update(id, {.name = "n"}));
  ASSERT_TRUE(client.vector_stores.retrieve(id));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0, 0));
}

TEST(VectorStores, DoNotTakeFilesThatAreKeptElsewhere) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.remember_home("vs_1", "endpoint-0");
  client.remember_home("file-1", "endpoint-1");
  EXPECT_THAT(client.vector_stores.files.create("vs_1", {.file_id = "file-1"}).error().message,
              StartsWith("not sent: vs_1 is kept by endpoint-0, but file-1 by endpoint-1: "));
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(VectorStores, HaveAttributesThatNameNoObjects) {
  Simulation simulation({{answering(file.dump())}, {answering(file.dump())}});
  const Client client = simulation.client();
  client.remember_home("vs_1", "endpoint-0");
  client.remember_home("file-of-mine", "endpoint-1");
  ASSERT_TRUE(client.vector_stores.files.create(
      "vs_1", {.file_id = "file-1", .attributes = {{"source_id", "file-of-mine"}}}));
  EXPECT_EQ(client.home_of("file-of-mine"), "endpoint-1");
}

TEST(VectorStores, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(store, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.retrieve("vs_1")->id, "vs_abc123") << other;
  }
  for (const json& other : variations(file, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.files.retrieve("vs_1", "f")->id, "file-abc123") << other;
  }
  for (const json& other : variations(batch, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.file_batches.retrieve("vs_1", "b")->id, "vsfb_123") << other;
  }
  for (const json& other : variations(found, {"data"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().vector_stores.search("vs_1", {.query = "x"})->data.at(0).file_id,
              "file_123")
        << other;
  }
}

TEST(VectorStoreFiles, AreUploadedByAnAsyncClientToo) {
  AsyncSimulation simulation({store_with_a_new_file()});
  const AsyncClient client = simulation.client();
  auto added =
      client.vector_stores.files.upload_and_poll("vs_1", file_from_bytes("a.txt", "text"), {.every = 1ms});
  EXPECT_EQ(added.get()->status, "completed");
}

TEST(VectorStores, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{answering(store.dump()), answering(found.dump()),
                               answering(list_of(file).dump()), answering(batch.dump())}});
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
