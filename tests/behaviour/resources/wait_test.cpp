// Waiting for what a service works on: the same GET again and again, until it is over.
#include "support/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace openailb::test::wait_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SimulatedAnswer batch(const std::string& status) {
  return answering(R"({"id": "batch_1", "object": "batch", "status": ")" + status + R"("})");
}

TEST(Wait, AsksUntilTheBatchIsOver) {
  Simulation simulation({{batch("validating"), batch("in_progress"), batch("in_progress"),
                          batch("finalizing"), batch("completed")}});
  std::vector<std::string> seen;
  const Result<Batch> done = simulation.client().batches.wait(
      "batch_1", {.every = 10s, .on_update = [&](const Batch& now) { seen.push_back(now.status); }});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, "completed");
  EXPECT_EQ(done->info.endpoint, "endpoint-0");
  EXPECT_THAT(seen, ElementsAre("validating", "in_progress", "in_progress", "finalizing", "completed"));
  EXPECT_THAT(simulation.times(), ElementsAre(0s, 10s, 20s, 30s, 40s));
  EXPECT_EQ(simulation.request(4).method, "GET");
  EXPECT_EQ(simulation.request(4).url, "https://endpoint-0.example/v1/batches/batch_1");
}

TEST(Wait, EndsWhateverCameOfIt) {
  for (const char* status : {"failed", "expired", "cancelled", "an unknown one", ""}) {
    Simulation simulation({{batch(status)}});
    EXPECT_EQ(simulation.client().batches.wait("batch_1")->status, status);
  }
}

TEST(Wait, AsksTheEndpointThatKeepsIt) {
  Simulation simulation({{failing(404)}, {batch("in_progress"), batch("in_progress"), batch("completed")}});
  EXPECT_TRUE(simulation.client().batches.wait("batch_1"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 1, 1));
}

TEST(Wait, IsForEverUnlessThereIsADeadline) {
  std::vector<SimulatedAnswer> answers(2000, batch("in_progress"));
  answers.push_back(batch("completed"));
  Simulation simulation({answers});
  EXPECT_TRUE(simulation.client().batches.wait("batch_1", {.every = 1min}));
  EXPECT_EQ(simulation.elapsed(), 2000min);

  Simulation limited({{batch("in_progress")}});
  const Error error = limited.client().batches.wait("batch_1", {.every = 10s}, {.deadline = 35s}).error();
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_THAT(error.message, HasSubstr("not over within the deadline of 35 s"));
  EXPECT_EQ(limited.elapsed(), 35s);
  EXPECT_EQ(limited.sent.size(), 4U);
}

TEST(Wait, GivesNoQuestionMoreTimeThanIsLeft) {
  Simulation simulation({{batch("in_progress"), hanging()}});
  EXPECT_EQ(simulation.client().batches.wait("batch_1", {.every = 10s}, {.deadline = 35s}).error().kind,
            ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 35s);
}

TEST(Wait, RetriesAsEveryCallDoes) {
  Simulation simulation({{batch("in_progress"), failing(503), batch("completed")}});
  EXPECT_TRUE(simulation.client().batches.wait("batch_1"));
  Simulation gone({{batch("in_progress"), failing(404)}});
  EXPECT_EQ(gone.client().batches.wait("batch_1").error().status, 404);
}

TEST(Wait, StopsAtOnce) {
  Simulation simulation({{batch("in_progress")}});
  std::stop_source stop;
  simulation.network.at(simulation.began + 25s, [&] { stop.request_stop(); });
  const Error error =
      simulation.client().batches.wait("batch_1", {.every = 10s}, {.stop_token = stop.get_token()}).error();
  EXPECT_EQ(error.kind, ErrorKind::canceled);
  EXPECT_EQ(simulation.elapsed(), 25s);
}

TEST(Wait, NeedsAPause) {
  Simulation simulation({{batch("in_progress")}});
  for (const auto every : {0s, -1s}) {
    EXPECT_EQ(simulation.client().batches.wait("batch_1", {.every = every}).error().kind,
              ErrorKind::bad_request);
  }
  EXPECT_EQ(simulation.sent.size(), 0U);
}

TEST(Wait, LetsExceptionsOut) {
  Simulation simulation({{batch("in_progress")}});
  const auto throws = [](const Batch&) { throw std::runtime_error("mine"); };
  EXPECT_THROW((void)simulation.client().batches.wait("batch_1", {.on_update = throws}), std::runtime_error);
}

TEST(Wait, WaitsForResponsesInTheBackground) {
  Simulation simulation(
      {{answering(R"({"id": "resp_1", "status": "queued"})"),
        answering(R"({"id": "resp_1", "status": "in_progress"})"),
        answering(R"({"id": "resp_1", "status": "failed", "error": {"code": "x", "message": "y"}})")}});
  const Result<Response> done = simulation.client().responses.wait("resp_1");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, "failed");
}

TEST(Wait, WaitsForAnything) {
  Simulation simulation({{answering(R"({"status": "running"})"), answering(R"({"status": "succeeded"})")}});
  const auto is_over = [](const JsonResponse& job) { return job.at("status") != "running"; };
  EXPECT_EQ(simulation.client().poll("/fine_tuning/jobs/ftjob-1", is_over)->at("status"), "succeeded");
}

TEST(Wait, DoesNotBlockAnAsyncClient) {
  AsyncSimulation simulation({{batch("in_progress"), batch("in_progress"), batch("completed")}});
  MainLoop main_loop;
  simulation.options.executor = main_loop.executor();
  const AsyncClient client = simulation.client();
  int updates = 0;
  Future<Batch> done = client.batches.wait("batch_1", {.on_update = [&](const Batch&) { ++updates; }});
  for (int update = 0; update < 3; ++update) main_loop.run_one();
  ASSERT_TRUE(done.get());
  EXPECT_EQ(updates, 3);
}

}  // namespace
}  // namespace openailb::test::wait_test
