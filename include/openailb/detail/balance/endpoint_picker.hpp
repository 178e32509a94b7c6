#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/attempt_lease.hpp>
#include <openailb/detail/balance/candidates.hpp>
#include <openailb/detail/balance/endpoint.hpp>
#include <openailb/detail/balance/round_robin.hpp>
#include <openailb/endpoint_scorer.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace openailb::detail {

/// The endpoint that was picked for an attempt, and the permission to ask it.
struct PickResult {
  std::size_t index;
  AttemptLease lease;
};

/// Picks the endpoint for each attempt, and admits the attempt. Shared by all calls of a client; thread-safe.
class EndpointPicker {
 public:
  /// A null picker leaves it to round robin.
  explicit EndpointPicker(EndpointScorer scorer) : scorer_(std::move(scorer)) {}

  /// The endpoint that a call asks next; null when it cannot ask any now. `can_pay()` says whether the retry
  /// budget pays for an attempt; `at_once`, whether it pays for a last resort without a pause.
  template <class Affords>
  std::optional<PickResult> pick(const Candidates& can, Affords can_pay, bool at_once, TimePoint now);
  /// An endpoint that the call has not asked yet, and whose breaker admits.
  std::optional<PickResult> pick_for_hedge(const Candidates& can, TimePoint now) {
    const auto untried = [&](std::size_t index) { return can.untried(index); };
    return pick_available<&Endpoint::hedge_turn>(hedges_, PickKind::turn, untried, can, now);
  }

 private:
  template <auto turn, class Wanted>
  std::optional<PickResult> pick_available(RoundRobin& turns, PickKind kind, Wanted wanted,
                                           const Candidates& can, TimePoint now);
  template <class Wanted>
  std::optional<PickResult> pick_last_resort(Wanted wanted, const Candidates& can, TimePoint now);
  /// What comes before an endpoint's turn if there is a picker.
  struct Rank {
    Tier tier{};
    double cost{};
    int in_flight{unusable};

    static constexpr int unusable = -1;
  };
  template <class Usable>
  std::vector<Rank> ranks(Usable usable, const Candidates& can) const;

  EndpointScorer scorer_;
  RoundRobin calls_{};
  RoundRobin hedges_{};
};

/// A breaker decides when an endpoint is asked, never whether. Endpoints whose breakers admit come first.
/// Those whose breakers refuse are a last resort, and of these the ones that fail slowly come only when no
/// other is in its backoff. The retry budget pays for them, and for retries. A last retry that has waited
/// because an endpoint said so is made there.
template <class Affords>
std::optional<PickResult> EndpointPicker::pick(const Candidates& can, Affords can_pay, bool at_once,
                                               TimePoint now) {
  const auto owed = [&](std::size_t index) { return can.owed(index); };
  const auto untried = [&](std::size_t index) { return can.untried(index); };
  const auto again = [&](std::size_t index) { return can.again(index); };
  const auto awaited = [&](std::size_t index) { return can.awaited(index); };
  const auto quickly = [&](auto wanted) {
    return [&can, wanted](std::size_t index) { return can.fails_quickly(index) && wanted(index); };
  };
  const auto admitting = [&](auto wanted, PickKind kind) {
    return pick_available<&Endpoint::turn>(calls_, kind, wanted, can, now);
  };
  if (can.any_owed()) {
    if (auto picked = admitting(owed, PickKind::retry)) return picked;
    if (auto picked = pick_last_resort(owed, can, now)) return picked;
  }
  if (auto picked = admitting(untried, PickKind::turn)) return picked;
  if (!can_pay()) return std::nullopt;
  if (can.is_first_attempt() || at_once) {
    if (auto picked = pick_last_resort(quickly(untried), can, now)) return picked;
  }
  if (auto picked = admitting(awaited, PickKind::retry)) return picked;
  if (auto picked = pick_last_resort(awaited, can, now)) return picked;
  if (auto picked = admitting(again, PickKind::retry)) return picked;
  if (auto picked = pick_last_resort(quickly(again), can, now)) return picked;
  if (can.any_backs_off() || can.any_only_full()) return std::nullopt;
  if (auto picked = pick_last_resort(untried, can, now)) return picked;
  return pick_last_resort(again, can, now);
}

