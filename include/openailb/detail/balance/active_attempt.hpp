#pragma once

#include <openailb/detail/balance/attempt_lease.hpp>
#include <openailb/detail/balance/call_tracer.hpp>
#include <openailb/detail/balance/connecting.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/latency_stats.hpp>
#include <openailb/detail/balance/reading.hpp>
#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/classify.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/response_info.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// One attempt of a call that is in flight, with what it was given and what has been seen of it. The record
/// of one that has ended is an Attempt.
struct ActiveAttempt {
  std::shared_ptr<const Endpoint> endpoint;
  AttemptLease lease;
  std::shared_ptr<const Call> call;
  TimePoint ends{(TimePoint::max)()};          ///< when its time is over
  TimePoint deadline{(TimePoint::max)()};      ///< when the time of its call is over
  std::chrono::nanoseconds connect_timeout{};  ///< zero for no limit
  std::size_t attempts_before{};               ///< how many attempts of the call came before it
  int redirects_left{};                        ///< each one that it follows is a retry of the call
  bool is_retry{};                             ///< the call had attempted the endpoint before
  bool fresh_connection{};                     ///< use a new one, as the kept one had died
  bool probing_for_object{};                   ///< see CallState
  bool object_is_missed{};                     ///< see CallState
  std::string key{};                           ///< the API key that it was sent with
  std::shared_ptr<CallTracer> tracer{};        ///< null without a listener
  std::unique_ptr<Transfer> transfer{};        ///< its latest request, once one was sent

  /// What it takes to read its answer.
  Reading reading() const {
    return {.endpoint = endpoint, .call = call, .key = key, .wants_usage = wants_usage()};
  }
  /// Judges what was seen of it, once its error has been cleaned.
  Failure classified(AttemptObservation seen) const;
  /// Cleans the error of what was seen of it, and judges it.
  Failure failure(AttemptObservation seen) const {
    seen.error = reading().cleaned(std::move(seen.error));
    return classified(std::move(seen));
  }
  /// Judges a request that ended without a whole answer.
  Failure failure(const TransferFailure& reason) const;
  /// Judges an attempt that is ended before it is done.
  Failure interrupted(const Timer& limit, EventLoop& loop);
  /// What was seen of an attempt that was ended. It was `given` this much time; the client's own limit is
  /// `usual`.
  AttemptObservation ended(EndedBy by, std::chrono::nanoseconds given, std::chrono::nanoseconds usual,
                           std::string message) const;

  /// Lets it connect only as long as it has to, since another endpoint could be asked. A half-open probe and
  /// an attempt that finds out whether the endpoint can be connected to have all the time.
  void limit_connecting(TimePoint now);
  /// Records what it has shown of connecting to its endpoint.
  void note_connecting(TimePoint now) const;

  ResponseInfo info(HttpResponse response) const { return reading().info(std::move(response)); }
  /// Whether anybody wants to know how many tokens it takes.
  bool wants_usage() const { return tracer || lease.counts_tokens(); }
  /// Records how many tokens its answer says that it took, or an event of a stream.
  void used(const Usage& usage);
  void report_outcome(const Failure* failure, TimePoint now) {
    const bool is_about_model = failure ? failure->failure_class == FailureClass::rate_limited
                                        : endpoint->account()->cooldowns().any();
    const std::string model = is_about_model ? endpoint->wire_model(*call) : std::string();
    lease.report_outcome(failure, model, call->streams, now);
    if (failure && failure->failure_class == FailureClass::rate_limited) notify_cooldown(now);
  }
  /// Records that its account is rate limited for so long, although it was answered.
  void mark_exhausted(std::chrono::nanoseconds until_reset, TimePoint now) const {
    const std::string model = endpoint->wire_model(*call);
    lease.mark_exhausted(model, until_reset, now);
    if (tracer) tracer->endpoint_rate_limited({endpoint->name(), model, until_reset});
  }

 private:
  static bool was_not_connected(const TransferFailure& reason) {
    return reason.kind == ErrorKind::timeout && reason.sent == Sent::nothing;
  }
  bool was_cut() const { return connect_timeout != endpoint->options().connect_timeout; }
  void notify_cooldown(TimePoint now) const;
};

