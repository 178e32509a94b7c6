// Whom a failure is blamed on, by the evidence: what was sent, how long it was given, what was seen.

#include "support/simulation.hpp"
#include <openailb/detail/balance/latency_stats.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace openailb::blame_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using namespace test;
using std::chrono::nanoseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What an endpoint's breaker has made of what came last.
struct Verdict {
  std::uint64_t failures{}, exclusions{};
  bool operator==(const Verdict&) const = default;
};
constexpr Verdict blamed{.failures = 1}, excused{.exclusions = 1};

/// What becomes of an attempt on an endpoint that hangs, once it has given an answer that took so long (null:
/// none), by the breaker.
Verdict verdict(std::optional<nanoseconds> answered, RequestOptions impatient, nanoseconds later = 0s,
                const std::function<void(ClientOptions&)>& change = {}) {
  Simulation simulation;
  simulation.add([](const HttpRequest&) { return hanging(); });
  if (change) change(simulation.options);
  const Client client = simulation.client();
  if (answered) {
    simulation.serve(0, after(*answered, ok()));
    EXPECT_TRUE(ask(client));
    simulation.network.advance(later);
    simulation.serve(0, hanging());
  }
  impatient.max_retries = 0;
  const Result<ChatCompletion> result = ask(client, impatient);
  EXPECT_EQ(result.error().kind, ErrorKind::timeout);
  const Counts counts = client.endpoints().at(0).counts;
  return {counts.total_failures, counts.total_exclusions};
}

TEST(BlameThreshold, OfTheClientsOwnTimeoutBlames) {
  const auto short_timeout = [](ClientOptions& options) { options.timeout = 100ms; };
  EXPECT_EQ(verdict(std::nullopt, {}, 0s, short_timeout), blamed);
  EXPECT_EQ(verdict(50ms, {.timeout = 100ms}, 0s, short_timeout), blamed);
  EXPECT_EQ(verdict(std::nullopt, {.timeout = 99ms}, 0s, short_timeout), excused);
}

TEST(BlameThreshold, OfASecondBlamesOneThatHasNeverAnswered) {
  EXPECT_EQ(verdict(std::nullopt, {.timeout = 1s}), blamed);
  EXPECT_EQ(verdict(std::nullopt, {.timeout = 1s - 1ms}), excused);
  EXPECT_EQ(verdict(std::nullopt, {.deadline = 1s}), blamed);
  EXPECT_EQ(verdict(std::nullopt, {.deadline = 1s - 1ms}), excused);
}

TEST(BlameThreshold, LongerThanTheSlowestAnswerBlames) {
  EXPECT_EQ(verdict(200ms, {.timeout = 210ms}), blamed);
  EXPECT_EQ(verdict(200ms, {.timeout = 190ms}), excused);
  EXPECT_EQ(verdict(20s, {.timeout = 19s}), excused);
  EXPECT_EQ(verdict(20s, {.deadline = 21s}), blamed);
}

TEST(BlameThreshold, ForgetsTheSlowestAnswerWithAHalfLifeOfAMinute) {
  EXPECT_EQ(verdict(20s, {.timeout = 11s}, 1min), blamed);
  EXPECT_EQ(verdict(20s, {.timeout = 9s}, 1min), excused);
  EXPECT_EQ(verdict(20s, {.timeout = 1100ms}, 1h), blamed) << "but not below a second";
  EXPECT_EQ(verdict(20s, {.timeout = 900ms}, 1h), excused);
  EXPECT_EQ(verdict(200ms, {.timeout = 190ms}, 1h), excused) << "an endpoint that is quick stays as quick";
}

TEST(BlameThreshold, OfAClientWithoutATimeoutIsEndless) {
  const auto endless = [](ClientOptions& options) { options.timeout = 0s; };
  EXPECT_EQ(verdict(20s, {.timeout = 19s}, 0s, endless), excused);
}

