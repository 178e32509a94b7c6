#pragma once

#include <openailb/detail/balance/attempt_lease.hpp>
#include <openailb/detail/balance/availability.hpp>
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
  /// A null scorer leaves it to round robin.
  explicit EndpointPicker(EndpointScorer scorer) : scorer_(std::move(scorer)) {}

  /// The endpoint that a call asks next; null when it cannot ask any now. `can_pay()` says whether the retry
  /// budget pays for an attempt; `at_once`, whether it pays for a last resort without a pause.
  template <class CanPay>
  std::optional<PickResult> pick(const Availability& table, CanPay can_pay, bool at_once);
  /// An endpoint that the call has not asked yet, and whose breaker admits.
  std::optional<PickResult> pick_for_hedge(const Availability& table) {
    return pick_available(hedges_, &Endpoint::hedge_turn, PickKind::turn, table, &Availability::is_untried);
  }

 private:
  using Wanted = bool (Availability::*)(std::size_t) const;
  using TurnOf = RoundRobinState& (Endpoint::*)() const;

  std::optional<PickResult> pick_available(RoundRobin& turns, TurnOf turn_of, PickKind kind,
                                           const Availability& table, Wanted wanted);
  std::optional<PickResult> pick_last_resort(const Availability& table, Wanted wanted, bool only_quick);

  /// What comes before an endpoint's turn if there is a scorer.
  struct Rank {
    Tier tier{};
    double cost{};
    int in_flight{unusable};

    static constexpr int unusable = -1;
  };
  std::vector<Rank> ranks(const Availability& table, Wanted wanted) const;

  EndpointScorer scorer_;
  RoundRobin calls_{};
  RoundRobin hedges_{};
};

/// A breaker decides when an endpoint is asked, never whether. Endpoints whose breakers admit come first.
/// Those whose breakers refuse are a last resort, and of these the ones that fail slowly come only when no
/// other is in its backoff. The retry budget pays for them, and for retries. A last retry that has waited
/// because an endpoint said so is made there.
template <class CanPay>
std::optional<PickResult> EndpointPicker::pick(const Availability& table, CanPay can_pay, bool at_once) {
  constexpr bool all = false, only_quick = true;
  constexpr Wanted untried = &Availability::is_untried, retry = &Availability::is_retry;
  constexpr Wanted free_retry = &Availability::is_free_retry, awaited = &Availability::is_awaited;
  const auto available = [&](Wanted wanted, PickKind kind) {
    return pick_available(calls_, &Endpoint::turn, kind, table, wanted);
  };
  const auto last_resort = [&](Wanted wanted, bool quick) { return pick_last_resort(table, wanted, quick); };

  if (table.has_free_retry()) {
    if (auto picked = available(free_retry, PickKind::retry)) return picked;
    if (auto picked = last_resort(free_retry, all)) return picked;
  }
  if (auto picked = available(untried, PickKind::turn)) return picked;
  if (!can_pay()) return std::nullopt;
  if (table.is_first_attempt() || at_once) {
    if (auto picked = last_resort(untried, only_quick)) return picked;
  }
  if (table.has_awaited_retry()) {
    if (auto picked = available(awaited, PickKind::retry)) return picked;
    if (auto picked = last_resort(awaited, all)) return picked;
  }
  if (auto picked = available(retry, PickKind::retry)) return picked;
  if (auto picked = last_resort(retry, only_quick)) return picked;
  if (table.any_comes_before_slow_ones()) return std::nullopt;
  if (auto picked = last_resort(untried, all)) return picked;
  return last_resort(retry, all);
}

/// Picks a wanted endpoint whose breaker admits: of the first tier that has one, the one that the scorer
/// finds cheapest, in turn.
inline std::optional<PickResult> EndpointPicker::pick_available(RoundRobin& turns, TurnOf turn_of,
                                                                PickKind kind, const Availability& table,
                                                                Wanted wanted) {
  const auto turn = [&](std::size_t index) -> RoundRobinState& { return (table.at(index).*turn_of)(); };
  const auto admit = [&](std::size_t index) -> std::optional<PickResult> {
    std::optional<AttemptLease> lease = table.at(index).admit(table.acquire_request(), table.now());
    if (!lease) return std::nullopt;
    return PickResult{index, *std::move(lease)};
  };
  if (!scorer_) {
    const auto usable = [&](std::size_t index) { return (table.*wanted)(index) && table.row(index).admits; };
    const auto tier = [&](std::size_t index) { return table.tier(index); };
    return turns.pick(kind, table.size(), turn, usable, tier, admit);
  }
  const std::vector<Rank> all = ranks(table, wanted);
  const auto rank = [&](std::size_t index) { return std::pair(all[index].tier, all[index].cost); };
  const auto has_rank = [&](std::size_t index) { return all[index].in_flight != Rank::unusable; };
  return turns.pick(kind, table.size(), turn, has_rank, rank, admit);
}

/// Picks the wanted endpoint that failed longest ago, as a last resort. Called when the breakers of all
/// wanted ones refuse.
inline std::optional<PickResult> EndpointPicker::pick_last_resort(const Availability& table, Wanted wanted,
                                                                  bool only_quick) {
  if (table.obeys_breakers()) return std::nullopt;
  const auto turn = [&](std::size_t index) -> RoundRobinState& { return table.at(index).turn(); };
  const auto usable = [&](std::size_t index) {
    return (!only_quick || table.row(index).fails_quickly) && (table.*wanted)(index);
  };
  const auto rank = [&](std::size_t index) {
    const Endpoint& endpoint = table.at(index);
    return std::pair(endpoint.config().priority, endpoint.health()->latency_stats.failed_at());
  };
  const auto admit = [&](std::size_t index) -> std::optional<PickResult> {
    const Endpoint& endpoint = table.at(index);
    std::optional<AttemptLease> lease =
        endpoint.admit_despite_open_breaker(table.acquire_request(), table.now());
    if (!lease) return std::nullopt;
    return PickResult{index, *std::move(lease)};
  };
  return calls_.pick(PickKind::retry, table.size(), turn, usable, rank, admit);
}

/// The tier of each wanted endpoint whose breaker admits, and what the scorer says that it costs beside the
/// others of its tier.
inline std::vector<EndpointPicker::Rank> EndpointPicker::ranks(const Availability& table,
                                                               Wanted wanted) const {
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
  std::vector<Rank> ranks(table.size());
  for (std::size_t index = 0; index < ranks.size(); ++index) {
    if (!(table.*wanted)(index) || !table.row(index).admits) continue;
    Rank& rank = ranks[index];
    rank.tier = table.tier(index);
    rank.in_flight = table.at(index).health()->concurrency.in_flight();
    Total& its = total_of(rank.tier);
    its.in_flight += rank.in_flight;
    its.weights += table.at(index).config().weight;
  }
  for (std::size_t index = 0; index < ranks.size(); ++index) {
    Rank& rank = ranks[index];
    if (rank.in_flight == Rank::unusable) continue;
    const Total& its = total_of(rank.tier);
    EndpointLoad load = table.load(index);
    load.in_flight = rank.in_flight;
    load.all_in_flight = its.in_flight;
    load.all_weights = its.weights;
    const double cost = scorer_(load);
    rank.cost = std::isnan(cost) ? std::numeric_limits<double>::infinity() : cost;
  }
  return ranks;
}

}  // namespace openailb::detail
