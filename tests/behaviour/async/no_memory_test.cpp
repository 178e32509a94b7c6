// Memory runs out: one allocation fails, whichever it is. The call ends, with its answer or an error; nothing
// of it is left; the client goes on.
#include "support/async.hpp"
#include "support/failing_memory.hpp"
#include "support/http_message.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace openailb::test::no_memory_test {
namespace {

using namespace std::chrono_literals;

/// The first endpoint fails at first, the second one answers.
std::vector<std::vector<SimulatedAnswer>> failing_over_to(const SimulatedAnswer& answer) {
  return {{failing(503, error_json("overloaded")), answer}, {answer}};
}

TEST(NoMemoryTest, AResultKeepsItsValueWhenAnErrorCannotBeCopied) {
  const Result<std::string> failed = Error{.message = std::string(100, 'x')};
  Result<std::string> result = "text";
  bool is_out_of_memory = false;
  try {
    const FailingMemory failing(0);
    result = failed;
  } catch (const std::bad_alloc&) {
    is_out_of_memory = true;
  }
  EXPECT_TRUE(is_out_of_memory);
  EXPECT_EQ(result.value(), "text");
}

template <class AnyClient>
void expect_nothing_is_left(const AnyClient& client, const Simulation& simulation) {
  for (const EndpointStatus& endpoint : client.endpoints()) {
    const Counts& counts = endpoint.counts;
    EXPECT_EQ(counts.requests, counts.total_successes + counts.total_failures + counts.total_exclusions);
    EXPECT_EQ(endpoint.in_flight, 0) << endpoint.name;
  }
  EXPECT_EQ(simulation.network.in_flight(), 0U);
}

/// Uses a client while one allocation fails: the first one, then the second, and so on, until all that it
/// does has been done without a failure.
template <class AnyClient, class Use>
void let_each_allocation_fail(const std::vector<std::vector<SimulatedAnswer>>& scripts, Use use,
                              std::function<void(std::function<void()>)> executor = nullptr) {
  bool has_failed = true;
  long before = 0;
  for (; has_failed && !::testing::Test::HasFailure(); ++before) {
    SCOPED_TRACE(before);
    Simulation simulation(scripts);
    simulation.options.executor = executor;
    simulation.options.on_unhandled = [](std::exception_ptr) {};
    const AnyClient client(simulation.endpoints, simulation.options);
    {
      const FailingMemory failing(before);
      try {
        use(client);
      } catch (const std::bad_alloc&) {
        // On the caller's own thread.
      }
      has_failed = FailingMemory::has_failed();
    }
    auto next = client.get("/models");
    if constexpr (std::is_same_v<AnyClient, AsyncClient>) {
      ASSERT_TRUE(next.wait_for(patience)) << "the client hangs";
      static_cast<void>(next.get());
    }
    expect_nothing_is_left(client, simulation);
  }
  EXPECT_GT(before, 50);
}

/// Waits for the end of a call. It may have failed for no other reason than that there was no memory.
template <class T>
void end(Future<T> future) {
  ASSERT_TRUE(future.wait_for(patience)) << "the call does not end";
  Result<T> answer(Error{});
  ASSERT_NO_THROW(answer = future.get());
  EXPECT_TRUE(answer || answer.error().kind == ErrorKind::canceled) << answer.error().message;
}

const SimulatedAnswer text = streaming(whole("hello"));
const SimulatedAnswer list =
    answering(R"({"object": "list", "data": [{"id": "file-1"}], "has_more": false})");
const SimulatedAnswer batch = answering(R"({"id": "batch_1", "object": "batch", "status": "completed"})");
const SimulatedAnswer bytes = dripping({"some", "bytes"}, 1ms);
const auto take = [](std::string_view) {};
const auto look = [](const Batch&) {};
const FileCreateParams upload{.file = file_from_bytes("a.txt", "content"), .purpose = "batch"};

TEST(NoMemoryTest, CreateEnds) {
  let_each_allocation_fail<AsyncClient>(failing_over_to(ok()),
                                        [](const AsyncClient& client) { end(ask(client)); });
}

TEST(NoMemoryTest, BlockingCallsEnd) {
  let_each_allocation_fail<Client>(failing_over_to(ok()), [](const Client& client) { (void)ask(client); });
  let_each_allocation_fail<Client>(failing_over_to(list),
                                   [](const Client& client) { (void)client.files.list(); });
  let_each_allocation_fail<Client>(
      failing_over_to(list), [](const Client& client) { (void)client.files.list({.all_endpoints = true}); });
  let_each_allocation_fail<Client>(failing_over_to(bytes),
                                   [](const Client& client) { (void)client.files.content("file-1", take); });
  let_each_allocation_fail<Client>(failing_over_to(batch), [](const Client& client) {
    (void)client.batches.wait("batch_1", {.on_update = look});
  });
}

TEST(NoMemoryTest, ABlockingStreamThatBreaksIsNotWhole) {
  let_each_allocation_fail<Client>(failing_over_to(text), [](const Client& client) {
    auto stream = ask_to_stream(client);
    std::string said;
    for (bool is_over = false; !is_over;) {
      try {
        const auto chunk = stream.next();
        is_over = !chunk;
        if (chunk) said += chunk->text();
      } catch (const std::bad_alloc&) {
        // and go on
      }
    }
    EXPECT_TRUE(stream.error() || said == "hello") << said;
  });
}

Coroutine read(AsyncStream<ChatCompletionChunk> stream, Box<bool>& is_over) {
  try {
    while (auto chunk = co_await stream.next()) continue;
  } catch (const std::bad_alloc&) {
    // Where it asks for the next chunk.
  }
  is_over.put(true);
}

TEST(NoMemoryTest, StreamsEnd) {
  let_each_allocation_fail<AsyncClient>(failing_over_to(text), [](const AsyncClient& client) {
    Box<bool> is_over;
    read(ask_to_stream(client), is_over);
    EXPECT_TRUE(is_over.get());
  });
}

TEST(NoMemoryTest, CoroutinesGoOn) {
  let_each_allocation_fail<AsyncClient>(failing_over_to(ok()), [](const AsyncClient& client) {
    Box<bool> is_over;
    [](Future<ChatCompletion> future, Box<bool>& over) -> Coroutine {
      try {
        const Result<ChatCompletion> answer = co_await future;
      } catch (const std::bad_alloc&) {
        // Where it begins to wait.
      }
      over.put(true);
    }(ask(client), is_over);
    EXPECT_TRUE(is_over.get());
  });
}

TEST(NoMemoryTest, FunctionsAreCalledWithTheEnd) {
  let_each_allocation_fail<AsyncClient>(failing_over_to(ok()), [](const AsyncClient& client) {
    Box<bool> is_over;
    ask(client).then([&](const Result<ChatCompletion>&) { is_over.put(true); });
    EXPECT_TRUE(is_over.get());
  });
}

TEST(NoMemoryTest, OnChunkEnds) {
  let_each_allocation_fail<AsyncClient>(failing_over_to(text), [](const AsyncClient& client) {
    end(ask_to_stream(client).on_chunk([](const ChatCompletionChunk&) {}));
  });
}

TEST(NoMemoryTest, OnChunkEndsWithAnExecutor) {
  const auto at_once = [](const std::function<void()>& function) { function(); };
  let_each_allocation_fail<AsyncClient>(
      failing_over_to(text),
      [](const AsyncClient& client) {
        end(ask_to_stream(client).on_chunk([](const ChatCompletionChunk&) {}));
      },
      at_once);
}

TEST(NoMemoryTest, DownloadsUploadsAndPollsEnd) {
  let_each_allocation_fail<AsyncClient>(
      failing_over_to(bytes), [](const AsyncClient& client) { end(client.files.content("file-1", take)); });
  let_each_allocation_fail<AsyncClient>(failing_over_to(answering(R"({"id": "file-1"})")),
                                        [](const AsyncClient& client) { end(client.files.create(upload)); });
  let_each_allocation_fail<AsyncClient>(failing_over_to(batch), [](const AsyncClient& client) {
    end(client.batches.wait("batch_1", {.on_update = look}));
  });
}

TEST(NoMemoryTest, ListsEnd) {
  let_each_allocation_fail<AsyncClient>(failing_over_to(list),
                                        [](const AsyncClient& client) { end(client.files.list()); });
  let_each_allocation_fail<AsyncClient>(failing_over_to(list), [](const AsyncClient& client) {
    end(client.files.list({.all_endpoints = true}));
  });
}

TEST(NoMemoryTest, ForEachEnds) {
  let_each_allocation_fail<AsyncClient>(failing_over_to(ok()), [](const AsyncClient& client) {
    const auto params = [](int) { return question(); };
    const auto ignore = [](int, const Result<ChatCompletion>&) {};
    for_each(client, std::vector<int>{1, 2, 3}, params, ignore, {.concurrency = 2});
  });
}

TEST(NoMemoryTest, CallsThatAreDroppedOrDetachedLeaveNothing) {
  let_each_allocation_fail<AsyncClient>({{ok()}}, [](const AsyncClient& client) {
    const Future<ChatCompletion> dropped = ask(client);
    ask(client).detach();
    const AsyncStream<ChatCompletionChunk> stream = ask_to_stream(client);
    end(ask(client));
  });
}

TEST(NoMemoryTest, CallsOnSocketsEnd) {
  // The server's threads are in this process, so only the client's own counts, from the first attempt on.
  ScriptedServer server(answer([](const Request& request) {
    return http_response(200, request.target.ends_with("/models") ? R"({"data": []})" : completion_json(),
                         {{"Content-Encoding", "one-that-nobody-has-ever-heard-of"}});
  }));
  bool has_failed = true;
  for (long before = 0; has_failed && !HasFailure(); ++before) {
    SCOPED_TRACE(before);
    ClientOptions options{.on_event = [](const Event&) { is_marked_thread = true; }};
    const AsyncClient client({{.base_url = "http://127.0.0.1:1/v1"}, {.base_url = server.url()}}, options);
    {
      const FailingMemory failing(before, true);
      end(ask(client));
      has_failed = FailingMemory::has_failed();
    }
    EXPECT_TRUE(client.get("/models").get());
    for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.in_flight, 0);
  }
}

}  // namespace
}  // namespace openailb::test::no_memory_test
