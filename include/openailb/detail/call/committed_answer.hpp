#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/response_info.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace openailb::detail {

/// An answer that is handed over while it comes, from its commit point on. Nothing is replayed: if it breaks,
/// the error is of kind stream_interrupted, or timeout at the deadline, or canceled by the stop token.
class CommittedAnswer {
 public:
  CommittedAnswer(const CommittedAnswer&) = delete;
  CommittedAnswer& operator=(const CommittedAnswer&) = delete;
  virtual ~CommittedAnswer() = default;

  /// Ends it now, which counts neither for nor against the endpoint.
  void close() noexcept { attempt_.reset(); }
  /// Ends it as canceled, since nobody wants the rest.
  void refuse(std::string why) {
    if (over()) return;  // there is no rest
    Error error{.kind = ErrorKind::canceled, .message = std::move(why)};
    fail(attempt_->failure({.error = std::move(error)}), ErrorKind::canceled);
  }

  /// Ends it because of an exception, such as that there is no memory, so that the rest of it does not pass
  /// for a whole answer.
  void break_off() noexcept {
    if (!error_) error_.emplace(Error{.kind = ErrorKind::stream_interrupted, .message = "it threw"});
    close();
  }

  bool over() const noexcept { return !attempt_; }
  const std::optional<Error>& error() const noexcept { return error_; }
  const ResponseInfo& info() const noexcept { return info_; }

 protected:
  CommittedAnswer(std::shared_ptr<Balancer> balancer, EventLoop& loop, ActiveAttempt attempt,
                  ResponseInfo info)
      : balancer_(std::move(balancer)), loop_(&loop), attempt_(std::move(attempt)), info_(std::move(info)) {
    // A probe has succeeded by now. If it were settled at the end of a long answer, its breaker would refuse
    // other calls until then.
    if (attempt_->lease.is_probe()) attempt_->report_outcome(nullptr, loop.now());
  }
  /// For messages: that it ended, and after how much.
  virtual std::string so_far() const = 0;

  void finish();
  /// Ends it because of the caller, the call's deadline or the idle timeout.
  void interrupt();
  void fail(const Failure& failure, ErrorKind kind = ErrorKind::stream_interrupted);

  bool is_interrupted() const {
    return attempt_->call->stop_token.stop_requested() || loop_->now() >= attempt_->deadline;
  }
  /// Until when the next piece is waited for.
  TimePoint read_deadline() const {
    return (std::min)(limit_from(loop_->now(), attempt_->call->idle_timeout), attempt_->deadline);
  }

  std::shared_ptr<Balancer> balancer_;  // keeps the endpoint alive
  EventLoop* loop_;
  std::optional<ActiveAttempt> attempt_;  // null when it is over
  ResponseInfo info_;
  std::optional<Error> error_{};
};

inline void CommittedAnswer::finish() {
  ActiveAttempt attempt = *std::move(attempt_);
  attempt_.reset();
  attempt.report_outcome(nullptr, loop_->now());
  if (attempt.tracer) attempt.tracer->ends(std::nullopt);
}

inline void CommittedAnswer::interrupt() {
  const Call& call = *attempt_->call;
  if (call.stop_token.stop_requested()) {
    return fail(attempt_->failure(observation_of_cancellation()), ErrorKind::canceled);
  }
  const bool deadline_passed = loop_->now() >= attempt_->deadline;
  AttemptObservation seen =
      attempt_->ended(deadline_passed ? EndedBy::call_deadline : EndedBy::its_time, call.idle_timeout,
                      usual_idle_timeout(balancer_->options()),
                      deadline_passed ? "the deadline of " + duration_text(call.deadline) + " passed"
                                      : "nothing came for " + duration_text(call.idle_timeout));
  seen.was_answering = true;
  fail(attempt_->failure(std::move(seen)),
       deadline_passed ? ErrorKind::timeout : ErrorKind::stream_interrupted);
}

inline void CommittedAnswer::fail(const Failure& failure, ErrorKind kind) {
  ActiveAttempt attempt = *std::move(attempt_);
  attempt_.reset();
  error_ = failure.error;
  error_->kind = kind;
  error_->request_id = info_.request_id;
  error_->message = info_.endpoint + ": " + so_far() + ": " + failure.error.message;
  error_->attempts = info_.attempts;
  error_->attempts.back().kind = kind;
  error_->attempts.back().message = failure.error.message;
  attempt.report_outcome(&failure, loop_->now());
  if (attempt.tracer) attempt.tracer->ends(kind);
}

}  // namespace openailb::detail
