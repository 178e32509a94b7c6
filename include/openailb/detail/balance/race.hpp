#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/answered.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/progress.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/net/waiter.hpp>
#include <openailb/event_loop.hpp>

#include <optional>
#include <string>
#include <utility>

namespace openailb::detail {

/// An attempt that is under way, with the limit of its time. A source of FirstOf.
class UnderWay {
 public:
  UnderWay(EventLoop& loop, Trial&& started, const MakeAttempt& attempt)
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
  Attempted end(EventLoop& loop, TimePoint deadline) {
    Attempted ended = trying_.done() ? trying_.result() : trial.interrupted(limit_, deadline, loop);
    trying_ = {};
    return ended;
  }

  Trial trial;

 private:
  Timer limit_;
  Task<Attempted> trying_;
};

/// The attempts of a call that are under way: none, one or, while a hedge races the first, two. A source of
/// FirstOf, which is ready when one of them is, or when the hedge is due.
class Race {
 public:
  Race(EventLoop& loop, Balancer& balancer, Progress& progress, const MakeAttempt& attempt)
      : loop_(&loop), balancer_(&balancer), progress_(&progress), attempt_(&attempt) {}
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  bool over() const noexcept { return !first_ && !hedge_; }
  /// Whether two attempts are under way.
  bool undecided() const noexcept { return first_ && hedge_; }
  void begin(Trial&& trial, TimePoint now) {
    first_.emplace(*loop_, std::move(trial), *attempt_);
    const auto due = balancer_->hedge_due(first_->trial, *progress_, now);
    if (due) hedge_due_.emplace(*loop_, *due);
  }

  bool ready() {
    return (first_ && first_->ready()) || (hedge_ && hedge_->ready()) || (hedge_due_ && hedge_due_->ready());
  }
  void subscribe(Waiter& waiter) noexcept {
    if (first_) first_->subscribe(waiter);
    if (hedge_) hedge_->subscribe(waiter);
    if (hedge_due_) hedge_due_->subscribe(waiter);
  }
  void unsubscribe() noexcept {
    if (first_) first_->unsubscribe();
    if (hedge_) hedge_->unsubscribe();
    if (hedge_due_) hedge_due_->unsubscribe();
  }

  /// Once ready: the attempt that has ended. Null when none has: then the hedge was due, and has begun if one
  /// can be sent.
  UnderWay* ended(TimePoint now) {
    hedge_due_.reset();
    if (first_ && first_->ready()) return &*first_;
    if (hedge_) return &*hedge_;
    const auto due = balancer_->hedge_due(first_->trial, *progress_, now);
    if (due > now) {
      hedge_due_.emplace(*loop_, *due);
    } else if (std::optional<Trial> second = balancer_->hedge(first_->trial.call, *progress_, now)) {
      hedge_.emplace(*loop_, *std::move(second), *attempt_);
    }
    return nullptr;
  }

  /// Cancels the attempt beside this one, if there is one.
  void cancel_other(const UnderWay& than, const std::string& why, TimePoint now) {
    std::optional<UnderWay>& other = is_first(than) ? hedge_ : first_;
    if (!other) return;
    balancer_->record_loss(*progress_, other->trial, "canceled: " + why, now);
    other.reset();
  }
  void remove(const UnderWay& ended) { (is_first(ended) ? first_ : hedge_).reset(); }

 private:
  bool is_first(const UnderWay& one) const noexcept { return first_ && &one == &*first_; }

  EventLoop* loop_;
  Balancer* balancer_;
  Progress* progress_;
  const MakeAttempt* attempt_;
  std::optional<UnderWay> first_{};
  std::optional<UnderWay> hedge_{};
  std::optional<Timer> hedge_due_{};
};

}  // namespace openailb::detail
