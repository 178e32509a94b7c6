#pragma once

#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/endpoint_set.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/options.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// What a call may ask an endpoint for.
enum class Use : std::uint8_t {
  none,
  first,  ///< its first attempt there
  retry,  ///< another one
};

/// What comes before everything that a scorer says, the lowest first: whether the endpoint would refuse or
/// cannot be connected to, and its priority.
using Tier = std::pair<bool, int>;

/// Whether a call may ask an endpoint now and, if not, until when and why.
struct AvailabilityRow {
  Use use{};
  bool is_known{};            ///< it was filled in
  bool admits{};              ///< its breaker does
  bool fails_quickly{};       ///< its last failure came sooner than the shortest backoff
  bool has_slot{};            ///< and so has the client
  bool is_put_off{};          ///< it could not be connected to lately, so others come first
  bool is_free_retry{};       ///< see CallState::free_retry_endpoint
  bool is_shared{};           ///< other calls wait for ready_at too
  TimePoint paused_until{};   ///< by what the call itself knows
  TimePoint limited_until{};  ///< by the limits of its account
  TimePoint admits_at{};      ///< by its breaker; TimePoint::max() when all its probes are taken
  TimePoint ready_at{};       ///< the latest of these; that of the breaker counts only if it is heeded

  bool is_time(TimePoint now) const noexcept { return now >= paused_until && now >= limited_until; }
};

/// The endpoints as one call sees them at one moment, a row for each. A row is filled in when it is first
/// looked at: of a thousand endpoints, most are not.
class Availability {
 public:
  using Row = AvailabilityRow;

  /// A null limit: the client's attempts in flight are not limited.
  Availability(const ClientOptions& options, const Call& call, const CallState& state,
               const std::shared_ptr<ConcurrencyLimit>& client_limit, TimePoint now)
      : endpoints_(state.endpoint_list.get()),
        options_(&options),
        call_(&call),
        state_(&state),
        client_limit_(&client_limit),
        now_(now),
        may_ask_any_(call.endpoint.empty() && !state.probing_for_object && !state.owner),
        client_has_slot_(!client_limit || client_limit->has_room(ticket())),
        rows_(endpoints_->size()) {
    find_last_retry();
  }

  std::size_t size() const noexcept { return rows_.size(); }
  TimePoint now() const noexcept { return now_; }
  const Endpoint& at(std::size_t index) const { return *(*endpoints_)[index]; }
  const Row& row(std::size_t index) const {
    Row& row = rows_[index];
    if (!row.is_known) fill(row, index);
    return row;
  }
  /// The call, as one that wants to make an attempt.
  Endpoint::AcquireRequest acquire_request() const { return {*call_, client_limit_->get(), ticket()}; }

  /// Whether it is among the endpoints that the call may ask, whatever its model.
  bool is_named(std::size_t index) const {
    if (may_ask_any_) return true;
    if (!call_->endpoint.empty()) return call_->endpoint == at(index).name();
    if (state_->probing_for_object) return state_->probed_trust == at(index).config().trust;
    return !state_->owner || state_->owner == at(index).id();
  }
  /// Whether it is among those that the call may ask at all.
  bool allows(std::size_t index) const { return is_named(index) && at(index).serves(call_->model); }
  /// Whether another model could be asked for, at an endpoint that the call may ask.
  bool any_serves(const std::string& model) const {
    for (std::size_t index = 0; index < size(); ++index) {
      if (is_named(index) && at(index).serves(model)) return true;
    }
    return false;
  }
  Tier tier(std::size_t index) const {
    const bool would_refuse = at(index).is_exhausted(*call_, now_) ||
                              health(index).connecting.is_put_off(now_) || at(index).refuses(*call_, now_);
    return {would_refuse, at(index).config().priority};
  }
  /// An endpoint as the scorer of a user sees it.
  EndpointLoad load(std::size_t index) const {
    return {.name = at(index).name(),
            .weight = at(index).config().weight,
            .in_flight = health(index).concurrency.in_flight(),
            .latency = health(index).latency_stats.latency(call_->streams, now_),
            .model = call_->model ? std::string_view(*call_->model) : std::string_view(),
            .session = call_->session};
  }

  /// Whether breakers are obeyed: endpoints whose breakers refuse are not asked as a last resort.
  bool obeys_breakers() const noexcept {
    return options_->when_all_open == WhenAllOpen::fail ||
           (options_->when_all_open == WhenAllOpen::wait && !state_->waited_for_breaker);
  }

  bool is_first_attempt() const noexcept { return state_->attempts.empty(); }
  bool has_free_retry() const noexcept { return state_->free_retry_endpoint.has_value(); }
  /// Whether the call's last retry waits, or has waited, for what its endpoints have said.
  bool has_awaited_retry() const noexcept { return last_retry_ > (TimePoint::min)(); }

