// What is wrong with a call before it is sent.

#include "support/simulation.hpp"
#include <openailb/detail/wire/call.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace openailb::call_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// The message of a call that is refused before anything is sent.
std::string refusal(const std::function<Error(const Client&)>& call) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  const Error error = call(client);
  EXPECT_EQ(error.kind, ErrorKind::bad_request);
  EXPECT_TRUE(error.attempts.empty());
  EXPECT_TRUE(simulation.sent.empty());
  EXPECT_EQ(client.endpoints().at(0).counts.requests, 0U);
  EXPECT_THAT(error.message, ::testing::StartsWith("not sent: "));
  return error.message;
}

std::string refusal(RequestOptions options) {
  return refusal([&](const Client& client) { return ask(client, std::move(options)).error(); });
}

std::string refusal(ChatCompletionCreateParams params) {
  return refusal(
      [&](const Client& client) { return client.chat.completions.create(std::move(params)).error(); });
}

std::string refusal_of_body(json body) {
  return refusal(
      [&](const Client& client) { return client.chat.completions.create(std::move(body)).error(); });
}

// They would break the framing of the request, so that a server sees another one.
TEST(Refused, HeadersThatAreTheTransportsOwn) {
  for (const char* name : {"Content-Length", "content-length", "Transfer-Encoding", "Connection"}) {
    for (const char* value : {"5", ""}) {
      EXPECT_THAT(refusal(RequestOptions{.extra_headers = {{name, value}}}), HasSubstr("transport")) << name;
    }
  }
  EXPECT_THAT(refusal(RequestOptions{.extra_headers = {{"host", ""}}}), HasSubstr("Host"));
  Simulation simulation({{ok()}});
  EXPECT_TRUE(ask(simulation.client(), {.extra_headers = {{"Host", "virtual.example"}}}));
}

TEST(Refused, SuchHeadersOfTheClientAndOfAnEndpointByTheConstructor) {
  for (const Headers& headers : {Headers{{"Content-Length", "5"}}, Headers{{"Host", ""}}}) {
    Simulation of_client({{ok()}}), of_endpoint({{ok()}});
    of_client.options.default_headers = headers;
    of_endpoint.endpoints[0].headers = headers;
    EXPECT_THROW(of_client.client(), std::invalid_argument);
    EXPECT_THROW(of_endpoint.client(), std::invalid_argument);
  }
}

TEST(Refused, OptionsThatMakeNoSense) {
  EXPECT_THAT(refusal(RequestOptions{.timeout = -1s}), HasSubstr("timeout is negative"));
  EXPECT_THAT(refusal(RequestOptions{.deadline = -1s}), HasSubstr("deadline is negative"));
  EXPECT_THAT(refusal(RequestOptions{.max_retries = -1}), HasSubstr("max_retries is negative"));
  EXPECT_THAT(refusal(RequestOptions{.extra_body = json::array()}), HasSubstr("extra_body"));
}

