// client.uploads: a large file in parts.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"
#include "support/upload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace openailb::uploads_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

TEST(Uploads, OfSlicesThatThereAreNotAreNotSent) {
  const TemporaryFile file("0123456789");
  Simulation simulation({{ok()}});
  const auto fault = [&](std::int64_t offset, std::int64_t size) {
    return simulation.client().uploads.add_part("u", file_slice(file.path(), offset, size)).error().message;
  };
  const std::string begin = "not sent: the file " + file.path();
  EXPECT_EQ(fault(10, 5), begin + " has 10 bytes, so none from 10 on");
  EXPECT_EQ(fault(1'000'000'000'000, 5), begin + " has 10 bytes, so none from 1000000000000 on");
  EXPECT_EQ(fault(-1, 5), begin + " has no slice with this offset and size: -1, 5");
  EXPECT_EQ(fault(5, 0), begin + " has no slice with this offset and size: 5, 0");
  EXPECT_EQ(fault(5, -2), begin + " has no slice with this offset and size: 5, -2");
  FileInput in_memory = file_from_bytes("a", "bytes");
  in_memory.offset = 1;
  EXPECT_EQ(simulation.client().uploads.add_part("u", in_memory).error().message,
            "not sent: only a file on disk has slices");
  in_memory.offset = 0;
  in_memory.size = 2;
  EXPECT_EQ(simulation.client().uploads.add_part("u", in_memory).error().message,
            "not sent: only a file on disk has slices");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Uploads, HaveTheTypeOfTheirFormWhateverTheHeadersOfTheClientSay) {
  Simulation simulation({{answering(part.dump())}});
  simulation.options.default_headers = {{"Content-Type", "application/json"}};
  EXPECT_TRUE(simulation.client().uploads.add_part("u", file_from_bytes("a", "bytes")));
  EXPECT_FALSE(simulation.request(0).headers.contains("Content-Type")) << "the transport knows the boundary";
}

/// What is sent of the files in a request: "0+4" for four bytes from the beginning.
std::string slice(const HttpRequest& request) {
  const FileInput& file = request.parts.at(0).file;
  return std::to_string(file.offset) + '+' + std::to_string(file.size.value_or(0));
}

TEST(Uploads, OfAWholeFileAreMadePartByPart) {
  const TemporaryFile file("0123456789", ".jsonl");
  json second = part, third = part;
  second["id"] = "part_2";
  third["id"] = "part_3";
  Simulation simulation({{answering(pending.dump()), answering(part.dump()), failing(503),
                          answering(second.dump()), answering(third.dump()), answering(completed.dump())},
                         {ok()}});
  const Client client = simulation.client();
  const auto upload = client.uploads.upload_file_chunked({.path = file.path(),
                                                          .mime_type = "text/jsonl",
                                                          .purpose = "batch",
                                                          .part_size = 4,
                                                          .md5 = "d41d",
                                                          .expires_after = {.seconds = 3600}},
                                                         {.extra_body = {{"tomorrow", 1}}});
  EXPECT_EQ(upload->file->id, "file-xyz321");
  EXPECT_THAT(
      wire(simulation),
      ElementsAre(
          R"(POST /v1/uploads {"bytes":10,"filename":")" + file.name() +
              R"(","mime_type":"text/jsonl","purpose":"batch",)" +
              R"("expires_after":{"anchor":"created_at","seconds":3600},"tomorrow":1})",
          "POST /v1/uploads/upload_abc123/parts", "POST /v1/uploads/upload_abc123/parts",
          "POST /v1/uploads/upload_abc123/parts", "POST /v1/uploads/upload_abc123/parts",
          R"(POST /v1/uploads/upload_abc123/complete {"part_ids":["part_def456","part_2","part_3"],"md5":"d41d"})"));
  EXPECT_EQ(slice(simulation.request(1)), "0+4");
  EXPECT_EQ(slice(simulation.request(3)), "4+4");
  EXPECT_EQ(slice(simulation.request(4)), "8+4");
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0, 0, 0)) << "where the upload is kept";
}

TEST(Uploads, OfAWholeFileStayAtTheirEndpointEvenIfNothingIsRemembered) {
  const TemporaryFile file("0123456789");
  Simulation simulation(
      {{answering(pending.dump()), answering(part.dump()), answering(completed.dump())}, {ok()}});
  simulation.options.object_affinity_capacity = 0;
  EXPECT_TRUE(simulation.client().uploads.upload_file_chunked({.path = file.path(), .filename = "other"}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0));
  EXPECT_THAT(wire(simulation).at(0), HasSubstr(R"("filename":"other")"));
}

TEST(Uploads, OfAWholeFileThatFailNameTheUpload) {
  const TemporaryFile file("0123456789");
  for (const std::size_t parts : {0U, 1U, 3U}) {
    std::vector<SimulatedAnswer> answers(parts, answering(part.dump()));
    answers.insert(answers.begin(), answering(pending.dump()));
    answers.push_back(failing(400, R"({"error":{"message":"no"}})"));
    Simulation simulation({answers});
    const auto upload =
        simulation.client().uploads.upload_file_chunked({.path = file.path(), .part_size = 4});
    EXPECT_EQ(upload.error().status, 400);
    EXPECT_THAT(upload.error().message,
                HasSubstr("endpoint-0: 400 no (in the upload upload_abc123, which is not complete)"));
    EXPECT_EQ(simulation.sent.size(), parts + 2);
  }
  Simulation refused({{failing(400)}});
  EXPECT_FALSE(refused.client().uploads.upload_file_chunked({.path = file.path()}));
  EXPECT_EQ(refused.sent.size(), 1U);
}

TEST(Uploads, OfAWholeFileThatCannotBeAreNotBegun) {
  const TemporaryFile file("0123456789");
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  const auto fault = [&](const UploadFileChunkedParams& params) {
    return client.uploads.upload_file_chunked(params).error().message;
  };
  EXPECT_EQ(fault({.path = "/no/such"}), "not sent: the file /no/such does not exist");
  EXPECT_EQ(fault({.path = file.path(), .part_size = 0}), "not sent: part_size must be more than zero");
  EXPECT_EQ(fault({.path = file.path(), .part_size = -1}), "not sent: part_size must be more than zero");
  EXPECT_EQ(client.uploads.upload_file_chunked({.path = file.path()}, {.timeout = -1s}).error().message,
            "not sent: timeout is negative");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Uploads, OfAWholeFileHaveOneDeadlineAndCanBeStopped) {
  const TemporaryFile file("0123456789");
  const auto slow = [&](const json& answer) { return after(4s, answering(answer.dump())); };
  Simulation simulation({{slow(pending), slow(part), slow(part)}});
  const Client client = simulation.client();
  const UploadFileChunkedParams params{.path = file.path(), .part_size = 1};
  EXPECT_EQ(client.uploads.upload_file_chunked(params, {.deadline = 10s}).error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 10s);
  EXPECT_EQ(
      client.uploads.upload_file_chunked(params, {.should_stop = [&] { return simulation.elapsed() > 20s; }})
          .error()
          .kind,
      ErrorKind::canceled);
  EXPECT_LT(simulation.elapsed(), 21s);
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
  const TemporaryFile file("0123456789");
  AsyncSimulation whole({{answering(pending.dump()), answering(part.dump()), answering(completed.dump())}});
  const AsyncClient another = whole.client();
  auto upload = another.uploads.upload_file_chunked({.path = file.path()});
  EXPECT_EQ(upload.get()->file->id, "file-xyz321");
}

}  // namespace
}  // namespace openailb::uploads_test