  /// What may be asked now, unless its breaker refuses: for a first attempt, for another one, for the free
  /// retry, and for the last retry that has waited for what the endpoint said.
  bool is_untried(std::size_t index) const { return can_ask(row(index), Use::first); }
  bool is_retry(std::size_t index) const { return can_ask(row(index), Use::retry); }
  bool is_free_retry(std::size_t index) const { return row(index).is_free_retry && is_retry(index); }
  bool is_awaited(std::size_t index) const {
    return has_awaited_retry() && state_->per_endpoint[index].said_when && is_retry(index);
  }

  /// The limits for whose slots the call need only wait.
  std::vector<std::shared_ptr<ConcurrencyLimit>> full_limits() const;
  /// Whether another endpoint would be asked at once if an attempt on this one failed, and is likely to be
  /// connected to.
  bool another_than(std::size_t index) const {
    if (state_->all_attempted()) return false;  // by this attempt, of which the rows may not know
    return any([&](const Row& row) {
      return &row != &rows_[index] && can_ask(row, Use::first) && is_willing(row) && !row.is_put_off;
    });
  }
  /// Whether there is an attempt for the retry budget to pay, now or after a wait: a retry, or one on an
  /// endpoint whose breaker refuses.
  bool any_costs() const {
    return any([&](const Row& row) {
      if (row.use == Use::retry) return can_ask(row, Use::retry) || is_worth_a_wait(row);
      return can_ask(row, Use::first) && !obeys_breakers() && !row.admits;
    });
  }
  /// Whether to wait before any endpoint is asked whose breaker refuses and that fails slowly: for the
  /// backoff of one, or for a slot of one that admits. A pause that is longer is one that the server has
  /// asked for: then other endpoints come first.
  bool any_comes_before_slow_ones() const {
    return any([&](const Row& row) {
      if (row.use == Use::none) return false;
      if (row.is_time(now_)) return row.admits && !row.has_slot;
      return row.use == Use::retry && is_willing(row) && now_ >= row.limited_until &&
             row.paused_until < state_->deadline && row.paused_until - now_ <= longest_backoff;
    });
  }
  /// Whether only breakers keep the call from going on, and they are obeyed.
  bool only_breakers_refuse() const {
    return obeys_breakers() &&
           !any([&](const Row& row) { return row.admits && is_worth_a_wait(row) && !is_too_long(row); });
  }
  /// Whether there is an endpoint of which the call knows only a rate limit that is over by now, but whose
  /// breaker refuses.
  bool any_was_limited() const {
    if (obeys_breakers()) return false;
    for (std::size_t index = 0; index < size(); ++index) {
      if (is_untried(index) && state_->per_endpoint[index].retry_at) return true;
    }
    return false;
  }
  /// The row that is ready first of those that are worth a wait; null when none is.
  const Row* soonest(bool however_long = false) const;

 private:
  const EndpointHealth& health(std::size_t index) const { return *at(index).health(); }
  /// Where the call has waited for a slot; null: nowhere.
  const WaitQueue::Ticket* ticket() const {
    return state_->ticket && state_->ticket->waits_for_slot() ? state_->ticket.get() : nullptr;
  }
  void fill(Row& row, std::size_t index) const;
  Use use_of(std::size_t index, bool is_free_retry) const;
  TimePoint paused_until(std::size_t index, const Row& row) const;
  void find_last_retry();

  bool can_ask(const Row& row, Use use) const { return row.use == use && row.has_slot && row.is_time(now_); }
  /// Whether it would be asked at once, or as soon as its backoff is over.
  bool is_willing(const Row& row) const { return row.admits || (!obeys_breakers() && row.fails_quickly); }
  bool is_worth_a_wait(const Row& row) const {
    return row.use != Use::none && row.ready_at > now_ && row.ready_at < state_->deadline &&
           row.ready_at != (TimePoint::max)();
  }
  /// Whether the call does not wait that long for an endpoint whose breaker admits.
  bool is_too_long(const Row& row) const {
    return row.admits && row.ready_at - now_ > state_->longest_wait();
  }
  template <class Condition>
  bool any(Condition holds) const {
    for (std::size_t index = 0; index < size(); ++index) {
      if (holds(row(index))) return true;
    }
    return false;
  }

  const EndpointSet::Endpoints* endpoints_;
  const ClientOptions* options_;
  const Call* call_;
  const CallState* state_;
  const std::shared_ptr<ConcurrencyLimit>* client_limit_;
  TimePoint now_;
  bool may_ask_any_;
  bool client_has_slot_;
  mutable std::vector<Row> rows_;
  TimePoint last_retry_{(TimePoint::min)()};  // see find_last_retry()
  bool last_retry_is_shared_{};               // it is that of a rate limit, for which others wait too
};

