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

namespace openailb::event_loop_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::SimulatedAnswer;
using Log = std::vector<std::string>;

class EventLoopTest : public ::testing::Test {
 protected:
  std::chrono::nanoseconds elapsed() const { return network.now() - began; }
  HttpRequest request() const { return {.url = "https://one.example/v1", .max_response_size = 1024}; }
  void serve(SimulatedAnswer answer) {
    network.serve("https://one.example", [answer = std::move(answer)](const HttpRequest&) { return answer; });
  }

  testing::SimulatedNetwork network;
  TimePoint began = network.now();
  std::unique_ptr<EventLoop> loop = network.loops()();
  Log log;
};

Task<bool> wait_until(EventLoop& loop, TimePoint at, std::stop_token stop = {}) {
  Timer timer(loop, at, std::move(stop));
  WhenAny over(timer);
  co_await over;
  co_return timer.stopped();
}

Task<int> note_at(EventLoop& loop, TimePoint at, Log& log, std::string text) {
  Timer timer(loop, at);
  WhenAny over(timer);
  co_await over;
  log.push_back(std::move(text));
  co_return 0;
}

TEST_F(EventLoopTest, TimersFireInTheOrderOfTheirTimes) {
  std::deque<Task<int>> tasks;
  for (const int ms : {30, 10, 20}) {
    tasks.push_back(note_at(*loop, began + std::chrono::milliseconds(ms), log, std::to_string(ms)));
    tasks.back().start();
  }
  run(*loop, wait_until(*loop, began + 1s));
  EXPECT_THAT(log, ElementsAre("10", "20", "30"));
}

TEST_F(EventLoopTest, TimersOfTheSameTimeFireInTheOrderOfTheirMaking) {
  // Placed in memory against that order, so that an order by address is another one.
  std::deque<std::optional<Timer>> timers(8);
  Log expected;
  for (std::size_t index = timers.size(); index-- > 0;) timers[index].emplace(*loop, began + 1ms);
  struct Noting {
    static Task<int> note(Timer& timer, Log& log, std::string text) {
      WhenAny over(timer);
      co_await over;
      log.push_back(std::move(text));
      co_return 0;
    }
  };
  std::deque<Task<int>> tasks;
  for (std::size_t index = 0; index < timers.size(); ++index) {
    tasks.push_back(Noting::note(*timers[index], log, std::to_string(index)));
    tasks.back().start();
    expected.insert(expected.begin(), std::to_string(index));
  }
  run(*loop, wait_until(*loop, began + 2ms));
  EXPECT_EQ(log, expected);
}

TEST_F(EventLoopTest, ATimerOfThePastFiresAtOnce) {
  EXPECT_FALSE(run(*loop, wait_until(*loop, began - 1s)));
  EXPECT_FALSE(run(*loop, wait_until(*loop, TimePoint::min())));
  EXPECT_EQ(elapsed(), 0ms);
}

TEST_F(EventLoopTest, ATimerWithoutATimeOnlyEndsByItsStopToken) {
  std::stop_source stop;
  network.at(began + 5h, [&] { stop.request_stop(); });
  EXPECT_TRUE(run(*loop, wait_until(*loop, TimePoint::max(), stop.get_token())));
  EXPECT_EQ(elapsed(), 5h);
}

TEST_F(EventLoopTest, ATimerWhoseStopWasRequestedBeforeDoesNotWait) {
  std::stop_source stop;
  stop.request_stop();
  Task<bool> task = wait_until(*loop, began + 1s, stop.get_token());
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_TRUE(task.result());
  EXPECT_EQ(elapsed(), 0ms);
}

TEST_F(EventLoopTest, AStopEndsTheTimersOfItsTokenAndNoOthers) {
  std::stop_source stop;
  std::stop_source other;
  network.at(began + 1ms, [&] { stop.request_stop(); });
  Task<bool> another = wait_until(*loop, began + 3ms, other.get_token());
  another.start();
  EXPECT_TRUE(run(*loop, wait_until(*loop, began + 2ms, stop.get_token())));
  EXPECT_EQ(elapsed(), 1ms);
  EXPECT_FALSE(run(*loop, std::move(another)));
  EXPECT_EQ(elapsed(), 3ms);
}

TEST_F(EventLoopTest, AStopEndsAllTimersOfItsToken) {
  std::stop_source stop;
  network.at(began + 1ms, [&] { stop.request_stop(); });
  std::vector<Task<bool>> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(wait_until(*loop, began + 1h, stop.get_token()));
    waiting.back().start();
  }
  for (auto& task : waiting) EXPECT_TRUE(run(*loop, std::move(task)));
  EXPECT_EQ(elapsed(), 1ms);
}

