// What has come of a stream is read a piece at a time, so that other calls have their turn.
#include "support/async.hpp"
#include "support/instant_loop.hpp"
#include "support/simulation.hpp"
#include "support/streaming.hpp"
#include <openailb/detail/call/stream_reader.hpp>
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>

namespace openailb::much_at_once_test {
namespace {

using namespace test;
using ::testing::ElementsAre;

/// 5 MiB that say nothing.
std::string comments() {
  std::string text;
  while (text.size() < std::size_t{5} << 20) text += ": still here\n";
  return text;
}

TEST(MuchAtOnce, LinesThatSayNothingAreReadInSeveralTurns) {
  const std::string body = comments() + says("a");
  InstantLoop loop([&](const HttpRequest&) { return HttpResponse{.status = 200, .body = body}; });
  Transfer transfer(loop, {});
  detail::StreamReader reader(2 * body.size());
  int turns = 0;
  std::optional<detail::ServerSentEvent> event = reader.next(transfer);
  for (; !event && reader.has_more(); event = reader.next(transfer)) ++turns;
  EXPECT_EQ(turns, 5);
  EXPECT_TRUE(event);
  EXPECT_FALSE(reader.next(transfer));
  EXPECT_FALSE(reader.has_more());
}

TEST(MuchAtOnce, AStreamGoesOnAfterThem) {
  OneEndpoint simulation(
      streaming(comments() + says("a") + comments() + says("b") + comments() + finish() + done()));
  const Heard heard = hear(simulation.client());
  EXPECT_THAT(heard.texts, ElementsAre("a", "b", ""));
  EXPECT_FALSE(heard.kind);
}

TEST(MuchAtOnce, AStreamOfAnAsyncClientGoesOnAfterThem) {
  const std::string body = comments() + says("a") + comments() + says("b") + comments() + finish() + done();
  const auto respond = [&](const HttpRequest&) { return HttpResponse{.status = 200, .body = body}; };
  const AsyncClient client({{.base_url = "http://one.test/v1"}},
                           {.event_loop = [&] { return std::make_unique<InstantLoop>(respond); }});
  const auto answer = ask_to_stream(client).on_chunk([](const auto&) {}).get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->text(), "ab");
}

}  // namespace
}  // namespace openailb::much_at_once_test
