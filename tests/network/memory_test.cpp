// What a client holds, in bytes that are counted: after a burst, and while servers pour out what they like.
#include "support/compression.hpp"
#include "support/counted_memory.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include "support/upload.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <latch>
#include <ranges>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace openailb::test::memory_test {
namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

struct Memory : ::testing::Test {
  void SetUp() override {
    ASSERT_TRUE(memory_is_counted);
    most = before = held;
  }

  std::size_t kept() const { return held > before ? held - before : 0; }
  std::size_t peak() const { return most - before; }

  std::size_t before{};
};

// The bodies have 60 MiB together, all at the same time. What is left is sixty loops with a connection each,
// for two minutes.
TEST_F(Memory, ABurstLeavesNoBodiesBehind) {
  std::latch all_are_there(60);
  ScriptedServer server([&](Connection& connection) {
    connection.skip_request();
    all_are_there.arrive_and_wait();
    connection.write(http_response(200, completion_json("Hi")));
  });
  const Client client({{.base_url = server.url()}});
  {
    const ChatCompletionCreateParams params = hello(std::string(megabyte, 'x'));
    std::vector<std::jthread> burst;
    for (int thread = 0; thread < 60; ++thread) {
      burst.emplace_back([&] { EXPECT_TRUE(client.chat.completions.create(params)); });
    }
  }
  EXPECT_LT(kept(), 10 * megabyte);
}

// To a server that breaks off in the middle, and then to one that takes it all.
TEST_F(Memory, AFileIsNeverWholeInMemory) {
  const TemporaryFile file("");
  std::filesystem::resize_file(file.path(), 64 * megabyte);
  ScriptedServer dying([](Connection& connection) {
    connection.skip(8 * megabyte);
    connection.reset();
  });
  ScriptedServer healthy([](Connection& connection) {
    if (connection.skip_request()) connection.write(http_response(200, R"({"id":"file-1"})"));
  });
  const Client client({{.base_url = dying.url()}, {.base_url = healthy.url()}});
  const auto answer = client.upload("/files", {{.name = "file", .file = openailb::file(file.path())}});
  EXPECT_EQ(answer->info.attempts.size(), 2);
  EXPECT_LT(peak(), 2 * megabyte);
}

TEST_F(Memory, ADownloadIsNeverWholeInMemory) {
  ScriptedServer server([](Connection& connection) {
    connection.skip_request();
    connection.write(response_head(200, {{"Content-Length", std::to_string(64 * megabyte)}}));
    const std::string piece(megabyte, 'x');
    for (int count = 0; count < 64; ++count) connection.write(piece);
  });
  std::size_t size = 0;
  const auto done = Client({{.base_url = server.url()}}).download("/x", [&](std::string_view bytes) {
    size += bytes.size();
  });
  EXPECT_EQ(done->size, 64 * megabyte);
  EXPECT_EQ(size, 64 * megabyte);
  EXPECT_LT(peak(), 8 * megabyte);
}

// Ten times as many inputs would take ten times as much, if anything of them were kept.
TEST_F(Memory, OfForEachDoesNotGrowWithItsInputs) {
  ScriptedServer server([](Connection& connection) {
    while (connection.skip_request()) connection.write(http_response(200, completion_json("Hi")));
  });
  const AsyncClient client({{.base_url = server.url()}});
  const auto peak_of = [&](int inputs) {
    most = before = held;
    std::size_t answers = 0;
    for_each(
        client, std::views::iota(0, inputs), [](int number) { return hello(std::to_string(number)); },
        [&](int, const Result<ChatCompletion>& completion) { answers += completion ? 1 : 0; },
        {.concurrency = 32});
    EXPECT_EQ(answers, static_cast<std::size_t>(inputs));
    return peak();
  };
  peak_of(500);
  const std::size_t few = peak_of(500), many = peak_of(5'000);
  EXPECT_LT(many, 2 * few + megabyte / 4);
}

/// Answers a stream with `head`, and then `more` until nobody listens.
Handler pours(std::string head, std::string more) {
  return [head = std::move(head), more = std::move(more)](Connection& connection) {
    connection.skip_request();
    connection.write(head);
    while (connection.write(more)) continue;
  };
}

const std::string unspoken = sse_event(R"({"choices":[{"delta":{"role":"assistant"}}]})");

std::string many(const std::string& text, std::size_t size) {
  std::string all;
  while (all.size() < size) all += text;
  return all;
}

Client client_of(const ScriptedServer& server) {
  return Client({{.base_url = server.url()}}, {.max_retries = 0, .max_response_size = megabyte});
}

TEST_F(Memory, AFloodThatSaysNothingIsBounded) {
  const std::string head = response_head(200, {{"Content-Type", "text/event-stream"}});
  ScriptedServer server(pours(head, many(unspoken, 64 * 1024)));
  EXPECT_FALSE(read(client_of(server).chat.completions.stream(hello())).error->message.empty());
  EXPECT_LT(peak(), 16 * megabyte);
}

TEST_F(Memory, AFloodThatIsReadSlowlyIsBounded) {
  const std::string head = response_head(200, {{"Content-Type", "text/event-stream"}});
  ScriptedServer server(pours(head, many(sse_event(content_chunk("x")), 64 * 1024)));
  auto stream = client_of(server).chat.completions.stream(hello());
  for (int chunk = 0; chunk < 20'000; ++chunk) ASSERT_TRUE(stream.next());
  EXPECT_LT(peak(), 16 * megabyte);
}

// 64 MiB of events in 640 kB, a hundred for each that comes from the socket.
TEST_F(Memory, AFloodInGzipIsBounded) {
  for (const std::string& event : {unspoken, sse_event(content_chunk("x"))}) {
    ScriptedServer server(
        answer_with(http_response(200, gzip_bomb(event, 64 * megabyte / 258),
                                  {{"Content-Type", "text/event-stream"}, {"Content-Encoding", "gzip"}})));
    most = before = held;
    auto stream = client_of(server).chat.completions.stream(hello());
    while (stream.next()) continue;
    EXPECT_LT(peak(), 16 * megabyte) << event;
    EXPECT_TRUE(stream.error());
  }
}

}  // namespace
}  // namespace openailb::test::memory_test
