// Where a list ends, and what is said when it does not end as it should.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace openailb::list_ends_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const RequestOptions all_endpoints{.all_endpoints = true};

SimulatedAnswer page(const std::vector<std::string>& ids, bool has_more = false) {
  json data = json::array();
  for (const std::string& id : ids) data.push_back({{"id", id}, {"object", "file"}});
  json document{{"object", "list"}, {"data", data}, {"has_more", has_more}};
  if (!ids.empty()) document.update({{"first_id", ids.front()}, {"last_id", ids.back()}});
  return answering(document.dump());
}

template <class Items>
std::vector<std::string> ids(Items&& items) {
  std::vector<std::string> all;
  for (const auto& item : items) all.push_back(item.id);
  return all;
}

TEST(ListOfAllEndpoints, IsNotWholeIfOneEndpointHasNoSecondPageAfterAll) {
  for (const int status : {404, 405}) {
    Simulation simulation({{page({"file-a"}, true), failing(status)},
                           {page({"file-b"}, true), page({"file-c"})},
                           {page({"file-d"})}});
    const Client client = simulation.client();
    const auto files = client.files.list(all_endpoints);
    ASSERT_TRUE(files);
    const auto second = files->next_page();
    ASSERT_FALSE(second) << "items are missing, and nothing says so";
    EXPECT_EQ(second.error().status, status);
    EXPECT_EQ(second.error().endpoint, "endpoint-0");
    EXPECT_EQ(in_flight(client), 0);
  }
}

TEST(ListOfAllEndpoints, TellsWhileItIsWalkedThatAPageIsMissing) {
  Simulation simulation({{page({"file-a"}, true), failing(404)}, {page({"file-b"}, true), page({"file-c"})}});
  const auto files = simulation.client().files.list(all_endpoints);
  auto items = files->all();
  std::vector<std::string> seen;
  while (auto file = items.next()) seen.push_back(file->id);
  EXPECT_THAT(seen, ElementsAre("file-a", "file-b"));
  ASSERT_TRUE(items.error());
  EXPECT_EQ(items.error()->kind, ErrorKind::not_found);
}

TEST(ListOfAllEndpoints, GoesOnWhicheverEndpointHasMore) {
  Simulation last({{page({"file-a"})}, {page({"file-b"}, true), page({"file-c"})}});
  EXPECT_THAT(ids(last.client().files.list(all_endpoints)->all()), ElementsAre("file-a", "file-b", "file-c"));
  Simulation first({{page({"file-a"}, true), page({"file-c"})}, {page({"file-b"})}});
  EXPECT_THAT(ids(first.client().files.list(all_endpoints)->all()),
              ElementsAre("file-a", "file-b", "file-c"));
}

TEST(ListOfAllEndpoints, CannotBeginAfterAnItemHoweverThatIsSaid) {
  Simulation simulation({{page({"file-a"})}});
  const Client client = simulation.client();
  for (const char* name : {"after", "before"}) {
    const RequestOptions begins{.extra_query = {{name, "file-a"}}, .all_endpoints = true};
    EXPECT_THAT(client.files.list(begins).error().message, HasSubstr("cannot begin after or before"));
  }
  EXPECT_THAT(client.batches.list({.after = "batch_1"}, all_endpoints).error().message,
              HasSubstr("cannot begin after or before"));
  EXPECT_THAT(client.vector_stores.list({.before = "vs_1"}, all_endpoints).error().message,
              HasSubstr("cannot begin after or before"));
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(ListOfAllEndpoints, FailsWithTheErrorOfAnyOtherStatus) {
  for (const int status : {400, 403, 410, 501}) {
    Simulation simulation({{failing(status)}, {page({"file-b"})}});
    simulation.options.max_retries = 0;
    EXPECT_EQ(simulation.client().files.list(all_endpoints).error().status, status);
  }
}

TEST(ListOfAllEndpoints, AsksTheEndpointsThatThereAreNow) {
  Simulation simulation({{page({"file-a"})}, {page({"file-b"})}});
  const Client client({simulation.endpoints[0]}, simulation.options);
  EXPECT_THAT(ids(client.files.list(all_endpoints)->data), ElementsAre("file-a"));
  client.add_endpoint(simulation.endpoints[1]);
  EXPECT_THAT(ids(client.files.list(all_endpoints)->data), ElementsAre("file-a", "file-b"));
  client.remove_endpoint("endpoint-0");
  EXPECT_THAT(ids(client.files.list(all_endpoints)->data), ElementsAre("file-b"));
}

TEST(ListOfAllEndpoints, WhosePagesEndpointWasRemovedSaysSo) {
  Simulation simulation({{page({"file-a"}, true)}, {page({"file-b"}, true), page({"file-c"})}});
  const Client client = simulation.client();
  const auto files = client.files.list(all_endpoints);
  client.remove_endpoint("endpoint-0");
  const auto second = files->next_page();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::bad_request);
  EXPECT_THAT(second.error().message, HasSubstr("endpoint-0"));
}

TEST(ListOfOneEndpoint, WithoutAPageIsAnError) {
  Simulation simulation({{page({"file-a"}, true), failing(404)}});
  const auto files = simulation.client().files.list();
  EXPECT_EQ(files->next_page().error().status, 404);
  Simulation none({{failing(404)}, {failing(404)}});
  EXPECT_EQ(none.client().files.list().error().kind, ErrorKind::not_found);
}

TEST(ListOfOneEndpoint, AsksNoMoreOnceAPageHasFailed) {
  Simulation simulation({{page({"file-a"}, true), failing(404), page({"file-b"})}});
  const auto files = simulation.client().files.list();
  auto items = files->all();
  EXPECT_TRUE(items.next());
  EXPECT_FALSE(items.next());
  EXPECT_FALSE(items.next()) << "what is missing is not skipped later";
  EXPECT_EQ(simulation.sent.size(), 2U);
  EXPECT_TRUE(items.error());
}

TEST(ListOfOneEndpoint, GoesOnAfterWhatItsServerSaysIsLast) {
  Simulation simulation({{answering(R"({"data":[{"id":"file-a"}],"has_more":true,"last_id":"cursor-9"})"),
                          answering(R"({"data":[],"has_more":false,"last_id":"cursor-9"})")}});
  const auto files = simulation.client().files.list();
  const auto second = files->next_page();
  EXPECT_THAT(simulation.request(1).url, HasSubstr("after=cursor-9"));
  ASSERT_TRUE(second) << "an end is no repetition";
  EXPECT_FALSE(second->has_more);
}

TEST(ListOfOneEndpoint, AsksForTheNextPageWithTheSameOptions) {
  Simulation simulation({{page({"file-a"}, true), page({"file-b"})}});
  const auto files = simulation.client().files.list({.extra_headers = {{"X-Team", "blue"}},
                                                     .extra_query = {{"purpose", "batch"}},
                                                     .endpoint = "endpoint-0"});
  EXPECT_TRUE(files->next_page());
  EXPECT_EQ(header(simulation.request(1).headers, "X-Team"), "blue");
  EXPECT_THAT(simulation.request(1).url, HasSubstr("purpose=batch"));
  EXPECT_THAT(simulation.request(1).url, HasSubstr("after=file-a"));
}

}  // namespace
}  // namespace openailb::list_ends_test