TEST(DecayingMax, IsAMaximumThatDecays) {
  DecayingMax slowest;
  const TimePoint start{1000h};
  EXPECT_EQ(slowest.blame_threshold(start), 1s);
  const auto about = [](nanoseconds expected) {
    return ::testing::AllOf(::testing::Ge(expected - 1us), ::testing::Le(expected + 1us));
  };
  slowest.add(40s, start);
  slowest.add(3s, start + 1min);
  EXPECT_THAT(slowest.blame_threshold(start + 1min), about(20s));
  EXPECT_THAT(slowest.blame_threshold(start + 2min), about(10s));
  slowest.add(30s, start + 2min);
  EXPECT_THAT(slowest.blame_threshold(start + 2min), about(30s));
}

TEST(LatencyStats, ToldOfFirstTokensAndAnswersApart) {
  LatencyStats record;
  const TimePoint start{1000h};
  record.answered(false, 60s, start);
  record.answered(true, 2s, start);
  EXPECT_GT(record.blame_threshold(false, start), 59s);
  EXPECT_LT(record.blame_threshold(true, start), 3s);
}

// Invariant 5: eight healthy endpoints' worth of impatient calls must not touch the others.
TEST(Impatience, OfOneCallerBenchesNobody) {
  Simulation simulation({{after(20ms, ok())}, {after(20ms, ok())}, {after(20ms, ok())}, {after(20ms, ok())}});
  const Client client = simulation.client();
  int served = 0;
  for (int call = 0; call < 400; ++call) {
    if (call % 4 == 0) {
      EXPECT_EQ(ask(client, {.timeout = 10ms, .max_retries = 0}).error().kind, ErrorKind::timeout);
    } else {
      served += ask(client, {.max_retries = 0}).has_value() ? 1 : 0;
    }
  }
  EXPECT_EQ(served, 300);
  for (const EndpointStatus& endpoint : client.endpoints()) EXPECT_EQ(endpoint.counts.total_failures, 0U);
}

TEST(Impatience, AsksNoPredicate) {
  Simulation simulation({{hanging()}});
  simulation.options.breaker.is_successful = [](const Error* error) { return error == nullptr; };
  const Client client = simulation.client();
  for (int call = 0; call < 5; ++call) EXPECT_FALSE(ask(client, {.timeout = 10ms, .max_retries = 0}));
  EXPECT_EQ(client.endpoints().at(0).state, State::closed);
}

TEST(Impatience, OfAStreamsReaderBenchesNobody) {
  const std::string said = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
  Simulation simulation({{{.body = said, .latency = 40ms, .ending = SimulatedAnswer::Ending::hang}}});
  const Client client = simulation.client();
  const auto timely = client.chat.completions.stream(question());
  EXPECT_FALSE(timely.error());
  simulation.serve(0, {.body = said, .latency = 10ms, .ending = SimulatedAnswer::Ending::hang});
  auto stream = client.chat.completions.stream(question(), {.timeout = 30ms});
  while (stream.next()) {
  }
  ASSERT_TRUE(stream.error());
  EXPECT_EQ(stream.error()->kind, ErrorKind::stream_interrupted);
  EXPECT_EQ(simulation.elapsed(), 80ms) << "a call's timeout bounds silence in the middle of a stream too";
  EXPECT_EQ(client.endpoints().at(0).counts.total_failures, 0U);
}

// How far the request got.

TEST(TimeoutOfAnAttempt, TellsWhetherAConnectionWasMade) {
  Simulation simulation({{{.connects = false}}, {hanging()}});
  const Client client = simulation.client();
  EXPECT_THAT(ask(client, {.timeout = 700ms, .max_retries = 0, .endpoint = "endpoint-0"}).error().message,
              HasSubstr("no connection within 700 ms"));
  EXPECT_THAT(ask(client, {.deadline = 700ms, .max_retries = 0, .endpoint = "endpoint-1"}).error().message,
              HasSubstr("no answer before the deadline of 700 ms"));
}

// What was seen.

/// An answer of which the head has come, and half of the body before the connection broke or fell silent.
SimulatedAnswer half(int status, SimulatedAnswer::Ending ending, Headers headers = {}) {
  SimulatedAnswer answer = failing(status, R"({"error":{"message":"no such par)", std::move(headers));
  answer.ending = ending;
  return answer;
}

