// Refusals that may be the endpoint's fault: taken once to another endpoint, and what that teaches.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace openailb::test::second_opinion_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Indices = std::vector<std::size_t>;

SimulatedAnswer refusal(const std::string& message = "this is refused in words that nobody knows",
                        int status = 400) {
  return failing(status, error_json(message));
}

std::ptrdiff_t requests_to(const Simulation& simulation, std::size_t endpoint) {
  return std::ranges::count(simulation.asked(), endpoint);
}

TEST(SecondOpinion, ACallSucceedsWhereAnotherEndpointAnswers) {
  for (const int status : {400, 405, 410, 412, 413, 422, 424}) {
    Simulation simulation({{refusal("no", status)}, {ok()}});
    const Result<ChatCompletion> result = ask(simulation.client());
    EXPECT_TRUE(result) << status;
    EXPECT_EQ(simulation.asked(), (Indices{0, 1})) << status;
  }
}

TEST(SecondOpinion, TheFirstRefusalIsTheErrorWhereTheOtherEndpointRefusesToo) {
  Simulation simulation({{refusal("the first")}, {refusal("the second")}, {ok()}});
  const Result<ChatCompletion> result = ask(simulation.client());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
  EXPECT_EQ(result.error().endpoint, "endpoint-0");
  EXPECT_THAT(result.error().message, HasSubstr("the first"));
  EXPECT_EQ(result.error().attempts.size(), 2U);
  EXPECT_EQ(simulation.asked(), (Indices{0, 1}));
}

TEST(SecondOpinion, AComplaintThatTwoEndpointsHaveIsSentOnceForTenMinutes) {
  Simulation simulation({{refusal("temperature 3 is wrong")}, {refusal("temperature 3 is wrong")}});
  const Client client = simulation.client();
  ASSERT_FALSE(ask(client));
  EXPECT_EQ(simulation.sent.size(), 2U);
  ASSERT_FALSE(ask(client));
  EXPECT_EQ(simulation.sent.size(), 3U);
  simulation.network.advance(11min);
  ASSERT_FALSE(ask(client));
  EXPECT_EQ(simulation.sent.size(), 5U);
}

TEST(SecondOpinion, IsNotSoughtWhereItIsOffOrTheRequestIsLarge) {
  Simulation off({{refusal()}, {ok()}});
  off.options.second_opinion = false;
  EXPECT_FALSE(ask(off.client()));
  EXPECT_EQ(off.sent.size(), 1U);

  Simulation large({{refusal()}, {ok()}});
  EXPECT_FALSE(large.client().chat.completions.create(
      {.model = "m", .messages = {user_message(std::string(300 * 1024, 'x'))}}));
  EXPECT_EQ(large.sent.size(), 1U);
}

TEST(SecondOpinion, IsNotSoughtOfWhatIsCertainlyTheCallers) {
  for (const SimulatedAnswer& answer : {failing(400, error_json("no", "content_filter")),
                                        failing(400, error_json("no", "context_length_exceeded"))}) {
    Simulation simulation({{answer}, {ok()}});
    EXPECT_FALSE(ask(simulation.client()));
    EXPECT_EQ(simulation.sent.size(), 1U);
  }
}

TEST(SecondOpinion, IsNotWaitedFor) {
  Simulation simulation({{refusal()}, {failing(429, "", {{"retry-after", "30"}})}});
  const Client client = simulation.client();
  ASSERT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-1"}));
  const Result<ChatCompletion> result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, 400);
  EXPECT_LT(result.error().attempts.front().elapsed, 1s);
  EXPECT_EQ(simulation.sent.size(), 2U);
}

TEST(SecondOpinion, AnEndpointThatRefusesAgainAndAgainIsLeftAloneForThatModel) {
  Simulation simulation({{refusal()}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 20; ++call) EXPECT_TRUE(ask(client));
  EXPECT_LE(requests_to(simulation, 0), 3) << "three in a row are enough";
  simulation.network.advance(31s);
  for (int call = 0; call < 20; ++call) EXPECT_TRUE(ask(client));
  EXPECT_EQ(requests_to(simulation, 0), 4) << "then one call finds out";
}

TEST(SecondOpinion, AnEndpointThatLacksAModelIsAskedForOthers) {
  Simulation simulation({{failing(403, error_json("no access to model m"))}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 10; ++call) EXPECT_TRUE(ask(client));
  EXPECT_LE(requests_to(simulation, 0), 3);
  EXPECT_EQ(client.endpoints()[0].state, State::closed);
}

TEST(SecondOpinion, A503ThatNamesAModelDoesNotBenchTheEndpoint) {
  Simulation simulation({{failing(503, error_json("the model m is overloaded"))}, {ok()}});
  const Client client = simulation.client();
  for (int call = 0; call < 10; ++call) EXPECT_TRUE(ask(client));
  EXPECT_EQ(client.endpoints()[0].state, State::closed);
}

}  // namespace
}  // namespace openailb::test::second_opinion_test
