#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/availability.hpp>
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/endpoint_picker.hpp>
#include <openailb/detail/balance/endpoint_set.hpp>
#include <openailb/detail/balance/fallback.hpp>
#include <openailb/detail/balance/final_error.hpp>
#include <openailb/detail/balance/hedge_policy.hpp>
#include <openailb/detail/balance/object_affinity.hpp>
#include <openailb/detail/balance/object_owners.hpp>
#include <openailb/detail/balance/retry_budget.hpp>
#include <openailb/detail/balance/second_opinion.hpp>
#include <openailb/detail/balance/wait_policy.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/failure/failure_class.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/endpoint_status.hpp>
#include <openailb/values/response_info.hpp>

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
    std::optional<ActiveAttempt> attempt{};
    std::optional<TimePoint> wait{};
    std::stop_token wakeup{};  ///< requests a stop when the wait is over sooner: see WaitQueue
  };

  /// An error if no endpoint keeps all that the call names, or nobody knows which.
  Result<CallState> begin(const Call& call, TimePoint now);
  Step next(const std::shared_ptr<const Call>& call, CallState& state, TimePoint now);
  /// When an attempt is to be hedged if it has not ended by then, or when to ask again; null: never.
  std::optional<TimePoint> hedge_due(const ActiveAttempt& attempt, const CallState& state,
                                     TimePoint now) const;
  /// The hedge that is due: a second attempt, on another endpoint that admits. Null when none is sent.
  std::optional<ActiveAttempt> hedge(const std::shared_ptr<const Call>& call, CallState& state,
                                     TimePoint now);

  /// Records the successful attempt, how long it took, and whether its account may send no more for a while.
  void record_answer(CallState& state, const ActiveAttempt& attempt, const ResponseInfo& info, TimePoint now);
  /// Records an attempt that is canceled since its call ends without it, and reports it to its endpoint.
  void record_hedge_loser(CallState& state, ActiveAttempt& attempt, std::string why, TimePoint now) const;
  /// Decides whether a refusal is the caller's fault, or taken to another endpoint.
  void consider_refusal(CallState& state, const ActiveAttempt& attempt, Failure& failure, TimePoint now);
  /// Records a failed attempt, and reports it to its endpoint.
  void record(CallState& state, ActiveAttempt& attempt, const Failure& failure, TimePoint now);
  ObjectAffinity& object_affinity() noexcept { return affinity_; }
  /// The name of the endpoint that keeps an object; null when that is not known, or several have made one.
  std::optional<std::string> owner_of(std::string_view id);
  /// Throws std::invalid_argument if there is no endpoint of that name.
  void pin_object(std::string_view id, std::string_view endpoint);
  /// The call with another model, as which it goes on when it would give up; null when it gives up.
  std::shared_ptr<const Call> fall_back(const Call& call, CallState& state, TimePoint now) const {
    return detail::fall_back(availability(call, state, now), call, state, now);
  }
  /// The error of a call that can make no more attempts.
  Error give_up(const Call& call, const CallState& state, TimePoint now) const {
    Error error = make_final_error(availability(call, state, now), call, state, now);
    if (state.tracer) state.tracer->ends(error.kind);
    return error;
  }
  /// See Client::set_endpoints.
  EndpointSet& endpoint_set() noexcept { return endpoint_set_; }

 private:
  /// Finds the endpoint that keeps what the call names.
  Result<void> find_owner(const Call& call, CallState& state);
  Availability availability(const Call& call, const CallState& state, TimePoint now) const {
    return Availability(options_, call, state, client_limit_, now);
  }
  /// Lets the call go on with the endpoints that the client has now.
  void refresh_endpoints(CallState& state) const {
    if (!endpoint_set_.is_current(state.endpoint_list)) state.use_endpoints(endpoint_set_.list());
  }
  bool can_pay(const Availability& table, CallState& state, TimePoint now);
  Step wait(TimePoint until, WaitReason reason, CallState& state, TimePoint now,
            std::vector<std::shared_ptr<ConcurrencyLimit>> full = {}) const;
  ActiveAttempt begin_attempt(PickResult picked, const std::shared_ptr<const Call>& call, CallState& state,
                              const Availability& table, bool is_hedge, TimePoint now);
  /// It has refused a model, though not for the caller's fault.
  void note_refused(const Endpoint& endpoint, std::string_view model, TimePoint now) const {
    if (!options_.second_opinion) return;
    EndpointHealth& health = *endpoint.health();
    health.refused_models.refused(model, health.breaker.settings().timeout, now);
  }
  static void notify_end(const ActiveAttempt& attempt, AttemptEnded event, TimePoint now);

  ClientOptions options_;
  std::shared_ptr<WaitQueue> wait_queue_{std::make_shared<WaitQueue>()};
  std::shared_ptr<ConcurrencyLimit> client_limit_{};  // null: their number is not limited
  EndpointSet endpoint_set_;
  EndpointPicker picker_;
  WaitPolicy wait_policy_;
  RetryBudget budget_;
  KnownComplaints complaints_{};
  ObjectAffinity affinity_;
  std::unique_ptr<HedgePolicy> hedge_policy_{};  // null: no call is hedged
};

