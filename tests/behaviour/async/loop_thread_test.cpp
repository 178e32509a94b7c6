// The thread of an AsyncClient, and what is posted to it.
#include "support/async.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/net/loop_thread.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::loop_thread_test {
namespace {

using namespace detail;
using ::testing::ElementsAre;

/// Lives on a thread until it is told to leave.
class Guest final : public LoopOperation {
 public:
  explicit Guest(std::vector<std::string>& log) : log_(&log) {}
  void start() override { log_->push_back("start"); }
  void finish() noexcept override { log_->push_back("finish"); }
  void cancel(const char*) noexcept override { log_->push_back("cancel"); }

 private:
  std::vector<std::string>* log_;
};

class LoopThreadTest : public ::testing::Test {
 protected:
  LoopThreadTest() { thread->begin(); }
  ~LoopThreadTest() override {
    if (!ended) thread->end();
  }
  /// Waits until all that was posted has been called.
  void catch_up() {
    Box<bool> called;
    thread->post([&] { called.put(true); });
    EXPECT_TRUE(called.get());
  }
  void end() {
    ended = true;
    thread->end();
  }

  Box<std::string> unhandled;
  std::shared_ptr<LoopThread> thread = std::make_shared<LoopThread>(
      std::make_unique<CurlEventLoop>(), nullptr, [this](std::exception_ptr exception) {
        try {
          std::rethrow_exception(std::move(exception));
        } catch (const std::exception& thrown) {
          unhandled.put(thrown.what());
        }
      });
  std::vector<std::string> log;
  bool ended = false;
};

TEST_F(LoopThreadTest, CallsWhatWasPostedInItsOrder) {
  thread->post([&] { log.push_back("one"); });
  thread->post([&] {
    log.push_back("two");
    thread->post([&] { log.push_back("four"); });
    log.push_back("three");
  });
  end();
  EXPECT_THAT(log, ElementsAre("one", "two", "three", "four"));
}

TEST_F(LoopThreadTest, CallsAtOnceWhatIsPostedAfterItsEnd) {
  end();
  thread->post([&] { log.push_back("late"); });
  EXPECT_THAT(log, ElementsAre("late"));
}

TEST_F(LoopThreadTest, ShowsWhatAFunctionThrowsAndGoesOn) {
  thread->post([] { throw std::runtime_error("thrown"); });
  EXPECT_EQ(unhandled.get(), "thrown");
  catch_up();
}

TEST_F(LoopThreadTest, IsWokenInItsLoop) {
  // Somebody lives there, so it waits in the loop.
  thread->spawn(std::make_shared<Guest>(log));
  for (int round = 0; round < 100; ++round) catch_up();
}

TEST_F(LoopThreadTest, CallsAllThatManyThreadsPost) {
  constexpr int threads = 4, functions = 500;
  std::atomic<int> calls = 0;
  {
    std::vector<std::jthread> posting;
    for (int one = 0; one < threads; ++one) {
      posting.emplace_back([&] {
        for (int function = 0; function < functions; ++function) thread->post([&] { ++calls; });
      });
    }
  }
  end();
  EXPECT_EQ(calls, threads * functions);
}

TEST_F(LoopThreadTest, MayPostWhereAFunctionIsDestroyed) {
  struct PostsAtItsEnd {
    LoopThread* thread;
    std::vector<std::string>* log;
    ~PostsAtItsEnd() {
      thread->post([log = log] { log->push_back("posted"); });
    }
  };
  thread->post([end = std::make_shared<PostsAtItsEnd>(thread.get(), &log)] {});
  end();
  EXPECT_THAT(log, ElementsAre("posted"));
}

TEST_F(LoopThreadTest, LetsOperationsFinish) {
  const auto guest = std::make_shared<Guest>(log);
  thread->spawn(guest);
  thread->post([&] { thread->finished(*guest); });
  thread->cancel(guest);  // too late
  catch_up();
  end();
  EXPECT_THAT(log, ElementsAre("start", "finish"));
}

TEST_F(LoopThreadTest, CancelsOperationsThatAreDropped) {
  const auto guest = std::make_shared<Guest>(log);
  thread->spawn(guest);
  thread->cancel(guest);
  thread->cancel(guest);
  catch_up();
  end();
  EXPECT_THAT(log, ElementsAre("start", "cancel"));
}

TEST_F(LoopThreadTest, CancelsOperationsAtItsEndAndAfterwards) {
  thread->spawn(std::make_shared<Guest>(log));
  catch_up();
  end();
  thread->spawn(std::make_shared<Guest>(log));
  EXPECT_THAT(log, ElementsAre("start", "cancel", "cancel"));
}

TEST_F(LoopThreadTest, EndsItself) {
  Box<bool> ending;
  ended = true;
  thread->post([&] {
    thread->end();
    ending.put(true);
  });
  EXPECT_TRUE(ending.get());
}

}  // namespace
}  // namespace openailb::test::loop_thread_test
