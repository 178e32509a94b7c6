// Lists that come page by page.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::pages_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SimulatedAnswer page(const std::vector<std::string>& ids, bool has_more) {
  json data = json::array();
  for (const std::string& id : ids) data.push_back({{"id", id}, {"object", "file"}});
  json document{{"object", "list"}, {"data", data}, {"has_more", has_more}};
  if (!ids.empty()) document.update({{"first_id", ids.front()}, {"last_id", ids.back()}});
  return answering(document.dump());
}

std::vector<std::string> ids(const std::vector<FileObject>& files) {
  std::vector<std::string> all;
  for (const FileObject& file : files) all.push_back(file.id);
  return all;
}

TEST(Pages, GiveTheirItemsAndTheNextPage) {
  Simulation simulation({{page({"a", "b"}, true), page({"c"}, false)}});
  const Client client = simulation.client();
  auto files = client.files.list({.limit = 2, .order = "asc", .purpose = "a&b"});
  EXPECT_THAT(ids(files->data), ElementsAre("a", "b"));
  EXPECT_TRUE(files->has_more);
  EXPECT_EQ(files->first_id, "a");
  EXPECT_EQ(files->last_id, "b");
  EXPECT_EQ(files->object, "list");
  EXPECT_EQ(files->info.endpoint, "endpoint-0");
  files = files->next_page();
  EXPECT_THAT(ids(files->data), ElementsAre("c"));
  EXPECT_FALSE(files->has_more);
  EXPECT_EQ(files->next_page().error().message, "not sent: no page follows this one");
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/files?limit=2&order=asc&purpose=a%26b",
                                            "GET /v1/files?limit=2&order=asc&purpose=a%26b&after=b"));
}

TEST(Pages, BeginWhereTheyAreToldTo) {
  Simulation simulation({{page({"b"}, true), page({"c"}, false)}});
  auto files = simulation.client().files.list({.after = "a"}, {.extra_headers = {{"x-mine", "1"}}});
  ASSERT_TRUE(files->next_page());
  EXPECT_THAT(wire(simulation), ElementsAre("GET /v1/files?after=a", "GET /v1/files?after=b"));
  EXPECT_EQ(header(simulation.request(1).headers, "x-mine"), "1");
}

TEST(Pages, AllComeFromTheEndpointThatHasTheList) {
  Simulation simulation(
      {{page({"a"}, true), failing(503), page({"b"}, true), page({"c"}, false)}, {page({"x"}, false)}});
  std::vector<std::string> seen;
  for (const FileObject& file : simulation.client().files.list()->all()) seen.push_back(file.id);
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 0, 0));
}

TEST(Pages, SayWhoseTheirItemsAre) {
  Simulation simulation({{page({"a"}, false)}});
  EXPECT_EQ(simulation.client().files.list()->data.at(0).info.endpoint, "endpoint-0");
}

TEST(AllItems, AreFetchedWhenTheyAreReached) {
  Simulation simulation({{page({"a", "b"}, true), page({}, true)}});
  auto all = simulation.client().files.list()->all();
  EXPECT_EQ(all.next()->id, "a");
  EXPECT_EQ(all.next()->id, "b");
  EXPECT_EQ(simulation.sent.size(), 1);
  EXPECT_FALSE(all.next());
  EXPECT_EQ(simulation.sent.size(), 2) << "an empty page is the last one, whatever it says";
  EXPECT_FALSE(all.next());
  EXPECT_FALSE(all.error());
  EXPECT_EQ(simulation.sent.size(), 2);
}

TEST(AllItems, TellThatAPageCouldNotBeHad) {
  Simulation simulation({{page({"a"}, true), failing(400, R"({"error":{"message":"no"}})")}});
  auto files = simulation.client().files.list();
  auto all = files->all();
  EXPECT_EQ(all.next()->id, "a");
  EXPECT_FALSE(all.next());
  EXPECT_EQ(all.error()->status, 400);
  EXPECT_FALSE(all.next());
  EXPECT_EQ(simulation.sent.size(), 2);
  std::vector<std::string> seen;
  EXPECT_THROW(for (const FileObject& file : files->all()) seen.push_back(file.id), Exception);
  EXPECT_THAT(seen, ElementsAre("a"));
}

TEST(AllItems, OfAFirstPageThatCouldNotBeHadThrow) {
  Simulation simulation({{failing(400)}});
  const Client client = simulation.client();
  EXPECT_THROW(client.files.list()->all(), Exception);
}

TEST(Pages, ThatRepeatThemselvesAreAnError) {
  Simulation simulation({{page({"a"}, true)}});
  auto all = simulation.client().files.list({}, {.max_retries = 0})->all();
  EXPECT_EQ(all.next()->id, "a");
  EXPECT_FALSE(all.next());
  EXPECT_THAT(all.error()->message, HasSubstr("answered with the same page again"));
}

TEST(Pages, ThatComeBackToAnEarlierOneAreAnError) {
  Simulation simulation({{page({"a"}, true), page({"b"}, true), page({"c"}, true), page({"a"}, true)}});
  auto all = simulation.client().files.list({}, {.max_retries = 0})->all();
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(all.next()->id, id);
  EXPECT_FALSE(all.next());
  EXPECT_THAT(all.error()->message, HasSubstr("answered with the same page again"));
  EXPECT_EQ(simulation.sent.size(), 4);
}

