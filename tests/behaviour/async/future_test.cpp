// The answer to a call of an AsyncClient, in all the ways in which it can be waited for.
#include "support/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace openailb::test::future_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

static_assert(std::is_nothrow_move_constructible_v<Future<ChatCompletion>>);
static_assert(std::is_nothrow_move_assignable_v<Future<ChatCompletion>>);
static_assert(!std::is_copy_constructible_v<Future<ChatCompletion>>);

/// One endpoint of an AsyncClient that gives one answer after the other.
struct OneAsyncEndpoint : AsyncSimulation {
  explicit OneAsyncEndpoint(std::vector<SimulatedAnswer> answers) {
    add(script(std::move(answers)));
    options.max_retries = 0;
  }
};

/// A classify function that throws.
std::optional<FailureClass> fail_to_classify(const Error&) { throw std::runtime_error("no class"); }

TEST(FutureTest, GivesTheAnswer) {
  OneAsyncEndpoint simulation({ok("hello")});
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  const Result<ChatCompletion> answer = future.get();
  EXPECT_EQ(answer->text(), "hello");
  EXPECT_EQ(answer->info.endpoint, "endpoint-0");
}

TEST(FutureTest, GivesTheError) {
  OneAsyncEndpoint simulation({failing(404)});
  const AsyncClient client = simulation.client();
  EXPECT_EQ(ask(client).get().error().kind, ErrorKind::not_found);
}

TEST(FutureTest, GivesTheErrorOfACallThatCannotBeMade) {
  OneAsyncEndpoint simulation({ok()});
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future =
      client.chat.completions.create({.model = "", .messages = {}}, {.timeout = -1s});
  EXPECT_TRUE(future.ready());
  EXPECT_EQ(future.get().error().kind, ErrorKind::bad_request);
  EXPECT_TRUE(simulation.sent.empty());
}

TEST(FutureTest, FailsOverAsTheBlockingClientDoes) {
  AsyncSimulation simulation({{failing(503)}, {ok()}});
  const AsyncClient client = simulation.client();
  const Result<ChatCompletion> answer = ask(client).get();
  EXPECT_EQ(answer->info.endpoint, "endpoint-1");
  EXPECT_EQ(answer->info.attempts.size(), 2);
}

TEST(FutureTest, AsksAnyPath) {
  OneAsyncEndpoint simulation({answering(R"({"data": [1, 2]})")});
  const AsyncClient client = simulation.client();
  Future<JsonResponse> future = client.post("/embeddings", {{"input", "x"}});
  EXPECT_EQ(future.get()->at("data").size(), 2);
}

TEST(FutureTest, IsReadyWhenTheAnswerIsThere) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  EXPECT_FALSE(future.ready());
  EXPECT_FALSE(future.wait_for(1ms));
  simulation.released.open();
  EXPECT_TRUE(future.wait_for(patience));
  EXPECT_TRUE(future.ready());
  EXPECT_TRUE(future.get());
}

TEST(FutureTest, IsWaitedForAsLongAsAtAllPossible) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  const AsyncClient client = simulation.client();
  const Future<ChatCompletion> future = ask(client);
  const std::jthread releasing([&] { simulation.released.open(); });
  EXPECT_TRUE(future.wait_for(std::chrono::nanoseconds::max()));
}

TEST(FutureTest, GivesItsAnswerOnce) {
  OneAsyncEndpoint simulation({ok()});
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  EXPECT_TRUE(future.get());
  EXPECT_THROW((void)future.get(), std::logic_error);
}

