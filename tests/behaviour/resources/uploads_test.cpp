// client.uploads: a large file in parts.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace openailb::uploads_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;

/// From OpenAI's documentation.
const json pending = json::parse(R"({"id": "upload_abc123", "object": "upload", "bytes": 2147483648,
  "created_at": 1719184911, "filename": "training_examples.jsonl", "purpose": "fine-tune",
  "status": "pending", "expires_at": 1719127296})");
const json completed = json::parse(R"({"id": "upload_abc123", "object": "upload", "bytes": 2147483648,
  "created_at": 1719184911, "filename": "training_examples.jsonl", "purpose": "fine-tune",
  "status": "completed", "expires_at": 1719127296, "file": {"id": "file-xyz321", "object": "file",
  "bytes": 2147483648, "created_at": 1719186911, "filename": "training_examples.jsonl",
  "purpose": "fine-tune"}})");
const json part = json::parse(R"({"id": "part_def456", "object": "upload.part", "created_at": 1719185911,
  "upload_id": "upload_abc123"})");

TEST(Uploads, GoFromBeginningToEnd) {
  Simulation simulation({{answering(pending.dump()), answering(part.dump()), answering(completed.dump())}});
  const Client client = simulation.client();
  const auto upload = client.uploads.create({.bytes = 2147483648,
                                             .filename = "training_examples.jsonl",
                                             .mime_type = "text/jsonl",
                                             .purpose = "fine-tune",
                                             .expires_after = {.seconds = 3600}});
  EXPECT_EQ(upload->id, "upload_abc123");
  EXPECT_EQ(upload->object, "upload");
  EXPECT_EQ(upload->bytes, 2147483648);
  EXPECT_EQ(upload->created_at, 1719184911);
  EXPECT_EQ(upload->expires_at, 1719127296);
  EXPECT_EQ(upload->filename, "training_examples.jsonl");
  EXPECT_EQ(upload->purpose, "fine-tune");
  EXPECT_EQ(upload->status, "pending");
  EXPECT_FALSE(upload->file);
  const auto added = client.uploads.add_part(upload->id, file_from_bytes("part", "bytes"));
  EXPECT_EQ(added->id, "part_def456");
  EXPECT_EQ(added->object, "upload.part");
  EXPECT_EQ(added->created_at, 1719185911);
  EXPECT_EQ(added->upload_id, "upload_abc123");
  EXPECT_THAT(form(simulation.request(1)), ElementsAre("data=part (bytes)"));
  const auto whole = client.uploads.complete(upload->id, {.part_ids = {added->id, "part_2"}, .md5 = "d41d"});
  EXPECT_EQ(whole->file->id, "file-xyz321");
  EXPECT_EQ(whole->status, "completed");
  EXPECT_THAT(
      wire(simulation),
      ElementsAre(
          R"(POST /v1/uploads {"bytes":2147483648,"filename":"training_examples.jsonl",)"
          R"("mime_type":"text/jsonl","purpose":"fine-tune",)"
          R"("expires_after":{"anchor":"created_at","seconds":3600}})",
          "POST /v1/uploads/upload_abc123/parts",
          R"(POST /v1/uploads/upload_abc123/complete {"part_ids":["part_def456","part_2"],"md5":"d41d"})"));
}

TEST(Uploads, Cancel) {
  json canceled = pending;
  canceled["status"] = "cancelled";
  Simulation simulation({{answering(canceled.dump())}});
  EXPECT_EQ(simulation.client().uploads.cancel("upload_abc123")->status, "cancelled");
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/uploads/upload_abc123/cancel"));
}

TEST(Uploads, WithoutAnIdOrAPartAreNotSent) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  EXPECT_EQ(client.uploads.cancel("").error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.uploads.complete("..", {}).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.uploads.add_part("", file_from_bytes("a", "b")).error().message,
            "not sent: the id in the path /uploads/ is empty");
  EXPECT_EQ(client.uploads.add_part("u", {}).error().message, "not sent: data is missing");
  EXPECT_EQ(client.uploads.add_part("u", openailb::file("/no/such")).error().message,
            "not sent: the file /no/such does not exist");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Uploads, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(completed, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().uploads.cancel("u")->id, "upload_abc123") << other;
  }
  for (const json& other : variations(part, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().uploads.add_part("u", file_from_bytes("a", "b"))->id, "part_def456")
        << other;
  }
}

TEST(Uploads, AreNotHedged) {
  Simulation simulation({{after(std::chrono::minutes(5), answering(pending.dump()))}, {ok()}});
  simulation.options.hedge = HedgeOptions{};
  ASSERT_TRUE(simulation.client().uploads.create({.bytes = 1}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
}

TEST(Uploads, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{answering(part.dump())}});
  const AsyncClient client = simulation.client();
  auto added = client.uploads.add_part("u", file_from_bytes("a", "b"));
  EXPECT_EQ(added.get()->id, "part_def456");
}

}  // namespace
}  // namespace openailb::uploads_test