TEST(Pages, MayBeAskedForMoreThanOnce) {
  Simulation simulation({{page({"a"}, true), page({"b"}, true), page({"b"}, true), page({"c"}, false)}});
  const Client client = simulation.client();
  const auto first = client.files.list();
  const auto second = first->next_page(), again = first->next_page();
  EXPECT_EQ(second->last_id, "b");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->next_page()->last_id, "c");
}

TEST(Pages, OfTwoEndpointsMayEndAlike) {
  const std::vector<SimulatedAnswer> pages{page({"a"}, true), page({"b"}, true), page({"c"}, false)};
  Simulation simulation({pages, pages});
  std::vector<std::string> seen;
  auto all = simulation.client().files.list({.all_endpoints = true})->all();
  while (auto file = all.next()) seen.push_back(file->id);
  EXPECT_FALSE(all.error());
  EXPECT_THAT(seen, ElementsAre("a", "a", "b", "b", "c", "c"));
}

TEST(Pages, ThatComeBackAtOneOfTwoEndpointsAreAnError) {
  Simulation simulation({{page({"a"}, true), page({"b"}, true), page({"a"}, true)},
                         {page({"a"}, true), page({"b"}, true), page({"c"}, true), page({"d"}, false)}});
  auto all = simulation.client().files.list({.max_retries = 0, .all_endpoints = true})->all();
  for (const char* id : {"a", "a", "b", "b"}) EXPECT_EQ(all.next()->id, id);
  EXPECT_FALSE(all.next());
  EXPECT_THAT(all.error().value().message, HasSubstr("answered with the same page again"));
}

TEST(AllItems, EndAtTheirDeadline) {
  std::vector<SimulatedAnswer> pages;
  for (const char* id : {"a", "b", "c", "d", "e"}) pages.push_back(after(1s, page({id}, true)));
  Simulation simulation({pages});
  const TimePoint began = simulation.network.now();
  auto all = simulation.client().files.list()->all(2500ms);
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(all.next()->id, id);
  EXPECT_FALSE(all.next());
  EXPECT_EQ(all.error().value().kind, ErrorKind::timeout);
  EXPECT_EQ(simulation.network.now(), began + 3500ms);
  EXPECT_FALSE(all.next());
  EXPECT_EQ(simulation.sent.size(), 4);
}

TEST(AllItems, AskForNoPageAfterTheirDeadline) {
  Simulation simulation({{page({"a"}, true), page({"b"}, true)}});
  auto all = simulation.client().files.list()->all(1s);
  simulation.network.advance(1s);
  EXPECT_EQ(all.next()->id, "a");
  EXPECT_FALSE(all.next());
  EXPECT_THAT(all.error().value().message, HasSubstr("deadline of all()"));
  EXPECT_EQ(simulation.sent.size(), 1);
}

TEST(AllItems, EndAtTheDeadlineOfAPageThatIsSooner) {
  Simulation simulation({{page({"a"}, true), after(5s, page({"b"}, true))}});
  auto all = simulation.client().files.list({}, {.deadline = 1s})->all(1min);
  EXPECT_EQ(all.next()->id, "a");
  EXPECT_FALSE(all.next());
  EXPECT_THAT(all.error().value().message, HasSubstr("deadline of 1 s"));
}

TEST(Pages, WhoseItemsHaveNoIdsDoNotGoOnForEver) {
  Simulation simulation({{answering(R"({"data":[{"bytes":1}],"has_more":true})")}});
  auto all = simulation.client().files.list({}, {.max_retries = 0})->all();
  EXPECT_EQ(all.next()->bytes, 1);
  EXPECT_FALSE(all.next());
  EXPECT_THAT(all.error()->message, HasSubstr("answered with the same page again"));
}

TEST(Pages, OfServersThatSayLittleAreRead) {
  Simulation simulation({{answering(R"({"data":[{"id":"a"},7,null,{"id":"b"}],"has_more":true,"new":1})"),
                          answering(R"({"data":[{"id":"c"}]})")}});
  auto files = simulation.client().files.list();
  EXPECT_THAT(ids(files->data), ElementsAre("a", "b"));
  EXPECT_EQ(files->last_id, "b");
  EXPECT_EQ(files->extra, json({{"new", 1}}));
  EXPECT_THAT(ids(files->next_page()->data), ElementsAre("c"));
}

TEST(Pages, ThatAreNoListsFailOver) {
  for (const char* nonsense :
       {"{}", "null", R"({"data":{}})", "ID3", R"({"object":"list","error":{"message":"boom"}})"}) {
    Simulation simulation({{answering(nonsense)}, {page({"a"}, false)}});
    EXPECT_EQ(simulation.client().files.list()->info.endpoint, "endpoint-1") << nonsense;
  }
}

TEST(Pages, OutliveTheirClient) {
  Simulation simulation({{page({"a"}, true), page({"b"}, false)}});
  auto files = simulation.client().files.list();
  EXPECT_THAT(ids(files->next_page()->data), ElementsAre("b"));
}

TEST(Pages, OfNoClientHaveNoNext) {
  const Page<FileObject> none;
  EXPECT_THROW(static_cast<void>(none.next_page()), std::logic_error);
}

TEST(Pages, AreTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{page({"a"}, true), page({"b"}, false)}});
  const AsyncClient client = simulation.client();
  auto files = client.files.list().get();
  EXPECT_THAT(ids(files->data), ElementsAre("a"));
  auto next = files->next_page().get();
  EXPECT_THAT(ids(next->data), ElementsAre("b"));
  EXPECT_EQ(next->next_page().get().error().kind, ErrorKind::bad_request);
}

}  // namespace
}  // namespace openailb::pages_test