inline void Availability::fill(Row& row, std::size_t index) const {
  const EndpointHealth& its = health(index);
  row.is_known = true;
  row.is_free_retry = state_->free_retry_endpoint == at(index).id();
  row.use = use_of(index, row.is_free_retry);
  row.admits_at = its.admits_at();
  row.admits = now_ >= row.admits_at;
  row.fails_quickly = its.latency_stats.fails_quickly();
  row.has_slot = client_has_slot_ && its.concurrency.has_room(ticket());
  row.is_put_off = its.connecting.is_put_off(now_);
  row.limited_until = at(index).limited_until(*call_, now_);
  row.paused_until = paused_until(index, row);
  const TimePoint shared =
      obeys_breakers() ? (std::max)(row.limited_until, row.admits_at) : row.limited_until;
  row.ready_at = (std::max)(row.paused_until, shared);
  row.is_shared = row.ready_at == shared || (row.ready_at == last_retry_ && last_retry_is_shared_);
}

inline Use Availability::use_of(std::size_t index, bool is_free_retry) const {
  const CallState::Endpoint& its = state_->per_endpoint[index];
  // Once max_endpoints have run the request and failed, it is sent to no others: it may be what breaks them.
  const bool may_run = its.may_have_executed || state_->may_have_executed < options_->max_endpoints;
  if (!may_run || !allows(index)) return Use::none;
  const bool may = its.attempted ? its.retry_at.has_value() : state_->retry_elsewhere;
  if (!may) return Use::none;
  if (!its.attempted && !state_->all_attempted()) return Use::first;
  const bool is_allowed = state_->retries_left > 0 && !state_->budget_exhausted;
  return is_allowed || is_free_retry ? Use::retry : Use::none;
}

/// When the endpoint may be asked, as far as the call itself knows.
inline TimePoint Availability::paused_until(std::size_t index, const Row& row) const {
  const CallState::Endpoint& its = state_->per_endpoint[index];
  const TimePoint own = its.retry_at.value_or((TimePoint::min)());
  const bool is_retry = its.attempted || state_->all_attempted();
  if (!is_retry || row.is_free_retry) return own;
  // A call that would end during the pause makes its retry without it.
  const bool pauses = state_->next_retry < state_->deadline;
  return (std::max)({own, pauses ? state_->next_retry : own, last_retry_});
}

/// The call's last retry comes no sooner than that of a call with any one of these endpoints alone. So a call
/// over several endpoints gives up no sooner either. Only what its own attempts have shown counts: of a rate
/// limit that others prolong again and again, it would wait for ever.
inline void Availability::find_last_retry() {
  if (state_->retries_left != 1 || state_->attempts.size() < 2) return;
  TimePoint latest = (TimePoint::min)();
  bool is_shared = false;
  int endpoints = 0;
  for (std::size_t index = 0; index < size(); ++index) {
    const Row& its = row(index);
    if (its.use != Use::retry || (!its.admits && obeys_breakers())) continue;
    const CallState::Endpoint& known = state_->per_endpoint[index];
    const TimePoint last = (std::max)(known.retry_at.value_or((TimePoint::min)()), known.last_retry);
    if (last - now_ > state_->longest_wait()) continue;
    if (last - now_ > state_->deadline - last) continue;  // too little time would be left for it
    ++endpoints;
    if (last <= latest) continue;
    latest = last;
    is_shared = its.limited_until > (TimePoint::min)();
  }
  if (endpoints < 2) return;  // then it is one endpoint alone
  last_retry_ = latest;
  last_retry_is_shared_ = is_shared;
  rows_.assign(rows_.size(), {});  // they depend on it
}

inline std::vector<std::shared_ptr<ConcurrencyLimit>> Availability::full_limits() const {
  std::vector<std::shared_ptr<ConcurrencyLimit>> full;
  for (std::size_t index = 0; index < size(); ++index) {
    const Row& its = row(index);
    const bool wants_it = its.use != Use::none && its.is_time(now_) && (its.admits || !obeys_breakers());
    if (!wants_it || its.has_slot) continue;
    if (!client_has_slot_) return {*client_limit_};
    const std::shared_ptr<EndpointHealth>& owner = at(index).health();
    full.emplace_back(owner, &owner->concurrency);
  }
  return full;
}

inline const AvailabilityRow* Availability::soonest(bool however_long) const {
  const Row* found = nullptr;
  for (std::size_t index = 0; index < size(); ++index) {
    const Row& its = row(index);
    if (!is_worth_a_wait(its) || (is_too_long(its) && !however_long)) continue;
    if (found == nullptr || its.ready_at < found->ready_at) found = &its;
  }
  return found;
}

}  // namespace openailb::detail
