// for_each: a call for each input, with back-pressure.
#include "support/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace openailb::test::for_each_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ChatCompletionCreateParams params_of(int number) {
  return {.model = "gpt-4o", .messages = {user_message(std::to_string(number))}};
}

/// Answers with the prompt.
SimulatedAnswer echo(const HttpRequest& request) {
  return ok(nlohmann::json::parse(request.body).at("messages").at(0).at("content"));
}

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

const auto ignore = [](auto&, const auto&) {};

TEST(ForEach, GivesTheAnswerToEachInputOnce) {
  AsyncSimulation simulation;
  simulation.add(echo);
  simulation.add(echo);
  std::map<int, std::string> answers;
  const auto count =
      for_each(simulation.client(), numbers(500), params_of, [&](int number, Result<ChatCompletion> answer) {
        EXPECT_TRUE(answers.emplace(number, answer->text()).second);
      });
  EXPECT_EQ(count, 500U);
  ASSERT_EQ(answers.size(), 500U);
  for (const auto& [number, text] : answers) EXPECT_EQ(text, std::to_string(number));
}

TEST(ForEach, GivesErrorsAsResults) {
  AsyncSimulation simulation({{failing(400, error_json("no"))}});
  int errors = 0;
  for_each(simulation.client(), numbers(3), params_of, [&](int, const Result<ChatCompletion>& answer) {
    errors += answer.error().kind == ErrorKind::bad_request ? 1 : 0;
  });
  EXPECT_EQ(errors, 3);
}

TEST(ForEach, ReadsNoInputBeforeThereIsRoomForItsCall) {
  AsyncSimulation simulation({{after(1s, ok())}});
  std::size_t read = 0, ended = 0, most = 0;
  const auto counted = std::views::iota(0, 200) | std::views::transform([&](int number) {
                         most = std::max(most, ++read - ended);
                         return number;
                       });
  for_each(simulation.client(), counted, params_of, [&](int, const auto&) { ++ended; }, {.concurrency = 7});
  EXPECT_EQ(read, 200U);
  EXPECT_EQ(ended, 200U);
  EXPECT_EQ(most, 7U);
}

TEST(ForEach, HandsAResultOverBeforeItReadsTheNextInput) {
  AsyncSimulation simulation({{ok()}});
  std::vector<int> order;
  const auto noted = std::views::iota(0, 2) | std::views::transform([&](int number) {
                       order.push_back(number);
                       return number;
                     });
  for_each(simulation.client(), noted, params_of,
           [&](int number, const auto&) { order.push_back(10 + number); }, {.concurrency = 1});
  EXPECT_THAT(order, ElementsAre(0, 10, 1, 11));
}

TEST(ForEach, HandsResultsOverAsTheyCome) {
  // There is room for 64 calls, and these end as soon as they begin.
  AsyncSimulation simulation({{ok()}});
  std::vector<int> order;
  const auto noted = std::views::iota(0, 3) | std::views::transform([&](int number) {
                       order.push_back(number);
                       return number;
                     });
  for_each(simulation.client(), noted, params_of,
           [&](int number, const auto&) { order.push_back(10 + number); }, {.request = {.timeout = -1s}});
  EXPECT_THAT(order, ElementsAre(0, 10, 1, 11, 2, 12));
}

TEST(ForEach, TakesInputsOfAnyKind) {
  AsyncSimulation simulation;
  simulation.add(echo);
  const AsyncClient client = simulation.client();

  std::istringstream text("1 2 3");
  EXPECT_EQ(for_each(client, std::ranges::istream_view<int>(text), params_of, ignore), 3U);

  std::vector<std::unique_ptr<int>> owned;
  owned.push_back(std::make_unique<int>(4));
  const auto given = for_each(
      client, owned | std::views::transform([](auto& one) { return std::move(one); }),
      [](const std::unique_ptr<int>& number) { return params_of(*number); },
      [](std::unique_ptr<int>& number, const Result<ChatCompletion>& answer) {
        EXPECT_EQ(answer->text(), std::to_string(*number));
      });
  EXPECT_EQ(given, 1U);
  EXPECT_EQ(for_each(client, std::vector<int>(), params_of, ignore), 0U);
}