TEST(FutureTest, SaysSoWhenItHasBeenMovedFrom) {
  OneAsyncEndpoint simulation({ok()});
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  Future<ChatCompletion> moved = std::move(future);
  EXPECT_THROW((void)future.get(), std::logic_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(future.ready(), std::logic_error);
  EXPECT_TRUE(moved.get());
}

TEST(FutureTest, ThrowsOnTheClientsThreadInsteadOfWaitingForEver) {
  OneAsyncEndpoint simulation({ok(), ok("second")});
  const AsyncClient client = simulation.client();
  Box<std::string> said;
  ask(client).then([&](Result<ChatCompletion>) {
    Future<ChatCompletion> other = ask(client);
    try {
      (void)other.get();
    } catch (const std::logic_error& error) {
      said.put(error.what());
    }
  });
  EXPECT_THAT(said.get(), HasSubstr("use co_await or then()"));
}

Coroutine await_answers(const AsyncClient& client, Box<std::string>& said) {
  Future<ChatCompletion> first = ask(client);
  const Result<ChatCompletion> one = co_await first;
  Future<ChatCompletion> second = ask(client);
  const Result<ChatCompletion> two = co_await second;
  said.put(one->text() + ' ' + two->text());
}

TEST(FutureTest, IsAwaitedByACoroutine) {
  OneAsyncEndpoint simulation({ok("one"), ok("two")});
  const AsyncClient client = simulation.client();
  Box<std::string> said;
  await_answers(client, said);
  EXPECT_EQ(said.get(), "one two");
}

Coroutine await_one(Future<ChatCompletion>& future, Box<std::thread::id>& where) {
  const Result<ChatCompletion> answer = co_await future;
  where.put(std::this_thread::get_id());
}

TEST(FutureTest, GoesOnAtOnceWhenTheAnswerIsThere) {
  OneAsyncEndpoint simulation({ok()});
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  EXPECT_TRUE(future.wait_for(patience));
  Box<std::thread::id> where;
  await_one(future, where);
  EXPECT_EQ(where.get(), std::this_thread::get_id());
}

TEST(FutureTest, ResumesACoroutineOnTheClientsThread) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  Box<std::thread::id> where, thread;
  await_one(future, where);
  Future<ChatCompletion> next = ask(client);
  std::move(next).then([&](Result<ChatCompletion>) { thread.put(std::this_thread::get_id()); });
  simulation.released.open();
  EXPECT_NE(where.get(), std::this_thread::get_id());
  EXPECT_EQ(where.get(), thread.get());
}

TEST(FutureTest, ResumesACoroutineWhereTheExecutorRunsIt) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  MainLoop main;
  simulation.options.executor = main.executor();
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  Box<std::thread::id> where;
  await_one(future, where);
  simulation.released.open();
  main.run_one();
  EXPECT_EQ(where.get(), std::this_thread::get_id());
}

TEST(FutureTest, CallsAFunctionWithTheAnswer) {
  OneAsyncEndpoint simulation({ok("hello")});
  const AsyncClient client = simulation.client();
  Box<std::string> said;
  auto suffix = std::make_unique<std::string>("!");  // the function cannot be copied
  ask(client).then([&said, suffix = std::move(suffix)](Result<ChatCompletion> answer) {
    said.put(answer->text() + *suffix);
  });
  EXPECT_EQ(said.get(), "hello!");
}

TEST(FutureTest, CallsAFunctionAlsoWhenTheAnswerIsThereAlready) {
  OneAsyncEndpoint simulation({ok("hello")});
  MainLoop main;
  simulation.options.executor = main.executor();
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  EXPECT_TRUE(future.wait_for(patience));
  std::string said;
  std::move(future).then([&](Result<ChatCompletion> answer) { said = answer->text(); });
  EXPECT_EQ(said, "");  // never inside of then()
  main.run_one();
  EXPECT_EQ(said, "hello");
}

TEST(FutureTest, ShowsWhatAFunctionThrows) {
  OneAsyncEndpoint simulation({ok(), ok("next")});
  const AsyncClient client = simulation.client();
  ask(client).then([](Result<ChatCompletion>) { throw std::runtime_error("thrown"); });
  EXPECT_EQ(simulation.unhandled.get(), "thrown");
  EXPECT_EQ(ask(client).get()->text(), "next");  // the thread lives
}

