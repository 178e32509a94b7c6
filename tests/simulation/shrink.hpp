#pragma once

#include "simulation/async_world.hpp"
#include "simulation/inspector.hpp"
#include "simulation/plan.hpp"
#include "simulation/task_world.hpp"
#include "simulation/world.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

inline std::unique_ptr<World> make_world(const WorldPlan& plan) {
  if (plan.async) return std::make_unique<AsyncWorld>(plan);
  return std::make_unique<TaskWorld>(plan);
}

/// What was violated in the world of a plan.
inline std::vector<std::string> violations_of(const WorldPlan& plan) {
  const std::unique_ptr<World> world = make_world(plan);
  Inspector inspector(*world);
  try {
    world->run([&] { inspector.observe(); });
    inspector.conclude();
  } catch (const std::exception& exception) {
    return {std::string("it threw: ") + exception.what()};
  }
  return inspector.violations();
}

/// A plan from which one thing has been taken away, for every thing that can be.
inline std::vector<WorldPlan> reductions(const WorldPlan& plan) {
  std::vector<WorldPlan> reduced;
  const auto without = [&](auto take_away) { take_away(reduced.emplace_back(plan)); };
  const auto at = [](auto& list, std::size_t index) {
    return list.begin() + static_cast<std::ptrdiff_t>(index);
  };
  for (std::size_t i = 0; i < plan.callers.size(); ++i) {
    without([&](WorldPlan& smaller) { smaller.callers.erase(at(smaller.callers, i)); });
    for (std::size_t j = 0; j < plan.callers[i].size(); ++j) {
      without([&](WorldPlan& smaller) { smaller.callers[i].erase(at(smaller.callers[i], j)); });
      const CallPlan& call = plan.callers[i][j];
      if (!call.fallbacks.empty()) {
        without([&](WorldPlan& smaller) { smaller.callers[i][j].fallbacks.pop_back(); });
      }
      if (call.stop) without([&](WorldPlan& smaller) { smaller.callers[i][j].stop.reset(); });
      if (call.drop) without([&](WorldPlan& smaller) { smaller.callers[i][j].drop.reset(); });
    }
  }
  for (std::size_t i = 0; i < plan.endpoints.size(); ++i) {
    if (plan.endpoints[i].lacks) without([&](WorldPlan& smaller) { smaller.endpoints[i].lacks.reset(); });
    for (std::size_t j = 0; j < plan.endpoints[i].phases.size(); ++j) {
      const std::size_t faults = plan.endpoints[i].phases[j].faults.size();
      for (std::size_t k = 0; k < faults; ++k) {
        without([&](WorldPlan& smaller) {
          auto& left = smaller.endpoints[i].phases[j].faults;
          left.erase(at(left, k));
        });
      }
    }
  }
  for (std::size_t i = 0; i < plan.endpoints.size(); ++i) {
    const EndpointPlan& endpoint = plan.endpoints[i];
    const auto plainer = [&](auto member) {
      if (endpoint.*member == EndpointPlan{}.*member) return;
      without([&](WorldPlan& smaller) { smaller.endpoints[i].*member = EndpointPlan{}.*member; });
    };
    plainer(&EndpointPlan::weight);
    plainer(&EndpointPlan::priority);
    plainer(&EndpointPlan::max_in_flight);
    plainer(&EndpointPlan::connect_time);
    plainer(&EndpointPlan::joins);
    plainer(&EndpointPlan::leaves);
  }
  if (std::ranges::any_of(plan.endpoints, &EndpointPlan::requests_per_minute)) {
    without([](WorldPlan& smaller) {
      for (EndpointPlan& endpoint : smaller.endpoints) endpoint.requests_per_minute = 0;
    });
  }
  if (plan.scorer != ScorerPlan::none) without([](WorldPlan& smaller) { smaller.scorer = ScorerPlan::none; });
  if (plan.max_in_flight > 0) without([](WorldPlan& smaller) { smaller.max_in_flight = 0; });
  if (plan.async) without([](WorldPlan& smaller) { smaller.async = false; });
  if (plan.hedge) without([](WorldPlan& smaller) { smaller.hedge.reset(); });
  if (plan.retry_budget) without([](WorldPlan& smaller) { smaller.retry_budget.reset(); });
  if (!plan.jumps.empty()) without([](WorldPlan& smaller) { smaller.jumps.clear(); });
  if (plan.thrower != Thrower::nobody) without([](WorldPlan& smaller) { smaller.thrower = Thrower::nobody; });
  return reduced;
}

/// The smallest plan that can be found in which something is still violated.
inline WorldPlan shrink(WorldPlan plan) {
  const auto smaller = [](const WorldPlan& from) -> std::optional<WorldPlan> {
    for (WorldPlan& candidate : reductions(from)) {
      if (!violations_of(candidate).empty()) return std::move(candidate);
    }
    return std::nullopt;
  };
  while (std::optional<WorldPlan> found = smaller(plan)) plan = *std::move(found);
  return plan;
}

}  // namespace openailb::simulation