TEST(ForEach, TakesBodiesInJson) {
  AsyncSimulation simulation;
  simulation.add(echo);
  const auto body = [](const std::string& prompt) {
    return nlohmann::json{{"model", "m"}, {"messages", {{{"role", "user"}, {"content", prompt}}}}};
  };
  for_each(simulation.client(), std::vector<std::string>{"hello"}, body,
           [](const std::string&, const auto& answer) { EXPECT_EQ(answer->text(), "hello"); });
}

TEST(ForEach, MakesCallsOfAnyKind) {
  AsyncSimulation simulation({{answering(R"({"data": [1]})")}});
  const AsyncClient client = simulation.client();
  const auto start = [&](const std::string& text, const RequestOptions& options) {
    return client.post("/embeddings", {{"input", text}}, options);
  };
  for_each(std::vector<std::string>{"a", "b"}, start,
           [](const std::string&, Result<JsonResponse> answer) { EXPECT_EQ(answer->at("data").at(0), 1); });
  EXPECT_EQ(simulation.sent.size(), 2U);
}

TEST(ForEach, WaitsForRateLimitsUnlessToldOtherwise) {
  std::vector<SimulatedAnswer> answers(20, failing(429, "", {{"retry-after", "1"}}));
  answers.push_back(ok());
  const auto succeeded = [&](const RequestOptions& request) {
    AsyncSimulation simulation({answers});
    bool ok = false;
    for_each(simulation.client(), numbers(1), params_of,
             [&](int, const auto& answer) { ok = answer.has_value(); }, {.request = request});
    return ok;
  };
  EXPECT_TRUE(succeeded({.max_retries = 0}));
  EXPECT_FALSE(succeeded({.wait_for_rate_limits = false}));
}

TEST(ForEach, StopsWithItsStopToken) {
  AsyncSimulation simulation({{ok()}});
  std::stop_source stop;
  std::size_t results = 0, canceled = 0;
  const auto count = for_each(simulation.client(), std::views::iota(0), params_of,
                              [&](int number, const Result<ChatCompletion>& answer) {
                                ++results;
                                if (!answer && answer.error().kind == ErrorKind::canceled) ++canceled;
                                if (number == 100) stop.request_stop();
                              },
                              {.concurrency = 8, .request = {.stop_token = stop.get_token()}});
  EXPECT_EQ(results, count) << "none is lost";
  EXPECT_LE(count, 200U);
  EXPECT_LE(canceled, 8U);
}

TEST(ForEach, StopsCallsThatHang) {
  AsyncSimulation simulation;
  simulation.add_holding(hanging());  // or virtual time would go on to the end of the first
  std::stop_source stop;
  const auto start = [&, client = simulation.client()](int number, const RequestOptions& options) {
    if (number == 3) {
      stop.request_stop();
      simulation.released.open();
    }
    return client.chat.completions.create(params_of(number), options);
  };
  int canceled = 0;
  for_each(std::views::iota(0), start,
           [&](int, const auto& answer) { canceled += answer.error().kind == ErrorKind::canceled ? 1 : 0; },
           {.request = {.deadline = 0s, .stop_token = stop.get_token()}});
  EXPECT_EQ(canceled, 4);
}

TEST(ForEach, StopsWhenShouldStopSaysSo) {
  AsyncSimulation simulation({{ok()}});
  std::atomic<bool> stop = false;
  const auto count = for_each(simulation.client(), std::views::iota(0), params_of,
                              [&](int number, const auto&) { stop = stop || number == 100; },
                              {.concurrency = 8, .request = {.should_stop = [&] { return stop.load(); }}});
  EXPECT_LE(count, 200U);
}