/// Picks a wanted endpoint whose breaker admits: of the first tier that has one, the one that the picker
/// finds cheapest, in turn.
template <auto turn, class Wanted>
std::optional<PickResult> EndpointPicker::pick_available(RoundRobin& turns, PickKind kind, Wanted wanted,
                                                         const Candidates& can, TimePoint now) {
  const auto usable = [&](std::size_t index) { return wanted(index) && can.admits(index); };
  const auto turn_of = [&](std::size_t index) -> RoundRobinState& { return (can.at(index).*turn)(); };
  const auto admit = [&](std::size_t index) -> std::optional<PickResult> {
    std::optional<AttemptLease> lease = can.at(index).admit(can.acquire_request(), now);
    if (!lease) return std::nullopt;
    return PickResult{index, *std::move(lease)};
  };
  if (!scorer_) {
    const auto tier = [&](std::size_t index) { return can.tier(index); };
    return turns.pick(kind, can.size(), turn_of, usable, tier, admit);
  }
  const std::vector<Rank> all = ranks(usable, can);
  const auto rank = [&](std::size_t index) { return std::pair(all[index].tier, all[index].cost); };
  const auto has_rank = [&](std::size_t index) { return all[index].in_flight != Rank::unusable; };
  return turns.pick(kind, can.size(), turn_of, has_rank, rank, admit);
}

/// Picks the wanted endpoint that failed longest ago, as a last resort. Called when the breakers of all
/// wanted ones refuse.
template <class Wanted>
std::optional<PickResult> EndpointPicker::pick_last_resort(Wanted wanted, const Candidates& can,
                                                           TimePoint now) {
  if (!can.asks_refusing()) return std::nullopt;
  const auto turn_of = [&](std::size_t index) -> RoundRobinState& { return can.at(index).turn(); };
  const auto rank = [&](std::size_t index) { return std::pair(can.priority(index), can.failed_at(index)); };
  const auto admit = [&](std::size_t index) -> std::optional<PickResult> {
    std::optional<AttemptLease> lease = can.at(index).admit_despite_open_breaker(can.acquire_request(), now);
    if (!lease) return std::nullopt;
    return PickResult{index, *std::move(lease)};
  };
  return calls_.pick(PickKind::retry, can.size(), turn_of, wanted, rank, admit);
}

/// The tier of each usable endpoint, and what the picker says that it costs beside the others of its tier.
template <class Usable>
std::vector<EndpointPicker::Rank> EndpointPicker::ranks(Usable usable, const Candidates& can) const {
  struct Total {
    int in_flight{};
    double weights{};
  };
  std::map<Tier, Total> totals;
  auto total = totals.end();  // of the latest tier, which most have
  const auto total_of = [&](const Tier& tier) -> Total& {
    if (total == totals.end() || total->first != tier) total = totals.try_emplace(tier).first;
    return total->second;
  };
  const std::size_t size = can.size();
  std::vector<Rank> ranks(size);
  for (std::size_t index = 0; index < size; ++index) {
    if (!usable(index)) continue;
    Rank& rank = ranks[index];
    rank.tier = can.tier(index);
    rank.in_flight = can.in_flight(index);
    Total& its = total_of(rank.tier);
    its.in_flight += rank.in_flight;
    its.weights += can.weight(index);
  }
  for (std::size_t index = 0; index < size; ++index) {
    Rank& rank = ranks[index];
    if (rank.in_flight == Rank::unusable) continue;
    const Total& its = total_of(rank.tier);
    EndpointLoad candidate = can.seen(index);
    candidate.in_flight = rank.in_flight;
    candidate.all_in_flight = its.in_flight;
    candidate.all_weights = its.weights;
    const double cost = scorer_(candidate);
    rank.cost = std::isnan(cost) ? std::numeric_limits<double>::infinity() : cost;
  }
  return ranks;
}

}  // namespace openailb::detail
