// client.files: what it sends, and what it makes of the answers.
#include "support/async.hpp"
#include "support/forms.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::files_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// From OpenAI's documentation.
const json example = json::parse(R"({"id": "file-abc123", "object": "file", "bytes": 120000,
  "created_at": 1677610602, "expires_at": 1680202602, "filename": "mydata.jsonl", "purpose": "fine-tune"})");

const FileInput mydata = file_from_bytes("mydata.jsonl", "{}", "application/jsonl");

TEST(Files, Create) {
  Simulation simulation({{answering(example.dump())}});
  const auto file = simulation.client().files.create({.file = mydata, .purpose = "fine-tune"});
  EXPECT_THAT(wire(simulation), ElementsAre("POST /v1/files"));
  EXPECT_THAT(form(simulation.request(0)),
              ElementsAre("file=mydata.jsonl ({}) as application/jsonl", "purpose=fine-tune"));
  EXPECT_EQ(file->id, "file-abc123");
  EXPECT_EQ(file->object, "file");
  EXPECT_EQ(file->bytes, 120000);
  EXPECT_EQ(file->created_at, 1677610602);
  EXPECT_EQ(file->expires_at, 1680202602);
  EXPECT_EQ(file->filename, "mydata.jsonl");
  EXPECT_EQ(file->purpose, "fine-tune");
  EXPECT_TRUE(file->extra.is_null());
  EXPECT_EQ(file->info.endpoint, "endpoint-0");
}

TEST(Files, CreateWithAllThatCanBeSet) {
  Simulation simulation({{answering(example.dump())}});
  ASSERT_TRUE(simulation.client().files.create(
      {.file = mydata, .purpose = "batch", .expires_after = {.seconds = 3600}},
      {.extra_body = {{"tomorrow", {{"a", 1}}}}}));
  EXPECT_THAT(form(simulation.request(0)), ElementsAre("file=mydata.jsonl ({}) as application/jsonl",
                                                       "purpose=batch", "expires_after[anchor]=created_at",
                                                       "expires_after[seconds]=3600", "tomorrow[a]=1"));
}

TEST(Files, CreateNeedsAFile) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  EXPECT_EQ(client.files.create({.purpose = "batch"}).error().message, "not sent: file is missing");
  EXPECT_EQ(client.files.create({.file = openailb::file("/no/such.jsonl")}).error().message,
            "not sent: the file /no/such.jsonl does not exist");
  EXPECT_EQ(client.files.create({.file = file_from_bytes("a.jsonl", "")}).error().kind,
            ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Files, CreateFailsOverWithTheWholeFile) {
  Simulation simulation({{failing(503)}, {answering(example.dump())}});
  const auto file = simulation.client().files.create({.file = mydata, .purpose = "batch"});
  EXPECT_EQ(file->info.endpoint, "endpoint-1");
  EXPECT_EQ(form(simulation.request(0)), form(simulation.request(1)));
}

TEST(Files, RetrieveDeleteAndContent) {
  Simulation simulation(
      {{answering(example.dump()),
        answering(R"({"id":"file-abc123","object":"file","deleted":true})"),
        {.headers = {{"content-type", "application/octet-stream"}}, .body = std::string("\0\xff{}", 4)}}});
  const Client client = simulation.client();
  EXPECT_EQ(client.files.retrieve("file-abc123")->filename, "mydata.jsonl");
  const auto deleted = client.files.del("file-abc123");
  EXPECT_TRUE(deleted->deleted);
  EXPECT_EQ(deleted->id, "file-abc123");
  const auto content = client.files.content("file-abc123");
  EXPECT_EQ(content->content, std::string("\0\xff{}", 4));
  EXPECT_EQ(content->info.endpoint, "endpoint-0");
  EXPECT_EQ(content->info.body, "");
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/files/file-abc123", "DELETE /v1/files/file-abc123",
                                            "GET /v1/files/file-abc123/content"));
  EXPECT_EQ(header(simulation.request(2).headers, "accept"), "*/*");
}

TEST(Files, ContentIsWhateverItIs) {
  for (const char* content : {"", "null", R"({"error":{"message":"from my own file"}})", "<html></html>"}) {
    Simulation simulation({{{.headers = {{"content-type", "application/json"}}, .body = content}}});
    EXPECT_EQ(simulation.client().files.content("f")->content, content);
  }
}

TEST(Files, IdsAreEncoded) {
  Simulation simulation({{answering(example.dump())}});
  const Client client = simulation.client();
  for (const char* id : {"a/../b", "a?b=c#d", "\xC3\xA4 %\n"}) ASSERT_TRUE(client.files.retrieve(id));
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/files/a%2F..%2Fb", "GET /v1/files/a%3Fb%3Dc%23d",
                                            "GET /v1/files/%C3%A4%20%25%0A"));
}

TEST(Files, AnIdThatIsNoneIsNotSent) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  for (const char* id : {"", ".", ".."}) {
    EXPECT_EQ(client.files.retrieve(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.files.del(id).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.files.content(id).error().kind, ErrorKind::bad_request);
  }
  EXPECT_EQ(client.files.content("").error().message, "not sent: the id in the path /files/ is empty");
  EXPECT_EQ(client.files.content("..").error().message, "not sent: an id in a path cannot be ..");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Files, NothingOptionalLosesTheAnswer) {
  for (const json& other : variations(example, {"id"})) {
    Simulation simulation({{answering(other.dump())}});
    EXPECT_EQ(simulation.client().files.retrieve("f")->id, "file-abc123") << other;
  }
  Simulation simulation({{answering(R"({"id":"f","created_at":"soon","new":[1],"status":"error",
    "status_details":"bad line","error":{"message":"bad line"}})")}});
  const auto file = simulation.client().files.retrieve("f");
  EXPECT_EQ(file->extra, json({{"created_at", "soon"}, {"new", {1}}, {"error", {{"message", "bad line"}}}}));
  EXPECT_EQ(file->status_details, "bad line");
}

TEST(Files, AnswersThatAreNoFilesFailOver) {
  const std::vector<SimulatedAnswer> nonsense{answering(std::string("ID3\0\xff", 5)),
                                              answering("[]"),
                                              answering("\"file-1\""),
                                              answering(""),
                                              answering("<html><title>Sign in</title></html>"),
                                              answering(R"({"error":{"message":"boom"}})")};
  for (const SimulatedAnswer& one : nonsense) {
    Simulation simulation({{one}, {answering(example.dump())}});
    EXPECT_EQ(simulation.client().files.create({.file = mydata, .purpose = "p"})->info.endpoint, "endpoint-1")
        << one.body;
  }
  Simulation simulation({{answering("ID3")}});
  const Error error = simulation.client().files.retrieve("f", {.max_retries = 0}).error();
  EXPECT_EQ(error.kind, ErrorKind::parse);
  EXPECT_THAT(error.message, HasSubstr("something that is not JSON"));
}

TEST(Files, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{failing(503), answering(example.dump())}});
  const AsyncClient client = simulation.client();
  auto created = client.files.create({.file = mydata, .purpose = "batch"});
  EXPECT_EQ(created.get()->id, "file-abc123");
  auto refused = client.files.create({.file = openailb::file("/no/such.jsonl"), .purpose = "batch"});
  EXPECT_EQ(refused.get().error().kind, ErrorKind::bad_request);
  auto content = client.files.content("f");
  EXPECT_EQ(content.get()->content, example.dump());
}

}  // namespace
}  // namespace openailb::files_test
