// One client, many threads.
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace openailb::test::threads_test {
namespace {

using namespace detail;
constexpr std::size_t threads = 8;

/// Runs `work(number)` on as many threads at once.
void on_all_threads(const std::function<void(std::size_t)>& work) {
  std::latch start(threads);
  std::vector<std::jthread> running;
  for (std::size_t number = 0; number < threads; ++number) {
    running.emplace_back([&, number] {
      start.arrive_and_wait();
      work(number);
    });
  }
}

/// Answers with what it was told, as a completion or as a stream of its two halves.
std::string echo(const Request& request) {
  const nlohmann::json body = request.json();
  const std::string text = body["messages"][0]["content"];
  if (!body.contains("stream")) return http_response(200, completion_json(text));
  return sse_response(completion_events({text.substr(0, text.size() / 2), text.substr(text.size() / 2)}));
}

TEST(Threads, EachGetsItsOwnAnswers) {
  ScriptedServer one(answer(echo)), two(answer(echo));
  Client client({{.base_url = one.url()}, {.base_url = two.url()}});
  on_all_threads([&](std::size_t number) {
    for (int call = 0; call < 50; ++call) {
      const std::string text = "thread " + std::to_string(number) + ", call " + std::to_string(call);
      auto completion = client.chat.completions.create(hello(text));
      ASSERT_TRUE(completion) << completion.error().message;
      EXPECT_EQ(completion->text(), text);
      if (call % 5 != 0) continue;
      EXPECT_EQ(read(client.chat.completions.stream(hello(text))).content, text);
    }
  });
  for (const auto* server : {&one, &two}) {
    EXPECT_LE(server->connection_count(), threads);
    EXPECT_EQ(server->request_count(), threads * 60 / 2);
  }
  for (const EndpointStatus& endpoint : client.endpoints()) {
    EXPECT_EQ(endpoint.in_flight, 0);
    EXPECT_EQ(endpoint.counts.total_successes, threads * 60 / 2);
  }
}

TEST(Threads, WaitForSeatsWithoutTakingMoreThanThereAre) {
  std::atomic<int> at_once{}, most{};
  const auto counted = answer([&](const Request& request) {
    const int now = ++at_once;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::string response = echo(request);
    --at_once;
    return response;
  });
  ScriptedServer one(counted), two(counted);
  Client client({{.base_url = one.url(), .max_in_flight = 1}, {.base_url = two.url(), .max_in_flight = 2}},
                {.max_in_flight = 2});
  on_all_threads([&](std::size_t number) {
    for (int call = 0; call < 50; ++call) {
      RequestOptions options;
      if (number == 0) options.endpoint = "endpoint-0";
      auto completion = client.chat.completions.create(hello("hello"), options);
      EXPECT_TRUE(completion) << completion.error().message;
    }
  });
  EXPECT_LE(most, 2);
  EXPECT_EQ(one.request_count() + two.request_count(), threads * 50);
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.in_flight, 0);
}

TEST(Threads, CallWhileTheFleetChanges) {
  ScriptedServer one(answer(echo)), two(answer(echo));
  const EndpointConfig first{.base_url = one.url(), .name = "one"};
  const EndpointConfig second{.base_url = two.url(), .name = "two", .max_in_flight = 3};
  Client client({first, second}, {.scorer = lowest_latency});
  on_all_threads([&](std::size_t number) {
    for (int call = 0; call < 50; ++call) {
      if (number == 0) {  // one thread, or one change would refuse the other
        client.remove_endpoint("two");
        client.add_endpoint(second);
        client.set_endpoints({second, first});
      } else {
        auto completion = client.chat.completions.create(hello("hello"));
        EXPECT_TRUE(completion) << completion.error().message;
      }
    }
  });
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.in_flight, 0);
}

TEST(Threads, HedgeEachForThemselves) {
  ScriptedServer silent([](Connection& connection) {
    connection.skip_request();
    connection.wait_closed();
  });
  ScriptedServer well(answer(echo));
  Client client({{.base_url = silent.url()}, {.base_url = well.url()}},
                {.hedge = HedgeOptions{.delay = 1ms, .max_fraction = 1.0}, .retry_budget = std::nullopt});
  on_all_threads([&](std::size_t number) {
    for (int call = 0; call < 20; ++call) {
      const std::string text = "thread " + std::to_string(number) + ", call " + std::to_string(call);
      auto completion = client.chat.completions.create(hello(text));
      ASSERT_TRUE(completion) << completion.error().message;
      EXPECT_EQ(completion->text(), text);
      EXPECT_EQ(completion->info.endpoint, "endpoint-1");
      EXPECT_EQ(read(client.chat.completions.stream(hello(text))).content, text);
    }
  });
  EXPECT_GT(silent.connection_count(), 0U);
  for (const EndpointStatus& endpoint : client.endpoints()) {
    EXPECT_EQ(endpoint.in_flight, 0);
    EXPECT_EQ(endpoint.counts.requests, endpoint.counts.total_successes + endpoint.counts.total_exclusions);
  }
}

TEST(Threads, MayHoldSeveralStreamsEach) {
  ScriptedServer server(answer(echo));
  Client client({{.base_url = server.url()}});
  on_all_threads([&](std::size_t number) {
    for (int round = 0; round < 5; ++round) {
      const std::string text = std::to_string(number * 1000) + std::to_string(round);
      auto one = client.chat.completions.stream(hello(text + " one"));
      auto two = client.chat.completions.stream(hello(text + " two"));
      ASSERT_TRUE(one.next() && two.next());
      read(two);
      read(one);
      EXPECT_EQ(one.completion().text(), text + " one");
      EXPECT_EQ(two.completion().text(), text + " two");
    }
  });
  EXPECT_LE(server.connection_count(), 2 * threads);
}

TEST(Threads, MayPassAStreamOn) {
  ScriptedServer server(answer(echo));
  Client client({{.base_url = server.url()}});
  for (int round = 0; round < 10; ++round) {
    auto stream =
        std::make_unique<Stream<ChatCompletionChunk>>(client.chat.completions.stream(hello("Hello")));
    ASSERT_TRUE(stream->next());
    std::jthread([stream = std::move(stream)] {
      read(*stream);
      EXPECT_EQ(stream->completion().text(), "Hello");
    });
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(Threads, StopEachOthersCalls) {
  ScriptedServer silent([](Connection& connection) {
    while (connection.read_request()) {
    }
  });
  Client client({{.base_url = silent.url()}});
  const Stopwatch watch;
  on_all_threads([&](std::size_t) {
    for (int round = 0; round < 20; ++round) {
      std::stop_source stop;
      const std::jthread stopper([&] { stop.request_stop(); });  // before, while or after it is sent
      auto completion = client.chat.completions.create(hello(), {.stop_token = stop.get_token()});
      EXPECT_EQ(error_of(completion).kind, ErrorKind::canceled);
    }
  });
  EXPECT_LT(watch.elapsed(), patience);
  EXPECT_EQ(client.endpoints()[0].in_flight, 0);
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0);
}

TEST(Threads, MayDestroyTheClientThatOthersCopied) {
  ScriptedServer server(answer(echo));
  auto client = std::make_unique<Client>(std::vector<EndpointConfig>{{.base_url = server.url()}});
  std::vector<Client> copies(threads, *client);
  client.reset();
  on_all_threads([&](std::size_t number) {
    const Client own = copies[number];
    auto completion = own.chat.completions.create(hello("Hello"));
    EXPECT_EQ(completion->text(), "Hello");
  });
}

}  // namespace
}  // namespace openailb::test::threads_test