TEST_F(EventLoopTest, ATimerThatIsGoneCanStillBeStopped) {
  std::stop_source stop;
  { const Timer timer(*loop, began + 1ms, stop.get_token()); }
  stop.request_stop();
  EXPECT_FALSE(run(*loop, wait_until(*loop, began + 2ms)));
}

TEST_F(EventLoopTest, ATimerMayGoBetweenItsStopAndTheNextTurn) {
  std::vector<std::stop_source> stops(3);
  std::vector<std::unique_ptr<Timer>> timers;
  for (auto& stop : stops)
    timers.push_back(std::make_unique<Timer>(*loop, TimePoint::max(), stop.get_token()));
  for (auto& stop : stops) stop.request_stop();
  timers.erase(timers.begin() + 1);
  EXPECT_TRUE(timers[0]->ready() && timers[1]->ready());
  timers.clear();
  EXPECT_FALSE(run(*loop, wait_until(*loop, began + 1ms)));
}

TEST_F(EventLoopTest, ATimerThatGoesTakesNoOtherStopAlong) {
  std::stop_source stop;
  auto gone = std::make_unique<Timer>(*loop, TimePoint::max(), stop.get_token());
  Task<bool> waiting = wait_until(*loop, TimePoint::max(), stop.get_token());
  waiting.start();
  stop.request_stop();
  gone.reset();
  EXPECT_TRUE(run(*loop, std::move(waiting)));
}

/// The processor time of this thread.
std::chrono::nanoseconds time_spent() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

/// What it costs to stop many timers one after the other, while `others` wait as well.
std::chrono::nanoseconds cost_of_stops(std::size_t others) {
  CurlEventLoop loop;
  std::deque<Timer> waiting;
  for (std::size_t i = 0; i < others; ++i) waiting.emplace_back(loop, TimePoint::max());
  const auto began = time_spent();
  for (int i = 0; i < 300; ++i) {
    std::stop_source stop;
    const Timer timer(loop, TimePoint::max(), stop.get_token());
    stop.request_stop();
    loop.run_once(loop.now());
  }
  return time_spent() - began;
}

