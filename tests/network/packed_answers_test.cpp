// Answers that are packed very small: they are taken a piece at a time, so that other calls have their turn.
#include "support/compression.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::test::packed_answers_test {
namespace {

using namespace openailb::detail;
using ::testing::HasSubstr;

constexpr std::size_t megabyte = std::size_t{1} << 20;

/// An answer that unpacks to about so many MiB.
std::string packed(std::size_t megabytes, std::string text = completion_json("Hi")) {
  return http_response(200, gzip_bomb(std::move(text), megabytes * megabyte / 258),
                       {{"Content-Encoding", "gzip"}});
}

/// A transfer in a loop for many.
struct Taking {
  explicit Taking(std::string answer, std::size_t max_response_size = 64 * megabyte)
      : server(answer_with(std::move(answer))), max(max_response_size) {
    begin();
  }
  void begin() {
    transfer.reset();
    transfer.emplace(
        loop, HttpRequest{
                  .url = server.url() + "/x", .body = "{}", .connect_timeout = 5s, .max_response_size = max});
  }
  void turn() {
    const std::size_t before = transfer->response.body.size();
    loop.run_once(loop.now() + 1s);
    most_in_turn = (std::max)(most_in_turn, transfer->response.body.size() - before);
  }
  void until_done() {
    while (!transfer->done()) turn();
  }

  ScriptedServer server;
  std::size_t max;
  CurlEventLoop loop{{}, LoopTuning::throughput};
  std::optional<Transfer> transfer{};
  std::size_t most_in_turn{};
};

TEST(PackedAnswers, AreTakenAPieceAtATime) {
  Taking taking(packed(30));
  taking.until_done();
  EXPECT_FALSE(taking.transfer->failure());
  EXPECT_GT(taking.transfer->response.body.size(), 29 * megabyte);
  EXPECT_THAT(taking.transfer->response.body.substr(0, 200), HasSubstr("Hi"));
  EXPECT_LE(taking.most_in_turn, 2 * megabyte);
}

TEST(PackedAnswers, EndAtTheLimit) {
  Taking taking(packed(30), 20 * megabyte);
  taking.until_done();
  ASSERT_TRUE(taking.transfer->failure());
  EXPECT_THAT(taking.transfer->failure()->message, HasSubstr("larger than max_response_size"));
  EXPECT_LE(taking.most_in_turn, 2 * megabyte);
  taking.begin();  // the loop goes on
  taking.until_done();
  EXPECT_TRUE(taking.transfer->failure());
}

TEST(PackedAnswers, MayBeDroppedAtAnyTime) {
  Taking taking(packed(30));
  for (std::size_t size = 0; size < 20 * megabyte; size += 2 * megabyte) {
    while (taking.transfer->response.body.size() < size) taking.turn();
    taking.begin();
  }
  taking.until_done();
  EXPECT_FALSE(taking.transfer->failure());
  EXPECT_GT(taking.transfer->response.body.size(), 29 * megabyte);
}

TEST(PackedAnswers, SeveralAtOnceHaveTheirTurns) {
  Taking taking(packed(10));
  std::vector<std::unique_ptr<Transfer>> others;
  for (int other = 0; other < 5; ++other) {
    others.push_back(std::make_unique<Transfer>(
        taking.loop,
        HttpRequest{.url = taking.server.url() + "/x", .body = "{}", .max_response_size = taking.max}));
  }
  taking.until_done();
  for (const auto& other : others) {
    while (!other->done()) taking.loop.run_once(taking.loop.now() + 1s);
    EXPECT_FALSE(other->failure());
    EXPECT_EQ(other->response.body.size(), taking.transfer->response.body.size());
  }
}

TEST(PackedAnswers, WhatFollowsTheEndOfAStreamIsNotUnpacked) {
  const std::string stream = "data: " + content_chunk("Hi") + "\n\ndata: [DONE]\n\n";
  ScriptedServer server(
      answer_with(http_response(200, gzip_bomb(stream, 200 * megabyte / 258),
                                {{"Content-Encoding", "gzip"}, {"Content-Type", "text/event-stream"}})));
  const AsyncClient client({{.base_url = server.url()}});
  for (int call = 0; call < 3; ++call) {
    const auto answer = client.chat.completions.stream(hello()).on_chunk([](const auto&) {}).get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->text(), "Hi");
  }
}

}  // namespace
}  // namespace openailb::test::packed_answers_test
