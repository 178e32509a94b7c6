// The verdict on an attempt, from what was seen of it.

#include <openailb/detail/failure/classify.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace openailb::classify_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;

Failure verdict(AttemptObservation seen) { return classify(std::move(seen), nullptr); }

const Error timed_out{.kind = ErrorKind::timeout};

/// An attempt that was ended after `given`; the client usually gives 60 s, its endpoint may need 5 s.
AttemptObservation ended(EndedBy by, std::chrono::nanoseconds given) {
  return {.error = timed_out, .ended_by = by, .given = given, .usual = 60s, .blame_threshold = 5s};
}

TEST(Classify, BlamesAnEndpointForATimeoutOnlyIfItHadTime) {
  for (const EndedBy by : {EndedBy::its_time, EndedBy::call_deadline}) {
    EXPECT_EQ(verdict(ended(by, 5s)).policy.breaker, Outcome::failure);
    EXPECT_EQ(verdict(ended(by, 5s - 1ns)).policy.breaker, std::nullopt);
  }
}

TEST(Classify, TakesTheClientsUsualTimeForEnough) {
  AttemptObservation seen = ended(EndedBy::its_time, 2s);
  seen.usual = 2s;
  EXPECT_EQ(verdict(seen).policy.breaker, Outcome::failure);
  seen.usual = 0s;  // no limit
  EXPECT_EQ(verdict(seen).policy.breaker, std::nullopt);
}

TEST(Classify, BlamesNobodyForADeadlineThatPassedWhileAStreamCame) {
  AttemptObservation seen = ended(EndedBy::call_deadline, 100s);
  seen.was_answering = true;
  EXPECT_EQ(verdict(seen).policy.breaker, std::nullopt);
  seen.ended_by = EndedBy::its_time;  // it fell silent
  EXPECT_EQ(verdict(seen).policy.breaker, Outcome::failure);
}

TEST(Classify, BlamesAnEndpointThatDoesNotConnectInTime) {
  EXPECT_EQ(verdict({.error = timed_out, .sent = Sent::nothing}).policy.breaker, Outcome::failure);
}

TEST(Classify, EndsTheCallWhenItsDeadlineHasPassed) {
  const Failure late = verdict(ended(EndedBy::call_deadline, 100s));
  EXPECT_EQ(late.failure_class, FailureClass::out_of_time);
  EXPECT_FALSE(late.policy.retry_elsewhere);
  EXPECT_FALSE(late.policy.retry_here);
  const Failure slow = verdict(ended(EndedBy::its_time, 100s));
  EXPECT_EQ(slow.failure_class, FailureClass::transient);
  EXPECT_TRUE(slow.policy.retry_elsewhere);
}

TEST(Classify, SaysNothingOfAnEndpointWhoseCallerGaveUp) {
  const Failure failure = verdict(observation_of_cancellation());
  EXPECT_EQ(failure.failure_class, FailureClass::canceled);
  EXPECT_EQ(failure.policy.breaker, std::nullopt);
  EXPECT_FALSE(failure.policy.retry_elsewhere);
}

TEST(Classify, BlamesNoEndpointForWhatThisMachineIsShortOf) {
  const AttemptObservation seen =
      observation_of_transfer({.message = "Too many open files", .is_local = true});
  const Failure failure = verdict(seen);
  EXPECT_EQ(failure.policy.breaker, std::nullopt);
  EXPECT_TRUE(failure.policy.retry_elsewhere);
  EXPECT_TRUE(failure.policy.retry_here) << "it may pass";
  EXPECT_FALSE(failure.may_have_executed);
}

TEST(Classify, OwesAnotherTryToAnEndpointWhoseIdleConnectionHadDied) {
  const Failure failure = verdict(observation_of_transfer({.sent = Sent::all, .connection_was_idle = true}));
  EXPECT_TRUE(failure.connection_was_idle);
  EXPECT_EQ(failure.policy.breaker, std::nullopt);
  EXPECT_FALSE(failure.may_have_executed);
  EXPECT_EQ(failure.delay, 0ns);
}

TEST(Classify, TakesWhatWasDeliveredForAnAnswerThatTheCallerCannotUse) {
  const Failure failure = verdict({.error = {.kind = ErrorKind::parse, .status = 200}, .delivered = true});
  EXPECT_EQ(failure.failure_class, FailureClass::client_error);
  EXPECT_FALSE(failure.policy.retry_elsewhere);
  EXPECT_EQ(failure.policy.breaker, Outcome::success);
}

TEST(Classify, ObeysXShouldRetryInTheAnswersHeaders) {
  for (const auto& [status, said] : {std::pair{500, "false"}, std::pair{400, "true"}}) {
    const Failure failure =
        verdict(observation_in_answer({.status = status}, {{"X-Should-Retry", said}}, {}));
    EXPECT_EQ(failure.policy.retry_here, said == std::string("true"));
  }
}

TEST(Classify, AsksTheUserWhatClassAnErrorIsOf) {
  const AttemptObservation seen{.error = {.kind = ErrorKind::internal_server, .status = 500}};
  const Failure failure = classify(seen, [](const Error&) { return FailureClass::client_error; });
  EXPECT_EQ(failure.policy.breaker, Outcome::success);
  EXPECT_FALSE(failure.policy.retry_elsewhere);
  EXPECT_EQ(classify(seen, [](const Error&) { return std::nullopt; }).failure_class, FailureClass::transient);
}

// Nobody knows what they have seen, so they must not count as anything.
TEST(Classify, APolicyThatNobodyMadeIsNoSuccess) { EXPECT_EQ(FailurePolicy{}.breaker, std::nullopt); }

}  // namespace
}  // namespace openailb::classify_test
