#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/candidates.hpp>
#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/fallback.hpp>
#include <openailb/detail/balance/fleet.hpp>
#include <openailb/detail/balance/giving_up.hpp>
#include <openailb/detail/balance/hedging.hpp>
#include <openailb/detail/balance/homes.hpp>
#include <openailb/detail/balance/kept_objects.hpp>
#include <openailb/detail/balance/progress.hpp>
#include <openailb/detail/balance/retry_budget.hpp>
#include <openailb/detail/balance/seats.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/balance/turns.hpp>
#include <openailb/detail/balance/waiting.hpp>
#include <openailb/detail/failure/classify.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/endpoint_status.hpp>
#include <openailb/error.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The endpoints of a client, and how its calls choose among them. Shared by all copies of the client;
/// thread-safe.
class Balancer {
 public:
  /// Throws std::invalid_argument, whose message says which endpoint or option is wrong.
  Balancer(std::vector<EndpointConfig> configs, ClientOptions options, TimePoint now);

  const ClientOptions& options() const noexcept { return options_; }
  EndpointStatuses status(TimePoint now) const;

  /// What a call does next: an attempt, or a wait until some time. If both are null, the call fails.
  struct Step {
    std::optional<Trial> trial{};
    std::optional<TimePoint> wait{};
    std::stop_token call{};  ///< requests a stop when the wait is over sooner: see WaitingRoom
  };

  /// An error if no endpoint keeps all that the call names, or nobody knows which.
  Result<Progress> begin(const Call& call, TimePoint now);
  Step next(const std::shared_ptr<const Call>& call, Progress& progress, TimePoint now);
  /// When an attempt is to be hedged if it has not ended by then, or when to ask again; null: never.
  std::optional<TimePoint> hedge_due(const Trial& trial, const Progress& progress, TimePoint now) const;
  /// The hedge that is due: a second attempt, on another endpoint that admits. Null when none is sent.
  std::optional<Trial> hedge(const std::shared_ptr<const Call>& call, Progress& progress, TimePoint now);

  /// Records the successful attempt, how long it took, and whether its account may send no more for a while.
  void record_answer(Progress& progress, const Trial& trial, const ResponseInfo& info, TimePoint now);
  /// Records an attempt that is canceled since its call ends without it, and reports it to its endpoint.
  void record_loss(Progress& progress, Trial& trial, std::string why, TimePoint now) const;
  /// Records a failed attempt, and reports it to its endpoint.
  void record(Progress& progress, Trial& trial, const Failure& failure, TimePoint now);
  Homes& homes() noexcept { return homes_; }
  /// The name of the endpoint that keeps an object; null when that is not known, or several have made one.
  std::optional<std::string> home_of(std::string_view id);
  /// Throws std::invalid_argument if there is no endpoint of that name.
  void remember_home(std::string_view id, std::string_view endpoint);
  /// The call with another model, as which it goes on when it would give up; null when it gives up.
  std::shared_ptr<const Call> fall_back(const Call& call, Progress& progress, TimePoint now) const {
    return detail::fall_back(candidates(call, progress, now), call, progress, now);
  }
  /// The error of a call that can make no more attempts.
  Error give_up(const Call& call, const Progress& progress, TimePoint now) const {
    Error error = error_of_giving_up(candidates(call, progress, now), call, progress, now);
    if (progress.watch) progress.watch->ends(error.kind);
    return error;
  }
  /// See Client::set_endpoints.
  Fleet& fleet() noexcept { return fleet_; }

 private:
  /// Finds the endpoint that keeps what the call names.
  Result<void> find_home(const Call& call, Progress& progress);
  Candidates candidates(const Call& call, const Progress& progress, TimePoint now) const {
    return Candidates(options_, call, progress, at_client_, now);
  }
  /// Lets the call go on with the endpoints that the client has now.
  void heed_changes(Progress& progress) const {
    if (!fleet_.is_current(progress.fleet)) progress.change_fleet(fleet_.list());
  }
  bool affords(const Candidates& can, Progress& progress, TimePoint now);
  Step wait(TimePoint until, WaitReason reason, Progress& progress, TimePoint now,
            std::vector<std::shared_ptr<Seats>> full = {}) const;
  Trial begin_trial(Picked picked, const std::shared_ptr<const Call>& call, Progress& progress,
                    const Candidates& can, bool is_hedge, TimePoint now);
  static void tell_end(const Trial& trial, AttemptEnded event, TimePoint now);

