// What ends a wait and what does not, for each kind of object, and how long one question may take.
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace openailb::wait_ends_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SimulatedAnswer with_status(const std::string& status) {
  return answering(json{{"id", "thing_1"}, {"status", status}}.dump());
}

TEST(WaitForABatch, GoesOnWhileItIsWorkedOnOrCanceled) {
  for (const char* status : {"validating", "in_progress", "finalizing", "cancelling"}) {
    Simulation simulation({{with_status(status), with_status("completed")}});
    EXPECT_EQ(simulation.client().batches.wait("batch_1")->status, "completed") << status;
  }
}

TEST(WaitForAFileBatch, EndsWhateverCameOfIt) {
  for (const char* status : {"completed", "failed", "cancelled", "of tomorrow"}) {
    Simulation simulation({{with_status("in_progress"), with_status(status)}});
    EXPECT_EQ(simulation.client().vector_stores.file_batches.wait("vs_1", "vsfb_1")->status, status);
  }
}

TEST(WaitForAResponse, EndsWhateverCameOfIt) {
  for (const char* status : {"completed", "failed", "incomplete", "cancelled", "of tomorrow"}) {
    Simulation simulation({{with_status("queued"), with_status("in_progress"), with_status(status)}});
    EXPECT_EQ(simulation.client().responses.wait("resp_1")->status, status);
  }
}

TEST(Question, OfAWaitForEverHasTheDeadlineOfAnyCall) {
  Simulation simulation({{with_status("in_progress"), hanging()}});
  simulation.options.deadline = 30s;
  const auto batch = simulation.client().batches.wait("batch_1", {.every = 5s});
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.elapsed(), 35s);
}

TEST(Question, IsAskedAsOftenAsItTakesAlthoughEachHasADeadline) {
  std::vector<SimulatedAnswer> answers(100, after(20s, with_status("in_progress")));
  answers.push_back(with_status("completed"));
  Simulation simulation({answers});
  simulation.options.deadline = 30s;
  EXPECT_TRUE(simulation.client().batches.wait("batch_1", {.every = 5s}));
}

TEST(Question, OfAnyWaitIsShownToTheUserEachTimeTheLastIncluded) {
  Simulation simulation({{with_status("in_progress"), with_status("completed")}});
  std::vector<std::string> seen;
  EXPECT_TRUE(simulation.client().vector_stores.files.wait(
      "vs_1", "file-1",
      {.every = 1s, .on_update = [&](const VectorStoreFile& file) { seen.push_back(file.status); }}));
  EXPECT_THAT(seen, ElementsAre("in_progress", "completed"));
}

TEST(UploadToAStore, WaitsForEverUnlessThereIsADeadline) {
  std::vector<SimulatedAnswer> answers{answering(R"({"id":"vs_1","object":"vector_store"})"),
                                       answering(R"({"id":"file-1","object":"file"})"),
                                       with_status("in_progress")};
  answers.insert(answers.end(), 50, with_status("in_progress"));
  answers.push_back(with_status("completed"));
  Simulation simulation({answers});
  simulation.options.deadline = 60s;
  const Client client = simulation.client();
  const auto file =
      client.vector_stores.files.upload_and_poll("vs_1", file_from_bytes("a.txt", "text"), {.every = 10s});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->status, "completed");
  EXPECT_GE(simulation.elapsed(), 500s);
}

TEST(UploadToAStore, WhoseFileCannotBeAddedOrSeenNamesTheUpload) {
  const SimulatedAnswer store = answering(R"({"id":"vs_1","object":"vector_store"})");
  const SimulatedAnswer uploaded = answering(R"({"id":"file-9","object":"file"})");
  for (const std::vector<SimulatedAnswer>& answers : std::vector<std::vector<SimulatedAnswer>>{
           {store, uploaded, failing(400)}, {store, uploaded, with_status("in_progress"), failing(401)}}) {
    Simulation simulation({answers});
    simulation.options.max_retries = 0;
    const auto file =
        simulation.client().vector_stores.files.upload_and_poll("vs_1", file_from_bytes("a.txt", "text"));
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr("file-9"));
  }
}

}  // namespace
}  // namespace openailb::wait_ends_test
