// Streams in which a choice says that it has failed.
#include "support/streaming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace openailb::test::failed_choice_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string with_error = sse_event(
    R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"boom"}}]})");
const std::string with_reason =
    sse_event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"network_error"}]})");

TEST(FailedChoice, BeforeTheFirstTokenLeadsToAnotherEndpoint) {
  for (const std::string& failed : {with_error, with_reason}) {
    Simulation simulation({{streaming(role() + failed)}, {streaming(whole("b"))}});
    const Heard heard = hear(simulation.client());
    EXPECT_FALSE(heard.kind) << failed;
    EXPECT_THAT(simulation.asked(), ElementsAre(0, 1)) << failed;
  }
}

TEST(FailedChoice, AfterItInterruptsTheStream) {
  for (const std::string& failed : {with_error, with_reason}) {
    OneEndpoint simulation(streaming(role() + sse_event(content_chunk("Hi")) + failed));
    auto stream = ask_to_stream(simulation.client());
    while (stream.next()) {
    }
    ASSERT_TRUE(stream.error()) << failed;
    EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
    EXPECT_EQ(stream.completion().choices[0].message.content, "Hi");
  }
}

TEST(FailedChoice, SaysWhy) {
  OneEndpoint simulation(streaming(role() + sse_event(content_chunk("Hi")) + with_error));
  auto stream = ask_to_stream(simulation.client());
  while (stream.next()) {
  }
  ASSERT_TRUE(stream.error());
  EXPECT_THAT(stream.error()->message, HasSubstr("boom"));
}

TEST(FailedChoice, IsNoneWhereTheErrorIsNull) {
  OneEndpoint simulation(streaming(
      role() +
      sse_event(R"({"choices":[{"index":0,"delta":{"content":"Hi"},"error":null,"finish_reason":"stop"}]})") +
      done()));
  EXPECT_FALSE(hear(simulation.client()).kind);
}

}  // namespace
}  // namespace openailb::test::failed_choice_test
