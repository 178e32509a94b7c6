#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/progress.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <memory>
#include <utility>
#include <variant>

namespace openailb::detail {

/// The result of a successful attempt. It is passed by pointer: moving a completion, member by member, from
/// one coroutine to the next would cost more than reading it.
template <class T>
struct Answered {
  T value;
  ResponseInfo info;
};

/// A call that was answered. Its trial is not settled yet, since a stream's success is known only at its end.
template <class T>
struct Balanced {
  std::unique_ptr<Answered<T>> answered;
  Trial trial;
};

/// The only retry loop: it picks an endpoint, makes an attempt, fails over, backs off, gives up.
/// `attempt(loop, trial)` returns a Task<Attempted<std::unique_ptr<Answered<T>>>>. A task that is not done
/// when its time is over is destroyed, which cancels it.
template <class T, class Attempt>
Task<Result<Balanced<T>>> balance(EventLoop& loop, Balancer& balancer, std::shared_ptr<const Call> call,
                                  Attempt attempt) {
  Progress progress = balancer.begin(*call, loop.now());
  for (;;) {
    if (call->stop_token.stop_requested()) {
      co_return progress.failed(evidence_of_cancellation().error);
    }
    const TimePoint began = loop.now();
    Balancer::Step step = balancer.next(call, progress, began);
    if (step.wait) {
      Timer pause(loop, *step.wait, call->stop_token);
      FirstOf over(pause);
      co_await over;
      continue;
    }
    if (!step.trial) co_return balancer.give_up(*call, progress, began);

    Trial& trial = *step.trial;
    Task<Attempted<std::unique_ptr<Answered<T>>>> trying = attempt(loop, trial);
    Timer limit(loop, trial.ends, call->stop_token);
    FirstOf outcome(trying, limit);
    co_await outcome;
    Attempted<std::unique_ptr<Answered<T>>> tried;
    if (trying.done()) {
      tried = trying.result();
    } else {
      tried = trial.interrupted(limit, progress.deadline, loop);
    }
    trying = {};
    const TimePoint now = loop.now();
    if (auto* failure = std::get_if<Failure>(&tried)) {
      balancer.record(progress, trial, *failure, now);
      continue;
    }
    trial.admission.answered(call->streams, now);
    auto& answered = std::get<std::unique_ptr<Answered<T>>>(tried);
    progress.attempts.push_back(
        {.endpoint = trial.endpoint->name(), .status = answered->info.status, .elapsed = now - began});
    answered->info.attempts = std::move(progress.attempts);
    co_return Balanced<T>{std::move(answered), std::move(trial)};
  }
}

}  // namespace openailb::detail
