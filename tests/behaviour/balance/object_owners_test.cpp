// Who keeps an object is said by who made it, and by the user; nobody else changes that.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace openailb::object_owners_test {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SimulatedAnswer object(const std::string& id) { return answering(R"({"id": ")" + id + R"("})"); }

FileCreateParams new_file() { return {.file = file_from_bytes("a.jsonl", "{}"), .purpose = "batch"}; }
FileInput part_of_file() { return file_from_bytes("a", "text"); }

SimulatedAnswer list_of(int count, const std::string& begin) {
  nlohmann::json data = nlohmann::json::array();
  for (int index = 0; index < count; ++index) data.push_back({{"id", begin + std::to_string(index)}});
  return answering(nlohmann::json({{"object", "list"}, {"data", data}}).dump());
}

/// Two endpoints; the first has made a file.
struct TwoEndpoints : Simulation {
  TwoEndpoints() : Simulation({{object("file-good1")}, {ok()}}) {
    EXPECT_TRUE(here.files.create(new_file()));
    serve(0, ok());
    sent.clear();
  }
  /// Whom a call asks that names the file.
  std::optional<std::size_t> asked_for(const std::string& id) {
    sent.clear();
    return here.files.content(id) ? std::optional(sent.back().endpoint) : std::nullopt;
  }

  Client here{client()};
};

TEST(ObjectOwner, IsNotMovedByWhatAnotherEndpointSays) {
  const std::string mentions[] = {
      R"({"id": "batch_2", "input_file_id": "file-good1", "output_file_id": "file-good1"})",
      R"({"id": "batch_2", "error_file_id": "file-good1", "metadata": {"id": "file-good1"}})",
      R"({"id": "resp_2", "previous_response_id": "file-good1", "conversation": {"id": "file-good1"}})",
      R"({"id": "resp_2", "output": [{"id": "file-good1", "container_id": "file-good1"}]})",
      R"({"id": "resp_2", "tools": [{"vector_store_ids": ["file-good1"], "container": "file-good1"}]})",
      R"({"id": "other", "data": [{"id": "file-good1"}], "first_id": "file-good1"})"};
  for (const std::string& says : mentions) {
    TwoEndpoints two;
    const RequestOptions other{.endpoint = "endpoint-1"};
    two.serve(1, answering(says));
    EXPECT_TRUE(two.here.batches.create({.input_file_id = "file-b"}, other));
    EXPECT_TRUE(two.here.batches.retrieve("batch_2", other));
    EXPECT_TRUE(two.here.responses.create({.model = "m", .input = "Hi"}, other));
    EXPECT_TRUE(two.here.responses.retrieve("resp_2", other));
    EXPECT_TRUE(two.here.post("/anything", {{"a", 1}}, other));
    EXPECT_TRUE(two.here.get("/anything", other));
    EXPECT_EQ(two.asked_for("file-good1"), 0U) << says;
  }
}

TEST(ObjectOwner, IsNotMovedByWhoShowsItToo) {
  TwoEndpoints two;
  two.serve(1, list_of(2, "file-good"));
  EXPECT_TRUE(two.here.files.list({}, {.endpoint = "endpoint-1"}));
  two.serve(1, object("file-good1"));
  EXPECT_TRUE(two.here.files.retrieve("file-good1", {.endpoint = "endpoint-1"}));
  EXPECT_TRUE(two.here.get("/files/file-good1", {.endpoint = "endpoint-1"}));
  EXPECT_TRUE(two.here.post("/files/file-good1/x", {{"a", 1}}, {.endpoint = "endpoint-1"}));
  EXPECT_TRUE(two.here.vector_stores.update("file-good1", {.name = "n"}, {.endpoint = "endpoint-1"}));
  EXPECT_TRUE(two.here.post("/x", {{"a", 1}}, {.endpoint = "endpoint-1", .objects = {"file-good1"}}));
  EXPECT_EQ(two.asked_for("file-good1"), 0U);
  EXPECT_EQ(two.here.owner_of("file-good0"), "endpoint-1") << "that one nobody else has";
}

