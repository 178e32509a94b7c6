#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::task_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A loop in virtual time.
class TaskTest : public ::testing::Test {
 protected:
  /// Lets virtual time pass while everything that was started goes on.
  void pass(std::chrono::nanoseconds time);

  testing::SimulatedNetwork network;
  std::unique_ptr<EventLoop> loop = network.loops()();
  /// Copied into coroutines: its use count tells how many of them are alive.
  std::shared_ptr<int> alive = std::make_shared<int>();
  std::vector<std::string> log;
};

Task<int> give(int value) { co_return value; }

Task<int> pause(EventLoop& loop, std::chrono::nanoseconds wait, std::shared_ptr<int> alive = {}) {
  Timer timer(loop, loop.now() + wait);
  WhenAny over(timer);
  co_await over;
  co_return static_cast<int>(alive.use_count());
}

Task<int> await_nested(EventLoop& loop, std::chrono::nanoseconds wait, std::shared_ptr<int> alive) {
  Task<int> nested = pause(loop, wait, alive);
  co_await nested;
  co_return 1;
}

Task<int> fail(std::string why) {
  if (!why.empty()) throw std::runtime_error(why);
  co_return 0;
}

Task<int> fail_after(EventLoop& loop, std::chrono::nanoseconds wait) {
  Task<int> before = pause(loop, wait);
  co_await before;
  throw std::runtime_error("late");
}

Task<int> note(EventLoop& loop, std::chrono::nanoseconds wait, std::vector<std::string>& log,
               std::string text) {
  Task<int> before = pause(loop, wait);
  co_await before;
  log.push_back(std::move(text));
  co_return 0;
}

void TaskTest::pass(std::chrono::nanoseconds time) { run(*loop, pause(*loop, time)); }

TEST_F(TaskTest, GivesItsValueOrRethrowsWhatItThrew) {
  EXPECT_EQ(run(*loop, give(7)), 7);
  EXPECT_THROW(run(*loop, fail("at once")), std::runtime_error);
  EXPECT_THROW(run(*loop, fail_after(*loop, 1ms)), std::runtime_error);
}

Task<std::unique_ptr<int>> give_pointer() { co_return std::make_unique<int>(7); }

TEST_F(TaskTest, ItsValueMayBeMoveOnly) { EXPECT_EQ(*run(*loop, give_pointer()), 7); }

Task<int> count_start(int& starts) {
  ++starts;
  co_return starts;
}

TEST_F(TaskTest, StartsWhenAskedToAndOnlyOnce) {
  int starts = 0;
  Task<int> task = count_start(starts);
  EXPECT_EQ(starts, 0);
  task.start();
  task.start();
  EXPECT_EQ(starts, 1);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(task.result(), 1);
}

Task<int> sum_of_nested(EventLoop& loop) {
  Task<int> one = give(1);
  const int at_once = co_await one;
  Task<int> two = pause(loop, 1ms);
  const int later = co_await two;
  Task<int> broken = fail_after(loop, 1ms);
  try {
    co_await broken;
  } catch (const std::runtime_error&) {
    co_return at_once + later + 10;
  }
  co_return -1;
}

TEST_F(TaskTest, AwaitsOthersAndCatchesWhatTheyThrow) { EXPECT_EQ(run(*loop, sum_of_nested(*loop)), 11); }

TEST_F(TaskTest, OneThatNeverStartedIsDestroyedWithItsArguments) {
  { const Task<int> task = pause(*loop, 1ms, alive); }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(TaskTest, DestroyingItWhereverItIsSuspendedTakesItOutOfTheLoop) {
  for (const auto passed : {0ms, 1ms, 2ms, 3ms}) {
    {
      Task<int> waiting = pause(*loop, 2ms, alive);
      Task<int> nesting = await_nested(*loop, 2ms, alive);
      waiting.start();
      nesting.start();
      pass(passed);
    }
    EXPECT_EQ(alive.use_count(), 1);
    pass(5ms);
  }
}

TEST_F(TaskTest, GoesOnAfterBeingMoved) {
  Task<int> first = pause(*loop, 2ms, alive);
  first.start();
  Task<int> second = std::move(first);
  pass(1ms);
  Task<int> third;
  third = std::move(second);
  EXPECT_EQ(run(*loop, std::move(third)), 2);
}

TEST_F(TaskTest, AssigningToItDestroysWhatItWas) {
  Task<int> task = pause(*loop, 1ms, alive);
  task.start();
  task = give(3);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(run(*loop, std::move(task)), 3);
}

Task<int> await_other(Task<int>& other) {
  const int value = co_await other;
  co_return value;
}

TEST_F(TaskTest, OutlivesTheTaskThatAwaitedIt) {
  Task<int> child = pause(*loop, 1ms, alive);
  {
    Task<int> parent = await_other(child);
    parent.start();
  }
  EXPECT_EQ(run(*loop, std::move(child)), 2);
}

Task<int> destroy_after(EventLoop& loop, std::chrono::nanoseconds wait, std::optional<Task<int>>& victim) {
  Task<int> before = pause(loop, wait);
  co_await before;
  victim.reset();
  co_return 0;
}

/// Both are ready in the same round of the loop, and the one that goes on first destroys the other.
TEST_F(TaskTest, MayDestroyAnotherThatIsReadyToo) {
  for (const bool killer_first : {true, false}) {
    std::optional<Task<int>> victim;
    Task<int> killer;
    if (killer_first) killer = destroy_after(*loop, 1ms, victim);
    if (killer_first) killer.start();
    victim = note(*loop, 1ms, log, "victim");
    victim->start();
    if (!killer_first) killer = destroy_after(*loop, 1ms, victim);
    if (!killer_first) killer.start();
    pass(2ms);
    EXPECT_TRUE(killer.done());
    EXPECT_FALSE(victim);
  }
  EXPECT_THAT(log, ElementsAre("victim"));
}

struct Either {
  bool task{};
  bool timer{};
  bool operator==(const Either&) const = default;
};

Task<Either> first_of_task_and_timer(EventLoop& loop, std::chrono::nanoseconds task_time,
                                     std::chrono::nanoseconds timer_time) {
  Task<int> task = pause(loop, task_time);
  task.start();
  Timer timer(loop, loop.now() + timer_time);
  WhenAny either(task, timer);
  co_await either;
  const Either ready{.task = task.done(), .timer = timer.ready()};
  Task<int> more = pause(loop, 10ms);
  co_await more;
  co_return ready;
}

TEST_F(TaskTest, FirstOfTellsWhichSourceWasTheFirst) {
  EXPECT_EQ(run(*loop, first_of_task_and_timer(*loop, 1ms, 2ms)), (Either{.task = true}));
  EXPECT_EQ(run(*loop, first_of_task_and_timer(*loop, 2ms, 1ms)), (Either{.timer = true}));
}

/// The timer has put the coroutine on the ready list when the task resumes it: it goes on once.
TEST_F(TaskTest, FirstOfGoesOnOnceWhenTaskAndTimerAreReadyTogether) {
  const TimePoint began = loop->now();
  EXPECT_EQ(run(*loop, first_of_task_and_timer(*loop, 1ms, 1ms)), (Either{.task = true, .timer = true}));
  EXPECT_EQ(loop->now() - began, 11ms);
}

Task<int> first_of_ready(EventLoop& loop) {
  Task<int> task = give(1);
  Timer timer(loop, TimePoint::max());
  WhenAny either(timer, task);
  co_await either;
  co_return task.done() && !timer.ready() ? 1 : 0;
}

TEST_F(TaskTest, FirstOfDoesNotWaitForWhatIsReady) {
  Task<int> task = first_of_ready(*loop);
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), 1);
}

