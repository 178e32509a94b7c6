#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/balance/call_tracer.hpp>
#include <openailb/detail/balance/hedged_attempts.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/response_info.hpp>

#include <memory>
#include <utility>

namespace openailb::detail {

/// A call that was answered. Its attempt is not settled yet, since a stream's success is known only at its
/// end.
struct CallOutcome {
  AnswerPtr answer;
  ActiveAttempt attempt;
};

/// The only retry loop: it picks an endpoint, makes an attempt, fails over, backs off, falls back on another
/// model, gives up. If hedging is on, a second attempt may attempts the first: the first answer wins, and if
/// one fails, the other goes on.
template <class = OnlyIfUsed>
Task<Result<CallOutcome>> retry_loop(EventLoop& loop, Balancer& balancer, std::shared_ptr<const Call> call,
                                     MakeAttempt make_attempt) {
  Result<CallState> begun = balancer.begin(*call, loop.now());
  if (!begun) co_return std::move(begun).error();
  CallState& state = *begun;
  if (balancer.options().on_event) {
    state.tracer = std::make_shared<CallTracer>(balancer.options(), *call, loop.clock());
  }
  HedgedAttempts attempts(loop, balancer, state, make_attempt);
  for (;;) {
    if (attempts.over()) {
      if (call->stop_token.stop_requested()) {
        co_return state.failed(observation_of_cancellation().error);
      }
      const TimePoint began = loop.now();
      Balancer::Step step = balancer.next(call, state, began);
      if (step.wait) {
        Timer pause(loop, *step.wait, call->stop_token);
        Timer woken(loop, (TimePoint::max)(), step.wakeup);
        WhenAny over(pause, woken);
        co_await over;
        continue;
      }
      if (!step.attempt) {
        auto fallback = balancer.fall_back(*call, state, began);
        if (!fallback) co_return balancer.give_up(*call, state, began);
        call = std::move(fallback);
        continue;
      }
      attempts.begin(*std::move(step.attempt), began);
    }
    WhenAny outcome(attempts);
    co_await outcome;

    const TimePoint now = loop.now();
    RunningAttempt* ended = attempts.ended(now);
    if (ended == nullptr) continue;
    AttemptResult attempted = ended->end(loop);
    if (const std::unique_ptr<Failure>& failure = attempted.failure) {
      balancer.consider_refusal(state, ended->attempt, *failure, now);
      if (!failure->policy.retry_elsewhere) attempts.cancel_other(*ended, "the call had ended", now);
      balancer.record(state, ended->attempt, *failure, now);
      attempts.remove(*ended);
      continue;
    }
    if (attempts.undecided())
      attempts.cancel_other(*ended, ended->attempt.endpoint->name() + " answered first", now);
    ResponseInfo& info = attempted.answer->info();
    balancer.record_answer(state, ended->attempt, info, now);
    info.attempts = std::move(state.attempts);
    co_return CallOutcome{std::move(attempted.answer), std::move(ended->attempt)};
  }
}

}  // namespace openailb::detail