TEST(StatusOfAnAnswer, DecidesWhateverBecameOfTheBody) {
  for (const auto ending : {SimulatedAnswer::Ending::reset, SimulatedAnswer::Ending::hang}) {
    Simulation simulation({{half(400, ending)}, {ok()}});
    simulation.options.second_opinion = false;
    simulation.options.timeout = 10s;
    const Client client = simulation.client();
    const Result<ChatCompletion> result = ask(client);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
    EXPECT_THAT(result.error().body, HasSubstr("no such par"));
    EXPECT_THAT(simulation.asked(), ElementsAre(0)) << "a caller's fault is sent once";
    EXPECT_EQ(client.endpoints().at(0).counts.total_successes, 1U);
  }
}

TEST(StatusOfAnAnswer, OfALimitKeepsItsRetryAfter) {
  for (const auto ending : {SimulatedAnswer::Ending::reset, SimulatedAnswer::Ending::hang}) {
    Simulation simulation({{half(429, ending, {{"retry-after", "33"}})}});
    simulation.options.timeout = 10s;
    simulation.options.max_retries = 0;
    const Client client = simulation.client();
    EXPECT_EQ(ask(client).error().retry_after, 33s);
    EXPECT_EQ(client.endpoints().at(0).cooldowns.at("gpt-4o"), 33s);
    EXPECT_EQ(client.endpoints().at(0).counts.total_exclusions, 1U);
  }
}

TEST(StatusOfAnAnswer, OfASuccessIsNoneWhenTheBodyBroke) {
  SimulatedAnswer answer = ok();
  answer.body.pop_back();
  answer.ending = SimulatedAnswer::Ending::reset;
  Simulation simulation({{answer}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  EXPECT_EQ(client.endpoints().at(0).counts.total_failures, 1U);
}

TEST(StatusOfAnAnswer, IsToldWhenTheDeadlinePassesInItsBody) {
  Simulation simulation({{half(422, SimulatedAnswer::Ending::hang)}});
  EXPECT_EQ(ask(simulation.client(), {.deadline = 2s}).error().kind, ErrorKind::unprocessable_entity);
}

TEST(NotSent, IsNobodysFault) {
  const SimulatedAnswer too_large{
      .failure = TransferFailure{.kind = ErrorKind::bad_request, .message = "not sent: too large"}};
  Simulation simulation({{too_large}});
  int asked = 0;
  simulation.options.breaker.is_successful = [&](const Error*) { return ++asked > 1000; };
  const Client client = simulation.client();
  const Result<ChatCompletion> result = ask(client);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::bad_request);
  EXPECT_EQ(simulation.sent.size(), 1U);
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(client.endpoints().at(0).counts.total_exclusions, 1U);
}

TEST(WouldFailAgain, IsNotAskedAgain) {
  const SimulatedAnswer untrusted{.failure =
                                      TransferFailure{.message = "certificate", .would_fail_again = true}};
  Simulation simulation({{untrusted}, {untrusted}});
  const Client client = simulation.client();
  EXPECT_FALSE(ask(client));
  EXPECT_THAT(simulation.asked(), ElementsAre(0, 1));
  EXPECT_EQ(client.endpoints().at(0).counts.total_failures, 1U);
}

// Limits of one moment.

TEST(RateLimits, OfOneMomentRaiseTheWaitOnce) {
  Simulation simulation({{after(100ms, failing(429))}});
  simulation.options.max_retries = 0;
  const Client client = simulation.client();
  for (int i = 0; i < 7; ++i) {
    simulation.network.at(simulation.network.now() + 10ms * (i + 1), [&] { EXPECT_FALSE(ask(client)); });
  }
  EXPECT_FALSE(ask(client));
  EXPECT_LE(client.endpoints().at(0).cooldowns.at("gpt-4o"), 1s);
}

TEST(RateLimits, AreNotWaitedForByAllToTheSameMoment) {
  const auto waited = [](double random) {
    Simulation simulation({{failing(429, "", {{"retry-after", "10"}}), ok()}});
    simulation.options.max_retries = 0;
    simulation.options.random = [random] { return random; };
    const Client client = simulation.client();
    EXPECT_FALSE(ask(client));
    EXPECT_TRUE(ask(client));
    return simulation.elapsed();
  };
  EXPECT_EQ(waited(0.0), 10s);
  EXPECT_EQ(waited(0.5), 10500ms);
}

}  // namespace
}  // namespace openailb::blame_test