  ClientOptions options_;
  std::shared_ptr<WaitingRoom> waiting_room_{std::make_shared<WaitingRoom>()};
  std::shared_ptr<Seats> at_client_{};  // null: their number is not limited
  Fleet fleet_;
  Turns turns_;
  Waiting waiting_;
  RetryBudget budget_;
  Homes homes_;
  std::unique_ptr<Hedging> hedging_{};  // null: no call is hedged
};

inline Balancer::Balancer(std::vector<EndpointConfig> configs, ClientOptions options, TimePoint now)
    : options_(checked(std::move(options))),
      fleet_(std::move(configs), options_, waiting_room_, now),
      turns_(options_.picker),
      waiting_(options_),
      budget_(options_.retry_budget, now),
      homes_(options_.remembered_objects) {
  if (options_.hedge) hedging_ = std::make_unique<Hedging>(*options_.hedge);
  if (options_.max_in_flight == 0) return;
  at_client_ = std::make_shared<Seats>(waiting_room_);
  at_client_->set_most(options_.max_in_flight);
}

inline EndpointStatuses Balancer::status(TimePoint now) const {
  const Fleet::List list = fleet_.list();
  EndpointStatuses all;
  for (const auto& endpoint : *list) all.push_back(endpoint->status(now));
  return all;
}

inline Result<Progress> Balancer::begin(const Call& call, TimePoint now) {
  budget_.deposit(now);
  if (hedging_) hedging_->begin_call();
  Result<Progress> begun = Progress{.began = now,
                                    .deadline = limit_from(now, call.deadline),
                                    .retries_left = call.max_retries,
                                    .waits_for_rate_limits = call.wait_for_rate_limits};
  Progress& progress = *begun;
  progress.change_fleet(fleet_.list());
  if (Result<void> fine = find_home(call, progress); !fine) return std::move(fine).error();
  if (!call.fallbacks.models.empty()) {
    const Candidates can = candidates(call, progress, now);
    progress.another_model = Fallback(can, call, progress).next() != nullptr;
  }
  return begun;
}

inline Result<void> Balancer::find_home(const Call& call, Progress& progress) {
  if (!call.endpoint.empty()) return {};
  const auto name_of = [this](std::size_t id) {
    const std::string name = fleet_.name_of(id);
    return name.empty() ? "an endpoint that was removed long ago" : name;
  };
  const auto home = home_of_call(homes_, call, name_of);
  if (!home) return home.error();
  progress.home = *home;
  if (progress.home && !progress.has(*progress.home)) {
    return Error{.kind = ErrorKind::bad_request,
                 .message = "not sent: it names an object that is kept by " + name_of(*progress.home) +
                            ", which is not among the endpoints any more"};
  }
  const bool names_an_object = !call.path_ids.empty() || !call.objects.empty();
  progress.seeks_object = names_an_object && call.reads() && !progress.home;
  if (progress.seeks_object) progress.sought_among = trust_of_seekers(*progress.fleet);
  return {};
}

inline std::optional<std::string> Balancer::home_of(std::string_view id) {
  const std::vector<std::size_t> homes = homes_.find(id);
  if (homes.size() != 1) return std::nullopt;
  std::string name = fleet_.name_of(homes.front());
  return name.empty() ? std::nullopt : std::optional(std::move(name));
}

inline void Balancer::remember_home(std::string_view id, std::string_view endpoint) {
  const Fleet::List list = fleet_.list();
  const auto* found = find_endpoint(*list, endpoint);
  if (found == nullptr) reject_options("there is no endpoint named " + std::string(endpoint));
  homes_.tell(id, (*found)->id());
}

