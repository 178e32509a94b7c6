#pragma once

#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/picker.hpp>
#include <openailb/detail/balance/progress.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/redactor.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace openailb::detail {

/// The endpoints of a client and the choice among them. Shared by all copies of the client; thread-safe.
class Balancer {
 public:
  /// Throws std::invalid_argument that says which endpoint or option is wrong.
  Balancer(std::vector<EndpointConfig> configs, ClientOptions options, TimePoint now);

  const ClientOptions& options() const noexcept { return options_; }
  std::vector<EndpointStatus> status(TimePoint now) const;

  /// An endpoint that a call was given, and the leave to ask it.
  struct Picked {
    std::size_t index;
    Admission admission;
  };
  /// What a call does next: an attempt, or else a wait until some time, or else (neither) it fails.
  struct Step {
    std::optional<Picked> attempt{};
    std::optional<TimePoint> wait{};
  };

  Progress begin(const Call& call, TimePoint now) const;
  Step next(const Call& call, Progress& progress, TimePoint now);
  /// Takes note of a failed attempt and reports it to its endpoint.
  void record(const Call& call, Progress& progress, Picked& picked, const Failure& failure, TimePoint began,
              TimePoint now) const;
  /// Why a call that has nothing left to do fails.
  Error give_up(const Call& call, const Progress& progress, TimePoint now) const;

 private:
  Endpoint& endpoint(std::size_t index) const { return *endpoints_[index]; }
  bool allowed(const Call& call, std::size_t index) const;
  bool may_try(const Call& call, const Progress& progress, std::size_t index) const;
  bool may_retry(const Progress& progress, std::size_t index) const;
  template <class Wanted>
  std::optional<Picked> pick(const Call& call, TimePoint now, Wanted wanted);
  std::optional<TimePoint> next_wait(const Call& call, const Progress& progress, TimePoint now) const;
  std::string unavailability(std::size_t index, const Call& call, TimePoint now) const;
  double random() const;

  ClientOptions options_;
  Redactor redactor_{};
  std::vector<std::unique_ptr<Endpoint>> endpoints_{};
  RoundRobin picker_;
};

/// What a successful attempt brought. It travels by pointer: moving a completion, member by member, from one
/// coroutine to the next would cost more than reading it.
template <class T>
struct Answered {
  T value;
  ResponseInfo info;
};

/// An answered call. Its admission is still to be reported, since a stream's success is known only at its
/// end.
template <class T>
struct Balanced {
  std::unique_ptr<Answered<T>> answered;
  Admission admission;
};

/// Why an attempt was ended from outside: by the caller, by the call's deadline or by its own timeout.
inline Failure interruption(const Endpoint& endpoint, const Call& call, const Progress& progress,
                            const Timer& limit, TimePoint began, TimePoint now) {
  Error error{.kind = ErrorKind::canceled, .message = "canceled by the caller", .endpoint = endpoint.name()};
  if (limit.stopped()) {
    return {.error = std::move(error), .failure_class = FailureClass::canceled};
  }
  error.kind = ErrorKind::timeout;
  if (now < progress.deadline) {
    error.message =
        (call.streams ? "no first token within " : "no answer within ") + duration_text(call.timeout);
    return endpoint.failure(std::move(error), call);
  }
  // An endpoint that had less than half of the time is not to blame.
  const bool had_half = progress.deadline - began >= (progress.deadline - progress.began) / 2;
  error.message = "no answer before the deadline of " + duration_text(call.deadline);
  return {.error = std::move(error),
          .failure_class = FailureClass::out_of_time,
          .treatment = {.breaker = had_half ? Outcome::failure : Outcome::exclusion}};
}

