#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/net/waiter.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>

#include <optional>
#include <string>
#include <utility>

namespace openailb::detail {

/// An attempt in flight, with the limit of its time. A source of WhenAny.
class RunningAttempt {
 public:
  RunningAttempt(EventLoop& loop, ActiveAttempt&& started, const MakeAttempt& make_attempt)
      : attempt(std::move(started)),
        limit_(loop, attempt.ends, attempt.call->stop_token),
        running_(make_attempt(loop, attempt)) {}
  RunningAttempt(const RunningAttempt&) = delete;
  RunningAttempt& operator=(const RunningAttempt&) = delete;

  /// Whether it is done, or its time is over.
  bool ready() { return running_.ready() || limit_.ready(); }
  void subscribe(Waiter& waiter) noexcept {
    running_.subscribe(waiter);
    limit_.subscribe(waiter);
  }
  void unsubscribe() noexcept {
    running_.unsubscribe();
    limit_.unsubscribe();
  }

  /// How it ended. If it is not done, it is canceled.
  AttemptResult end(EventLoop& loop) {
    AttemptResult ended = running_.done() ? running_.result() : attempt.interrupted(limit_, loop);
    running_ = {};
    return ended;
  }

  ActiveAttempt attempt;

 private:
  Timer limit_;
  Task<AttemptResult> running_;
};

/// The attempts of a call that are in flight: none, one or, while a hedge races the first, two. A source of
/// WhenAny, which is ready when one of them is, or when the hedge is due.
class HedgedAttempts {
 public:
  HedgedAttempts(EventLoop& loop, Balancer& balancer, CallState& state, const MakeAttempt& make_attempt)
      : loop_(&loop), balancer_(&balancer), state_(&state), make_attempt_(&make_attempt) {}
  HedgedAttempts(const HedgedAttempts&) = delete;
  HedgedAttempts& operator=(const HedgedAttempts&) = delete;

  bool over() const noexcept { return !first_ && !hedge_; }
  /// Whether two attempts are under way.
  bool undecided() const noexcept { return first_ && hedge_; }
  void begin(ActiveAttempt&& attempt, TimePoint now) {
    first_.emplace(*loop_, std::move(attempt), *make_attempt_);
    const auto due = balancer_->hedge_due(first_->attempt, *state_, now);
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
  RunningAttempt* ended(TimePoint now) {
    hedge_due_.reset();
    if (first_ && first_->ready()) return &*first_;
    if (hedge_) return &*hedge_;
    const auto due = balancer_->hedge_due(first_->attempt, *state_, now);
    if (due > now) {
      hedge_due_.emplace(*loop_, *due);
    } else if (std::optional<ActiveAttempt> second = balancer_->hedge(first_->attempt.call, *state_, now)) {
      hedge_.emplace(*loop_, *std::move(second), *make_attempt_);
    }
    return nullptr;
  }

  /// Cancels the attempt beside this one, if there is one.
  void cancel_other(const RunningAttempt& than, const std::string& why, TimePoint now) {
    std::optional<RunningAttempt>& other = is_first(than) ? hedge_ : first_;
    if (!other) return;
    balancer_->record_hedge_loser(*state_, other->attempt, "canceled: " + why, now);
    other.reset();
  }
  void remove(const RunningAttempt& ended) { (is_first(ended) ? first_ : hedge_).reset(); }

 private:
  bool is_first(const RunningAttempt& one) const noexcept { return first_ && &one == &*first_; }

  EventLoop* loop_;
  Balancer* balancer_;
  CallState* state_;
  const MakeAttempt* make_attempt_;
  std::optional<RunningAttempt> first_{};
  std::optional<RunningAttempt> hedge_{};
  std::optional<Timer> hedge_due_{};
};

}  // namespace openailb::detail