Task<int> first_of_two_timers_twice(EventLoop& loop) {
  Timer one(loop, loop.now() + 1ms);
  Timer two(loop, loop.now() + 2ms);
  WhenAny first(one, two);
  co_await first;
  WhenAny second(two);
  co_await second;
  co_return static_cast<int>(one.ready()) + static_cast<int>(two.ready());
}

TEST_F(TaskTest, ASourceThatWasNotTheFirstCanBeWaitedForAgain) {
  EXPECT_EQ(run(*loop, first_of_two_timers_twice(*loop)), 2);
}

/// How far the stack has grown since `from`.
std::ptrdiff_t stack_growth(std::uintptr_t from) {
  return static_cast<std::ptrdiff_t>(from - reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
}

struct Rounds {
  int count{};
  std::ptrdiff_t deepest{};
};

/// Every `pause_each`-th of the tasks that it awaits suspends, the others are done at once.
Task<Rounds> await_many(EventLoop& loop, int count, int pause_each) {
  const auto bottom = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  Rounds rounds;
  while (rounds.count < count) {
    const bool waits = pause_each != 0 && rounds.count % pause_each == 0;
    Task<int> next = waits ? pause(loop, 1us) : give(1);
    co_await next;
    ++rounds.count;
    rounds.deepest = std::max(rounds.deepest, stack_growth(bottom));
  }
  co_return rounds;
}

TEST_F(TaskTest, AwaitingManyTasksDoesNotGrowTheStack) {
  for (const int pause_each : {0, 1, 2, 1000}) {
    const Rounds rounds = run(*loop, await_many(*loop, 100'000, pause_each));
    EXPECT_EQ(rounds.count, 100'000);
    EXPECT_LT(rounds.deepest, 16 * 1024) << pause_each;
  }
}

Task<int> nest(EventLoop& loop, int depth) {
  if (depth == 0) {
    Task<int> innermost = pause(loop, 1ms);
    co_await innermost;
    co_return 0;
  }
  Task<int> inner = nest(loop, depth - 1);
  const int below = co_await inner;
  co_return below + 1;
}

TEST_F(TaskTest, NestsAThousandDeep) {
  EXPECT_EQ(run(*loop, nest(*loop, 1000)), 1000);
  Task<int> dropped = nest(*loop, 1000);
  dropped.start();
  dropped = {};
  pass(2ms);
}

Task<int> fail_nested(EventLoop& loop, int depth) {
  Task<int> inner = depth == 0 ? fail_after(loop, 1ms) : fail_nested(loop, depth - 1);
  const int value = co_await inner;
  co_return value;
}

TEST_F(TaskTest, AnExceptionComesOutOfADeepNest) {
  EXPECT_THROW(run(*loop, fail_nested(*loop, 100)), std::runtime_error);
}

TEST_F(TaskTest, SeveralRunSideBySide) {
  std::vector<Task<int>> tasks;
  for (const int milliseconds : {3, 1, 2}) {
    tasks.push_back(note(*loop, std::chrono::milliseconds(milliseconds), log, std::to_string(milliseconds)));
    tasks.back().start();
  }
  EXPECT_THAT(log, IsEmpty());
  pass(5ms);
  EXPECT_THAT(log, ElementsAre("1", "2", "3"));
}

}  // namespace
}  // namespace openailb::task_test
