// Tasks of an event loop that are created, end and are destroyed at random.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/scripted_server.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <time.h>
#include <utility>
#include <vector>

namespace openailb::event_loop_races_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using testing::SimulatedAnswer;

/// Creates, ends and destroys tasks at random, from outside and from within each other.
class Races {
 public:
  explicit Races(unsigned seed) : random_(seed) {
    network_.serve("https://one.example", [this](const HttpRequest&) { return answer(); });
  }

  void play() {
    for (int turn = 0; turn < 24; ++turn) {
      switch (below(4)) {
        case 0: tasks_[below(tasks_.size())].reset(); break;
        case 1: stops_[below(stops_.size())].request_stop(); break;
        case 2: stops_[below(stops_.size())] = std::stop_source(); break;
        default: begin(); break;
      }
      pass(std::chrono::milliseconds(below(3)));
    }
    tasks_.clear();
    EXPECT_EQ(alive_.use_count(), 1);
    EXPECT_EQ(network_.in_flight(), 0u);
    pass(20ms);
  }

 private:
  static Task<bool> pause(EventLoop& loop, std::chrono::nanoseconds time) {
    Timer timer(loop, loop.now() + time);
    WhenAny over(timer);
    co_await over;
    co_return true;
  }

  using Slot = std::optional<Task<int>>;

  std::size_t below(std::size_t limit) { return random_() % limit; }
  TimePoint soon() { return loop_->now() + std::chrono::milliseconds(below(4)); }
  std::stop_token stop() { return stops_[below(stops_.size())].get_token(); }
  void pass(std::chrono::nanoseconds time) { run(*loop_, pause(*loop_, time)); }
  void begin() {
    const std::size_t root = below(tasks_.size());
    if (tasks_[root]) return;
    tasks_[root].emplace(act(root, 3, alive_));
    tasks_[root]->start();
  }

  SimulatedAnswer answer() {
    SimulatedAnswer answer{.body = below(2) == 0 ? "" : "x", .latency = std::chrono::milliseconds(below(3))};
    for (auto left = below(3); left > 0; --left) {
      answer.pieces.push_back({std::chrono::milliseconds(below(2)), below(3) == 0 ? "" : "y"});
    }
    answer.ending = static_cast<SimulatedAnswer::Ending>(below(3));
    return answer;
  }

  /// Waits for a timer, a transfer, a nested task or all of them, a few times over, and now and then
  /// destroys another task than its own root.
  Task<int> act(std::size_t root, int depth, std::shared_ptr<int> alive) {
    for (auto left = 1 + below(3); left > 0; --left) {
      Timer timer(*loop_, soon(), stop());
      std::optional<Transfer> transfer;
      if (below(2) == 0) {
        transfer.emplace(*loop_, HttpRequest{.url = "https://one.example/", .max_response_size = 99});
        transfer->wake_on_data(below(2) == 0);
      }
      if (depth > 0 && below(2) == 0) {
        Task<int> nested = act(root, depth - 1, alive);
        if (below(4) == 0) {
          co_await nested;
        } else if (transfer) {
          WhenAny any(nested, *transfer, timer);
          co_await any;
          EXPECT_TRUE(nested.done() || transfer->ready() || timer.ready());
        } else {
          WhenAny any(timer, nested);
          co_await any;
          EXPECT_TRUE(nested.done() || timer.ready());
        }
      } else if (transfer) {
        WhenAny any(timer, *transfer);
        co_await any;
        EXPECT_TRUE(transfer->ready() || timer.ready());
      } else {
        WhenAny any(timer);
        co_await any;
        EXPECT_TRUE(timer.ready());
      }
      const std::size_t victim = below(3 * tasks_.size());
      if (victim < tasks_.size() && victim != root) tasks_[victim].reset();
    }
    if (below(5) == 0) throw std::runtime_error("as it happens");
    co_return static_cast<int>(alive.use_count());
  }

  testing::SimulatedNetwork network_{};
  std::unique_ptr<EventLoop> loop_{network_.loops()()};
  std::mt19937 random_;
  std::shared_ptr<int> alive_{std::make_shared<int>()};
  std::vector<std::stop_source> stops_{3};
  std::vector<Slot> tasks_{6};
};

TEST(EventLoopRaces, WhateverIsDestroyedWheneverLeavesNothingBehind) {
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Races(seed).play();
    if (HasFailure()) FAIL() << "with seed " << seed;
  }
}

}  // namespace
}  // namespace openailb::event_loop_races_test