TEST(ObjectOwner, IsWhoeverShowedItFirstIfNobodyIsKnownToHaveMadeIt) {
  Simulation simulation({{list_of(3, "file-")}, {list_of(3, "file-")}});  // two keys of one account
  const Client client = simulation.client();
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(client.files.list());
  EXPECT_TRUE(client.files.list({.all_endpoints = true}));
  for (const char* id : {"file-0", "file-1", "file-2"}) EXPECT_EQ(client.owner_of(id), "endpoint-0");
}

TEST(ObjectOwner, IsWhomTheUserNames) {
  TwoEndpoints two;
  two.here.pin_object("file-good1", "endpoint-1");
  two.serve(0, object("file-good1"));
  EXPECT_TRUE(two.here.files.create(new_file(), {.endpoint = "endpoint-0"}));
  EXPECT_TRUE(two.here.files.retrieve("file-good1", {.endpoint = "endpoint-0"}));
  EXPECT_EQ(two.here.owner_of("file-good1"), "endpoint-1");
  EXPECT_EQ(two.asked_for("file-good1"), 1U);
  two.here.pin_object("file-good1", "endpoint-0");
  EXPECT_EQ(two.asked_for("file-good1"), 0U) << "the user may change it";
}

/// Servers that give each file the next number.
struct Counting : Simulation {
  explicit Counting(std::size_t servers) {
    for (std::size_t index = 0; index < servers; ++index) {
      add([made = 0](const HttpRequest& request) mutable {
        const bool makes = request.method == "POST" && request.url.ends_with("/files");
        return makes ? object("file-" + std::to_string(++made)) : ok();
      });
    }
  }
};

TEST(ObjectOwner, HasToBeNamedIfTwoHaveMadeOneOfThisId) {
  Counting counting(2);
  const Client client = counting.client();
  EXPECT_EQ(client.files.create(new_file())->id, "file-1");
  EXPECT_TRUE(client.files.retrieve("file-1"));
  EXPECT_EQ(client.files.create(new_file())->id, "file-1");
  EXPECT_EQ(client.owner_of("file-1"), std::nullopt);
  counting.sent.clear();
  const Error errors[] = {client.files.retrieve("file-1").error(),
                          client.files.del("file-1").error(),
                          client.files.content("file-1").error(),
                          client.get("/files/file-1").error(),
                          client.get("/files?after=file-1").error(),
                          client.post("/x", {{"a", 1}}, {.objects = {"file-1"}}).error(),
                          client.batches.create({.input_file_id = "file-1"}).error()};
  for (const Error& error : errors) {
    EXPECT_EQ(error.kind, ErrorKind::bad_request);
    EXPECT_THAT(error.message, AllOf(HasSubstr("file-1"), HasSubstr("endpoint-0 and endpoint-1"),
                                     HasSubstr("RequestOptions::endpoint")));
  }
  EXPECT_THAT(counting.sent, IsEmpty());
  for (const char* one : {"endpoint-1", "endpoint-0"}) {
    EXPECT_EQ(client.files.retrieve("file-1", {.endpoint = one})->info.endpoint, one);
  }
  client.pin_object("file-1", "endpoint-1");
  EXPECT_EQ(client.files.retrieve("file-1")->info.endpoint, "endpoint-1");
}

TEST(ObjectOwner, HasToBeNamedIfManyHaveMadeOneOfThisId) {
  Counting counting(4);
  const Client client = counting.client();
  for (int made = 0; made < 8; ++made) EXPECT_TRUE(client.files.create(new_file()));
  for (const char* id : {"file-1", "file-2"}) {
    EXPECT_THAT(client.files.retrieve(id).error().message,
                HasSubstr("endpoint-0 and endpoint-1 and endpoint-2 and endpoint-3"));
  }
}

