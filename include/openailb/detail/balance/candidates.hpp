#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/attempt_lease.hpp>
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/endpoint_set.hpp>
#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/endpoint_scorer.hpp>
#include <openailb/event.hpp>
#include <openailb/options.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// What comes before everything that a picker says, the lowest first: whether the endpoint would refuse or
/// cannot be connected to, and its tier.
using Tier = std::pair<bool, int>;

/// The endpoints as one call sees them at one moment: which of them it may ask, and when.
class Candidates {
 public:
  /// `client_limit` are the client's seats; null: their number is not limited.
  Candidates(const ClientOptions& options, const Call& call, const CallState& state,
             const std::shared_ptr<ConcurrencyLimit>& client_limit, TimePoint now)
      : endpoints_(state.endpoint_list.get()),
        options_(&options),
        call_(&call),
        state_(&state),
        client_limit_(&client_limit),
        now_(now),
        names_none_(call.endpoint.empty() && !state.probing_for_object && !state.owner) {
    find_last_retry();
  }

  std::size_t size() const noexcept { return endpoints_->size(); }
  const Endpoint& at(std::size_t index) const { return *(*endpoints_)[index]; }
  /// The call, as one that wants to make an attempt.
  Endpoint::AcquireRequest acquire_request() const { return {*call_, client_limit_->get(), place()}; }

  /// Whether it is among the endpoints that the call may ask at all.
  bool allows(std::size_t index) const { return is_named(index) && at(index).serves(call_->model); }
  /// Whether it could ask any of them for a model.
  bool any_serves(const std::string& model) const {
    return any([&](std::size_t index) { return is_named(index) && at(index).serves(model); });
  }
  /// Whether it may ask the endpoint, as far as the call itself names one.
  bool is_named(std::size_t index) const {
    if (names_none_) return true;
    if (!call_->endpoint.empty()) return call_->endpoint == at(index).name();
    if (state_->probing_for_object) return state_->probed_trust == at(index).config().trust;
    return !state_->owner || state_->owner == at(index).id();
  }
  bool admits(std::size_t index) const { return now_ >= health(index).admits_at(); }
  bool fails_quickly(std::size_t index) const { return health(index).latency_stats.fails_quickly(); }
  TimePoint failed_at(std::size_t index) const { return health(index).latency_stats.failed_at(); }
  int priority(std::size_t index) const { return at(index).config().priority; }
  double weight(std::size_t index) const { return at(index).config().weight; }
  int in_flight(std::size_t index) const { return health(index).concurrency.in_flight(); }
  Tier tier(std::size_t index) const {
    return {at(index).is_exhausted(*call_, now_) || is_put_off(index), priority(index)};
  }

  bool is_first_attempt() const noexcept { return state_->attempts.empty(); }
  /// Whether the call may make its first attempt there now, unless the breaker refuses.
  bool untried(std::size_t index) const { return may_try(index) && is_time(index) && has_room(index); }
  /// Whether the call may make another attempt there now, unless the breaker refuses.
  bool again(std::size_t index) const { return may_retry(index) && is_time(index) && has_room(index); }
  /// Whether the call's last retry has waited for what the endpoint said, and can be made there now.
  bool awaited(std::size_t index) const {
    return last_retry_ > (TimePoint::min)() && state_->endpoints[index].said_when && again(index);
  }

  /// An endpoint as the picker of a user sees it.
  EndpointLoad seen(std::size_t index) const {
    return {.name = at(index).name(),
            .weight = weight(index),
            .in_flight = in_flight(index),
            .latency = health(index).latency_stats.latency(call_->streams, now_),
            .model = call_->model ? std::string_view(*call_->model) : std::string_view(),
            .session = call_->session};
  }

  /// The seats for which the call need only wait.
  std::vector<std::shared_ptr<ConcurrencyLimit>> full_limits() const {
    std::vector<std::shared_ptr<ConcurrencyLimit>> full;
    for (std::size_t index = 0; index < size(); ++index) {
      const bool wants_it = (may_try(index) || may_retry(index)) && is_time(index);
      if (!wants_it || !(admits(index) || asks_refusing()) || has_room(index)) continue;
      if (client_is_full()) return {*client_limit_};
      const std::shared_ptr<EndpointHealth>& its = at(index).health();
      full.emplace_back(its, &its->concurrency);
    }
    return full;
  }

