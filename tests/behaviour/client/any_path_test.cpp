// Calls of any path: what is an answer, what is an error, and who gave it.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <concepts>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::any_path_test {
namespace {

using namespace detail;
using namespace test;
using nlohmann::json;
using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What two endpoints make of an answer of the first one. The second would answer with 2.
struct Asked {
  explicit Asked(SimulatedAnswer answer, RequestOptions options = {})
      : simulation({{std::move(answer)}, {answering("2")}}),
        client(simulation.client()),
        result(client.get("/x", std::move(options))) {}

  Counts counts() const { return client.endpoints()[0].counts; }

  Simulation simulation;
  Client client;
  Result<JsonResponse> result;
};

TEST(AnyPath, TellsWhoAnswered) {
  Simulation simulation({{failing(503)}, {{.headers = {{"x-request-id", "req-1"}}, .body = "[1]"}}});
  const auto result = simulation.client().post("/x", {{"model", "m"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->info.endpoint, "endpoint-1");
  EXPECT_EQ(result->info.request_id, "req-1");
  EXPECT_EQ(result->info.status, 200);
  EXPECT_EQ(result->info.body, "[1]");
  EXPECT_EQ(result->info.attempts.size(), 2U);
}

TEST(AnyPath, GivesTheJsonItself) {
  Simulation simulation({{answering(R"({"data":[{"id":"a"}],"none":null})")}});
  const Client client = simulation.client();
  const auto answer = client.get("/models");
  EXPECT_EQ(answer->at("data")[0]["id"], "a");
  EXPECT_EQ(answer->value("missing", 7), 7);
  EXPECT_EQ(*answer, json::parse(R"({"data":[{"id":"a"}],"none":null})"));
  EXPECT_EQ(answer->dump(), R"({"data":[{"id":"a"}],"none":null})");
  const json copy = *answer;
  EXPECT_EQ(copy, *answer);
  const json around{{"inside", *answer}};
  EXPECT_EQ(around.dump(), R"({"inside":{"data":[{"id":"a"}],"none":null}})");
  const Result<json> as_json = client.get("/models");
  EXPECT_EQ(*as_json, *answer);
  EXPECT_EQ(client.get("/models")->at("data").size(), 1U);
  for (const auto& [name, value] : answer->items()) EXPECT_TRUE(name == "data" || name == "none") << value;
}

TEST(AnyPath, SendsABodyAsItIsGiven) {
  Simulation simulation({{answering("1")}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.post("/x", {{"z", 1}, {"a", {{"z", 1}, {"a", 2}}}}));
  EXPECT_TRUE(client.post("/x", ordered_json::parse(R"({"z":1,"a":2})")));
  EXPECT_TRUE(client.post("/x", R"({ "z": 1, "model": "m", "a": [1e2] })"));
  EXPECT_TRUE(client.post("/x", json{{"z", 1}, {"a", 2}}));
  EXPECT_TRUE(client.post("/x", json::array({1, 2})));
  std::vector<std::string> bodies;
  for (const HttpRequest& request : simulation.network.requests()) bodies.push_back(request.body);
  EXPECT_THAT(bodies, ElementsAre(R"({"z":1,"a":{"z":1,"a":2}})", R"({"z":1,"a":2})",
                                  R"({"z":1,"model":"m","a":[100.0]})", R"({"a":2,"z":1})", "[1,2]"));
}

TEST(AnyPath, PostsNoBodyRatherThanNull) {
  Simulation simulation({{answering("1")}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.post("/files/a/cancel"));
  EXPECT_TRUE(client.post("/files/a/cancel", {}));
  EXPECT_TRUE(client.post("/files/a/cancel", nullptr));
  for (const HttpRequest& request : simulation.network.requests()) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.body, "");
    EXPECT_EQ(header(request.headers, "content-type"), "");
  }
  EXPECT_TRUE(client.post("/files/a/cancel", {}, {.extra_body = {{"why", "x"}}}));
  EXPECT_EQ(simulation.request(3).body, R"({"why":"x"})");
  EXPECT_EQ(header(simulation.request(3).headers, "content-type"), "application/json");
}

TEST(AnyPath, TakesADocumentInBracesOfItsOwn) {
  Simulation simulation({{answering("1")}});
  const Client client = simulation.client();
  const ordered_json document{{"z", 1}, {"a", 2}};
  const std::string text = document.dump();
  EXPECT_TRUE(client.post("/x", {document}));
  EXPECT_TRUE(client.post("/x", JsonDocument{document}));
  EXPECT_TRUE(client.post("/x", JsonDocument{text}));
  EXPECT_EQ(JsonDocument{1}.value().dump(), "[1]");
  for (const HttpRequest& request : simulation.network.requests()) EXPECT_EQ(request.body, text);
}

TEST(AnyPath, RefusesWhatIsNestedTooDeeply) {
  const std::string text = std::string(200'000, '[') + std::string(200'000, ']');
  const json deep = json::parse(text);
  const ordered_json ordered = ordered_json::parse(text);
  ChatCompletionCreateParams params = question();
  params.messages[0].extra["deep"] = json::parse(text);
  Simulation simulation({{answering("1")}});
  const Client client = simulation.client();
  EXPECT_EQ(client.post("/x", deep).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.post("/x", ordered).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.chat.completions.create(deep).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.chat.completions.stream(ordered).error()->kind, ErrorKind::bad_request);
  EXPECT_EQ(client.chat.completions.create(params).error().kind, ErrorKind::bad_request);
  params = question();
  params.response_format = JsonDocument(ordered_json::parse(text));  // moved in, and copied on its way out
  EXPECT_EQ(client.chat.completions.create(params).error().kind, ErrorKind::bad_request);
  ordered_json braced{{"deep", ordered_json::parse(text)}};
  EXPECT_EQ(client.post("/x", {std::move(braced)}).error().kind, ErrorKind::bad_request);
  const RequestOptions options{.extra_body = ordered_json{{"deep", ordered_json::parse(text)}}};
  EXPECT_EQ(ask(client, options).error().kind, ErrorKind::bad_request);
  ChatCompletionMessageParam message;
  EXPECT_THROW(from_json(deep, message), std::invalid_argument);
  for (const json& wrong :
       {json("text"), json{{"content", "\xff"}}, json{{"extra", {{"weight", std::nan("")}}}}}) {
    EXPECT_THROW(from_json(wrong, message), std::invalid_argument);
  }
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(AnyPath, RefusesABodyWhereNoneIsSent) {
  Simulation simulation({{answering("1")}});
  const Client client = simulation.client();
  EXPECT_EQ(client.get("/x", {.extra_body = {{"a", 1}}}).error().kind, ErrorKind::bad_request);
  EXPECT_EQ(client.del("/x", {.extra_body = {{"a", 1}}}).error().kind, ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(Chat, RefusesABodyThatIsNoObject) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  for (const json& body : {json(), json(1), json::array({1})}) {
    EXPECT_EQ(client.chat.completions.create(body).error().kind, ErrorKind::bad_request) << body;
    EXPECT_EQ(client.chat.completions.stream(body).error()->kind, ErrorKind::bad_request) << body;
  }
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(AnyPath, RefusesTextThatIsNotJson) {
  Simulation simulation({{answering("1")}});
  const Error error = simulation.client().post("/x", "{not json}").error();
  EXPECT_EQ(error.kind, ErrorKind::bad_request);
  EXPECT_THAT(error.message, HasSubstr("not valid JSON"));
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(AnyPath, Deletes) {
  Simulation simulation({{answering(R"({"deleted":true})")}});
  EXPECT_EQ(simulation.client().del("/files/a")->at("deleted"), true);
  EXPECT_EQ(simulation.request(0).method, "DELETE");
  EXPECT_EQ(simulation.request(0).url, "https://endpoint-0.example/v1/files/a");
  EXPECT_EQ(simulation.request(0).body, "");
}

// An answer without a body

TEST(AnyPath, AnsweredWithoutABodyIsNull) {
  for (const int status : {200, 202, 204, 205}) {
    for (const char* body : {"", "\r\n"}) {
      const Asked asked({.status = status, .body = body});
      ASSERT_TRUE(asked.result) << status;
      EXPECT_TRUE(asked.result->is_null());
      EXPECT_EQ(asked.result->info.status, status);
      EXPECT_EQ(asked.counts().total_successes, 1);
    }
  }
}

// Errors inside a 200

TEST(AnyPath, ErrorMemberThatSaysNothingIsIgnored) {
  for (const char* body : {R"({"error":null})", R"({"error":false})", R"({"error":""})", R"({"error":{}})",
                           R"({"error":null,"data":[]})"}) {
    const Asked asked(answering(body));
    ASSERT_TRUE(asked.result) << body;
    EXPECT_EQ(*asked.result, json::parse(body));
    EXPECT_EQ(asked.counts().total_successes, 1) << body;
  }
}

TEST(AnyPath, FailedJobIsAValue) {
  for (const char* body :
       {R"({"object":"response","status":"failed","error":{"code":"server_error","message":"boom"}})",
        R"({"id":"batch_1","error":{"message":"boom"}})",
        R"({"object":"video","error":{"message":"boom","type":"server_error"}})",
        R"({"task_id":"t","status":"failed","error":{"message":"boom"}})",
        R"([{"id":"a","error":{"message":"boom"}}])", R"([{"name":"x","error":"boom"}])"}) {
    const Asked asked(answering(body));
    ASSERT_TRUE(asked.result) << body;
    EXPECT_EQ(*asked.result, json::parse(body));
    EXPECT_EQ(asked.counts().total_successes, 1) << body;
    EXPECT_THAT(asked.simulation.asked(), ElementsAre(0)) << body;
  }
}

TEST(AnyPath, ErrorAloneIsAnErrorAndFailsOver) {
  for (const char* body :
       {R"({"error":{"message":"boom","type":"server_error"}})", R"({"error":"boom"})",
        R"({"object":"error","message":"boom"})", R"({"object":"error","id":"e","message":"boom"})",
        R"([{"error":{"message":"boom","code":500}}])"}) {
    const Asked asked(answering(body));
    EXPECT_EQ(*asked.result, json(2)) << body;
    EXPECT_EQ(asked.counts().total_failures, 1) << body;
  }
}

// Answers that are not JSON

TEST(AnyPath, AnotherTypeIsDeliveredOnceAndKept) {
  for (const char* type : {"audio/mpeg", "application/octet-stream", "text/plain; charset=utf-8"}) {
    const std::string bytes("ID3\x04\0\xff", 6);
    const Asked asked({.headers = {{"content-type", type}}, .body = bytes}, {.max_retries = 5});
    ASSERT_FALSE(asked.result) << type;
    const Error& error = asked.result.error();
    EXPECT_EQ(error.kind, ErrorKind::parse);
    EXPECT_EQ(error.body, bytes);
    EXPECT_EQ(error.status, 200);
    EXPECT_THAT(error.message, HasSubstr("6 bytes of " + std::string(type).substr(0, 5)));
    EXPECT_THAT(asked.simulation.asked(), ElementsAre(0)) << "it would be paid for again";
    EXPECT_EQ(asked.counts().total_successes, 1) << type;
    EXPECT_EQ(asked.counts().total_failures, 0) << type;
  }
}

TEST(AnyPath, HtmlIsNonsenseAndFailsOver) {
  for (const char* type : {"text/html; charset=utf-8", "text/plain", ""}) {
    for (const char* page : {"<html><title>Sign in</title></html>", "\n<!DOCTYPE HTML>\n<p>Sign in"}) {
      const Asked asked({.headers = {{"content-type", type}}, .body = page});
      EXPECT_EQ(*asked.result, json(2)) << type;
      EXPECT_EQ(asked.counts().total_failures, 1) << type;
    }
  }
}

TEST(AnyPath, PageThatIsAFileIsDelivered) {
  const Asked asked({.headers = {{"content-type", "application/octet-stream"}},
                     .body = "<html><title>A file</title></html>"});
  EXPECT_EQ(asked.result.error().body, "<html><title>A file</title></html>");
  EXPECT_THAT(asked.simulation.asked(), ElementsAre(0));
}

TEST(AnyPath, BrokenJsonIsNonsenseAndFailsOver) {
  for (const char* type : {"application/json", "text/json", "application/problem+json", ""}) {
    const Asked asked({.headers = {{"content-type", type}}, .body = R"({"data":[)"});
    EXPECT_EQ(*asked.result, json(2)) << type;
    EXPECT_EQ(asked.counts().total_failures, 1) << type;
  }
}

}  // namespace
}  // namespace openailb::any_path_test
