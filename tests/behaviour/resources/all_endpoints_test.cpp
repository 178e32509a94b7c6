// Lists over all endpoints.
#include "support/async.hpp"
#include "support/resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace openailb::all_endpoints_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const RequestOptions all_endpoints{.all_endpoints = true};

SimulatedAnswer page(const std::vector<std::string>& ids, bool has_more = false) {
  json data = json::array();
  for (const std::string& id : ids) data.push_back({{"id", id}, {"object", "file"}});
  json document{{"object", "list"}, {"data", data}, {"has_more", has_more}};
  if (!ids.empty()) document.update({{"first_id", ids.front()}, {"last_id", ids.back()}});
  return answering(document.dump());
}

/// The items with their endpoints: "0:file-a".
template <class Items>
std::vector<std::string> placed(Items&& items) {
  std::vector<std::string> all;
  for (const auto& item : items) all.push_back(item.info.endpoint.substr(9) + ':' + item.id);
  return all;
}

/// What was asked of each endpoint.
std::vector<std::string> asked(const Simulation& simulation) {
  std::vector<std::string> all;
  for (const HttpRequest& request : simulation.network.requests()) {
    all.push_back(request.url.substr(std::string("https://endpoint-").size(), 1) + ' ' + wire(request));
  }
  return all;
}

TEST(AllEndpoints, EachItemIsGivenWithItsEndpoint) {
  Simulation simulation({{page({"file-a", "file-b"})}, {page({})}, {page({"file-c"})}});
  const Client client = simulation.client();
  const auto files = client.files.list({.all_endpoints = true});
  EXPECT_THAT(placed(files->data), ElementsAre("0:file-a", "0:file-b", "2:file-c"));
  EXPECT_FALSE(files->has_more);
  EXPECT_EQ(files->object, "list");
  EXPECT_THAT(files->first_id + files->last_id + files->info.endpoint, IsEmpty());
  EXPECT_EQ(files->info.attempts.size(), 3U);
  EXPECT_EQ(files->next_page().error().message, "not sent: no page follows this one");
  EXPECT_EQ(client.owner_of("file-a"), "endpoint-0");
  EXPECT_EQ(client.owner_of("file-c"), "endpoint-2");
}

TEST(AllEndpoints, ThePagesGoOnWhereThereAreMore) {
  Simulation simulation({{page({"file-a"}, true), page({"file-d"}, true), page({"file-f"})},
                         {page({"file-b"})},
                         {page({"file-c"}, true), page({"file-e"})}});
  const Client client = simulation.client();
  auto files = client.files.list({.limit = 1}, all_endpoints);
  EXPECT_TRUE(files->has_more);
  EXPECT_THAT(placed(files->data), ElementsAre("0:file-a", "1:file-b", "2:file-c"));
  files = files->next_page();
  EXPECT_THAT(placed(files->data), ElementsAre("0:file-d", "2:file-e"));
  files = files->next_page();
  EXPECT_THAT(placed(files->data), ElementsAre("0:file-f"));
  EXPECT_FALSE(files->has_more);
  EXPECT_THAT(asked(simulation),
              ElementsAre("0 GET /v1/files?limit=1", "1 GET /v1/files?limit=1", "2 GET /v1/files?limit=1",
                          "0 GET /v1/files?limit=1&after=file-a", "2 GET /v1/files?limit=1&after=file-c",
                          "0 GET /v1/files?limit=1&after=file-d"));
}

TEST(AllEndpoints, AllWalksAll) {
  Simulation simulation({{page({"file-a"}, true), page({"file-c"})}, {page({"file-b"}, true), page({})}});
  const auto files = simulation.client().files.list(all_endpoints);
  EXPECT_THAT(placed(files->all()), ElementsAre("0:file-a", "1:file-b", "0:file-c"));
}

TEST(AllEndpoints, AreAskedAtTheSameTime) {
  Simulation simulation({{after(3s, page({"file-a"}))}, {after(1s, page({"file-b"}))}});
  const auto files = simulation.client().files.list(all_endpoints);
  EXPECT_THAT(placed(files->data), ElementsAre("0:file-a", "1:file-b"));
  EXPECT_EQ(simulation.elapsed(), 3s);
}

TEST(AllEndpoints, AnEndpointThatFailsFailsTheList) {
  Simulation simulation({{page({"file-a"})}, {failing(401)}, {after(1h, page({"file-c"}))}});
  const Client client = simulation.client();
  const auto files = client.files.list(all_endpoints);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().endpoint, "endpoint-1");
  EXPECT_THAT(files.error().message, HasSubstr("endpoint-1: 401"));
  EXPECT_LT(simulation.elapsed(), 1h);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(AllEndpoints, EachEndpointIsRetried) {
  Simulation simulation(
      {{failing(503), page({"file-a"})}, {page({"file-b"}, true), failing(500), page({"file-c"})}});
  const auto files = simulation.client().files.list(all_endpoints);
  EXPECT_THAT(placed(files->all()), ElementsAre("0:file-a", "1:file-b", "1:file-c"));
}

