#pragma once

#include <openailb/detail/balance/call_tracer.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/endpoint_set.hpp>
#include <openailb/detail/balance/retry_budget.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace openailb::detail {

/// An error in a few words: "503 overloaded" or "could not connect to 127.0.0.1:9".
inline std::string attempt_text(const Error& error) {
  const std::string status = error.status == 0 ? "" : std::to_string(error.status);
  return status + (status.empty() || error.message.empty() ? "" : " ") + error.message;
}

/// How long a call does not make certain attempts after one that failed.
struct Pauses {
  std::chrono::nanoseconds retry_here{};    ///< on the endpoint that failed
  std::chrono::nanoseconds any_endpoint{};  ///< on the others that it has attempted as well; zero: none
  /// From the call's beginning to its last retry, if all attempts were on this endpoint and failed alike.
  /// What takes longer than the longest backoff counts as that.
  std::chrono::nanoseconds alone{};
};

/// How far a call has come: what its attempts have shown, and what it may still do.
struct CallState {
  /// A refusal that may be the endpoint's fault.
  struct Refusal {
    std::shared_ptr<const detail::Endpoint> endpoint;
    std::string model{};  ///< by its name there
    std::string complaint{};
  };
  /// What the call knows of one endpoint.
  struct Endpoint {
    /// It was picked, and what came of it is not only a rate limit that the call waits for.
    bool attempted{};
    bool may_have_executed{};             ///< it failed the call after having received it whole
    std::optional<TimePoint> retry_at{};  ///< when it may be asked again; null: never, if it was attempted
    std::chrono::nanoseconds pause{};     ///< from its last failure to that time
    /// When the call would make its last retry if this were its only endpoint, by what it said last.
    TimePoint last_retry{};
    bool said_when{};  ///< its last failure said when it may be asked again, or that it is rate limited
  };

  EndpointSet::List endpoint_list{};  ///< the endpoints that the client has now
  TimePoint began{};                  ///< with its present model
  TimePoint deadline{};
  /// When the next retry may be made: the backoff after the retry before it, whichever endpoint that was on.
  TimePoint next_retry{(TimePoint::min)()};
  /// The id of the only endpoint to ask, because it keeps an object that the call names.
  std::optional<std::size_t> owner{};
  std::string probed_trust{};  ///< if it seeks an object: the trust of the endpoints that it asks
  /// The id of the endpoint whose kept connection had died. It is asked again first, and that is not counted
  /// as a retry, but it happens only once per call.
  std::optional<std::size_t> free_retry_endpoint{};
  std::shared_ptr<CallTracer> tracer{};         ///< null without a listener
  RetryBudget::Reserved budget_hold{};          ///< for the call's next retry; null when none was needed yet
  std::unique_ptr<WaitQueue::Ticket> ticket{};  ///< null while the call does not wait
  std::vector<std::string> models{};     ///< those that it has given up, before it fell back on another one
  std::vector<Endpoint> per_endpoint{};  ///< as in endpoint_list
  /// By id: those that the call has asked and that the client does not have now. They may come back.
  std::unordered_map<std::size_t, Endpoint> away{};
  std::size_t most_endpoints{};  ///< the most endpoints that there were at a time
  std::size_t attempted{};       ///< how many endpoints are attempted, also of those that are away
  std::vector<Attempt> attempts{};
  std::unique_ptr<const Error> last{};  ///< null: none has failed yet
  std::optional<Refusal> refusal{};     ///< for which it seeks a second opinion
  FailureClass last_class{};            ///< of `last`
  int may_have_executed{};              ///< how many endpoints may have run the request and failed the call
  int retries_left{};                   ///< attempts and redirects beyond the first attempt on each endpoint
  bool waits_for_rate_limits{};         ///< and not only as long as its retries last
  bool probing_for_object{};            ///< nobody knows which endpoint keeps the objects that the call names
  bool object_is_missed{};              ///< an endpoint that was asked has said that it has no such object
  bool retry_elsewhere{true};           ///< whether endpoints that were not attempted yet may be asked
  bool another_model{};                 ///< it can still fall back on another one
  bool free_retry_used{};
  bool waited_for_breaker{};  ///< see WhenAllOpen::wait
  bool budget_exhausted{};    ///< nothing could be reserved
  bool hedged{};              ///< a hedge was sent

  /// The longest that the call waits because a server has asked for that. Another model comes first.
  std::chrono::nanoseconds longest_wait() const noexcept {
    if (waits_for_rate_limits) return (std::chrono::nanoseconds::max)();
    return another_model ? longest_backoff : longest_retry_after;
  }
  /// Whether a failure is a rate limit that the call waits for: then the endpoint is as good as untried.
  bool waits_for(const Failure& failure) const noexcept {
    return waits_for_rate_limits && failure.failure_class == FailureClass::rate_limited;
  }

