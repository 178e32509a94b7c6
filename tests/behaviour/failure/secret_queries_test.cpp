// Keys that stand in a query or a header of any place: no error repeats them, whoever echoes them.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace openailb::secret_queries_test {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string secret = "sk-very-secret-0123456789";

/// A server that says what it was asked, and fails.
SimulatedAnswer echo(const HttpRequest& request) {
  std::string said = request.url;
  for (const auto& [name, value] : request.headers) said += ' ' + name + '=' + value;
  SimulatedAnswer answer = failing(400, error_json("you sent " + said, said, said));
  answer.headers = {{"x-request-id", said}, {"x-echo", said}};
  return answer;
}

void expect_no_secret(const Error& error) {
  for (const std::string& text : {error.message, error.type, error.code, error.request_id, error.body}) {
    EXPECT_THAT(text, Not(HasSubstr(secret)));
  }
  EXPECT_THAT(std::string(header(error.headers, "x-echo")), Not(HasSubstr(secret)));
  for (const Attempt& attempt : error.attempts) EXPECT_THAT(attempt.message, Not(HasSubstr(secret)));
}

/// Asks with a secret that `place` has put somewhere, and expects that it was sent and is not shown.
template <class Place>
void expect_hidden(Place place, RequestOptions options = {}, const std::string& query = "") {
  Simulation simulation;
  simulation.add(echo);
  place(simulation);
  const Client client = simulation.client();
  const auto answer = client.post("/x" + query, {{"a", 1}}, std::move(options));
  ASSERT_FALSE(answer);
  const HttpRequest request = simulation.request(0);
  std::string sent = request.url;
  for (const auto& [name, value] : request.headers) sent += value;
  EXPECT_THAT(sent, HasSubstr(secret)) << "it must be sent, or this tests nothing";
  expect_no_secret(answer.error());
  EXPECT_THAT(client.endpoints()[0].base_url, Not(HasSubstr(secret)));
}

TEST(SecretQuery, OfABaseUrlIsHidden) {
  expect_hidden([](Simulation& simulation) { simulation.endpoints[0].base_url += "?key=" + secret; });
}

TEST(SecretQuery, OfAnEndpointIsHidden) {
  expect_hidden([](Simulation& simulation) { simulation.endpoints[0].query = {{"api_key", secret}}; });
}

TEST(SecretQuery, OfAClientIsHidden) {
  expect_hidden([](Simulation& simulation) { simulation.options.default_query = {{"token", secret}}; });
}

TEST(SecretQuery, OfACallIsHidden) {
  const auto nowhere = [](Simulation&) {};
  expect_hidden(nowhere, {.extra_query = {{"access_token", secret}}});
  expect_hidden(nowhere, {}, "?key=" + secret);
}

TEST(SecretHeader, OfAnyPlaceIsHidden) {
  expect_hidden([](Simulation& simulation) { simulation.endpoints[0].headers = {{"api-key", secret}}; });
  expect_hidden([](Simulation& simulation) { simulation.options.default_headers = {{"x-api-key", secret}}; });
  expect_hidden([](Simulation&) {}, {.extra_headers = {{"Authorization", "Bearer " + secret}}});
}

TEST(SecretKey, OfAnEndpointThatIsAddedOrChangedIsHidden) {
  Simulation simulation;
  simulation.add(echo);
  simulation.add(echo);
  const Client client({simulation.endpoints[0]}, simulation.options);
  simulation.endpoints[1].api_key = secret;
  client.add_endpoint(simulation.endpoints[1]);
  expect_no_secret(client.post("/x", {{"a", 1}}, {.endpoint = "endpoint-1"}).error());
  simulation.endpoints[0].api_key = secret;
  client.set_endpoints({simulation.endpoints[0]});
  expect_no_secret(client.post("/x", {{"a", 1}}).error());
}

}  // namespace
}  // namespace openailb::secret_queries_test
