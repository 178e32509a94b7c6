// Answers so large that a thread beside that of the AsyncClient reads them.
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace openailb::test::large_answers_test {
namespace {

const std::string large(300'000, 'x');

TEST(LargeAnswers, ComeWholeWhenThereAreMany) {
  ScriptedServer server(answer_with(http_response(200, completion_json(large))));
  const AsyncClient client({{.base_url = server.url()}});
  std::vector<Future<ChatCompletion>> calls;
  for (int call = 0; call < 30; ++call) calls.push_back(client.chat.completions.create(hello()));
  for (auto& call : calls) {
    const auto answer = call.get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->text(), large);
  }
}

TEST(LargeAnswers, MayBeDroppedAtAnyTime) {
  ScriptedServer server(answer_with(http_response(200, completion_json(large))));
  for (int round = 0; round < 10; ++round) {
    std::vector<Future<ChatCompletion>> dropped;
    const AsyncClient client({{.base_url = server.url()}});
    for (int call = 0; call < 5; ++call) dropped.push_back(client.chat.completions.create(hello()));
    EXPECT_TRUE(client.chat.completions.create(hello()).get());
    if (round % 2 == 0) dropped.clear();
  }
}

TEST(LargeAnswers, OfErrorsAreReadAsWell) {
  ScriptedServer server(
      answer_with(http_response(500, R"({"error":{"code":"c","message":")" + large + "\"}}")));
  const AsyncClient client({{.base_url = server.url(), .breaker = never_trips}}, {.max_retries = 0});
  const Error error = error_of(client.chat.completions.create(hello()).get());
  EXPECT_EQ(error.code, "c");
  EXPECT_EQ(error.status, 500);
}

}  // namespace
}  // namespace openailb::test::large_answers_test