TEST(ForEach, LetsExceptionsOutAndCancelsTheRest) {
  AsyncSimulation simulation;
  simulation.add(script({hanging()}));
  const AsyncClient client = simulation.client();
  const auto third_throws = [](int number) {
    if (number == 2) throw std::runtime_error("the third");
    return params_of(number);
  };
  EXPECT_THROW(for_each(client, numbers(9), third_throws, ignore), std::runtime_error);
  // The thread has canceled them before it comes to this call.
  EXPECT_FALSE(ask(client, {.endpoint = "nobody"}).get());
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.in_flight, 0);
}

TEST(ForEach, AsksNoShouldStopWhenItHasThrown) {
  AsyncSimulation simulation;
  simulation.add(script({hanging()}));
  const AsyncClient client = simulation.client();
  const auto thread = std::this_thread::get_id();
  Gate is_asked, go_on;
  std::jthread releasing;
  std::atomic<bool> is_over = false, was_asked_late = false;
  const auto asked = [&] {
    if (std::this_thread::get_id() == thread) return false;
    is_asked.open();
    go_on.wait();
    was_asked_late = is_over.load();
    return false;
  };
  const auto second_throws = [&](int number) {
    if (number == 1) {
      is_asked.wait();
      releasing = std::jthread([&] {  // it is not over before that, however long that takes
        for (int look = 0; look < 10'000 && !is_over; ++look) std::this_thread::yield();
        go_on.open();
      });
      throw std::runtime_error("the second");
    }
    return params_of(number);
  };
  EXPECT_THROW(for_each(client, numbers(2), second_throws, ignore, {.request = {.should_stop = asked}}),
               std::runtime_error);
  is_over = true;
  EXPECT_FALSE(ask(client, {.endpoint = "nobody"}).get());  // by then it would have been asked
  EXPECT_FALSE(was_asked_late);
}

TEST(ForEach, LetsTheExceptionsOfResultsOut) {
  AsyncSimulation simulation({{ok()}});
  const auto throws = [](int, const auto&) { throw std::runtime_error("the disk is full"); };
  EXPECT_THROW(for_each(simulation.client(), numbers(9), params_of, throws), std::runtime_error);
}

TEST(ForEach, WhatAFunctionOfTheClientThrowsIsAResult) {
  AsyncSimulation simulation({{failing(500)}});
  simulation.options.classify = [](const Error&) -> std::optional<FailureClass> {
    throw std::runtime_error("cannot classify");
  };
  std::string message;
  for_each(simulation.client(), numbers(1), params_of,
           [&](int, const auto& answer) { message = answer.error().message; });
  EXPECT_THAT(message, HasSubstr("cannot classify"));
}

TEST(ForEach, NeedsNoExecutor) {
  AsyncSimulation simulation({{ok()}});
  MainLoop nobody_runs_it;
  simulation.options.executor = nobody_runs_it.executor();
  EXPECT_EQ(for_each(simulation.client(), numbers(50), params_of, ignore, {.concurrency = 2}), 50U);
  EXPECT_EQ(nobody_runs_it.size(), 0U);
}

TEST(ForEach, ThrowsOnTheClientsOwnThreadInsteadOfWaitingForEver) {
  AsyncSimulation simulation({{ok()}});
  const AsyncClient client = simulation.client();
  Box<bool> threw;
  ask(client).then([&](const Result<ChatCompletion>&) {
    try {
      for_each(client, numbers(2), params_of, ignore);
      threw.put(false);
    } catch (const std::logic_error&) {
      threw.put(true);
    }
  });
  EXPECT_TRUE(threw.get());
}

TEST(ForEach, NeedsAConcurrency) {
  AsyncSimulation simulation({{ok()}});
  EXPECT_THROW(for_each(simulation.client(), numbers(1), params_of, ignore, {.concurrency = 0}),
               std::invalid_argument);
}

}  // namespace
}  // namespace openailb::test::for_each_test