inline void ActiveAttempt::notify_cooldown(TimePoint now) const {
  if (!tracer) return;
  const std::string model = endpoint->wire_model(*call);
  const auto remaining = endpoint->account()->cooldowns().until(model) - now;
  tracer->endpoint_rate_limited({.endpoint = endpoint->name(), .model = model, .remaining = remaining});
}

inline Failure ActiveAttempt::classified(AttemptObservation seen) const {
  seen.path = call->path;
  seen.names_an_object = !call->path_ids.empty();
  seen.probing_for_object = probing_for_object;
  return classify(std::move(seen), endpoint->options().classify);
}

/// An attempt that was cut says nothing about its endpoint, unless connecting is known to take less there.
inline Failure ActiveAttempt::failure(const TransferFailure& reason) const {
  AttemptObservation seen = observation_of_transfer(reason);
  if (was_not_connected(reason) && was_cut()) {
    seen.ended_by = EndedBy::its_time;
    seen.given = connect_timeout;
    seen.blame_threshold = endpoint->health()->connecting.blame_threshold();
  }
  return failure(std::move(seen));
}

inline void ActiveAttempt::limit_connecting(TimePoint now) {
  const ClientOptions& options = endpoint->options();
  Connecting& connecting = endpoint->health()->connecting;
  if (connecting.in_question()) {
    connecting.finds_out((std::min)(limit_from(now, options.connect_timeout), ends));
  } else if (!lease.is_half_open_probe()) {
    connect_timeout = shorter(connect_timeout, connecting.given(options.failover_connect_timeout));
  }
}

inline void ActiveAttempt::note_connecting(TimePoint now) const {
  if (!transfer) return;
  Connecting& connecting = endpoint->health()->connecting;
  const auto& reason = transfer->failure();
  if (transfer->sent() != Sent::nothing) {
    connecting.connected(std::nullopt);  // what it took has been told by the loop, if that can
  } else if (reason && was_not_connected(*reason)) {
    was_cut() ? connecting.cut() : connecting.failed(lease.admitted(), now);
  }
}

inline Failure ActiveAttempt::interrupted(const Timer& limit, EventLoop& loop) {
  if (limit.stopped()) return failure(observation_of_cancellation());
  if (transfer && transfer->response.status >= 300) {
    return failure(observation_of_answer(std::move(transfer->response), loop.date()));
  }

  const bool deadline_passed = loop.now() >= deadline;
  const Sent sent = transfer ? transfer->sent() : Sent::nothing;
  std::string message = sent == Sent::nothing ? "no connection "
                        : call->is_bytes      ? "no first byte "
                        : call->streams       ? "no first token "
                                              : "no answer ";
  message += deadline_passed ? "before the deadline of " + duration_text(call->deadline)
                             : "within " + duration_text(call->timeout);
  AttemptObservation seen =
      ended(deadline_passed ? EndedBy::call_deadline : EndedBy::its_time, ends - lease.admitted(),
            usual_timeout(endpoint->options(), call->streams), std::move(message));
  seen.sent = sent;
  if (sent == Sent::nothing) {
    seen.blame_threshold = (std::max)(seen.blame_threshold, endpoint->health()->connecting.blame_threshold());
  }
  return failure(std::move(seen));
}

inline AttemptObservation ActiveAttempt::ended(EndedBy by, std::chrono::nanoseconds given,
                                               std::chrono::nanoseconds usual, std::string message) const {
  const LatencyStats& stats = endpoint->health()->latency_stats;
  return {.error = {.kind = ErrorKind::timeout, .message = std::move(message)},
          .ended_by = by,
          .given = given,
          .usual = usual,
          .blame_threshold = stats.blame_threshold(call->streams, lease.admitted())};
}

inline void ActiveAttempt::used(const Usage& usage) {
  if (tracer) tracer->used(usage);
  if (usage.total) lease.used((std::max)(*usage.total, 0.0));
}

}  // namespace openailb::detail
