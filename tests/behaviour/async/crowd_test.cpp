// Threads that use one AsyncClient at the same time, each in whatever way comes to its mind. How they
// interleave is left to chance, so the test looks for what holds in any case.
#include "support/async.hpp"
#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::crowd_test {
namespace {

using namespace std::chrono_literals;
using openailb::testing::Fault;
using openailb::testing::Random;
using openailb::testing::ServerBehaviour;
using openailb::testing::SimulatedServer;

constexpr std::size_t threads = 4, calls_of_a_thread = 40, servers = 3;
constexpr int max_retries = 2;

/// One of the threads. Its answers repeat its questions.
class Member {
 public:
  Member(AsyncClient client, std::uint64_t seed)
      : client_(std::move(client)), name_(std::to_string(seed)), random_(seed) {}

  void make_calls() {
    for (std::size_t call = 0; call < calls_of_a_thread; ++call) {
      question_ = "question " + std::to_string(call) + " of thread " + name_;
      make_call();
    }
    for (auto& [question, answer] : to_come_) check(question, answer.get());
  }

 private:
  using Promise = std::promise<Result<ChatCompletion>>;

  void make_call() {
    switch (random_.below(8)) {
      case 0: return check(question_, ask().get());
      case 1: static_cast<void>(ask().wait_for(random_.between(0ns, 300us))); return;  // and drop it
      case 2: return ask().detach();
      case 3: {
        std::stop_source stop;
        Future<ChatCompletion> answer = ask(stop.get_token());
        static_cast<void>(answer.wait_for(random_.between(0ns, 100us)));
        stop.request_stop();
        return check(question_, answer.get());
      }
      case 4:
        return ask().then(
            [promise = promise()](Result<ChatCompletion> answer) { promise->set_value(std::move(answer)); });
      case 5: static_cast<void>(await(ask(), promise())); return;
      case 6: {
        AsyncStream<ChatCompletionChunk> stream = ask_to_stream();
        if (random_.chance(0.5)) static_cast<void>(read(std::move(stream), promise()));
        return;  // or drop it
      }
      default: {
        Future<ChatCompletion> whole = ask_to_stream().on_chunk([](const ChatCompletionChunk&) {});
        if (random_.chance(0.7)) check(question_, whole.get());
      }
    }
  }

  static Coroutine await(Future<ChatCompletion> future, std::shared_ptr<Promise> promise) {
    Result<ChatCompletion> answer = co_await future;
    promise->set_value(std::move(answer));
  }
  static Coroutine read(AsyncStream<ChatCompletionChunk> stream, std::shared_ptr<Promise> promise) {
    while (auto chunk = co_await stream.next()) continue;
    if (stream.error()) {
      promise->set_value(*stream.error());
    } else {
      promise->set_value(stream.completion());
    }
  }

  /// For an answer that comes on the client's thread.
  std::shared_ptr<Promise> promise() {
    auto promise = std::make_shared<Promise>();
    to_come_.emplace_back(question_, promise->get_future());
    return promise;
  }
  Future<ChatCompletion> ask(std::stop_token stop = {}) {
    return client_.chat.completions.create(params(), {.stop_token = std::move(stop)});
  }
  AsyncStream<ChatCompletionChunk> ask_to_stream() { return client_.chat.completions.stream(params()); }
  ChatCompletionCreateParams params() const {
    return {.model = "gpt-4o", .messages = {user_message(question_)}};
  }

  static void check(const std::string& question, const Result<ChatCompletion>& answer) {
    EXPECT_TRUE(!answer || answer->text() == question) << answer->text();
    const std::vector<Attempt>& attempts = answer ? answer->info.attempts : answer.error().attempts;
    EXPECT_LE(attempts.size(), servers + max_retries) << "of " << question;
    const auto lost = [](const Attempt& one) { return one.message.starts_with("canceled: "); };
    EXPECT_LE(std::ranges::count_if(attempts, lost), 1) << "of " << question;
  }

  const AsyncClient client_;
  const std::string name_;
  Random random_;
  std::string question_{};
  std::vector<std::pair<std::string, std::future<Result<ChatCompletion>>>> to_come_{};
};

/// Servers of the same kind, and a crowd that uses them.
struct Crowd : AsyncSimulation {
  Crowd(ServerBehaviour behaviour, std::uint64_t seed) : first_(seed * threads) {
    for (std::size_t index = 0; index < servers; ++index) {
      behaviour.latency = (index + 1) * 50ms;
      add(SimulatedServer(behaviour, seed + index));
    }
    options.max_retries = max_retries;
    options.timeout = 5s;
    options.deadline = 20s;
    options.hedge = HedgeOptions{.delay = 60ms, .max_fraction = 0.3};
  }

  /// Until none of its calls is under way.
  void run() {
    const AsyncClient client = this->client();
    {
      std::vector<std::jthread> all;
      for (std::size_t one = 0; one < threads; ++one) {
        all.emplace_back([&client, seed = first_ + one] { Member(client, seed).make_calls(); });
      }
    }
    // Those that were detached end by their deadlines, if time goes on. Until then they may be in flight or,
    // while they wait before they try again, nowhere.
    const TimePoint end = network.now() + options.deadline;
    while (network.now() <= end) static_cast<void>(ask(client).get());
    for (const EndpointStatus& endpoint : client.endpoints()) {
      const Counts& counts = endpoint.counts;
      EXPECT_EQ(counts.requests, counts.total_successes + counts.total_failures + counts.total_exclusions);
      EXPECT_EQ(endpoint.in_flight, 0);
    }
  }

  /// How often each question of the crowd was sent.
  std::map<std::string, int> questions() const {
    std::map<std::string, int> questions;
    for (const HttpRequest& request : network.requests()) {
      const std::string question = nlohmann::json::parse(request.body)["messages"][0]["content"];
      if (question.starts_with("question")) ++questions[question];
    }
    return questions;
  }

 private:
  std::uint64_t first_;
};

TEST(CrowdTest, LeavesNothingBehindWhateverFails) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(seed);
    Crowd crowd({.faults = {{Fault::reset, 0.1},
                            {Fault::overloaded, 0.1},
                            {Fault::rate_limited, 0.1},
                            {Fault::truncated, 0.1},
                            {Fault::hang, 0.05}}},
                seed);
    crowd.run();
    EXPECT_EQ(crowd.network.in_flight(), 0U);
  }
}

TEST(CrowdTest, HedgesEachCallOnceAndNoMoreCallsThanIsAllowed) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(seed);
    Crowd crowd({}, seed);
    crowd.run();
    int hedges = 0;
    for (const auto& [question, times] : crowd.questions()) {
      EXPECT_LE(times, 2) << question;
      hedges += times - 1;
    }
    EXPECT_GT(hedges, 0);
    EXPECT_LE(hedges, crowd.options.hedge->max_fraction * threads * calls_of_a_thread);
  }
}

}  // namespace
}  // namespace openailb::test::crowd_test
