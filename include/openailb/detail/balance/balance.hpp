#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/answered.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/call_watch.hpp>
#include <openailb/detail/balance/progress.hpp>
#include <openailb/detail/balance/race.hpp>
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

namespace openailb::detail {

/// A call that was answered. Its trial is not settled yet, since a stream's success is known only at its end.
struct Balanced {
  AnyAnswer answer;
  Trial trial;
};

/// The only retry loop: it picks an endpoint, makes an attempt, fails over, backs off, falls back on another
/// model, gives up. If hedging is on, a second attempt may race the first: the first answer wins, and if one
/// fails, the other goes on.
template <class = OnlyIfUsed>
Task<Result<Balanced>> balance(EventLoop& loop, Balancer& balancer, std::shared_ptr<const Call> call,
                               MakeAttempt attempt) {
  Result<Progress> begun = balancer.begin(*call, loop.now());
  if (!begun) co_return std::move(begun).error();
  Progress& progress = *begun;
  if (balancer.options().on_event) {
    progress.watch = std::make_shared<CallWatch>(balancer.options(), *call, loop.clock());
  }
  Race race(loop, balancer, progress, attempt);
  for (;;) {
    if (race.over()) {
      if (call->stop_token.stop_requested()) {
        co_return progress.failed(evidence_of_cancellation().error);
      }
      const TimePoint began = loop.now();
      Balancer::Step step = balancer.next(call, progress, began);
      if (step.wait) {
        Timer pause(loop, *step.wait, call->stop_token);
        Timer called(loop, (TimePoint::max)(), step.call);
        FirstOf over(pause, called);
        co_await over;
        continue;
      }
      if (!step.trial) {
        auto fallback = balancer.fall_back(*call, progress, began);
        if (!fallback) co_return balancer.give_up(*call, progress, began);
        call = std::move(fallback);
        continue;
      }
      race.begin(*std::move(step.trial), began);
    }
    FirstOf outcome(race);
    co_await outcome;

    const TimePoint now = loop.now();
    UnderWay* ended = race.ended(now);
    if (ended == nullptr) continue;
    Attempted tried = ended->end(loop, progress.deadline);
    if (const std::unique_ptr<Failure>& failure = tried.failure) {
      if (!failure->treatment.another_endpoint) race.cancel_other(*ended, "the call had ended", now);
      balancer.record(progress, ended->trial, *failure, now);
      race.remove(*ended);
      continue;
    }
    if (race.undecided()) race.cancel_other(*ended, ended->trial.endpoint->name() + " answered first", now);
    ResponseInfo& info = tried.answer->info();
    balancer.record_answer(progress, ended->trial, info, now);
    info.attempts = std::move(progress.attempts);
    co_return Balanced{std::move(tried.answer), std::move(ended->trial)};
  }
}

}  // namespace openailb::detail