inline Balancer::Step Balancer::next(const std::shared_ptr<const Call>& call, Progress& progress,
                                     TimePoint now) {
  if (now >= progress.deadline) return {};
  heed_changes(progress);
  const Candidates can = candidates(*call, progress, now);
  progress.budget_used_up = false;
  for (bool looked_again = false;;) {
    const auto affords = [&] { return this->affords(can, progress, now); };
    if (auto picked = turns_.pick(can, affords, budget_.pays_at_once(), now)) {
      progress.place.reset();
      return {.trial = begin_trial(*std::move(picked), call, progress, can, false, now)};
    }
    if (auto full = can.full_seats(); !full.empty()) {
      // While it waits for a seat anyway, no other wait is too long.
      const auto soonest = can.soonest(true);
      const TimePoint until =
          waiting_.for_endpoint(can, progress, now).value_or(soonest ? soonest->until : progress.deadline);
      return wait(until, WaitReason::seat, progress, now, std::move(full));
    }
    if (!std::exchange(looked_again, true)) continue;  // a seat may have become free between the two looks
    progress.place.reset();
    const auto until = waiting_.for_endpoint(can, progress, now);
    const WaitReason reason = Waiting::reason(can);
    if (Waiting::is_for_breakers_alone(can)) progress.waited_for_reopening = true;
    if (until) return wait(*until, reason, progress, now);
    if (reason == WaitReason::breaker && can.asks_refusing()) continue;  // it no longer waits for them
    if (const auto budget_at = waiting_.for_budget(can, progress, now)) {
      return wait(*budget_at, WaitReason::budget, progress, now);
    }
    return {};
  }
}

/// Lets the call wait, and for one of these seats as well. Whatever it waits for, it hears of new endpoints.
inline Balancer::Step Balancer::wait(TimePoint until, WaitReason reason, Progress& progress, TimePoint now,
                                     std::vector<std::shared_ptr<Seats>> full) const {
  if (progress.watch) progress.watch->waits(reason, until - now);
  if (!progress.place) progress.place = std::make_unique<WaitingRoom::Place>(waiting_room_);
  progress.place->wait_for(std::move(full));
  return {.wait = until, .call = progress.place->call()};
}

/// Whether the retry budget pays for the call's next attempt. What it pays is reserved before any backoff, so
/// no call waits in vain. A call's first attempt is free.
inline bool Balancer::affords(const Candidates& can, Progress& progress, TimePoint now) {
  if (progress.attempts.empty() || progress.reserved || !can.any_costs()) return true;
  progress.reserved = budget_.reserve(now);
  progress.budget_used_up = !progress.reserved;
  return !progress.budget_used_up;
}

inline Trial Balancer::begin_trial(Picked picked, const std::shared_ptr<const Call>& call, Progress& progress,
                                   const Candidates& can, bool is_hedge, TimePoint now) {
  if (picked.admission.is_last_resort()) budget_.last_resort_begins();
  const std::shared_ptr<const Endpoint>& endpoint = (*progress.fleet)[picked.index];
  const bool is_owed = progress.owed_to == endpoint->id();
  const bool is_retry = progress.begin_attempt(picked.index);
  if (is_owed) {
    progress.owed_to.reset();
  } else {
    if (is_retry) --progress.retries_left;
    if (is_retry || picked.admission.is_last_resort()) RetryBudget::spend(progress.reserved);
  }
  Trial trial{.endpoint = endpoint,
              .admission = std::move(picked.admission),
              .call = call,
              .ends = (std::min)(limit_from(now, call->timeout), progress.deadline),
              .connect_timeout = options_.connect_timeout,
              .attempts_before = progress.attempts.size(),
              .retries_left = &progress.retries_left,
              .is_retry = is_retry && !is_owed,
              .fresh_connection = is_owed,
              .seeks_object = progress.seeks_object,
              .object_is_missed = progress.object_is_missed,
              .watch = progress.watch};
  if (can.another_than(picked.index)) trial.limit_connecting(now);
  if (trial.watch) {
    trial.watch->attempt_began({.endpoint = endpoint->name(),
                                .model = endpoint->wire_model(*call),
                                .is_hedge = is_hedge,
                                .is_last_resort = trial.admission.is_last_resort()});
  }
  return trial;
}