/// A coroutine whose exceptions come out of resume(). Then its frame is left, for its owner to destroy.
class ThrowingCoroutine {
 public:
  struct promise_type {
    ThrowingCoroutine get_return_object() {
      return ThrowingCoroutine(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const { throw; }
  };
  explicit ThrowingCoroutine(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  ThrowingCoroutine(const ThrowingCoroutine&) = delete;
  ThrowingCoroutine& operator=(const ThrowingCoroutine&) = delete;
  ~ThrowingCoroutine() { frame_.destroy(); }

 private:
  std::coroutine_handle<promise_type> frame_;
};

ThrowingCoroutine throw_after(Future<ChatCompletion> future) {
  const Result<ChatCompletion> answer = co_await future;
  throw std::runtime_error("thrown by a coroutine");
}

TEST(FutureTest, ShowsWhatACoroutineThrows) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  const AsyncClient client = simulation.client();
  const ThrowingCoroutine coroutine = throw_after(ask(client));
  simulation.released.open();
  EXPECT_EQ(simulation.unhandled.get(), "thrown by a coroutine");
  EXPECT_TRUE(ask(client).get());
}

TEST(FutureTest, ThrowsWhatAFunctionOfTheCallThrew) {
  OneAsyncEndpoint simulation({failing(500)});
  simulation.options.classify = fail_to_classify;
  const AsyncClient client = simulation.client();
  EXPECT_THROW((void)ask(client).get(), std::runtime_error);
  Box<std::string> said;
  ask(client).then([&](Result<ChatCompletion> answer) { said.put(answer.error().message); });
  EXPECT_EQ(said.get(), "no class");
}

TEST(FutureTest, ShowsWhatACallThrewThatNobodyWaitsFor) {
  OneAsyncEndpoint simulation({failing(500)});
  simulation.options.classify = fail_to_classify;
  const AsyncClient client = simulation.client();
  ask(client).detach();
  EXPECT_EQ(simulation.unhandled.get(), "no class");
}

TEST(FutureTest, CancelsItsCallWhenItIsDestroyed) {
  AsyncSimulation simulation;
  simulation.add_holding(after(1ms, ok()));
  const AsyncClient client = simulation.client();
  {
    const Future<ChatCompletion> dropped = ask(client);
    ASSERT_TRUE(simulation.held.wait());
  }
  simulation.released.open();
  EXPECT_TRUE(ask(client).get());
  const Counts counts = client.endpoints().at(0).counts;
  EXPECT_EQ(counts.total_exclusions, 1);
  EXPECT_EQ(counts.total_successes, 1);
  EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
}

TEST(FutureTest, LetsADetachedCallGoOn) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  const AsyncClient client = simulation.client();
  ask(client).detach();
  ASSERT_TRUE(simulation.held.wait());
  simulation.released.open();
  EXPECT_TRUE(ask(client).get());
  EXPECT_EQ(client.endpoints().at(0).counts.total_successes, 2);
}

Coroutine await_for_ever(Future<ChatCompletion>& future, bool& went_on, std::coroutine_handle<>& coroutine) {
  struct Self {
    std::coroutine_handle<>& coroutine;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> self) const noexcept {
      coroutine = self;
      return false;
    }
    void await_resume() const noexcept {}
  };
  Self self{coroutine};
  co_await self;
  const Result<ChatCompletion> answer = co_await future;
  went_on = true;
}

TEST(FutureTest, DoesNotResumeACoroutineThatIsGone) {
  AsyncSimulation simulation;
  simulation.add_holding(ok());
  const AsyncClient client = simulation.client();
  Future<ChatCompletion> future = ask(client);
  bool went_on = false;
  std::coroutine_handle<> coroutine;
  await_for_ever(future, went_on, coroutine);
  coroutine.destroy();
  simulation.released.open();
  EXPECT_TRUE(future.get());
  EXPECT_FALSE(went_on);
}

}  // namespace
}  // namespace openailb::test::future_test
