// What an endpoint is sent.

#include "support/simulation.hpp"
#include <openailb/version.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::endpoint_test {
namespace {

using namespace detail;
using namespace test;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The request that a call makes on one endpoint with these settings.
HttpRequest request(EndpointConfig config, ClientOptions options = {}, RequestOptions call = {}) {
  testing::SimulatedNetwork network;
  network.serve("https://one.example", script({ok()}));
  if (config.base_url == EndpointConfig{}.base_url) config.base_url = "https://one.example/v1";
  options.event_loop = network.loops();
  const Client client({std::move(config)}, std::move(options));
  const Result<ChatCompletion> result = ask(client, std::move(call));
  EXPECT_TRUE(result) << result.error().message;
  return network.requests().at(0);
}

std::string url(std::string base_url, std::map<std::string, std::string> extra_query = {}) {
  return request({.base_url = std::move(base_url)}, {}, {.extra_query = std::move(extra_query)}).url;
}

TEST(Url, HasExactlyOneSlashBetweenBaseAndPath) {
  EXPECT_EQ(url("https://one.example/v1"), "https://one.example/v1/chat/completions");
  EXPECT_EQ(url("https://one.example/v1/"), "https://one.example/v1/chat/completions");
  EXPECT_EQ(url("https://one.example"), "https://one.example/chat/completions");
  EXPECT_EQ(url("https://one.example/"), "https://one.example/chat/completions");
}

TEST(Url, KeepsTheBasesQuery) {
  EXPECT_EQ(url("https://one.example/v1?version=7"), "https://one.example/v1/chat/completions?version=7");
  EXPECT_EQ(url("https://one.example/v1?version=7", {{"version", "8"}}),
            "https://one.example/v1/chat/completions?version=8");
}

TEST(Url, QueryOfACallGoesBeforeTheEndpointsAndThatBeforeTheClients) {
  const HttpRequest sent = request({.query = {{"b", "endpoint"}, {"c", "endpoint"}}},
                                   {.default_query = {{"a", "client"}, {"b", "client"}, {"c", "client"}}},
                                   {.extra_query = {{"c", "a call's"}}});
  EXPECT_EQ(sent.url, "https://one.example/v1/chat/completions?a=client&b=endpoint&c=a%20call%27s");
}

TEST(Headers, AreThoseOfTheOfficialClients) {
  const HttpRequest sent = request({.api_key = "sk-1", .organization = "org-1", .project = "proj-1"});
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(header(sent.headers, "authorization"), "Bearer sk-1");
  EXPECT_EQ(header(sent.headers, "openai-organization"), "org-1");
  EXPECT_EQ(header(sent.headers, "openai-project"), "proj-1");
  EXPECT_EQ(header(sent.headers, "content-type"), "application/json");
  EXPECT_EQ(header(sent.headers, "accept"), "application/json");
  EXPECT_EQ(header(sent.headers, "user-agent"), "openailb/" + std::string(version));
  EXPECT_EQ(header(sent.headers, "x-stainless-retry-count"), "0");
  EXPECT_EQ(sent.headers.size(), 7U);
}

TEST(Headers, CountTheRetriesOfACall) {
  Simulation simulation({{failing(503), failing(503), ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_TRUE(ask(client));
  std::string counts;
  for (const HttpRequest& sent : simulation.network.requests()) {
    counts += header(sent.headers, "x-stainless-retry-count");
  }
  EXPECT_EQ(counts, "0120");
}

TEST(Headers, AreNotSentForWhatIsNotSet) {
  const HttpRequest sent = request({});
  EXPECT_FALSE(sent.headers.contains("authorization"));
  EXPECT_FALSE(sent.headers.contains("openai-organization"));
  EXPECT_FALSE(sent.headers.contains("openai-project"));
}

TEST(Headers, OfACallGoBeforeTheEndpointsAndThoseBeforeTheClients) {
  const HttpRequest sent =
      request({.headers = {{"x-b", "endpoint"}, {"X-C", "endpoint"}, {"USER-AGENT", "mine"}}},
              {.default_headers = {{"x-a", "client"}, {"X-B", "client"}, {"x-c", "client"}}},
              {.extra_headers = {{"x-C", "call"}, {"accept", "text/plain"}}});
  EXPECT_EQ(header(sent.headers, "x-a"), "client");
  EXPECT_EQ(header(sent.headers, "x-b"), "endpoint");
  EXPECT_EQ(header(sent.headers, "x-c"), "call");
  EXPECT_EQ(header(sent.headers, "user-agent"), "mine");
  EXPECT_EQ(header(sent.headers, "accept"), "text/plain");
}

TEST(Headers, SetToNothingAreRemoved) {
  const auto removed = [](const HttpRequest& sent, const char* name) {
    return header(sent.headers, name).empty();
  };
  EXPECT_TRUE(removed(request({.headers = {{"user-agent", ""}}}), "user-agent"));
  EXPECT_TRUE(
      removed(request({.api_key = "sk-1"}, {}, {.extra_headers = {{"Authorization", ""}}}), "authorization"));
  EXPECT_TRUE(removed(request({.api_key = "sk-1", .headers = {{"Authorization", ""}}}), "authorization"));
  EXPECT_TRUE(
      removed(request({}, {.default_headers = {{"x-a", "b"}}}, {.extra_headers = {{"X-A", ""}}}), "x-a"));
}

TEST(Headers, AuthorizationOfOnesOwnReplacesTheKey) {
  EXPECT_EQ(header(request({.api_key = "sk-1", .headers = {{"authorization", "Basic x"}}}).headers,
                   "authorization"),
            "Basic x");
  EXPECT_EQ(
      header(request({.api_key = "sk-1"}, {}, {.extra_headers = {{"authorization", "Basic y"}}}).headers,
             "authorization"),
      "Basic y");
  EXPECT_EQ(header(request({.api_key = "sk-1"}, {.default_headers = {{"authorization", "Basic z"}}}).headers,
                   "authorization"),
            "Bearer sk-1");
}

json body(EndpointConfig config, json extra_body = nullptr) {
  return json::parse(request(std::move(config), {}, {.extra_body = std::move(extra_body)}).body);
}

TEST(Body, IsTheParams) {
  const json sent = body({});
  EXPECT_EQ(sent, json::parse(R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hello!"}]})"));
}

TEST(Body, ExtraMembersReplaceTheTypedOnesAndNullRemoves) {
  const json sent = body({}, {{"messages", json::array()}, {"top_k", 40}, {"model", "other"}});
  EXPECT_EQ(sent, json::parse(R"({"model":"other","messages":[],"top_k":40})"));
  EXPECT_EQ(body({}, {{"messages", nullptr}, {"model", nullptr}, {"nothing", nullptr}}), json::object());
  EXPECT_EQ(body({}, {{"messages", nullptr}}), json::parse(R"({"model":"gpt-4o"})"));
}

TEST(Body, ModelIsMappedAfterTheExtraMembersAreMerged) {
  const std::map<std::string, std::string> map{{"gpt-4o", "openai/gpt-4o"}, {"other", "mapped \"other\""}};
  EXPECT_EQ(body({.model_map = map}).at("model"), "openai/gpt-4o");
  EXPECT_EQ(body({.model_map = map}, {{"model", "other"}}).at("model"), "mapped \"other\"");
  EXPECT_EQ(body({.model_map = map}, {{"model", "third"}}).at("model"), "third");
}

TEST(Body, IsMappedForEachEndpointAnew) {
  Simulation simulation({{failing(500)}, {ok()}});
  simulation.endpoints[0].model_map = {{"gpt-4o", "first"}};
  EXPECT_TRUE(ask(simulation.client()));
  EXPECT_EQ(json::parse(simulation.request(0).body).at("model"), "first");
  EXPECT_EQ(json::parse(simulation.request(1).body).at("model"), "gpt-4o");
}

TEST(Azure, DeploymentIsTheMappedModelEscaped) {
  EndpointConfig azure = azure_endpoint("https://one.example/", "azure-key", "2024-10-21");
  azure.model_map = {{"gpt-4o", "my deployment/../4o"}};
  const HttpRequest sent = request(azure);
  EXPECT_EQ(sent.url,
            "https://one.example/openai/deployments/my%20deployment%2F..%2F4o/chat/"
            "completions?api-version=2024-10-21");
  EXPECT_EQ(header(sent.headers, "api-key"), "azure-key");
  EXPECT_FALSE(sent.headers.contains("authorization"));
}

TEST(Azure, WithoutAVersionHasAllPaths) {
  const HttpRequest sent = request(azure_endpoint("https://one.example", "azure-key"));
  EXPECT_EQ(sent.url, "https://one.example/openai/v1/chat/completions");
  EXPECT_EQ(header(sent.headers, "api-key"), "azure-key");
}

TEST(Azure, TakesTokensOfAFunction) {
  const HttpRequest sent =
      request(azure_endpoint("https://one.example", [] { return std::string("token"); }));
  EXPECT_EQ(header(sent.headers, "authorization"), "Bearer token");
  EXPECT_FALSE(sent.headers.contains("api-key"));
}

TEST(Azure, KeyIsASecret) {
  Simulation simulation({{failing(400, error_json("no such key: azure-key"))}});
  simulation.endpoints[0] = azure_endpoint("https://endpoint-0.example", "azure-key");
  EXPECT_THAT(ask(simulation.client()).error().message, Not(HasSubstr("azure-key")));
}

TEST(OpenRouter, IsToldWhoCalls) {
  const EndpointConfig endpoint = openrouter_endpoint("sk-or-1", "https://my-app.example", "My app");
  EXPECT_EQ(endpoint.base_url, "https://openrouter.ai/api/v1");
  EXPECT_EQ(endpoint.api_key, "sk-or-1");
  const Headers headers{{"HTTP-Referer", "https://my-app.example"}, {"X-Title", "My app"}};
  EXPECT_EQ(endpoint.headers, headers);
  EXPECT_EQ(openrouter_endpoint("sk-or-1").headers, Headers());
}

TEST(LocalEndpoint, NeedsNoKeyAndNoPath) {
  for (const auto& [url, base_url] : {std::pair("http://localhost:11434", "http://localhost:11434/v1"),
                                      {"http://localhost:11434/", "http://localhost:11434/v1"},
                                      {"http://localhost:8000/api/", "http://localhost:8000/api"}}) {
    EXPECT_EQ(local_endpoint(url).base_url, base_url);
    EXPECT_EQ(local_endpoint(url).api_key, "");
  }
}

TEST(Azure, ModelIsPutIntoEveryPlaceThatAsksForIt) {
  EXPECT_EQ(
      request({.base_url = "https://one.example/{model}/v1/{model}", .model_map = {{"gpt-4o", "{model}"}}})
          .url,
      "https://one.example/%7Bmodel%7D/v1/%7Bmodel%7D/chat/completions");
}

TEST(ModelInTheUrl, IsPassedOverByACallWithoutAModel) {
  Simulation simulation({{ok()}, {answering("{}")}});
  simulation.endpoints[0].base_url = "https://endpoint-0.example/of/{model}/v1";
  const Client client = simulation.client();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(client.get("/models"));
  EXPECT_THAT(simulation.asked(), ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(client.endpoints().at(0).counts.total_successes, 0U) << "nothing was sent that it could answer";
  const Result<json> pinned = client.get("/models", {.endpoint = "endpoint-0"});
  ASSERT_FALSE(pinned);
  EXPECT_EQ(pinned.error().kind, ErrorKind::bad_request);
  EXPECT_THAT(pinned.error().message, HasSubstr("{model}"));
}

TEST(RotatingKey, IsAskedForOncePerAttempt) {
  Simulation simulation({{failing(503), failing(307, "", {{"location", "/elsewhere"}}), ok()}});
  const auto asked = std::make_shared<int>(0);
  simulation.endpoints[0].api_key = [asked] { return "token-" + std::to_string(++*asked); };
  EXPECT_TRUE(ask(simulation.client()));
  ASSERT_EQ(simulation.sent.size(), 3U);
  EXPECT_EQ(header(simulation.request(0).headers, "authorization"), "Bearer token-1");
  EXPECT_EQ(header(simulation.request(1).headers, "authorization"), "Bearer token-2");
  EXPECT_EQ(header(simulation.request(2).headers, "authorization"), "Bearer token-2");
  EXPECT_EQ(*asked, 2);
}

TEST(RotatingKey, WithALineBreakIsNotSent) {
  Simulation simulation({{ok()}, {ok()}});
  simulation.endpoints[0].api_key = [] { return std::string("secret\r\nX-Evil: 1"); };
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(1));
  const Result<ChatCompletion> result = ask(client, {.endpoint = "endpoint-0"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::authentication);
  EXPECT_THAT(result.error().message,
              AllOf(HasSubstr("endpoint-0"), HasSubstr("api_key"), Not(HasSubstr("secret"))));
}

TEST(Redirect, WithinTheOriginIsFollowedWithTheSamePost) {
  for (int status : {307, 308}) {
    Simulation simulation({{failing(status, "", {{"location", "/v2/chat?x=1"}}), ok()}});
    simulation.endpoints[0].api_key = "sk-1";
    EXPECT_TRUE(ask(simulation.client()));
    ASSERT_EQ(simulation.sent.size(), 2U);
    EXPECT_EQ(simulation.request(1).url, "https://endpoint-0.example/v2/chat?x=1");
    EXPECT_EQ(simulation.request(1).method, "POST");
    EXPECT_EQ(simulation.request(1).body, simulation.request(0).body);
    EXPECT_EQ(simulation.request(1).headers, simulation.request(0).headers);
  }
}

// Invariant 9: a key never leaves for another host.
TEST(Redirect, ToAnotherOriginIsNotFollowed) {
  for (const char* location :
       {"https://endpoint-1.example/v1/chat/completions", "http://endpoint-0.example/v1",
        "https://endpoint-0.example:8443/v1", "//endpoint-1.example/", "invalid_response://x", ""}) {
    Simulation simulation({{failing(307, "", {{"location", location}})}});
    simulation.network.serve("https://endpoint-1.example", script({ok()}));
    const Result<ChatCompletion> result = ask(simulation.client());
    ASSERT_FALSE(result) << location;
    EXPECT_EQ(simulation.network.requests().size(), 1U) << location;
    EXPECT_EQ(result.error().status, 307);
    EXPECT_THAT(result.error().message, HasSubstr("base_url"));
  }
}

// Invariant 1: a redirect is one more request, as a retry is.
TEST(Redirect, IsFollowedAsOftenAsACallMayRetry) {
  for (int max_retries : {0, 1, 2, 5}) {
    Simulation simulation({{failing(308, "", {{"location", "/again"}})}});
    const Result<ChatCompletion> result = ask(simulation.client(), {.max_retries = max_retries});
    EXPECT_EQ(result.error().status, 308);
    EXPECT_EQ(simulation.sent.size(), 1U + static_cast<std::size_t>(max_retries));
  }
}

TEST(Redirect, UsesUpARetry) {
  Simulation simulation({{failing(307, "", {{"location", "/again"}}), failing(503)}});
  EXPECT_FALSE(ask(simulation.client(), {.max_retries = 1}));
  EXPECT_EQ(simulation.sent.size(), 2U);
}

TEST(Redirect, LeavesEachOtherEndpointItsAttempt) {
  Simulation simulation({{failing(307, "", {{"location", "/again"}}), failing(503)}, {failing(503)}, {ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.max_retries = 1}));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 0, 1, 2));
}

TEST(EndpointStatus, ShowsTheBaseUrlWithoutItsQuery) {
  Simulation simulation({{ok()}});
  simulation.endpoints[0].base_url += "?key=secret";
  const Client client = simulation.client();
  EXPECT_EQ(client.endpoints().at(0).base_url, "https://endpoint-0.example/v1");
  const Result<ChatCompletion> result = ask(client);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.base_url, "https://endpoint-0.example/v1");
}

TEST(Info, TellsWhoServedTheCall) {
  Simulation simulation({{{.headers = {{"X-Request-Id", "req-1"}}, .body = completion_json("hi")}}});
  simulation.endpoints[0].name = "berlin";
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.endpoint, "berlin");
  EXPECT_EQ(result->info.status, 200);
  EXPECT_EQ(result->info.request_id, "req-1");
  EXPECT_EQ(header(result->info.headers, "x-request-id"), "req-1");
  EXPECT_EQ(result->info.body, completion_json("hi"));
}

}  // namespace
}  // namespace openailb::endpoint_test