inline std::optional<TimePoint> Balancer::hedge_due(const Trial& trial, const Progress& progress,
                                                    TimePoint now) const {
  if (!trial.call->may_hedge || progress.hedged) return std::nullopt;
  const auto delay = hedging_->delay(trial.endpoint->id(), trial.call->streams);
  return delay ? saturating_add(trial.admission.admitted(), *delay) : now + Hedging::ask_again;
}

inline std::optional<Trial> Balancer::hedge(const std::shared_ptr<const Call>& call, Progress& progress,
                                            TimePoint now) {
  // Both attempts may run the request and fail.
  if (now >= progress.deadline || progress.ran_it + 1 >= options_.max_endpoints) return std::nullopt;
  RetryBudget::Reserved cost = budget_.reserve(now);
  if (!cost || !hedging_->take()) return std::nullopt;
  heed_changes(progress);
  const Candidates can = candidates(*call, progress, now);
  std::optional<Picked> picked = turns_.pick_for_hedge(can, now);
  if (!picked) {
    hedging_->put_back();
    return std::nullopt;
  }
  RetryBudget::spend(cost);
  progress.hedged = true;
  Trial trial = begin_trial(*std::move(picked), call, progress, can, true, now);
  ++trial.attempts_before;  // the first, which is under way
  return trial;
}

inline void Balancer::record_answer(Progress& progress, const Trial& trial, const ResponseInfo& info,
                                    TimePoint now) {
  const std::chrono::nanoseconds took = now - trial.admission.admitted();
  trial.admission.answered(trial.call->streams, now);
  trial.note_connecting(now);
  budget_.answered();
  if (const auto reset = rate_limit_reset(info.headers)) trial.used_up(*reset, now);
  tell_end(trial, {.status = info.status, .elapsed = took}, now);
  if (hedging_) hedging_->answered(trial.endpoint->id(), trial.call->streams, took);
  progress.attempts.push_back({.endpoint = trial.endpoint->name(),
                               .status = info.status,
                               .elapsed = took,
                               .model = trial.call->model.value_or("")});
}

inline void Balancer::tell_end(const Trial& trial, AttemptEnded event, TimePoint now) {
  if (!trial.watch) return;
  const std::string model = trial.endpoint->wire_model(*trial.call);
  event.endpoint = trial.endpoint->name();
  event.model = model;
  trial.watch->attempt_ended(event, now);
}

inline void Balancer::record_loss(Progress& progress, Trial& trial, std::string why, TimePoint now) const {
  const std::chrono::nanoseconds after = now - trial.admission.admitted();
  hedging_->lost(trial.endpoint->id(), trial.call->streams, after);
  progress.attempts.push_back({.endpoint = trial.endpoint->name(),
                               .kind = ErrorKind::canceled,
                               .elapsed = after,
                               .message = std::move(why),
                               .model = trial.call->model.value_or("")});
  tell_end(trial, {.kind = ErrorKind::canceled, .elapsed = after}, now);
  const Failure canceled{.failure_class = FailureClass::canceled,
                         .treatment = treatment(FailureClass::canceled)};
  trial.settle(&canceled, now);
}

inline void Balancer::record(Progress& progress, Trial& trial, const Failure& failure, TimePoint now) {
  const std::size_t id = trial.endpoint->id();
  const std::chrono::nanoseconds took = now - trial.admission.admitted();
  const Pauses pauses = waiting_.after(failure, took, trial.is_retry, *trial.call, progress);
  progress.record(id, trial.call->model, failure, pauses, took, now);
  tell_end(trial, {.kind = failure.error.kind, .status = failure.error.status, .elapsed = took}, now);
  trial.note_connecting(now);
  trial.settle(&failure, now);
  if (failure.failure_class != FailureClass::rate_limited) return;
  progress.limited(id, trial.endpoint->limited_until(*trial.call, now));
}

}  // namespace openailb::detail
