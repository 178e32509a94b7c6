#include "support/simulation.hpp"
#include <openailb/detail/failure/redactor.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {
namespace {

using namespace detail;
using namespace test;
using ::testing::HasSubstr;
using ::testing::Not;

std::string redacted(std::string text, std::vector<std::string_view> secrets) {
  Redactor(std::move(secrets)).redact(text);
  return text;
}

TEST(Redactor, TakesOutEverySecretEverywhere) {
  EXPECT_EQ(redacted("sk-12345678 and xsk-12345678x", {"sk-12345678"}), "[redacted] and x[redacted]x");
  EXPECT_EQ(redacted("nothing", {"sk-12345678"}), "nothing");
  EXPECT_EQ(redacted("nothing", {""}), "nothing");
}

TEST(Redactor, TakesOutTheLongerOfTwoThatBeginAlike) {
  EXPECT_EQ(redacted("key-12345-long!", {"key-12345", "key-12345-long"}), "[redacted]!");
}

TEST(Redactor, TakesOutAShortSecretWhereItStandsAlone) {
  EXPECT_EQ(redacted("key 'abc', abc", {"abc"}), "key '[redacted]', [redacted]");
  EXPECT_EQ(redacted("abcd xabc 1abc", {"abc"}), "abcd xabc 1abc");
}

TEST(Redactor, TakesOutASecretAsJsonWritesIt) {
  EXPECT_EQ(redacted(R"({"key":"ab\/cd+ef\/gh=="})", {"ab/cd+ef/gh=="}), R"({"key":"[redacted]"})");
  EXPECT_EQ(redacted(R"({"key":"ab\"cd\\efgh"})", {R"(ab"cd\efgh)"}), R"({"key":"[redacted]"})");
  EXPECT_EQ(redacted(R"(ab\u002fcd\u002Bef\u003d)", {"ab/cd+ef="}), "[redacted]");
  EXPECT_EQ(redacted(R"(\u0061\u0062/cd+ef=)", {"ab/cd+ef="}), "[redacted]");
}

TEST(Redactor, TakesOutASecretAsAUrlWritesIt) {
  EXPECT_EQ(redacted("?key=ab%2Fcd%2bef%3D&x=1", {"ab/cd+ef="}), "?key=[redacted]&x=1");
  EXPECT_EQ(redacted("?key=%61%62/cd+ef=", {"ab/cd+ef="}), "?key=[redacted]");
}

TEST(Redactor, TakesOutASecretThatLooksEncodedItself) {
  EXPECT_EQ(redacted("the key ab%2Fcd\\u002f!", {"ab%2Fcd\\u002f"}), "the key [redacted]!");
  EXPECT_EQ(redacted("the key ab%252Fcd!", {"ab%2Fcd0"}), "the key ab%252Fcd!");
  EXPECT_EQ(redacted("the key ab%252Fcdef", {"ab%2Fcdef"}), "the key [redacted]");
}

TEST(Redactor, LeavesWhatEndsInTheMiddleOfACharacter) {
  for (const char* text :
       {"sk-1234%", "sk-1234%3", "sk-1234\\", "sk-1234\\u00", "sk-1234\\u003", "%", "\\"}) {
    EXPECT_EQ(redacted(text, {"sk-12345"}), text);
  }
}

// A server that repeats a key all through a large body must not hold its caller up.
TEST(Redactor, IsLinearHoweverOftenASecretOccurs) {
  const std::string secret = "sk-0123456789";
  const auto redaction = [&](std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += secret + ' ';
    const auto began = std::chrono::steady_clock::now();
    Redactor({secret}).redact(text);
    EXPECT_EQ(text.size(), times * std::string("[redacted] ").size());
    return std::chrono::steady_clock::now() - began;
  };
  // Replacing in place would take a thousand times as long for a hundred times the text.
  EXPECT_LT(redaction(500'000), 1000 * redaction(5'000));
}

/// All that a caller can see of a call and of the client after it.
std::string everything(const Client& client, const Result<ChatCompletion>& result) {
  std::string text;
  const auto add = [&](const std::string& more) { text += more + '\n'; };
  const auto add_attempts = [&](const std::vector<Attempt>& attempts) {
    for (const Attempt& attempt : attempts) add(attempt.endpoint + ' ' + attempt.message);
  };
  if (!result) {
    const Error& error = result.error();
    for (const auto& part :
         {error.message, error.type, error.code, error.param, error.request_id, error.endpoint, error.body}) {
      add(part);
    }
    add_attempts(error.attempts);
    try {
      (void)result.value();
    } catch (const Exception& exception) {
      add(exception.what());
    }
  } else {
    add(result->info.body);
    add(result->info.base_url);
    for (const auto& [name, value] : result->info.headers) add(value);
    add_attempts(result->info.attempts);
  }
  for (const EndpointStatus& status : client.endpoints()) add(status.name + ' ' + status.base_url);
  return text;
}

