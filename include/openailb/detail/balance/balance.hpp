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
#include <optional>
#include <string>
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

/// An attempt that is under way, with the limit of its time. A source of FirstOf.
template <class T>
class UnderWay {
 public:
  using Value = std::unique_ptr<Answered<T>>;

  template <class Attempt>
  UnderWay(EventLoop& loop, Trial started, Attempt& attempt)
      : trial(std::move(started)),
        limit_(loop, trial.ends, trial.call->stop_token),
        trying_(attempt(loop, trial)) {}
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  /// Whether it is done, or its time is over.
  bool ready() { return trying_.ready() || limit_.ready(); }
  void subscribe(Waiter& waiter) noexcept {
    trying_.subscribe(waiter);
    limit_.subscribe(waiter);
  }
  void unsubscribe() noexcept {
    trying_.unsubscribe();
    limit_.unsubscribe();
  }

  /// How it ended. If it is not done, it is canceled.
  Attempted<Value> end(EventLoop& loop, TimePoint deadline) {
    Attempted<Value> ended = trying_.done() ? trying_.result() : trial.interrupted(limit_, deadline, loop);
    trying_ = {};
    return ended;
  }

  Trial trial;

 private:
  Timer limit_;
  Task<Attempted<Value>> trying_;
};

/// The only retry loop: it picks an endpoint, makes an attempt, fails over, backs off, gives up. If hedging
/// is on, a second attempt may race the first: the first answer wins, and if one fails, the other goes on.
/// `attempt(loop, trial)` returns a Task<Attempted<std::unique_ptr<Answered<T>>>>. A task that is not done
/// when its time is over, or that has lost, is destroyed, which cancels it.
template <class T, class Attempt>
Task<Result<Balanced<T>>> balance(EventLoop& loop, Balancer& balancer, std::shared_ptr<const Call> call,
                                  Attempt attempt) {
  Progress progress = balancer.begin(*call, loop.now());
  std::optional<UnderWay<T>> first, hedge;
  std::optional<Timer> hedge_due;
  for (;;) {
    if (!first && !hedge) {
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
      first.emplace(loop, *std::move(step.trial), attempt);
      if (auto due = balancer.hedge_due(first->trial, progress, began)) hedge_due.emplace(loop, *due);
    }
    FirstOf outcome(first, hedge, hedge_due);
    co_await outcome;

    const TimePoint now = loop.now();
    hedge_due.reset();
    if (first && !hedge && !first->ready()) {
      const auto due = balancer.hedge_due(first->trial, progress, now);
      if (due > now) {
        hedge_due.emplace(loop, *due);
      } else if (std::optional<Trial> second = balancer.hedge(call, progress, now)) {
        hedge.emplace(loop, *std::move(second), attempt);
      }
      continue;
    }
    const bool first_ended = first && first->ready();
    std::optional<UnderWay<T>>& ended = first_ended ? first : hedge;
    std::optional<UnderWay<T>>& other = first_ended ? hedge : first;
    auto tried = ended->end(loop, progress.deadline);
    auto* failure = std::get_if<Failure>(&tried);
    if (other && (!failure || !failure->treatment.another_endpoint)) {
      std::string why = failure ? "the call had ended" : ended->trial.endpoint->name() + " answered first";
      balancer.record_loss(progress, other->trial, "canceled: " + why, now);
      other.reset();
    }
    if (failure) {
      balancer.record(progress, ended->trial, *failure, now);
      ended.reset();
      continue;
    }
    auto& answered = std::get<std::unique_ptr<Answered<T>>>(tried);
    balancer.record_answer(progress, ended->trial, answered->info.status, now);
    answered->info.attempts = std::move(progress.attempts);
    co_return Balanced<T>{std::move(answered), std::move(ended->trial)};
  }
}

}  // namespace openailb::detail