inline Balancer::Balancer(std::vector<EndpointConfig> configs, ClientOptions options, TimePoint now)
    : options_(checked(std::move(options))),
      endpoint_set_(std::move(configs), options_, wait_queue_, now),
      picker_(options_.scorer),
      wait_policy_(options_),
      budget_(options_.retry_budget, now),
      affinity_(options_.object_affinity_capacity) {
  if (options_.hedge) hedge_policy_ = std::make_unique<HedgePolicy>(*options_.hedge);
  if (options_.max_in_flight == 0) return;
  client_limit_ = std::make_shared<ConcurrencyLimit>(wait_queue_);
  client_limit_->set_limit(options_.max_in_flight);
}

inline EndpointStatuses Balancer::status(TimePoint now) const {
  const EndpointSet::List list = endpoint_set_.list();
  EndpointStatuses all;
  for (const auto& endpoint : *list) all.push_back(endpoint->status(now));
  return all;
}

inline Result<CallState> Balancer::begin(const Call& call, TimePoint now) {
  budget_.deposit(now);
  if (hedge_policy_) hedge_policy_->begin_call();
  Result<CallState> begun = CallState{.began = now,
                                      .deadline = limit_from(now, call.deadline),
                                      .retries_left = call.max_retries,
                                      .waits_for_rate_limits = call.wait_for_rate_limits};
  CallState& state = *begun;
  state.use_endpoints(endpoint_set_.list());
  if (Result<void> fine = find_owner(call, state); !fine) return std::move(fine).error();
  if (!call.fallbacks.models.empty()) {
    const Availability table = availability(call, state, now);
    state.another_model = Fallback(table, call, state).next() != nullptr;
  }
  return begun;
}

inline Result<void> Balancer::find_owner(const Call& call, CallState& state) {
  if (!call.endpoint.empty()) return {};
  const auto name_of = [this](std::size_t id) {
    const std::string name = endpoint_set_.name_of(id);
    return name.empty() ? "an endpoint that was removed long ago" : name;
  };
  const auto owner = owner_of_call(affinity_, call, name_of);
  if (!owner) return owner.error();
  state.owner = *owner;
  if (state.owner && !state.has(*state.owner)) {
    return Error{.kind = ErrorKind::bad_request,
                 .message = "not sent: it names an object that is kept by " + name_of(*state.owner) +
                            ", which is not among the endpoints any more"};
  }
  const bool names_an_object = !call.path_ids.empty() || !call.objects.empty();
  state.probing_for_object = names_an_object && call.reads() && !state.owner;
  if (state.probing_for_object) state.probed_trust = trust_of_probed(*state.endpoint_list);
  return {};
}

inline std::optional<std::string> Balancer::owner_of(std::string_view id) {
  const std::vector<std::size_t> owners = affinity_.find(id);
  if (owners.size() != 1) return std::nullopt;
  std::string name = endpoint_set_.name_of(owners.front());
  return name.empty() ? std::nullopt : std::optional(std::move(name));
}

inline void Balancer::pin_object(std::string_view id, std::string_view endpoint) {
  const EndpointSet::List list = endpoint_set_.list();
  const auto* found = find_endpoint(*list, endpoint);
  if (found == nullptr) reject_options("there is no endpoint named " + std::string(endpoint));
  affinity_.tell(id, (*found)->id());
}

