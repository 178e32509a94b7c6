// client.batches: what it sends, and that a batch with errors is an answer.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::batches_test {
namespace {

using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;

/// From OpenAI's documentation, with all members filled.
const json example = json::parse(R"({"id": "batch_abc123", "object": "batch",
  "endpoint": "/v1/completions", "model": "gpt-5", "errors": null, "input_file_id": "file-abc123",
  "completion_window": "24h", "status": "completed", "output_file_id": "file-cvaTdG",
  "error_file_id": "file-HOWS94", "created_at": 1711471533, "in_progress_at": 1711471538,
  "expires_at": 1711557933, "finalizing_at": 1711493133, "completed_at": 1711493163, "failed_at": null,
  "expired_at": null, "cancelling_at": null, "cancelled_at": null,
  "request_counts": {"total": 100, "completed": 95, "failed": 5},
  "usage": {"input_tokens": 1500, "input_tokens_details": {"cached_tokens": 1024}, "output_tokens": 500,
            "output_tokens_details": {"reasoning_tokens": 300}, "total_tokens": 2000},
  "metadata": {"customer_id": "user_123456789", "batch_description": "Nightly eval job"}})");

const json failed = json::parse(R"({"id": "batch_abc123", "object": "batch", "status": "failed",
  "errors": {"object": "list", "data": [{"code": "invalid_json_line", "line": 4, "param": null,
    "message": "This line is not parseable as valid JSON."}]},
  "error": {"code": "server_error", "message": "boom"}})");

TEST(Batches, Create) {
  Simulation simulation({{answering(example.dump())}});
  const auto batch = simulation.client().batches.create({.endpoint = "/v1/completions",
                                                         .input_file_id = "file-abc123",
                                                         .metadata = {{"a", "b"}},
                                                         .output_expires_after = {.seconds = 3600}});
  EXPECT_THAT(wire(simulation),
              ElementsAre(R"(POST /v1/batches {"completion_window":"24h","endpoint":"/v1/completions",)"
                          R"("input_file_id":"file-abc123","metadata":{"a":"b"},)"
                          R"("output_expires_after":{"anchor":"created_at","seconds":3600}})"));
  EXPECT_EQ(batch->id, "batch_abc123");
  EXPECT_EQ(batch->object, "batch");
  EXPECT_EQ(batch->endpoint, "/v1/completions");
  EXPECT_EQ(batch->model, "gpt-5");
  EXPECT_FALSE(batch->errors);
  EXPECT_EQ(batch->input_file_id, "file-abc123");
  EXPECT_EQ(batch->completion_window, "24h");
  EXPECT_EQ(batch->status, "completed");
  EXPECT_EQ(batch->output_file_id, "file-cvaTdG");
  EXPECT_EQ(batch->error_file_id, "file-HOWS94");
  EXPECT_EQ(batch->created_at, 1711471533);
  EXPECT_EQ(batch->in_progress_at, 1711471538);
  EXPECT_EQ(batch->expires_at, 1711557933);
  EXPECT_EQ(batch->finalizing_at, 1711493133);
  EXPECT_EQ(batch->completed_at, 1711493163);
  EXPECT_FALSE(batch->failed_at || batch->expired_at || batch->cancelling_at || batch->cancelled_at);
  EXPECT_EQ(batch->request_counts->total, 100);
  EXPECT_EQ(batch->request_counts->completed, 95);
  EXPECT_EQ(batch->request_counts->failed, 5);
  EXPECT_EQ(batch->usage.at("total_tokens"), 2000);
  EXPECT_EQ(batch->metadata.at("customer_id"), "user_123456789");
  EXPECT_TRUE(batch->extra.is_null()) << batch->extra;
}

TEST(Batches, RetrieveListAndCancel) {
  const json list{{"object", "list"}, {"data", {example}}, {"has_more", false}};
  Simulation simulation({{answering(example.dump()), answering(example.dump()), answering(list.dump())}});
  const Client client = simulation.client();
  EXPECT_EQ(client.batches.retrieve("batch_abc123")->id, "batch_abc123");
  EXPECT_EQ(client.batches.cancel("batch/1")->id, "batch_abc123");
  EXPECT_EQ(client.batches.list({.after = "batch_0", .limit = 2})->data.at(0).id, "batch_abc123");
  EXPECT_THAT(wire(simulation),
              ElementsAre("GET /v1/batches/batch_abc123", "POST /v1/batches/batch%2F1/cancel",
                          "GET /v1/batches?after=batch_0&limit=2"));
  EXPECT_EQ(client.batches.retrieve("").error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.batches.cancel(".").error().kind, ErrorKind::bad_request);
  EXPECT_EQ(simulation.sent.size(), 3);
}

TEST(Batches, ThatFailedAreAnswers) {
  Simulation simulation({{answering(failed.dump())}, {ok()}});
  const Client client = simulation.client();
  const auto batch = client.batches.retrieve("batch_abc123");
  EXPECT_EQ(batch->status, "failed");
  EXPECT_EQ(batch->errors->object, "list");
  EXPECT_EQ(batch->errors->data.at(0).code, "invalid_json_line");
  EXPECT_EQ(batch->errors->data[0].line, 4);
  EXPECT_EQ(batch->errors->data[0].message, "This line is not parseable as valid JSON.");
  EXPECT_EQ(batch->errors->data[0].param, "");
  EXPECT_EQ(batch->extra.at("error").at("message"), "boom");
  EXPECT_THAT(simulation.asked(), ElementsAre(0));
  EXPECT_EQ(client.endpoints()[0].counts.total_successes, 1);
}

TEST(Batches, ThatAreErrorsFailOver) {
  for (const char* error : {R"({"error":{"message":"boom","type":"server_error"}})",
                            R"({"object":"error","id":"e","message":"boom"})"}) {
    Simulation simulation({{answering(error)}, {answering(example.dump())}});
    EXPECT_EQ(simulation.client().batches.retrieve("b")->info.endpoint, "endpoint-1");
  }
}

TEST(Batches, NothingOptionalLosesTheAnswer) {
  for (const json& whole : {example, failed}) {
    for (const json& other : variations(whole, {"id"})) {
      Simulation simulation({{answering(other.dump())}});
      EXPECT_EQ(simulation.client().batches.retrieve("b")->id, "batch_abc123") << other;
    }
  }
}

TEST(Batches, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{answering(failed.dump())}});
  const AsyncClient client = simulation.client();
  auto batch = client.batches.cancel("b");
  EXPECT_EQ(batch.get()->status, "failed");
}

}  // namespace
}  // namespace openailb::batches_test