TEST(StopsAmongMany, CostNoMoreThanAmongFew) { EXPECT_LT(cost_of_stops(30'000), 10 * cost_of_stops(0)); }

Task<std::size_t> read(EventLoop& loop, HttpRequest request, bool wakes_on_data, Log& log) {
  Transfer transfer(loop, std::move(request));
  transfer.wake_on_data(wakes_on_data);
  std::size_t wakes = 0;
  while (!transfer.done()) {
    WhenAny news(transfer);
    co_await news;
    ++wakes;
    log.push_back(std::exchange(transfer.response.body, {}));
  }
  co_return wakes;
}

TEST_F(EventLoopTest, ATransferIsReadyAtItsEnd) {
  serve({.body = "a", .pieces = {{1ms, "b"}, {1ms, "c"}}});
  EXPECT_EQ(run(*loop, read(*loop, request(), false, log)), 1u);
  EXPECT_THAT(log, ElementsAre("abc"));
}

TEST_F(EventLoopTest, ATransferThatWakesOnDataIsReadyWheneverThereIsSome) {
  serve({.body = "a", .pieces = {{1ms, "b"}, {1ms, ""}, {1ms, "c"}, {0ms, "d"}}});
  run(*loop, read(*loop, request(), true, log));
  EXPECT_THAT(log, ElementsAre("a", "b", "c", "d"));
}

TEST_F(EventLoopTest, NoDataWakesNobody) {
  serve({.pieces = {{1ms, ""}, {1ms, "x"}, {1ms, ""}}});
  run(*loop, read(*loop, request(), true, log));
  EXPECT_THAT(log, ElementsAre("x", ""));
}

TEST_F(EventLoopTest, DestroyingATransferTakesItOutOfTheLoop) {
  serve({.latency = 1ms, .pieces = {{1ms, "b"}, {1ms, "c"}}});
  for (const auto passed : {0us, 500us, 1000us, 1500us, 2000us, 3000us}) {
    {
      Task<std::size_t> reading = read(*loop, request(), true, log);
      reading.start();
      EXPECT_EQ(network.in_flight(), 1u);
      run(*loop, wait_until(*loop, network.now() + passed));
    }
    EXPECT_EQ(network.in_flight(), 0u);
    run(*loop, wait_until(*loop, network.now() + 10ms));
  }
}

TEST_F(EventLoopTest, AFailureIsHandedOver) {
  Transfer transfer(*loop, HttpRequest{.url = "https://nowhere.example/"});
  run(*loop, wait_until(*loop, began + 1ms));
  ASSERT_TRUE(transfer.done());
  ASSERT_TRUE(transfer.failure());
  EXPECT_EQ(transfer.failure()->kind, ErrorKind::connection);
}

TEST_F(EventLoopTest, ItsClockOutlivesIt) {
  const ClockFunction clock = loop->clock();
  loop.reset();
  network.advance(1s);
  EXPECT_EQ(clock(), began + 1s);
}

/// libcurl's loop, which says when it is about to wait.
class GatedLoop final : public EventLoop {
 public:
  explicit GatedLoop(LoopTuning calls) : curl_({}, calls) {}

  test::Gate waits{};

  void start(Transfer& transfer, HttpRequest request) override { curl_.start(transfer, std::move(request)); }
  void cancel(Transfer& transfer) noexcept override { curl_.cancel(transfer); }
  void wake() noexcept override { curl_.wake(); }
  void wait(TimePoint until) override {
    waits.open();
    curl_.wait(until);
  }

 private:
  CurlEventLoop curl_;
};

/// Both kinds of libcurl's loop.
class CurlEventLoopTest : public ::testing::TestWithParam<LoopTuning> {};
INSTANTIATE_TEST_SUITE_P(ForCalls, CurlEventLoopTest,
                         ::testing::Values(LoopTuning::latency, LoopTuning::throughput),
                         [](const auto& kind) { return kind.param == LoopTuning::latency ? "few" : "many"; });

TEST_P(CurlEventLoopTest, AStopFromAnotherThreadEndsTheWait) {
  for (int round = 0; round < 100; ++round) {
    GatedLoop loop(GetParam());
    std::stop_source stop;
    const std::jthread stopper([&] {
      loop.waits.wait();
      stop.request_stop();
    });
    EXPECT_TRUE(run(loop, wait_until(loop, TimePoint::max(), stop.get_token())));
  }
}

TEST_P(CurlEventLoopTest, AStopFromAnotherThreadIsNeverMissed) {
  CurlEventLoop loop({}, GetParam());
  for (int round = 0; round < 500; ++round) {
    std::stop_source stop;
    test::Gate begun;
    const std::jthread stopper([&] {
      begun.wait();
      stop.request_stop();
    });
    begun.open();
    EXPECT_TRUE(run(loop, wait_until(loop, TimePoint::max(), stop.get_token())));
  }
}

TEST_P(CurlEventLoopTest, AWakeBeforeTheWaitEndsIt) {
  CurlEventLoop loop({}, GetParam());
  loop.wake();
  loop.wait(TimePoint::max());
}

TEST_P(CurlEventLoopTest, TimersFireNotBeforeTheirTime) {
  CurlEventLoop loop({}, GetParam());
  const TimePoint at = loop.now() + 3ms;
  EXPECT_FALSE(run(loop, wait_until(loop, at)));
  EXPECT_GE(loop.now(), at);
}

Task<int> read_beginning(Transfer& reading) {
  reading.wake_on_data(true);
  WhenAny data(reading);
  co_await data;
  reading.set_satisfied();
  co_return 0;
}

TEST_P(CurlEventLoopTest, AWakeIsNotLostWhenARequestBeginsInBetween) {
  test::Gate beginning_is_read, end_is_written;
  test::ScriptedServer server([&](test::Connection& connection) {
    connection.read_request();
    connection.write(test::chunked_head() + test::http_chunk("x"));
    if (!beginning_is_read.wait(connection.stop_token())) return;
    connection.write(test::last_chunk);
    end_is_written.open();
    connection.wait_closed();
  });
  CurlEventLoop loop({}, GetParam());
  const HttpRequest request{.url = server.url(), .max_response_size = 100};
  {
    Transfer draining(loop, request);
    run(loop, read_beginning(draining));
  }
  beginning_is_read.open();
  ASSERT_TRUE(end_is_written.wait());
  loop.wake();
  const Transfer never_answered(loop, request);  // the loop looks for the end of the one before
  loop.wait(TimePoint::max());
}

}  // namespace
}  // namespace openailb::event_loop_test