/// A server that writes all that it was sent into its answer.
testing::SimulatedNetwork::Server echo(int status, bool as_json = true) {
  return [=](const HttpRequest& request) {
    std::string seen = request.url;
    for (const auto& [name, value] : request.headers) seen.append(" ").append(value);
    const std::string body =
        as_json
            ? nlohmann::json{{"error", {{"message", seen}, {"type", seen}, {"code", seen}, {"param", seen}}}}
                  .dump()
            : seen;
    return failing(status, body, {{"x-request-id", seen}});
  };
}

// Invariant 9.
TEST(Keys, AppearInNothingThatACallerSees) {
  for (int status : {200, 307, 400, 401, 403, 429, 500, 503}) {
    for (bool as_json : {true, false}) {
      Simulation simulation;
      simulation.add(echo(status, as_json)).api_key = "sk-first-secret";
      EndpointConfig& second = simulation.add(echo(status, as_json));
      second.headers = {
          {"api-key", "header-secret"}, {"Authorization", "Bearer bearer-secret"}, {"X-Tenant", "visible"}};
      second.query = {{"key", "query-secret"}};
      second.base_url += "?subscription-key=url-secret";
      simulation.add(echo(status, as_json)).api_key = [] { return "rotating-secret"; };
      simulation.options.default_headers = {{"x-goog-api-key", "client-secret"}};
      simulation.options.default_query = {{"token", "client-query-secret"}};
      const Client client = simulation.client();
      const auto result =
          ask(client, {.extra_headers = {{"Cookie", "cookie-secret"}, {"X-Auth-Token", "call-secret"}},
                       .extra_query = {{"access_token", "call-query-secret"}}});
      const std::string seen = everything(client, result);
      EXPECT_THAT(seen, Not(HasSubstr("secret"))) << status << ' ' << as_json;
      EXPECT_THAT(seen, HasSubstr("[redacted]")) << status << ' ' << as_json;
    }
  }
}

TEST(Keys, AreTakenOutOfAnAnswerToo) {
  Simulation simulation({{{.headers = {{"x-echo", "sk-first-secret"}},
                           .body = R"({"choices":[{}],"key":"sk-first-secret"})"}}});
  simulation.endpoints[0].api_key = "sk-first-secret";
  const Client client = simulation.client();
  const auto result = ask(client);
  ASSERT_TRUE(result);
  EXPECT_THAT(everything(client, result), Not(HasSubstr("secret")));
}

TEST(Keys, ShortOnesAreTakenOutToo) {
  Simulation simulation({{failing(401, error_body("wrong key: k1"))}});
  simulation.endpoints[0].api_key = "k1";
  const Client client = simulation.client();
  const auto result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_THAT(everything(client, result), Not(HasSubstr("k1")));
}

TEST(Keys, AreNotHalfShownWhereAMessageIsCut) {
  Simulation simulation;
  const std::string key = "sk-" + std::string(60, 'q');
  for (std::size_t before = 280; before < 300; ++before) {
    simulation.add([=](const HttpRequest&) { return failing(401, std::string(before, '.') + key); }).api_key =
        key;
  }
  const Client client = simulation.client();
  const auto result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_THAT(everything(client, result), Not(HasSubstr("q")));
}

TEST(Keys, ThatHadRotatedAwayBeforeTheAnswerCameAreTakenOut) {
  Simulation simulation;
  auto asked = std::make_shared<int>(0);
  simulation
      .add(script({after(std::chrono::seconds(30), failing(400, error_body("was rotating-secret-0.")))}))
      .api_key = [asked] { return "rotating-secret-" + std::to_string((*asked)++) + "."; };
  const Client client = simulation.client();
  for (int i = 1; i <= 40; ++i) {
    simulation.network.at(simulation.network.now() + std::chrono::seconds(i / 2), [&] {
      simulation.serve(0, ok());
      EXPECT_TRUE(ask(client));
    });
  }
  const auto result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_THAT(everything(client, result), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace openailb