  /// Whether the call may make its free retry there now, unless the breaker refuses; see
  /// CallState::free_retry_endpoint.
  bool any_owed() const noexcept { return state_->free_retry_endpoint.has_value(); }
  bool owed(std::size_t index) const { return is_owed(index) && again(index); }

  /// Whether endpoints whose breakers refuse are asked as a last resort.
  bool asks_refusing() const {
    return options_->when_all_open == WhenAllOpen::ask ||
           (options_->when_all_open == WhenAllOpen::wait && state_->waited_for_breaker);
  }

  /// Whether another endpoint would be asked at once if an attempt on this one failed, and is likely to be
  /// connected to.
  bool another_than(std::size_t index) const {
    return any([&](std::size_t other) {
      return other != index && untried(other) && willing(other) && !is_put_off(other);
    });
  }

  /// Whether there is an attempt for the retry budget to pay, now or after a wait: a retry, or one on an
  /// endpoint whose breaker refuses.
  bool any_costs() const {
    return any([&](std::size_t index) {
      if (may_retry(index)) return again(index) || wait_for(index).has_value();
      return untried(index) && asks_refusing() && !admits(index);
    });
  }

  /// Whether to wait for an endpoint's backoff before any endpoint is asked whose breaker refuses and that
  /// fails slowly.
  bool any_backs_off() const {
    return any([&](std::size_t index) {
      if (!willing(index) || !may_retry(index) || now_ < limited_until(index)) return false;
      const TimePoint retry_at = not_before(index);
      // A longer wait is one that the server has asked for. Then other endpoints come first, as in a
      // cooldown.
      return retry_at > now_ && retry_at < state_->deadline && retry_at - now_ <= longest_backoff;
    });
  }

  /// Whether there is an endpoint whose breaker admits and where only a seat is missing.
  bool any_only_full() const {
    return any([&](std::size_t index) {
      return (may_try(index) || may_retry(index)) && is_time(index) && admits(index) && !has_room(index);
    });
  }

  /// Whether there is an endpoint whose breaker admits and for which the call need only wait.
  bool any_only_waits() const {
    return any([&](std::size_t index) {
      const std::optional<Wait> wait = wait_for(index);
      return wait && admits(index) && !is_too_long(index, *wait);
    });
  }

  /// Whether there is an endpoint of which the call knows only a rate limit that is over by now, but whose
  /// breaker refuses.
  bool any_was_limited() const {
    return asks_refusing() &&
           any([&](std::size_t index) { return untried(index) && state_->endpoints[index].retry_at; });
  }

  /// A time to wait for.
  struct Wait {
    TimePoint until;
    bool shared;  ///< other calls wait for the same time
  };
  /// Why the call waits for what is soonest, if not for a breaker.
  WaitReason reason_to_wait() const {
    const std::optional<Wait> wait = soonest();
    return wait && wait->shared ? WaitReason::rate_limit : WaitReason::backoff;
  }

  /// The first time at which an endpoint can be asked that cannot be asked now: when its cooldown is over,
  /// when its backoff is over or, if endpoints whose breakers refuse are not asked, when its breaker admits
  /// again.
  std::optional<Wait> soonest(bool however_long = false) const {
    std::optional<Wait> found;
    for (std::size_t index = 0; index < size(); ++index) {
      const std::optional<Wait> one = wait_for(index);
      if (!one || (is_too_long(index, *one) && !however_long)) continue;
      if (!found || one->until < found->until) found = one;
    }
    return found;
  }

