#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/object_owners.hpp>
#include <openailb/detail/balance/reading.hpp>
#include <openailb/detail/balance/retry_loop.hpp>
#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/call/send.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_info.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// A whole 2xx that has been read: an answer or, if that is null, what is wrong with it.
struct ReadAnswer {
  AnswerPtr answer{};
  std::unique_ptr<AttemptObservation> wrong{};  // by pointer, as every call under way has room for it
};

/// Reads a whole 2xx. Needs nothing but what it is given, so it may run on another thread.
inline ReadAnswer read_answer(HttpResponse response, const Decoder& decode, const Reading& reading,
                              std::chrono::system_clock::time_point date) {
  bool delivered = false;
  Result<AnswerPtr> answer = decode(response, delivered);
  if (answer) {
    ReadAnswer read{.answer = *std::move(answer)};
    ResponseInfo& info = read.answer->info();
    info = reading.info(std::move(response));
    if (reading.wants_usage) read.answer->usage = usage_in(info.body);
    return read;
  }
  Error wrong = std::move(answer).error();
  if (wrong.status == 0) wrong.status = response.status;
  wrong.body = std::move(response.body);
  AttemptObservation seen = observation_in_answer(std::move(wrong), response.headers, date);
  seen.error = reading.cleaned(std::move(seen.error));
  seen.delivered = delivered;
  return {.wrong = std::make_unique<AttemptObservation>(std::move(seen))};
}

/// One attempt of a call with a single answer: sends it and decodes what came; see decode.hpp. A large one is
/// decoded beside the loop.
template <class = OnlyIfUsed>
Task<AttemptResult> unary_attempt(EventLoop& loop, ActiveAttempt& attempt, const Decoder& decode) {
  Task<std::unique_ptr<Failure>> sending = send(loop, attempt);
  std::unique_ptr<Failure> failure = co_await sending;
  if (failure) co_return failure;

  HttpResponse& response = attempt.transfer->response;
  ReadAnswer read;
  if (response.body.size() <= read_at_once) {
    read = read_answer(std::move(response), decode, attempt.reading(), loop.date());
  } else {
    auto reads = [decode, reading = attempt.reading(), response = std::move(response),
                  date = loop.date()]() mutable {
      return read_answer(std::move(response), decode, reading, date);
    };
    Task<ReadAnswer> beside = aside(loop, std::move(reads));
    ReadAnswer done = co_await beside;
    read = std::move(done);
  }
  if (read.answer) co_return std::move(read.answer);
  co_return attempt.classified(*std::move(read.wrong));
}

/// A whole call with a single answer.
template <class = OnlyIfUsed>
Task<Result<AnswerPtr>> unary_call(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                   std::shared_ptr<const Call> call, Decoder decode) {
  const auto make_attempt = [&decode](EventLoop& on, ActiveAttempt& attempt) {
    return unary_attempt(on, attempt, decode);
  };
  Task<Result<CallOutcome>> looping = retry_loop(loop, *balancer, std::move(call), make_attempt);
  Result<CallOutcome> outcome = co_await looping;
  if (!outcome) co_return std::move(outcome).error();

  if (const auto& usage = outcome->answer->usage) outcome->attempt.used(*usage);
  outcome->attempt.report_outcome(nullptr, loop.now());
  if (outcome->attempt.tracer) outcome->attempt.tracer->ends(std::nullopt);
  learn(balancer->object_affinity(), outcome->attempt, outcome->answer->info().body);
  co_return std::move(outcome->answer);
}

}  // namespace openailb::detail