TEST(ObjectOwner, HasToBeNamedIfOneHasShownItAndAnotherMadeIt) {
  Simulation simulation({{list_of(1, "file-")}, {object("file-0")}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.files.list());
  EXPECT_TRUE(client.files.create(new_file()));
  EXPECT_THAT(client.files.retrieve("file-0").error().message, HasSubstr("endpoint-0 and endpoint-1"));
}

TEST(ObjectOwner, OfADeletedObjectIsForgotten) {
  Counting counting(2);
  const Client client = counting.client();
  EXPECT_TRUE(client.files.create(new_file()));
  EXPECT_TRUE(client.files.del("file-1"));
  EXPECT_EQ(client.owner_of("file-1"), std::nullopt);
  EXPECT_TRUE(client.files.create(new_file()));
  EXPECT_EQ(client.owner_of("file-1"), "endpoint-1") << "there is only one of this id now";
  EXPECT_TRUE(client.files.create(new_file(), {.endpoint = "endpoint-0"}));
  EXPECT_EQ(client.owner_of("file-2"), "endpoint-0");
  EXPECT_TRUE(client.files.create(new_file(), {.endpoint = "endpoint-1"}));
  EXPECT_EQ(client.owner_of("file-2"), std::nullopt) << "two have made one";
  EXPECT_TRUE(client.del("/files/file-2", {.endpoint = "endpoint-0"}));
  EXPECT_EQ(client.owner_of("file-2"), "endpoint-1") << "and one is gone";
}

TEST(ObjectOwner, IsForgottenAlsoIfTheUserNamedIt) {
  TwoEndpoints two;
  two.here.pin_object("file-x", "endpoint-1");
  EXPECT_TRUE(two.here.files.del("file-x", {.endpoint = "endpoint-0"}));
  EXPECT_EQ(two.here.owner_of("file-x"), "endpoint-1") << "another one's was deleted";
  EXPECT_TRUE(two.here.files.del("file-x"));
  EXPECT_EQ(two.here.owner_of("file-x"), std::nullopt);
}

TEST(ObjectOwner, IsNotForgottenIfTheObjectIsOnlyTakenOutOfAList) {
  TwoEndpoints two;
  EXPECT_TRUE(two.here.vector_stores.files.del("vs_1", "file-good1"));
  EXPECT_TRUE(two.here.del("/vector_stores/vs_1/files/file-good1"));
  EXPECT_TRUE(two.here.del("/files/file-good1/permissions"));
  EXPECT_EQ(two.here.owner_of("file-good1"), "endpoint-0");
  two.serve(0, failing(404));
  EXPECT_FALSE(two.here.files.del("file-good1"));
  EXPECT_EQ(two.here.owner_of("file-good1"), "endpoint-0") << "it was not deleted";
}

TEST(ObjectOwner, OfOldObjectsIsForgottenPerEndpoint) {
  Simulation simulation({{object("a-1"), object("a-2"), ok(), object("a-3")}, {object("b-1")}});
  simulation.options.object_affinity_capacity = 2;
  const Client client = simulation.client();
  const RequestOptions at_a{.endpoint = "endpoint-0"}, at_b{.endpoint = "endpoint-1"};
  EXPECT_TRUE(client.files.create(new_file(), at_b));
  EXPECT_TRUE(client.files.create(new_file(), at_a));
  EXPECT_TRUE(client.files.create(new_file(), at_a));
  EXPECT_TRUE(client.files.content("a-1"));  // so the second has been used longest ago
  EXPECT_TRUE(client.files.create(new_file(), at_a));
  EXPECT_EQ(client.owner_of("a-1"), "endpoint-0");
  EXPECT_EQ(client.owner_of("a-2"), std::nullopt);
  EXPECT_EQ(client.owner_of("a-3"), "endpoint-0");
  EXPECT_EQ(client.owner_of("b-1"), "endpoint-1");
}

TEST(ObjectOwner, IsNotForgottenForTheLongListOfAnother) {
  TwoEndpoints two;
  two.here.pin_object("told", "endpoint-1");
  two.serve(1, list_of(70'000, "x-"));
  EXPECT_TRUE(two.here.files.list({}, {.endpoint = "endpoint-1"}));
  EXPECT_EQ(two.here.owner_of("file-good1"), "endpoint-0");
  EXPECT_EQ(two.here.owner_of("told"), "endpoint-1") << "the user's is never forgotten";
  EXPECT_EQ(two.here.owner_of("x-7"), "endpoint-1");
}

TEST(ObjectOwner, IsNotForgottenForALongListOfItsOwn) {
  Simulation simulation(
      {{object("made-1"), list_of(70'000, "x-"), ok(), list_of(70'000, "y-"), ok()}, {ok()}});
  const Client client = simulation.client();
  const RequestOptions at_a{.endpoint = "endpoint-0"};
  EXPECT_TRUE(client.files.create(new_file(), at_a));
  EXPECT_TRUE(client.files.list({}, at_a));
  EXPECT_EQ(client.owner_of("made-1"), "endpoint-0");
  EXPECT_TRUE(client.files.content("made-1"));
  EXPECT_TRUE(client.files.list({}, at_a));
  EXPECT_EQ(client.owner_of("made-1"), "endpoint-0");
  EXPECT_EQ(client.owner_of("y-9"), "endpoint-0");
}

TEST(ObjectOwner, OfWhatIsOnlyShownIsForgottenFirst) {
  Simulation simulation({{object("s-1"), object("m-1"), list_of(3, "s-"), object("m-2"), object("m-3")}});
  simulation.options.object_affinity_capacity = 2;
  const Client client = simulation.client();
  EXPECT_TRUE(client.files.retrieve("s-1"));
  EXPECT_TRUE(client.files.create(new_file()));
  EXPECT_EQ(client.owner_of("s-1"), "endpoint-0");
  EXPECT_TRUE(client.files.list());
  EXPECT_EQ(client.owner_of("m-1"), "endpoint-0");
  EXPECT_TRUE(client.files.create(new_file()));
  EXPECT_EQ(client.owner_of("m-1"), "endpoint-0");
  EXPECT_EQ(client.owner_of("m-2"), "endpoint-0");
  EXPECT_TRUE(client.files.create(new_file()));
  EXPECT_EQ(client.owner_of("m-1"), std::nullopt) << "of what was made, the oldest";
  EXPECT_EQ(client.owner_of("m-3"), "endpoint-0");
}

TEST(ObjectOwner, MayHaveShownAnObjectBeforeItMadeIt) {
  Simulation simulation({{object("a"), object("a"), list_of(3, "s-")}});
  simulation.options.object_affinity_capacity = 2;
  const Client client = simulation.client();
  EXPECT_TRUE(client.files.retrieve("a"));
  EXPECT_TRUE(client.files.create(new_file()));
  EXPECT_TRUE(client.files.list());
  EXPECT_EQ(client.owner_of("a"), "endpoint-0");
}

TEST(ObjectOwner, IsTheEndpointOfTheObjectAboveInAPath) {
  Simulation simulation({{ok()}, {ok()}});
  const Client client = simulation.client();
  client.pin_object("conv_0", "endpoint-0");
  client.pin_object("msg_1", "endpoint-1");  // each conversation counts its own
  EXPECT_TRUE(client.conversations.items.retrieve("conv_0", "msg_1"));
  EXPECT_TRUE(client.get("/conversations/conv_0/items/msg_1"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0));
}

TEST(ObjectOwner, OfPartsOfAnUploadIsThatOfTheUpload) {
  Simulation simulation({{object("part_1"), object("upload_a")}, {object("part_1"), object("upload_b")}});
  const Client client = simulation.client();
  client.pin_object("upload_a", "endpoint-0");
  client.pin_object("upload_b", "endpoint-1");
  for (const char* upload : {"upload_a", "upload_b"}) {
    EXPECT_TRUE(client.uploads.add_part(upload, part_of_file()));
  }
  for (const char* upload : {"upload_a", "upload_b"}) {
    EXPECT_TRUE(client.uploads.complete(upload, {.part_ids = {"part_1"}}));
  }
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1, 0, 1));
}

TEST(ObjectOwner, MayBeAskedForAndToldByManyThreads) {
  Counting counting(2);
  const Client client = counting.client();
  client.pin_object("file-0", "endpoint-1");
  std::vector<std::thread> threads;
  std::atomic<bool> is_right{true};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&client, &is_right, thread] {
      for (int index = 0; index < 500; ++index) {
        const std::string id = "file-" + std::to_string(thread) + "-" + std::to_string(index);
        client.pin_object(id, "endpoint-0");
        if (client.owner_of(id) != "endpoint-0" || client.owner_of("file-0") != "endpoint-1")
          is_right = false;
      }
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_TRUE(is_right);
}

}  // namespace
}  // namespace openailb::object_owners_test
