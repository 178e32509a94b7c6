// Large answers are read beside the thread of an AsyncClient, which goes on meanwhile.
#include "support/async.hpp"
#include "support/helped_loop.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace openailb::aside_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string large(200'000, 'x');

std::string completion(const std::string& text) {
  return nlohmann::json{{"choices", {{{"message", {{"content", text}}}}}}}.dump();
}

/// The endpoint `large` answers as told, and `small` at once.
struct Endpoints {
  HttpResponse answer;
  MainLoop helper{};

  AsyncClient client() {
    const auto respond = [this](const HttpRequest& request) {
      const bool is_small = request.url.starts_with("http://small");
      return is_small ? HttpResponse{.status = 200, .body = completion("small")} : answer;
    };
    return AsyncClient({{.base_url = "http://large.test/v1", .name = "large"},
                        {.base_url = "http://small.test/v1", .name = "small"}},
                       {.max_retries = 0, .event_loop = [this, respond] {
                          return std::make_unique<LoopWithHelper>(respond, helper);
                        }});
  }
};

TEST(Aside, ALargeAnswerIsReadWhileOthersGoOn) {
  Endpoints endpoints{.answer = {.status = 200, .body = completion(large)}};
  const AsyncClient client = endpoints.client();
  auto waiting = ask(client, {.endpoint = "large"});
  EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
  EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
  endpoints.helper.run_one();
  const auto answer = waiting.get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->text(), large);
  EXPECT_EQ(answer->info.body.size(), endpoints.answer.body.size());
}

TEST(Aside, ASmallAnswerIsReadAtOnce) {
  Endpoints endpoints{.answer = {.status = 200, .body = completion("large")}};
  const AsyncClient client = endpoints.client();
  EXPECT_EQ(ask(client, {.endpoint = "large"}).get()->text(), "large");
  EXPECT_EQ(endpoints.helper.size(), 0U);
}

TEST(Aside, ALargeErrorIsReadWhileOthersGoOn) {
  Endpoints endpoints{.answer = {.status = 500, .body = R"({"error":{"message":")" + large + "\"}}"}};
  const AsyncClient client = endpoints.client();
  auto waiting = ask(client, {.endpoint = "large"});
  EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
  endpoints.helper.run_one();
  EXPECT_THAT(waiting.get().error().message, HasSubstr("large: 500 xxx"));
}

TEST(Aside, ALargeAnswerThatIsNoneIsReadWhileOthersGoOn) {
  Endpoints endpoints{.answer = {.status = 200, .body = "<html>" + large}};
  const AsyncClient client = endpoints.client();
  auto waiting = ask(client, {.endpoint = "large"});
  EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
  endpoints.helper.run_one();
  EXPECT_EQ(waiting.get().error().kind, ErrorKind::parse);
}

TEST(Aside, ALargeDocumentInPlaceOfAStreamIsReadWhileOthersGoOn) {
  Endpoints endpoints{.answer = {.status = 200, .body = completion(large)}};
  const AsyncClient client = endpoints.client();
  auto waiting = ask_to_stream(client, {.endpoint = "large"}).on_chunk([](const auto&) {});
  EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
  endpoints.helper.run_one();
  EXPECT_THAT(waiting.get().error().message, HasSubstr("plain document"));
}

TEST(Aside, ADeadlineHoldsMeanwhile) {
  Endpoints endpoints{.answer = {.status = 200, .body = completion(large)}};
  const AsyncClient client = endpoints.client();
  EXPECT_EQ(ask(client, {.deadline = 20ms, .endpoint = "large"}).get().error().kind, ErrorKind::timeout);
  endpoints.helper.run_one();  // for nobody
  EXPECT_EQ(client.endpoints()[0].in_flight, 0);
}

TEST(Aside, ACallMayBeDroppedMeanwhileAndItsClientEnd) {
  Endpoints endpoints{.answer = {.status = 200, .body = completion(large)}};
  {
    const AsyncClient client = endpoints.client();
    auto dropped = std::make_optional(ask(client, {.endpoint = "large"}));
    auto ended = ask(client, {.endpoint = "large"});
    EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
    dropped.reset();
    endpoints.helper.run_one();
    EXPECT_EQ(ask(client, {.endpoint = "small"}).get()->text(), "small");
  }
  endpoints.helper.run_one();
}

}  // namespace
}  // namespace openailb::aside_test