  /// Whether the call has asked as many endpoints as there ever were at a time. To ask one that has come
  /// since is a retry. So a call makes no more attempts than that and its retries, however they change.
  bool all_attempted() const noexcept { return attempted >= most_endpoints; }
  /// Records an attempt that begins. Whether it is a retry.
  bool begin_attempt(std::size_t index) noexcept {
    const bool is_retry = per_endpoint[index].attempted || all_attempted();
    if (!std::exchange(per_endpoint[index].attempted, true)) ++attempted;
    return is_retry;
  }
  /// Whether the client has an endpoint of this id now.
  bool has(std::size_t id) const { return index_of(id).has_value(); }
  /// Goes on with these endpoints, which the client has now.
  void use_endpoints(EndpointSet::List endpoints);
  /// Begins anew with another model than `given_up`. The deadline stays, and what the call has seen and
  /// spent.
  void switch_model(const std::string& given_up, const std::string& next, int max_retries, TimePoint now);

  /// Records that the endpoint has refused an attempt, and is rate limited until some time.
  void limited(std::size_t id, TimePoint until) {
    if (Endpoint* endpoint = find(id)) endpoint->last_retry = (std::max)(endpoint->last_retry, until);
  }
  /// Records a failed attempt that took so long.
  void record(std::size_t id, const std::optional<std::string>& model, const Failure& failure,
              const Pauses& pauses, std::chrono::nanoseconds took, TimePoint now);

  /// The error of a call that ends here: `error`, with every attempt, and a message that sums them up.
  Error failed(Error error) const;

 private:
  /// A call that waits for rate limits may make more; then the latest are kept.
  static constexpr std::size_t most_attempts = 100;

  std::optional<std::size_t> index_of(std::size_t id) const;
  /// What the call knows of an endpoint; null when the client has none of that id now and it was not asked.
  Endpoint* find(std::size_t id);
  void record(Endpoint& endpoint, const Failure& failure, const Pauses& pauses, TimePoint now);
  std::chrono::nanoseconds pause_for_all(std::chrono::nanoseconds pause) const;
  std::string summary_of_attempts() const;
};

inline void CallState::use_endpoints(EndpointSet::List now) {
  for (std::size_t index = 0; index < per_endpoint.size(); ++index) {
    const Endpoint& endpoint = per_endpoint[index];
    if (endpoint.attempted || endpoint.retry_at) away.emplace((*endpoint_list)[index]->id(), endpoint);
  }
  most_endpoints = (std::max)(most_endpoints, now->size());
  per_endpoint.assign(now->size(), {});
  for (std::size_t index = 0; index < per_endpoint.size() && !away.empty(); ++index) {
    const auto known = away.find((*now)[index]->id());
    if (known == away.end()) continue;
    per_endpoint[index] = known->second;
    away.erase(known);
  }
  endpoint_list = std::move(now);
}

inline std::optional<std::size_t> CallState::index_of(std::size_t id) const {
  if (!endpoint_list) return std::nullopt;
  const auto found = std::ranges::find_if(*endpoint_list, [&](const auto& one) { return one->id() == id; });
  if (found == endpoint_list->end()) return std::nullopt;
  return static_cast<std::size_t>(found - endpoint_list->begin());
}

inline CallState::Endpoint* CallState::find(std::size_t id) {
  if (const auto index = index_of(id)) return &per_endpoint[*index];
  const auto found = away.find(id);
  return found == away.end() ? nullptr : &found->second;
}

inline void CallState::switch_model(const std::string& given_up, const std::string& next, int max_retries,
                                    TimePoint now) {
  if (tracer) tracer->switched_model(next);
  models.push_back(given_up);
  began = now;
  retries_left = max_retries;
  next_retry = (TimePoint::min)();
  may_have_executed = 0;
  retry_elsewhere = true;
  free_retry_endpoint.reset();
  per_endpoint.assign(per_endpoint.size(), {});
  away.clear();
  attempted = 0;
}

