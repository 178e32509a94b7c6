// What a request is expected to take of the tokens per minute, and what is charged for it in the end.

#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace openailb::token_budget_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::SizeIs;

/// How many of ten calls are sent at once, when each answer takes long.
std::size_t sent_at_once(int tokens_per_minute, const RequestOptions& options = {}) {
  Crowd crowd(1, 20s);
  crowd.endpoints[0].tokens_per_minute = tokens_per_minute;
  std::size_t sent = 0;
  crowd.at(500ms, [&] { sent = crowd.sent.size(); });
  for (int call = 0; call < 10; ++call) crowd.call(0s, options);
  crowd.run();
  return sent;
}

TEST(ExpectedTokens, AreOneForFourBytes) {
  const std::size_t size = JsonBody(question()).size();
  ASSERT_GE(size, 60U);
  const int each = static_cast<int>(size / 4) + 1;
  EXPECT_EQ(sent_at_once(each), 1U);
  EXPECT_EQ(sent_at_once(3 * each), 3U);
  EXPECT_EQ(sent_at_once(4 * each - 4), 3U);
}

TEST(ExpectedTokens, AreWhatTheRequestSetsForItsAnswerBesides) {
  EXPECT_EQ(sent_at_once(1000), 10U);
  for (const char* limit : {"max_completion_tokens", "max_tokens", "max_output_tokens"}) {
    EXPECT_EQ(sent_at_once(1000, {.extra_body = {{limit, 300}}}), 3U) << limit;
  }
  EXPECT_EQ(sent_at_once(1000, {.extra_body = {{"max_tokens", 300}, {"max_completion_tokens", 400}}}), 2U);
  EXPECT_EQ(sent_at_once(1000, {.extra_body = {{"max_tokens", -5'000}}}), 10U);
}

/// A client whose endpoint may take so many tokens a minute, and all of them are there.
struct Limited : Simulation {
  explicit Limited(SimulatedAnswer first, int tokens_per_minute = 600) {
    add(script({std::move(first), ok()}));
    endpoints[0].tokens_per_minute = tokens_per_minute;
  }
};

/// How many tokens can be taken at once after a call whose request took `expected` at first.
double left_after(Limited& simulation, const Client& client) {
  const double minute = simulation.endpoints[0].tokens_per_minute;
  const std::chrono::nanoseconds began = simulation.elapsed();
  // A request that needs a whole minute's is sent when all is there.
  EXPECT_TRUE(ask(client, {.extra_body = {{"max_tokens", 100'000}}}));
  const double seconds = std::chrono::duration<double>(simulation.elapsed() - began).count();
  return minute * (1.0 - seconds / 60.0);
}

std::string usage_chunk(const std::string& usage, const std::string& choices = "") {
  return R"(data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[)" + choices +
         R"(],"usage":)" + usage + "}\n\n";
}
std::string text_choice(const std::string& text) {
  return R"({"index":0,"delta":{"content":")" + text + R"("},"finish_reason":null})";
}

TEST(ChargedTokens, OfAStreamAreItsLatestWhenEachChunkSaysThem) {
  std::string body = role();
  int so_far = 50;
  for (const char* text : {"a", "b", "c", "d"}) {
    so_far += 10;
    body += usage_chunk(R"({"total_tokens":)" + std::to_string(so_far) + "}", text_choice(text));
  }
  Limited simulation(streaming(body + finish() + done()));
  const Client client = simulation.client();
  EXPECT_FALSE(hear(client).kind);
  EXPECT_NEAR(left_after(simulation, client), 600.0 - 90.0, 15.0);
}

TEST(ChargedTokens, AreChargedOnceWhenAStreamRepeatsThem) {
  std::string body = role() + says("a") + finish();
  for (int times = 0; times < 5; ++times) body += usage_chunk(R"({"total_tokens":100})");
  Limited simulation(streaming(body + done()));
  const Client client = simulation.client();
  EXPECT_FALSE(hear(client).kind);
  EXPECT_NEAR(left_after(simulation, client), 600.0 - 100.0, 15.0);
}

TEST(ChargedTokens, OfAStreamThatIsDroppedAreThoseThatItHasSaid) {
  Limited simulation(dripping({role(), usage_chunk(R"({"total_tokens":300})", text_choice("a")), says("b")},
                              1ms, Ending::hang));
  const Client client = simulation.client();
  {
    auto stream = ask_to_stream(client);
    ASSERT_TRUE(stream.next());
    ASSERT_TRUE(stream.next());
  }
  EXPECT_NEAR(left_after(simulation, client), 600.0 - 300.0, 15.0);
}

TEST(ChargedTokens, OfAResponseAreReadInEachOfItsForms) {
  const std::string usage = R"("usage":{"input_tokens":100,"output_tokens":150,"total_tokens":250})";
  Limited whole(
      answering(R"({"id":"r","object":"response","status":"completed","output":[],)" + usage + "}"));
  const Client client = whole.client();
  EXPECT_TRUE(client.responses.create({.model = "m", .input = "Hello!"}));
  EXPECT_NEAR(left_after(whole, client), 350.0, 15.0);

  Limited streamed(streaming(
      sse_event(R"({"type":"response.output_text.delta","sequence_number":1,"item_id":"m","output_index":0,)"
                R"("content_index":0,"delta":"hi"})") +
      sse_event(R"({"type":"response.completed","sequence_number":2,"response":)"
                R"({"id":"r","object":"response","status":"completed","output":[],)" +
                usage + "}}")));
  const Client second = streamed.client();
  auto stream = second.responses.stream({.model = "m", .input = "Hello!"});
  while (stream.next()) {
  }
  EXPECT_FALSE(stream.error());
  EXPECT_NEAR(left_after(streamed, second), 350.0, 15.0);
}

TEST(ChargedTokens, StayChargedWhenTheRequestRanAndFailed) {
  Limited simulation(failing(500));
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client, {.max_retries = 0, .extra_body = {{"max_tokens", 400}}}));
  EXPECT_LT(left_after(simulation, client), 200.0) << "nobody has said what it took";
}

TEST(ChargedTokens, AreGivenBackWhenARequestDidNotRun) {
  for (const SimulatedAnswer& answer : {refused(), failing(401), failing(404), failing(503)}) {
    Limited simulation(answer);
    const Client client = simulation.client();
    EXPECT_FALSE(ask(client, {.max_retries = 0, .extra_body = {{"max_tokens", 400}}}));
    EXPECT_NEAR(left_after(simulation, client), 600.0, 15.0) << answer.status;
  }
}

TEST(ChargedTokens, AreWhatAnAnswerSaysAlsoIfThatIsMoreThanExpected) {
  Limited simulation(answering(json{{"choices", {{{"message", {{"content", "x"}}}}}},
                                    {"usage", {{"prompt_tokens", 200}, {"completion_tokens", 300}}}}
                                   .dump()));
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_NEAR(left_after(simulation, client), 100.0, 15.0);
}

TEST(ChargedTokens, ThatComeBackLateAreNoMoreThanAMinutes) {
  Crowd crowd(1, 0s);
  crowd.endpoints[0].tokens_per_minute = 600;
  bool first = true;
  crowd.serve(0, [&](const HttpRequest&) {
    const std::string choice = R"({"choices":[{"message":{"content":"x"}}])";
    return std::exchange(first, false) ? after(60s, answering(choice + R"(,"usage":{"total_tokens":5}})"))
                                       : answering(choice + '}');
  });
  crowd.call(0s, {.extra_body = {{"max_tokens", 100'000}}});
  crowd.call(59s);
  Crowd::Caller& second = crowd.call(61s, {.extra_body = {{"max_tokens", 400}}});
  Crowd::Caller& third = crowd.call(62s, {.extra_body = {{"max_tokens", 400}}});
  crowd.run();
  EXPECT_EQ(second.done_at, 61s);
  EXPECT_GE(third.done_at, 80s) << "600 are not enough for two";
}

TEST(ChargedTokens, WithoutAnyUsageAreThoseThatWereExpected) {
  for (const char* usage : {"null", "{}", R"("none")", R"({"prompt_tokens":7})", R"({"completion_tokens":7})",
                            R"({"total_tokens":"7"})"}) {
    Limited simulation(
        answering(R"({"choices":[{"message":{"content":"x"}}],"usage":)" + std::string(usage) + "}"));
    const Client client = simulation.client();
    EXPECT_TRUE(ask(client, {.extra_body = {{"max_tokens", 300}}}));
    EXPECT_NEAR(left_after(simulation, client), 300.0, 30.0) << usage;
  }
}

}  // namespace
}  // namespace openailb::token_budget_test
