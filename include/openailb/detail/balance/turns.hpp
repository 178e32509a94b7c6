#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/candidates.hpp>
#include <openailb/detail/balance/picker.hpp>
#include <openailb/detail/balance/standing.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace openailb::detail {

/// The endpoint that was picked for an attempt, and the permission to ask it.
struct Picked {
  std::size_t index;
  Admission admission;
};

/// Picks the endpoint for each attempt, and admits the attempt. Shared by all calls of a client; thread-safe.
class Turns {
 public:
  /// `size` endpoints will be in `endpoints`.
  Turns(const Candidates::Endpoints& endpoints, std::size_t size)
      : endpoints_(&endpoints), turns_(size), hedge_turns_(size) {}

  /// The endpoint that a call asks next; null when it cannot ask any now. `affords()` says whether the retry
  /// budget pays for an attempt.
  template <class Affords>
  std::optional<Picked> pick(const Candidates& can, Affords affords, TimePoint now);
  /// An endpoint that the call has not asked yet, and whose breaker admits.
  std::optional<Picked> pick_for_hedge(const Candidates& can, TimePoint now) {
    const auto untried = [&](std::size_t index) { return can.untried(index); };
    return pick_admitting(hedge_turns_, untried, can, now);
  }

 private:
  template <class Wanted>
  std::optional<Picked> pick_admitting(RoundRobin& turns, Wanted wanted, const Candidates& can,
                                       TimePoint now);
  template <class Wanted>
  std::optional<Picked> pick_refusing(Wanted wanted, const Candidates& can, TimePoint now);

  const Candidates::Endpoints* endpoints_;
  RoundRobin turns_;
  /// Hedges have turns of their own. If they took those of calls, a slow endpoint, which gets no hedges,
  /// would get more calls.
  RoundRobin hedge_turns_;
};

/// A breaker decides when an endpoint is asked, never whether. Endpoints whose breakers admit come first.
/// Those whose breakers refuse are a last resort, and of these the ones that fail slowly come only when no
/// other is in its backoff. The retry budget pays for them, and for retries.
template <class Affords>
std::optional<Picked> Turns::pick(const Candidates& can, Affords affords, TimePoint now) {
  const auto owed = [&](std::size_t index) { return can.owed(index); };
  const auto untried = [&](std::size_t index) { return can.untried(index); };
  const auto again = [&](std::size_t index) { return can.again(index); };
  const auto quickly = [&](auto wanted) {
    return [&can, wanted](std::size_t index) { return can.fails_quickly(index) && wanted(index); };
  };
  if (auto picked = pick_admitting(turns_, owed, can, now)) return picked;
  if (auto picked = pick_refusing(owed, can, now)) return picked;
  if (auto picked = pick_admitting(turns_, untried, can, now)) return picked;
  if (!affords()) return std::nullopt;
  if (auto picked = pick_refusing(quickly(untried), can, now)) return picked;
  if (auto picked = pick_admitting(turns_, again, can, now)) return picked;
  if (auto picked = pick_refusing(quickly(again), can, now)) return picked;
  if (can.any_backs_off()) return std::nullopt;
  if (auto picked = pick_refusing(untried, can, now)) return picked;
  return pick_refusing(again, can, now);
}

/// Picks a wanted endpoint whose breaker admits, round robin.
template <class Wanted>
std::optional<Picked> Turns::pick_admitting(RoundRobin& turns, Wanted wanted, const Candidates& can,
                                            TimePoint now) {
  const auto usable = [&](std::size_t index) { return wanted(index) && can.admits(index); };
  return turns.pick(usable, [&](std::size_t index) -> std::optional<Picked> {
    std::optional<Admission> admission = (*endpoints_)[index]->standing().admit(now);
    if (!admission) return std::nullopt;
    return Picked{index, *std::move(admission)};
  });
}

/// Picks the wanted endpoint that failed longest ago, as a last resort. Called when the breakers of all
/// wanted ones refuse.
template <class Wanted>
std::optional<Picked> Turns::pick_refusing(Wanted wanted, const Candidates& can, TimePoint now) {
  if (!can.asks_refusing()) return std::nullopt;
  const auto failed_at = [&](std::size_t index) { return can.failed_at(index); };
  return turns_.pick(wanted, failed_at, [&](std::size_t index) -> std::optional<Picked> {
    return Picked{index, (*endpoints_)[index]->standing().admit_anyway(now)};
  });
}

}  // namespace openailb::detail