inline void CallState::record(std::size_t id, const std::optional<std::string>& model, const Failure& failure,
                              const Pauses& pauses, std::chrono::nanoseconds took, TimePoint now) {
  const Error& error = failure.error;
  const FailurePolicy& policy = failure.policy;
  if (attempts.size() == most_attempts) attempts.erase(attempts.begin());
  attempts.push_back({.endpoint = error.endpoint,
                      .kind = error.kind,
                      .status = error.status,
                      .elapsed = took,
                      .message = attempt_text(error),
                      .model = model.value_or("")});
  // While it seeks, an endpoint that failed may be the one that has the object: its error tells more.
  const bool not_there =
      failure.failure_class == FailureClass::client_error && policy.retry_elsewhere && !failure.is_doubtful;
  const bool stands = refusal && refusal->endpoint->id() != id;  // the first refusal is the call's error
  if (!last || !(not_there || stands)) {
    last = std::make_unique<const Error>(error);
    last_class = failure.failure_class;
  }
  object_is_missed = object_is_missed || not_there;
  if (!policy.retry_elsewhere) {
    retry_elsewhere = false;
    for (Endpoint& endpoint : per_endpoint) endpoint.retry_at.reset();
    for (auto& [asked, endpoint] : away) endpoint.retry_at.reset();
  }
  if (failure.connection_was_idle && !std::exchange(free_retry_used, true)) free_retry_endpoint = id;
  if (Endpoint* endpoint = find(id)) {
    record(*endpoint, failure, pauses, now);
  } else if (failure.may_have_executed) {  // it was removed meanwhile
    ++may_have_executed;
  }
  if (pauses.any_endpoint.count() > 0) next_retry = saturating_add(now, pause_for_all(pauses.any_endpoint));
}

inline void CallState::record(Endpoint& endpoint, const Failure& failure, const Pauses& pauses,
                              TimePoint now) {
  if (failure.may_have_executed && !std::exchange(endpoint.may_have_executed, true)) ++may_have_executed;
  endpoint.retry_at.reset();
  if (failure.policy.retry_here && pauses.retry_here <= longest_wait()) {
    endpoint.retry_at = saturating_add(now, pauses.retry_here);
    endpoint.pause = pauses.retry_here;
    endpoint.last_retry = saturating_add(began, pauses.alone);
    endpoint.said_when =
        failure.error.retry_after.has_value() || failure.failure_class == FailureClass::rate_limited;
    if (waits_for(failure) && std::exchange(endpoint.attempted, false)) --attempted;
  }
}

/// How long no endpoint is asked again after a retry that failed: as long as the one that failed, but one
/// that wants to be left alone for long does not hold back those that do not.
inline std::chrono::nanoseconds CallState::pause_for_all(std::chrono::nanoseconds pause) const {
  std::chrono::nanoseconds shortest = pause;
  for (const Endpoint& endpoint : per_endpoint) {
    if (endpoint.retry_at) shortest = (std::min)(shortest, endpoint.pause);
  }
  return (std::min)(pause, (std::max<std::chrono::nanoseconds>)(shortest, longest_backoff));
}

/// The attempts in one line. Those that failed alike are named once, with their number.
inline std::string CallState::summary_of_attempts() const {
  std::vector<std::pair<const Attempt*, int>> kinds;
  for (const Attempt& attempt : attempts) {
    const auto alike = [&](const auto& kind) {
      const Attempt& other = *kind.first;
      return other.endpoint == attempt.endpoint && other.model == attempt.model &&
             other.message == attempt.message;
    };
    const auto found = std::ranges::find_if(kinds, alike);
    if (found != kinds.end()) {
      ++found->second;
    } else {
      kinds.emplace_back(&attempt, 1);
    }
  }
  std::string summary_of_attempts;
  for (const auto& [attempt, times] : kinds) {
    summary_of_attempts.append(summary_of_attempts.empty() ? "" : "; ").append(attempt->endpoint);
    if (!models.empty()) summary_of_attempts.append(" with ").append(one_line(attempt->model));
    if (times > 1) summary_of_attempts.append(", ").append(std::to_string(times)).append(" times");
    summary_of_attempts.append(": ").append(attempt->message);
  }
  if (attempts.size() == 1) return summary_of_attempts;
  const std::string which = attempts.size() == most_attempts ? "the last " : "";
  return which + std::to_string(attempts.size()) + " attempts failed: " + summary_of_attempts;
}

inline Error CallState::failed(Error error) const {
  // The message of an error that is not the last attempt's own, such as a cancellation, begins with its
  // reason.
  const bool of_last_attempt = !attempts.empty() && attempts.back().message == attempt_text(error);
  if (of_last_attempt) {
    error.message = summary_of_attempts();
  } else if (!attempts.empty()) {
    error.message += " after " + summary_of_attempts();
  }
  if (error.endpoint.empty() && !attempts.empty()) error.endpoint = attempts.back().endpoint;
  error.attempts = attempts;
  return error;
}

}  // namespace openailb::detail
