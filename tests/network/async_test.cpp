// Many calls of one AsyncClient at once, over real sockets.
#include "support/async.hpp"

#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::async_test {
namespace {

using namespace std::chrono_literals;

/// How many connections this process may have, with both of their ends in it.
std::size_t possible_connections(std::size_t wanted) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = (std::min)(files.rlim_max, static_cast<rlim_t>(2 * wanted + 100));
  setrlimit(RLIMIT_NOFILE, &files);
  return (std::min)(wanted, static_cast<std::size_t>(files.rlim_cur - 100) / 2);
}

/// A server that answers every request, but a stream after its first token only when `rest` opens.
Handler first_token_and(Gate& rest) {
  return [&rest](Connection& connection) {
    while (connection.read_request()) {
      connection.write(sse_head() + http_chunk(says("a")));
      bool is_open = false;  // thousands of streams take longer than the patience for one
      for (int wait = 0; !is_open && wait < 5; ++wait) is_open = rest.wait(connection.stop_token());
      if (!is_open) return;
      connection.write(http_chunk(says("b") + finish() + done()).append(last_chunk));
      return;
    }
  };
}

/// A server that reads requests and never answers.
void stay_silent(Connection& connection) {
  while (connection.read_request()) {
  }
}

TEST(AsyncOnSockets, LoopTuning) {
  ScriptedServer one(answer([](const Request& request) {
    const std::string text = request.json()["messages"][0]["content"];
    return http_response(200, completion_json(text));
  }));
  const AsyncClient client({{.base_url = one.url()}});
  std::vector<Future<ChatCompletion>> futures;
  for (int call = 0; call < 100; ++call) {
    futures.push_back(client.chat.completions.create(hello(std::to_string(call))));
  }
  for (int call = 0; call < 100; ++call) {
    EXPECT_EQ(futures[static_cast<std::size_t>(call)].get()->text(), std::to_string(call));
  }
}

TEST(AsyncOnSockets, HoldsTwoThousandStreamsAtOnce) {
  const std::size_t streams = possible_connections(2000);
  Gate all_have_begun;
  ScriptedServer server(first_token_and(all_have_begun));
  const AsyncClient client({{.base_url = server.url()}}, {.connect_timeout = 60s});
  std::atomic<std::size_t> begun = 0;
  std::vector<Future<ChatCompletion>> answers;
  for (std::size_t stream = 0; stream < streams; ++stream) {
    answers.push_back(client.chat.completions.stream(hello()).on_chunk([&](const ChatCompletionChunk& chunk) {
      if (chunk.text() == "a" && ++begun == streams) all_have_begun.open();
    }));
  }
  for (Future<ChatCompletion>& answer : answers) {
    const Result<ChatCompletion> completion = answer.get();
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "ab");
  }
}

TEST(AsyncOnSockets, SurvivesAStormOfCancellations) {
  ScriptedServer silent(stay_silent);
  ScriptedServer healthy(answer([](const Request&) { return http_response(200, completion_json("hi")); }));
  const AsyncClient client(
      {{.base_url = silent.url(), .name = "silent"}, {.base_url = healthy.url(), .name = "healthy"}});
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      std::stop_source stop;
      std::vector<Future<ChatCompletion>> stopped, dropped;
      std::vector<AsyncStream<ChatCompletionChunk>> streams;
      for (int call = 0; call < 50; ++call) {
        stopped.push_back(
            client.chat.completions.create(hello(), {.stop_token = stop.get_token(), .endpoint = "silent"}));
        dropped.push_back(client.chat.completions.create(hello(), {.endpoint = "silent"}));
        streams.push_back(client.chat.completions.stream(hello(), {.endpoint = "silent"}));
      }
      stop.request_stop();
      for (Future<ChatCompletion>& future : stopped) {
        EXPECT_EQ(error_of(future.get()).kind, ErrorKind::canceled);
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(client.chat.completions.create(hello(), {.endpoint = "healthy"}).get());
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.in_flight, 0);
  EXPECT_EQ(client.endpoints()[0].counts.total_exclusions, client.endpoints()[0].counts.requests);
}

TEST(AsyncOnSockets, BeginsACallWhileItWaitsForAnother) {
  Gate silent_was_asked;
  ScriptedServer silent([&](Connection& connection) {
    connection.read_request();
    silent_was_asked.open();
    stay_silent(connection);
  });
  ScriptedServer healthy(answer([](const Request&) { return http_response(200, completion_json("hi")); }));
  const AsyncClient client(
      {{.base_url = silent.url(), .name = "silent"}, {.base_url = healthy.url(), .name = "healthy"}});
  const Future<ChatCompletion> waiting = client.chat.completions.create(hello(), {.endpoint = "silent"});
  ASSERT_TRUE(silent_was_asked.wait());
  // Ten, as the loop may not have gone to sleep again when the first of them begins.
  for (int call = 0; call < 10; ++call) {
    Future<ChatCompletion> next = client.chat.completions.create(hello(), {.endpoint = "healthy"});
    ASSERT_TRUE(next.wait_for(patience));
  }
  EXPECT_FALSE(waiting.ready());
}

TEST(AsyncOnSockets, EndsAtOnceWithCallsUnderWay) {
  ScriptedServer silent(stay_silent);
  std::optional<AsyncClient> client(std::in_place, std::vector<EndpointConfig>{{.base_url = silent.url()}});
  std::vector<Future<ChatCompletion>> futures;
  std::vector<AsyncStream<ChatCompletionChunk>> streams;
  for (int call = 0; call < 100; ++call) {
    futures.push_back(client->chat.completions.create(hello()));
    streams.push_back(client->chat.completions.stream(hello()));
  }
  const Stopwatch stopwatch;
  client.reset();
  EXPECT_LT(stopwatch.elapsed(), noise);
  for (Future<ChatCompletion>& future : futures) {
    ASSERT_TRUE(future.ready());
    EXPECT_EQ(error_of(future.get()).kind, ErrorKind::canceled);
  }
}

TEST(AsyncOnSockets, StopsAtOnce) {
  ScriptedServer silent(stay_silent);
  const AsyncClient client({{.base_url = silent.url()}});
  std::stop_source stop;
  std::atomic<bool> flag = false;
  Future<ChatCompletion> by_token = client.chat.completions.create(hello(), {.stop_token = stop.get_token()});
  Future<ChatCompletion> by_flag =
      client.chat.completions.create(hello(), {.should_stop = [&] { return flag.load(); }});
  const Stopwatch stopwatch;
  stop.request_stop();
  flag = true;
  EXPECT_EQ(error_of(by_token.get()).kind, ErrorKind::canceled);
  EXPECT_EQ(error_of(by_flag.get()).kind, ErrorKind::canceled);
  EXPECT_LT(stopwatch.elapsed(), noise);
}

TEST(AsyncOnSockets, GoesOnAfterAPause) {
  ScriptedServer server(answer([](const Request&) { return http_response(200, completion_json("hi")); }));
  const AsyncClient client({{.base_url = server.url()}});
  for (int call = 0; call < 3; ++call) {
    EXPECT_TRUE(client.chat.completions.create(hello()).get());
    EXPECT_TRUE(client.get("/models").get());
  }
  EXPECT_EQ(server.connection_count(), 1);
}

}  // namespace
}  // namespace openailb::test::async_test