TEST(Refused, HeadersThatWouldSmuggleAnother) {
  for (const char* value : {"secret\r\nX-Evil: 1", "secret\n", "secret\x7f"}) {
    const std::string message = refusal(RequestOptions{.extra_headers = {{"X-Name", value}}});
    EXPECT_THAT(message, HasSubstr("X-Name"));
    EXPECT_THAT(message, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(refusal(RequestOptions{.extra_headers = {{"X-Name", std::string("a\0b", 3)}}}),
              HasSubstr("X-Name"));
  for (const char* name : {"", "X Name", "X-Name:", "X\r\nName", "X-N\u00e4me"}) {
    EXPECT_THAT(refusal(RequestOptions{.extra_headers = {{name, "x"}}}), HasSubstr("header"));
  }
}

TEST(Refused, InvalidModel) {
  EXPECT_THAT(refusal(question("")), HasSubstr("model"));
  EXPECT_THAT(refusal_of_body({{"model", 7}}), HasSubstr("model"));
  EXPECT_THAT(refusal_of_body({{"model", nullptr}}), HasSubstr("model"));
  EXPECT_THAT(refusal(question("gpt\xff")), HasSubstr("model"));
}

TEST(Refused, TextThatIsNotUtf8) {
  EXPECT_THAT(refusal({.model = "gpt-4o", .messages = {user_message("caf\xe9")}}), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal_of_body({{"model", "x"}, {"k\xff", 1}}), HasSubstr("UTF-8"));
}

TEST(Refused, NaNAndInfinity) {
  for (double number : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(refusal({.model = "gpt-4o", .messages = {user_message("x")}, .temperature = number}),
                HasSubstr("temperature"));
  }
}

TEST(Refused, StreamAskedOfCreate) {
  EXPECT_THAT(refusal_of_body({{"model", "x"}, {"stream", true}}), HasSubstr("stream()"));
  EXPECT_THAT(refusal(RequestOptions{.extra_body = {{"stream", true}}}), HasSubstr("stream()"));
  EXPECT_THAT(refusal([](const Client& client) {
                return client.post("/responses", {{"stream", true}}).error();
              }),
              HasSubstr("stream"));
}

TEST(Refused, InvalidPath) {
  for (const char* path : {"/a b", "/a\r\nX-Evil: 1", "/a#b", "/a\\b"}) {
    EXPECT_THAT(refusal([&](const Client& client) { return client.get(path).error(); }), HasSubstr("path"))
        << path;
  }
}

TEST(Sent, StreamFalseIsAccepted) {
  Simulation simulation({{ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(client.chat.completions.create(json{{"model", "x"}, {"stream", false}}));
  EXPECT_TRUE(client.chat.completions.create(json{{"model", "x"}, {"stream", nullptr}}));
}

/// Its body, for an endpoint without a model map.
std::string sent_body(const Call& call) { return call.body.text(call.model.value_or("")); }

Call made(RequestOptions options, ClientOptions client = {}, bool streams = false) {
  return **make_call({.path = "/x", .body = JsonDocument{{"model", "m"}}, .streams = streams}, client,
                     std::move(options));
}

TEST(Call, TakesTheClientsOptionsWhereItHasNone) {
  const ClientOptions client{.max_retries = 7, .timeout = 3s, .deadline = 5s, .idle_timeout = 9s};
  EXPECT_EQ(made({}, client).max_retries, 7);
  EXPECT_EQ(made({}, client).timeout, 3s);
  EXPECT_EQ(made({}, client).deadline, 5s);
  EXPECT_EQ(made({}, client).idle_timeout, 9s);
  const RequestOptions own{.timeout = 4s, .deadline = 0s, .max_retries = 0};
  EXPECT_EQ(made(own, client).max_retries, 0);
  EXPECT_EQ(made(own, client).timeout, 4s);
  EXPECT_EQ(made(own, client).deadline, 0s);
}

TEST(Call, FirstTokenTimeoutIsForStreams) {
  const ClientOptions client{.timeout = 30s, .first_token_timeout = 3s};
  EXPECT_EQ(made({}, client).timeout, 30s);
  EXPECT_EQ(made({}, client, true).timeout, 3s);
  EXPECT_EQ(made({.timeout = 2s}, client, true).timeout, 2s);
  EXPECT_EQ(made({.timeout = 0s}, client, true).timeout, 3s);
  EXPECT_EQ(made({}, {.timeout = 30s}, true).timeout, 30s);
}

TEST(Call, StreamsSayThatTheyDo) {
  EXPECT_EQ(sent_body(made({}, {}, true)), R"({"model":"m","stream":true})");
  EXPECT_EQ(sent_body(made({})), R"({"model":"m"})");
}

TEST(Call, TakesTheMembersOfExtraBodyInstead) {
  const Call call = **make_call({.path = "/x", .body = JsonDocument{{"b", 1}, {"model", "m"}, {"a", 2}}}, {},
                                {.extra_body = {{"b", nullptr}, {"a", 3}, {"c", 4}}});
  EXPECT_EQ(sent_body(call), R"({"model":"m","a":3,"c":4})");
}

TEST(Call, KeepsTheOrderOfItsMembersWhereverTheModelStands) {
  for (const char* body :
       {R"({"z":1,"model":"m","a":{"z":1,"a":2}})", R"({"model":"m","z":1})", R"({"z":1,"model":"m"})",
        R"({"model":"m"})", R"({"z":1,"a":2})", "{}", "[1,2]", R"("text")"}) {
    EXPECT_EQ(sent_body(**make_call({.path = "/x", .body = JsonDocument(body)}, {}, {})), body);
  }
}

}  // namespace
}  // namespace openailb::call_test