 private:
  const EndpointHealth& health(std::size_t index) const { return *at(index).health(); }
  bool is_put_off(std::size_t index) const { return health(index).connecting.is_put_off(now_); }
  TimePoint limited_until(std::size_t index) const { return at(index).limited_until(*call_, now_); }
  bool is_time(std::size_t index) const { return now_ >= not_before(index) && now_ >= limited_until(index); }
  /// Where the call has waited for a seat; null: nowhere.
  const WaitQueue::Ticket* place() const {
    return state_->ticket && state_->ticket->waits_for_seat() ? state_->ticket.get() : nullptr;
  }
  bool client_is_full() const { return *client_limit_ && !(*client_limit_)->has_room(place()); }
  bool has_room(std::size_t index) const {
    return !client_is_full() && health(index).concurrency.has_room(place());
  }
  /// When the endpoint may be asked, as far as the call itself knows.
  TimePoint not_before(std::size_t index) const {
    const CallState::Endpoint& endpoint = state_->endpoints[index];
    const TimePoint retry_at = endpoint.retry_at.value_or((TimePoint::min)());
    if (!is_retry(index) || is_owed(index)) return retry_at;
    // A call that would end during the pause makes its retry without it.
    const bool pauses = state_->next_retry < state_->deadline;
    return (std::max)({retry_at, pauses ? state_->next_retry : retry_at, last_retry_});
  }
  /// The call's last retry comes no sooner than that of a call with any one of these endpoints alone. So a
  /// call over several endpoints gives up no sooner either. Only what its own attempts have shown counts: of
  /// a rate limit that others prolong again and again, it would wait for ever.
  void find_last_retry() {
    if (state_->retries_left != 1 || state_->attempts.size() < 2) return;
    int endpoints = 0;
    for (std::size_t index = 0; index < size(); ++index) {
      if (!may_retry(index) || !(admits(index) || asks_refusing())) continue;
      const CallState::Endpoint& endpoint = state_->endpoints[index];
      const TimePoint last = (std::max)(endpoint.retry_at.value_or((TimePoint::min)()), endpoint.last_retry);
      if (last - now_ > state_->longest_wait()) continue;
      if (last - now_ > state_->deadline - last) continue;  // too little time would be left for it
      ++endpoints;
      if (last <= last_retry_) continue;
      last_retry_ = last;
      last_retry_is_shared_ = limited_until(index) > (TimePoint::min)();
    }
    if (endpoints < 2) last_retry_ = (TimePoint::min)();  // then it is one endpoint alone
  }

  /// Once max_endpoints have run the request and failed, it is sent to no others: it may be what breaks them.
  bool may_run(std::size_t index) const {
    return state_->endpoints[index].may_have_executed || state_->may_have_executed < options_->max_endpoints;
  }
  bool may_try(std::size_t index) const {
    return allows(index) && !is_retry(index) && state_->retry_elsewhere && may_run(index);
  }
  bool is_retry(std::size_t index) const { return state_->endpoints[index].attempted || state_->all_tried(); }
  bool is_owed(std::size_t index) const { return state_->free_retry_endpoint == at(index).id(); }
  bool may_retry(std::size_t index) const {
    const CallState::Endpoint& endpoint = state_->endpoints[index];
    const bool allowed = state_->retries_left > 0 && !state_->budget_exhausted;
    const bool may = endpoint.attempted ? endpoint.retry_at.has_value() : state_->retry_elsewhere;
    return allows(index) && is_retry(index) && may && (allowed || is_owed(index)) && may_run(index);
  }

  /// Whether it would be asked at once, or as soon as its backoff is over.
  bool willing(std::size_t index) const { return admits(index) || (asks_refusing() && fails_quickly(index)); }

  /// Whether it does not wait that long for an endpoint whose breaker admits.
  bool is_too_long(std::size_t index, const Wait& wait) const {
    return admits(index) && wait.until - now_ > state_->longest_wait();
  }
  std::optional<Wait> wait_for(std::size_t index) const {
    if (!may_retry(index) && !may_try(index)) return std::nullopt;
    TimePoint shared = limited_until(index);
    if (!asks_refusing()) shared = (std::max)(shared, health(index).admits_at());
    const TimePoint until = (std::max)(not_before(index), shared);
    if (until <= now_ || until >= state_->deadline || until == (TimePoint::max)()) return std::nullopt;
    return Wait{until, until == shared || (until == last_retry_ && last_retry_is_shared_)};
  }

  template <class Condition>
  bool any(Condition holds) const {
    for (std::size_t index = 0; index < size(); ++index) {
      if (holds(index)) return true;
    }
    return false;
  }

  const EndpointSet::Endpoints* endpoints_;
  const ClientOptions* options_;
  const Call* call_;
  const CallState* state_;
  const std::shared_ptr<ConcurrencyLimit>* client_limit_;
  TimePoint now_;
  bool names_none_;                           // of the endpoints is it that the call must ask
  TimePoint last_retry_{(TimePoint::min)()};  // see find_last_retry()
  bool last_retry_is_shared_{};               // it is that of a rate limit, for which others wait too
};

}  // namespace openailb::detail