inline Balancer::Step Balancer::next(const std::shared_ptr<const Call>& call, CallState& state,
                                     TimePoint now) {
  if (now >= state.deadline) return {};
  refresh_endpoints(state);
  state.budget_exhausted = false;
  for (bool looked_again = false;;) {
    const Availability table = availability(*call, state, now);
    const auto can_pay = [&] { return this->can_pay(table, state, now); };
    if (auto picked = picker_.pick(table, can_pay, budget_.pays_at_once())) {
      state.ticket.reset();
      return {.attempt = begin_attempt(*std::move(picked), call, state, table, false, now)};
    }
    if (state.refusal) return {};  // no second opinion is waited for
    // What it could not have may have been taken by others since it looked, or the budget was used up.
    const Availability left = availability(*call, state, now);
    if (auto full = left.full_limits(); !full.empty()) {
      // While it waits for a slot anyway, no other wait is too long.
      const AvailabilityRow* soonest = left.soonest(true);
      const TimePoint until = wait_policy_.for_endpoint(left, state)
                                  .value_or(soonest != nullptr ? soonest->ready_at : state.deadline);
      return wait(until, WaitReason::max_in_flight, state, now, std::move(full));
    }
    if (!std::exchange(looked_again, true)) continue;  // a slot may have become free between the two looks
    state.ticket.reset();
    const auto until = wait_policy_.for_endpoint(left, state);
    const WaitReason reason = WaitPolicy::reason(left);
    if (left.only_breakers_refuse()) state.waited_for_breaker = true;
    if (until) return wait(*until, reason, state, now);
    if (reason == WaitReason::breaker && !left.obeys_breakers()) continue;  // it no longer waits for them
    if (const auto budget_at = wait_policy_.for_budget(left, state)) {
      return wait(*budget_at, WaitReason::retry_budget, state, now);
    }
    return {};
  }
}

/// Lets the call wait, and for one of these slots as well. Whatever it waits for, it hears of new endpoints.
inline Balancer::Step Balancer::wait(TimePoint until, WaitReason reason, CallState& state, TimePoint now,
                                     std::vector<std::shared_ptr<ConcurrencyLimit>> full) const {
  if (state.tracer) state.tracer->waits(reason, until - now);
  if (!state.ticket) state.ticket = std::make_unique<WaitQueue::Ticket>(wait_queue_);
  state.ticket->wait_for(std::move(full));
  return {.wait = until, .wakeup = state.ticket->wakeup()};
}

/// Whether the retry budget pays for the call's next attempt. What it pays is reserved before any backoff, so
/// no call waits in vain. A call's first attempt is free.
inline bool Balancer::can_pay(const Availability& table, CallState& state, TimePoint now) {
  if (state.attempts.empty() || state.budget_hold || !table.any_costs()) return true;
  state.budget_hold = budget_.reserve(now);
  state.budget_exhausted = !state.budget_hold;
  return !state.budget_exhausted;
}

inline ActiveAttempt Balancer::begin_attempt(PickResult picked, const std::shared_ptr<const Call>& call,
                                             CallState& state, const Availability& table, bool is_hedge,
                                             TimePoint now) {
  if (picked.lease.is_last_resort()) budget_.last_resort_begins();
  const std::shared_ptr<const Endpoint>& endpoint = (*state.endpoint_list)[picked.index];
  const bool is_owed = state.free_retry_endpoint == endpoint->id();
  const bool is_retry = state.begin_attempt(picked.index);
  if (is_owed) {
    state.free_retry_endpoint.reset();
  } else {
    if (is_retry) --state.retries_left;
    if (is_retry || picked.lease.is_last_resort()) RetryBudget::spend(state.budget_hold);
  }
  ActiveAttempt attempt{.endpoint = endpoint,
                        .lease = std::move(picked.lease),
                        .call = call,
                        .ends = (std::min)(limit_from(now, call->timeout), state.deadline),
                        .deadline = state.deadline,
                        .connect_timeout = options_.connect_timeout,
                        .attempts_before = state.attempts.size(),
                        .redirects_left = state.retries_left,
                        .is_retry = is_retry && !is_owed,
                        .fresh_connection = is_owed,
                        .probing_for_object = state.probing_for_object,
                        .object_is_missed = state.object_is_missed,
                        .tracer = state.tracer};
  if (table.another_than(picked.index)) attempt.limit_connecting(now);
  EndpointHealth& health = *endpoint->health();
  if (health.refused_models.any()) {
    health.refused_models.begin_attempt(endpoint->wire_model(*call), health.breaker.settings().timeout, now);
  }
  if (attempt.tracer) {
    attempt.tracer->attempt_began({.endpoint = endpoint->name(),
                                   .model = endpoint->wire_model(*call),
                                   .is_hedge = is_hedge,
                                   .is_last_resort = attempt.lease.is_last_resort()});
  }
  return attempt;
}

inline std::optional<TimePoint> Balancer::hedge_due(const ActiveAttempt& attempt, const CallState& state,
                                                    TimePoint now) const {
  if (!attempt.call->may_hedge || state.hedged) return std::nullopt;
  const auto delay = hedge_policy_->delay(attempt.endpoint->id(), attempt.call->streams);
  return delay ? saturating_add(attempt.lease.admitted(), *delay) : now + HedgePolicy::recheck_interval;
}

