#pragma once

#include "simulation/attempt_inspector.hpp"
#include "simulation/breaker_inspector.hpp"
#include "simulation/call_inspector.hpp"
#include "simulation/endpoint_inspector.hpp"
#include "simulation/inspection.hpp"
#include "simulation/limit_inspector.hpp"
#include "simulation/record.hpp"
#include "simulation/rules.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

/// Watches a world and notes whatever contradicts the invariants.
class Inspector : Inspection {
 public:
  explicit Inspector(const World& world) : Inspection(world, violations_) {}

  /// After every event.
  void observe();
  /// When nothing runs any more.
  void conclude();

  const Violations& violations() const noexcept { return violations_; }

 private:
  void inspect_spending();
  void inspect_shares();

  Violations violations_{};
  Answers answers_{};
  Spending spending_{};
  EndpointInspector endpoints_{world(), violations_};
  LimitInspector limits_{world(), violations_};
  BreakerInspector breakers_{world(), violations_};
  AttemptInspector attempts_{world(), violations_, breakers_, answers_, spending_};
  CallInspector calls_{world(), violations_, breakers_, attempts_};
  std::set<const CallRecord*> answered_{};
  std::set<const CallRecord*> inspected_{};
};

inline void Inspector::observe() {
  endpoints_.observe();
  limits_.observe();
  const auto& calls = world().calls();
  for (const auto& call : calls) {
    const bool answered = call->fate == CallRecord::Fate::succeeded || call->committed;
    if (!answered || !answered_.insert(call.get()).second) continue;
    const nanoseconds took = call->info.attempts.back().elapsed;
    answers_.add(call->served().endpoint, call->streams(), took, world().now());
  }
  for (const auto& call : calls) {
    const bool ended = call->fate != CallRecord::Fate::running;
    if (ended && inspected_.insert(call.get()).second) calls_.inspect(*call);
  }
}

inline void Inspector::conclude() {
  observe();
  endpoints_.conclude();
  const auto& calls = world().calls();
  for (const auto& call : calls) {
    require(call->requests.empty() || call->requests.back().at <= call->ended, *call,
            "a request after its end");
  }
  breakers_.conclude();
  inspect_spending();
  if (plan().calm && !plan().hedge && plan().takes_turns()) inspect_shares();
}

/// Hedges are at most the given fraction of the calls, and what the retry budget paid is no more than it had.
inline void Inspector::inspect_spending() {
  const auto calls = static_cast<double>(world().calls().size());
  constexpr double rounding = 1e-6;
  if (plan().hedge) {
    require(spending_.hedges <= plan().hedge->max_fraction * calls + rounding,
            "more hedges than max_fraction");
  }
  if (plan().retry_budget) {
    const std::chrono::duration<double> passed = world().now() - world().began();
    const double earned =
        plan().retry_budget->per_call * calls + plan().retry_budget->per_second * (passed.count() + 10.0);
    require(spending_.paid <= earned + rounding, "more retries than the retry budget has paid");
  }
}

/// The shares of endpoints that are always healthy differ by at most one request, whatever fails beside them;
/// those of different weights are as their weights.
inline void Inspector::inspect_shares() {
  std::map<std::size_t, double> rounds;  // how often each had its share
  std::set<double> weights;
  for (std::size_t index = 0; index < plan().endpoints.size(); ++index) {
    if (plan().endpoints[index].phases.empty()) rounds[index] = 0.0;
    weights.insert(plan().endpoints[index].weight);
  }
  const double most_between = (weights.size() > 1 ? 2.0 : 1.0) / *weights.begin();
  constexpr double rounding = 1e-6;
  const auto& all_asked = world().asked();
  for (std::size_t asked : all_asked) {
    if (!rounds.contains(asked)) continue;
    rounds[asked] += 1.0 / plan().endpoints[asked].weight;
    const auto [least, most] =
        std::ranges::minmax_element(rounds, {}, &std::pair<const std::size_t, double>::second);
    require(most->second - least->second <= most_between + rounding,
            "the shares of healthy endpoints differ by more than one");
  }
}

}  // namespace openailb::simulation