/// The one and only retry loop: pick, try, fail over, back off, give up. `attempt(loop, endpoint, call)` is a
/// Task<Attempted<std::unique_ptr<Answered<T>>>>; one that is not done when its time is over is canceled by
/// being destroyed.
template <class T, class Attempt>
Task<Result<Balanced<T>>> balance(EventLoop& loop, Balancer& balancer, const Call& call, Attempt attempt) {
  Progress progress = balancer.begin(call, loop.now());
  for (;;) {
    const TimePoint began = loop.now();
    if (call.stop_token.stop_requested()) {
      co_return progress.failed({.kind = ErrorKind::canceled, .message = "canceled by the caller"});
    }
    Balancer::Step step = balancer.next(call, progress, began);
    if (step.wait) {
      Timer pause(loop, *step.wait, call.stop_token);
      FirstOf over(pause);
      co_await over;
      continue;
    }
    if (!step.attempt) co_return balancer.give_up(call, progress, began);

    Endpoint& endpoint = step.attempt->admission.endpoint();
    Task<Attempted<std::unique_ptr<Answered<T>>>> trial = attempt(loop, endpoint, call);
    Timer limit(loop, (std::min)(limit_from(began, call.timeout), progress.deadline), call.stop_token);
    FirstOf outcome(trial, limit);
    co_await outcome;
    const TimePoint now = loop.now();
    Attempted<std::unique_ptr<Answered<T>>> tried;
    if (trial.done()) {
      tried = trial.result();
    } else {
      tried = interruption(endpoint, call, progress, limit, began, now);
    }
    trial = {};
    if (auto* failure = std::get_if<Failure>(&tried)) {
      balancer.record(call, progress, *step.attempt, *failure, began, now);
      continue;
    }
    auto& answered = std::get<std::unique_ptr<Answered<T>>>(tried);
    progress.attempts.push_back(
        {.endpoint = endpoint.name(), .status = answered->info.status, .elapsed = now - began});
    answered->info.attempts = std::move(progress.attempts);
    co_return Balanced<T>{std::move(answered), std::move(step.attempt->admission)};
  }
}

inline Balancer::Balancer(std::vector<EndpointConfig> configs, ClientOptions options, TimePoint now)
    : options_(std::move(options)), picker_(configs.size()) {
  if (configs.empty()) refuse_options("a client needs at least one endpoint");
  check_options(options_);
  remember_secrets(options_, redactor_);
  std::set<std::string> names;
  for (std::size_t index = 0; index < configs.size(); ++index) {
    EndpointConfig& config = configs[index];
    if (config.name.empty()) config.name = "endpoint-" + std::to_string(index);
    if (!names.insert(config.name).second) refuse_options("two endpoints are named " + config.name);
    remember_secrets(config, redactor_);
  }
  for (EndpointConfig& config : configs) {
    config.breaker = endpoint_breaker(std::move(config.breaker), options_.breaker, config.name);
    endpoints_.push_back(std::make_unique<Endpoint>(std::move(config), options_, redactor_, now));
  }
}

inline std::vector<EndpointStatus> Balancer::status(TimePoint now) const {
  std::vector<EndpointStatus> all;
  all.reserve(endpoints_.size());
  for (const auto& endpoint : endpoints_) all.push_back(endpoint->status(now));
  return all;
}

inline Progress Balancer::begin(const Call& call, TimePoint now) const {
  Progress progress{
      .began = now, .deadline = limit_from(now, call.deadline), .retries_left = call.max_retries};
  progress.endpoints.resize(endpoints_.size());
  return progress;
}

inline bool Balancer::allowed(const Call& call, std::size_t index) const {
  return call.endpoint.empty() || call.endpoint == endpoint(index).name();
}

/// Whether this call may ask an endpoint that it has not tried. Once max_endpoints have run the request and
/// failed, it is fed to no others: it may be what breaks them.
inline bool Balancer::may_try(const Call& call, const Progress& progress, std::size_t index) const {
  return !progress.endpoints[index].tried && progress.another_endpoint && allowed(call, index) &&
         progress.ran_it < options_.max_endpoints;
}

inline bool Balancer::may_retry(const Progress& progress, std::size_t index) const {
  const Progress::Endpoint& endpoint = progress.endpoints[index];
  return endpoint.again_at && progress.retries_left > 0 &&
         (endpoint.ran_it || progress.ran_it < options_.max_endpoints);
}

/// Picks among the wanted ones that can be used now, and takes the permit.
template <class Wanted>
std::optional<Balancer::Picked> Balancer::pick(const Call& call, TimePoint now, Wanted wanted) {
  const auto usable = [&](std::size_t index) {
    const Endpoint& one = endpoint(index);
    return wanted(index) && now >= one.admits_at() && now >= one.cooling_until(call);
  };
  return picker_.pick(usable, [&](std::size_t index) -> std::optional<Picked> {
    std::optional<Admission> admission = endpoint(index).admit(now);
    if (!admission) return std::nullopt;
    return Picked{index, *std::move(admission)};
  });
}