TEST(AllEndpoints, AnEndpointWithoutSuchAListHasNoItems) {
  for (const int status : {404, 405}) {
    Simulation simulation({{failing(status)}, {page({"file-b"})}});
    const Client client = simulation.client();
    EXPECT_THAT(placed(client.files.list(all_endpoints)->data), ElementsAre("1:file-b"));
    for (const EndpointStatus& one : client.endpoints()) EXPECT_EQ(one.state, State::closed);
  }
  Simulation nowhere({{failing(404)}, {failing(404)}});
  EXPECT_EQ(nowhere.client().files.list(all_endpoints).error().kind, ErrorKind::not_found);
  Simulation gone({{page({"file-a"}, true), failing(404)}, {page({})}});
  EXPECT_EQ(gone.client().files.list(all_endpoints)->next_page().error().status, 404)
      << "it had said that there is more";
}

TEST(AllEndpoints, NothingUnknownIsLost) {
  Simulation simulation({{answering(R"({"data":[{"id":"m","new":1}],"models":[7]})")},
                         {answering(R"({"data":[{"id":"n"}]})")}});
  const auto models = simulation.client().models.list(all_endpoints);
  EXPECT_THAT(placed(models->data), ElementsAre("0:m", "1:n"));
  EXPECT_EQ(models->data[0].extra, json({{"new", 1}}));
  EXPECT_EQ(models->extra, json({{"endpoint-0", {{"models", json::array({7})}}}}));
}

TEST(AllEndpoints, IsForEveryListOfAnAccount) {
  Simulation simulation({{page({"a"})}, {page({"b"})}});
  const Client client = simulation.client();
  EXPECT_EQ(placed(client.batches.list(all_endpoints)->data).size(), 2U);
  EXPECT_EQ(placed(client.vector_stores.list(all_endpoints)->data).size(), 2U);
  EXPECT_EQ(placed(client.models.list(all_endpoints)->data).size(), 2U);
  EXPECT_EQ(placed(client.chat.completions.list(all_endpoints)->data).size(), 2U);
}

TEST(AllEndpoints, WhatCannotBeIsSaidAndNothingIsSent) {
  Simulation simulation({{page({"file-a"})}, {page({"file-b"})}});
  const Client client = simulation.client();
  const auto fault = [](const auto& result) { return result.error().message; };
  EXPECT_EQ(fault(client.files.list({.endpoint = "endpoint-0", .all_endpoints = true})),
            "not sent: all_endpoints and endpoint exclude each other");
  const std::string begins = "not sent: a list from all endpoints cannot begin after or before an item";
  EXPECT_EQ(fault(client.files.list({.after = "file-a"}, all_endpoints)), begins);
  EXPECT_EQ(fault(client.files.list({.extra_query = {{"before", "file-a"}}, .all_endpoints = true})), begins);
  EXPECT_EQ(fault(client.vector_stores.files.list("vs_1", all_endpoints)),
            "not sent: all_endpoints is not for lists of one object, which one endpoint keeps");
  const std::string no_list = "not sent: all_endpoints is for lists: it needs a list() method";
  EXPECT_EQ(fault(ask(client, all_endpoints)), no_list);
  EXPECT_EQ(fault(client.get("/files", all_endpoints)), no_list);
  EXPECT_EQ(fault(client.files.list({.timeout = -1s, .all_endpoints = true})),
            "not sent: timeout is negative");
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(AllEndpoints, CanBeStopped) {
  Simulation simulation({{page({"file-a"})}, {hanging()}});
  const Client client = simulation.client();
  RequestOptions options = all_endpoints;
  options.should_stop = [&] { return simulation.elapsed() > 1s; };
  EXPECT_EQ(client.files.list(options).error().kind, ErrorKind::canceled);
  options = all_endpoints;
  options.deadline = 5s;
  EXPECT_EQ(client.files.list(options).error().kind, ErrorKind::timeout);
  EXPECT_EQ(in_flight(client), 0);
}

TEST(AllEndpoints, IsTheSameOnAnAsyncClient) {
  AsyncSimulation simulation({{page({"file-a"}, true), page({"file-c"})}, {page({"file-b"})}});
  const AsyncClient client = simulation.client();
  auto files = client.files.list(all_endpoints).get();
  EXPECT_THAT(placed(files->data), UnorderedElementsAre("0:file-a", "1:file-b"));
  EXPECT_THAT(placed(files->next_page().get()->data), ElementsAre("0:file-c"));
}

}  // namespace
}  // namespace openailb::all_endpoints_test