inline std::optional<ActiveAttempt> Balancer::hedge(const std::shared_ptr<const Call>& call, CallState& state,
                                                    TimePoint now) {
  // Both attempts may run the request and fail.
  if (now >= state.deadline || state.may_have_executed + 1 >= options_.max_endpoints) return std::nullopt;
  RetryBudget::Reserved cost = budget_.reserve(now);
  if (!cost || !hedge_policy_->take()) return std::nullopt;
  refresh_endpoints(state);
  const Availability table = availability(*call, state, now);
  std::optional<PickResult> picked = picker_.pick_for_hedge(table);
  if (!picked) {
    hedge_policy_->put_back();
    return std::nullopt;
  }
  RetryBudget::spend(cost);
  state.hedged = true;
  ActiveAttempt attempt = begin_attempt(*std::move(picked), call, state, table, true, now);
  ++attempt.attempts_before;  // the first, which is under way
  return attempt;
}

inline void Balancer::record_answer(CallState& state, const ActiveAttempt& attempt, const ResponseInfo& info,
                                    TimePoint now) {
  const std::chrono::nanoseconds took = now - attempt.lease.admitted();
  attempt.lease.answered(attempt.call->streams, now);
  attempt.note_connecting(now);
  budget_.answered();
  RefusedModels& refused = attempt.endpoint->health()->refused_models;
  if (refused.any()) refused.succeeded(attempt.endpoint->wire_model(*attempt.call));
  if (state.refusal) note_refused(*state.refusal->endpoint, state.refusal->model, now);
  if (const auto reset = rate_limit_reset(info.headers)) attempt.mark_exhausted(*reset, now);
  notify_end(attempt, {.status = info.status, .elapsed = took}, now);
  if (hedge_policy_) hedge_policy_->answered(attempt.endpoint->id(), attempt.call->streams, took);
  state.attempts.push_back({.endpoint = attempt.endpoint->name(),
                            .status = info.status,
                            .elapsed = took,
                            .model = attempt.call->model.value_or("")});
}

inline void Balancer::consider_refusal(CallState& state, const ActiveAttempt& attempt, Failure& failure,
                                       TimePoint now) {
  constexpr std::size_t longest = std::size_t{256} * 1024;
  if (!failure.is_doubtful || !options_.second_opinion) return;
  if (state.refusal) return complaints_.add(state.refusal->complaint, now);  // both refuse it
  const Call& call = *attempt.call;
  if (!call.parts.empty() || call.body.size() > longest) return;
  std::string complaint = complaint_of(failure.error);
  if (complaints_.knows(complaint, now)) return;
  state.refusal = {attempt.endpoint, attempt.endpoint->wire_model(call), std::move(complaint)};
  failure.policy.retry_elsewhere = true;
}

inline void Balancer::notify_end(const ActiveAttempt& attempt, AttemptEnded event, TimePoint now) {
  if (!attempt.tracer) return;
  const std::string model = attempt.endpoint->wire_model(*attempt.call);
  event.endpoint = attempt.endpoint->name();
  event.model = model;
  attempt.tracer->attempt_ended(event, now);
}

inline void Balancer::record_hedge_loser(CallState& state, ActiveAttempt& attempt, std::string why,
                                         TimePoint now) const {
  const std::chrono::nanoseconds after = now - attempt.lease.admitted();
  hedge_policy_->add_censored_sample(attempt.endpoint->id(), attempt.call->streams, after);
  state.attempts.push_back({.endpoint = attempt.endpoint->name(),
                            .kind = ErrorKind::canceled,
                            .elapsed = after,
                            .message = std::move(why),
                            .model = attempt.call->model.value_or("")});
  notify_end(attempt, {.kind = ErrorKind::canceled, .elapsed = after}, now);
  const Failure canceled{.failure_class = FailureClass::canceled,
                         .policy = policy_of(FailureClass::canceled)};
  attempt.report_outcome(&canceled, now);
}

inline void Balancer::record(CallState& state, ActiveAttempt& attempt, const Failure& failure,
                             TimePoint now) {
  const std::size_t id = attempt.endpoint->id();
  const std::chrono::nanoseconds took = now - attempt.lease.admitted();
  state.retries_left = (std::min)(state.retries_left, attempt.redirects_left);
  const Pauses pauses = wait_policy_.after(failure, took, attempt.is_retry, *attempt.call, state);
  state.record(id, attempt.call->model, failure, pauses, took, now);
  notify_end(attempt, {.kind = failure.error.kind, .status = failure.error.status, .elapsed = took}, now);
  attempt.note_connecting(now);
  attempt.report_outcome(&failure, now);
  if (failure.is_about_model)
    note_refused(*attempt.endpoint, attempt.endpoint->wire_model(*attempt.call), now);
  if (failure.failure_class != FailureClass::rate_limited) return;
  state.limited(id, attempt.endpoint->limited_until(*attempt.call, now));
}

}  // namespace openailb::detail
