#pragma once

#include <openailb/detail/balance/availability.hpp>
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <random>

namespace openailb::detail {

/// Says how long a call waits when it can ask no endpoint now, and how long it leaves one alone that failed.
class WaitPolicy {
 public:
  explicit WaitPolicy(const ClientOptions& options) : options_(&options) {}

  static WaitReason reason(const Availability& table) {
    if (table.only_breakers_refuse()) return WaitReason::breaker;
    const AvailabilityRow* soonest = table.soonest();
    return soonest != nullptr && soonest->is_shared ? WaitReason::rate_limit : WaitReason::backoff;
  }

  /// Until when the call waits for an endpoint; null if it is no use to wait.
  std::optional<TimePoint> for_endpoint(const Availability& table, const CallState& state) const;
  /// Until when it waits for the retry budget; null if it does not.
  std::optional<TimePoint> for_budget(const Availability& table, const CallState& state) const;
  /// The pauses after an attempt that took so long and failed. `was_retry`: its endpoint had been attempted.
  Pauses after(const Failure& failure, std::chrono::nanoseconds took, bool was_retry, const Call& call,
               const CallState& state) const;

 private:
  double random() const;

  /// The longest that a call waits for a breaker to admit again.
  static constexpr std::chrono::nanoseconds longest_for_reopening = std::chrono::seconds(60);

  const ClientOptions* options_;
};

inline std::optional<TimePoint> WaitPolicy::for_endpoint(const Availability& table,
                                                         const CallState& state) const {
  const TimePoint now = table.now();
  const bool breakers_alone = table.only_breakers_refuse();
  const auto longest = breakers_alone ? longest_for_reopening : state.longest_wait();
  const AvailabilityRow* soonest = table.soonest();
  if (soonest == nullptr || soonest->ready_at - now > longest) return std::nullopt;
  if (breakers_alone && options_->when_all_open == WhenAllOpen::fail) return std::nullopt;
  if (!soonest->is_shared) return soonest->ready_at;
  // Calls that wait for the same time must not all come at once. Those that wait for rate limits may be
  // hundreds: when the first of them are refused, the others shall not have come yet.
  const auto room = (std::min)(soonest->ready_at - now, state.deadline - soonest->ready_at);
  const double part = state.waits_for_rate_limits ? 1.0 : 0.1;
  return soonest->ready_at + std::chrono::duration_cast<std::chrono::nanoseconds>(room * (part * random()));
}

/// One that waits for a rate limit must not fail of it because its endpoint's breaker has opened meanwhile,
/// and others have used the budget up.
inline std::optional<TimePoint> WaitPolicy::for_budget(const Availability& table,
                                                       const CallState& state) const {
  if (!state.budget_exhausted || !table.any_was_limited()) return std::nullopt;
  const TimePoint until = table.now() + backoff(static_cast<unsigned>(state.attempts.size()), random());
  return until < state.deadline ? std::optional(until) : std::nullopt;
}

inline Pauses WaitPolicy::after(const Failure& failure, std::chrono::nanoseconds took, bool was_retry,
                                const Call& call, const CallState& state) const {
  using std::chrono::nanoseconds;
  const int retries = call.max_retries - state.retries_left;
  if (state.waits_for(failure)) {
    // However soon the server says: nothing else limits how often a call may be refused. It grows with each
    // round, so that more endpoints make no call wait longer.
    const std::size_t rounds = state.attempts.size() / (std::max<std::size_t>)(state.per_endpoint.size(), 1);
    const nanoseconds pause = backoff(static_cast<unsigned>(rounds), random());
    return {.retry_here = (std::max)(failure.delay.value_or(pause), pause),
            .any_endpoint = was_retry ? backoff(static_cast<unsigned>(retries), random()) : nanoseconds{}};
  }
  const double jitter = failure.delay ? 0.0 : random();
  const auto before_retry = [&](int retry) -> nanoseconds {
    if (failure.delay) return *failure.delay;
    const auto number = static_cast<unsigned>(retry);
    // If this were the only endpoint, its cooldown would grow with each of them.
    return failure.failure_class == FailureClass::rate_limited ? cooldown(number) : backoff(number, jitter);
  };
  const auto bounded = [](nanoseconds time) { return (std::min<nanoseconds>)(time, longest_backoff); };
  const nanoseconds pause = before_retry(retries);
  Pauses pauses{.retry_here = pause, .any_endpoint = retries > 0 ? pause : nanoseconds{}};
  constexpr int many = 100;  // whose pauses are longer than any call waits
  for (int retry = 0; retry < (std::min)(call.max_retries, many); ++retry) {
    pauses.alone += bounded(took) + bounded(before_retry(retry));
  }
  return pauses;
}

inline double WaitPolicy::random() const {
  if (options_->random) return options_->random();
  thread_local std::mt19937_64 generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace openailb::detail
