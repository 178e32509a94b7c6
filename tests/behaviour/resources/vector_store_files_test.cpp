// client.vector_stores.files and file_batches: what they send, what they make of the answers, and what they
// wait for.
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

namespace openailb::vector_store_files_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using namespace test::vector_store_answers;
using nlohmann::json;
using ::testing::Each;
using ::testing::ElementsAre;

TEST(VectorStoreFiles, Create) {
  Simulation simulation({{answering(file_json.dump())}});
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
      {{answering(file_json.dump()), answering(file_json.dump()), answering(list_of(file_json).dump()),
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
  json failed = file_json;
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
    const SimulatedAnswer working = answering(with_status(file_json, "in_progress").dump());
    Simulation simulation({{working, working, answering(with_status(file_json, end).dump())}});
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
  json in_progress = file_json;
  in_progress["status"] = "in_progress";
  return {answering(R"({"id":"vs_1"})"), answering(R"({"id":"file-abc123"})"), answering(in_progress.dump()),
          answering(in_progress.dump()), answering(file_json.dump())};
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
  const SimulatedAnswer working = answering(batch_json.dump());
  Simulation simulation({{working, answering(with_status(batch_json, "completed").dump())}});
  EXPECT_EQ(simulation.client().vector_stores.file_batches.wait("vs_1", "vsfb_123")->status, "completed");
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/vector_stores/vs_1/file_batches/vsfb_123",
                                            "GET /v1/vector_stores/vs_1/file_batches/vsfb_123"));
}

TEST(VectorStoreFileBatches, CreateRetrieveCancelAndListFiles) {
  Simulation simulation(
      {{answering(batch_json.dump()), answering(batch_json.dump()), answering(batch_json.dump()),
        answering(batch_json.dump()), answering(list_of(file_json).dump())}});
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

TEST(VectorStoreFiles, AreUploadedByAnAsyncClientToo) {
  AsyncSimulation simulation({store_with_a_new_file()});
  const AsyncClient client = simulation.client();
  auto added =
      client.vector_stores.files.upload_and_poll("vs_1", file_from_bytes("a.txt", "text"), {.every = 1ms});
  EXPECT_EQ(added.get()->status, "completed");
}

}  // namespace
}  // namespace openailb::vector_store_files_test