inline Balancer::Step Balancer::next(const Call& call, Progress& progress, TimePoint now) {
  if (now >= progress.deadline) return {};
  const auto untried = [&](std::size_t index) { return may_try(call, progress, index); };
  if (auto picked = pick(call, now, untried)) return {.attempt = std::move(picked)};

  const auto again = [&](std::size_t index) {
    return may_retry(progress, index) && *progress.endpoints[index].again_at <= now;
  };
  if (auto picked = pick(call, now, again)) {
    --progress.retries_left;
    return {.attempt = std::move(picked)};
  }
  return {.wait = next_wait(call, progress, now)};
}

/// When the next endpoint can be asked that is cooling or in its backoff; null if none is worth the wait.
inline std::optional<TimePoint> Balancer::next_wait(const Call& call, const Progress& progress,
                                                    TimePoint now) const {
  TimePoint soonest = (TimePoint::max)();
  bool others_wait_for_it = false;
  for (std::size_t index = 0; index < endpoints_.size(); ++index) {
    if (now < endpoint(index).admits_at()) continue;
    const bool again = may_retry(progress, index);
    if (!again && !may_try(call, progress, index)) continue;
    const TimePoint cool = endpoint(index).cooling_until(call);
    const TimePoint ready = again ? (std::max)(cool, *progress.endpoints[index].again_at) : cool;
    if (ready <= now || ready >= soonest) continue;
    soonest = ready;
    others_wait_for_it = ready == cool;
  }
  if (soonest >= progress.deadline || soonest - now > longest_retry_after) return std::nullopt;
  if (!others_wait_for_it) return soonest;
  // All who wait for the same moment must not come at the same moment.
  const auto room = (std::min)(soonest - now, progress.deadline - soonest);
  return soonest + std::chrono::duration_cast<std::chrono::nanoseconds>(room * (0.1 * random()));
}

inline void Balancer::record(const Call& call, Progress& progress, Picked& picked, const Failure& failure,
                             TimePoint began, TimePoint now) const {
  const auto retry = static_cast<unsigned>(call.max_retries - progress.retries_left);
  const std::chrono::nanoseconds delay = failure.delay ? *failure.delay : backoff(retry, random());
  progress.record(picked.index, failure, delay, began, now);
  picked.admission.fail(call, failure, now);
}

inline Error Balancer::give_up(const Call& call, const Progress& progress, TimePoint now) const {
  if (progress.last) return progress.failed(*progress.last);
  if (now >= progress.deadline) {
    return {.kind = ErrorKind::timeout,
            .message = "the deadline of " + duration_text(call.deadline) + " passed before any attempt"};
  }
  Error error{.kind = ErrorKind::no_endpoint_available, .message = "no endpoint is available: "};
  TimePoint soonest = (TimePoint::max)();
  for (std::size_t index = 0; index < endpoints_.size(); ++index) {
    if (!allowed(call, index)) continue;
    // Meanwhile another call's probe may have brought it back: then it can be asked at once.
    const TimePoint usable =
        (std::max)({endpoint(index).admits_at(), endpoint(index).cooling_until(call), now});
    soonest = (std::min)(soonest, usable);
    error.message += (error.message.ends_with(": ") ? "" : "; ") + unavailability(index, call, now);
  }
  if (error.message.ends_with(": ")) {
    return {.kind = ErrorKind::bad_request,
            .message = "not sent: there is no endpoint named " + call.endpoint};
  }
  if (soonest != (TimePoint::max)()) error.retry_after = soonest - now;
  return error;
}

inline std::string Balancer::unavailability(std::size_t index, const Call& call, TimePoint now) const {
  const Endpoint& one = endpoint(index);
  const TimePoint admits = one.admits_at(), cool = one.cooling_until(call);
  if (admits == (TimePoint::max)()) return one.name() + " is being probed after failures";
  if (admits > now)
    return one.name() + " failed too often and is left alone for " + duration_text(admits - now);
  if (cool > now) return one.name() + " is rate limited for " + duration_text(cool - now);
  return one.name() + " has just become available again";
}

inline double Balancer::random() const {
  if (options_.random) return options_.random();
  thread_local std::mt19937_64 generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace openailb::detail
