#pragma once

#include "simulation/inspection.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace openailb::simulation {

/// Looks at what the client says of its endpoints: in-flight counts, permits, probes and cooldowns.
class EndpointInspector : Inspection {
 public:
  using Inspection::Inspection;

  void observe();
  void conclude();

 private:
  std::map<std::pair<std::size_t, std::string>, TimePoint> not_before_{};
};

/// In-flight counts, permits, probes and cooldowns, at any moment.
inline void EndpointInspector::observe() {
  std::size_t in_flight = 0;
  const auto endpoints = world().status();
  for (const EndpointStatus& endpoint : endpoints) {
    const std::size_t index = World::index_of(endpoint);
    const Counts& counts = endpoint.counts;
    const auto settled = counts.total_successes + counts.total_failures + counts.total_exclusions;
    const EndpointPlan& its = plan().endpoints[index];
    require(endpoint.in_flight >= 0, endpoint.name + ": a negative in-flight count");
    in_flight += static_cast<std::size_t>(endpoint.in_flight);
    require(counts.requests <= settled + static_cast<std::uint32_t>(endpoint.in_flight),
            endpoint.name + ": a permit is out that no attempt holds");
    require(endpoint.state != State::half_open ||
                counts.requests - counts.total_exclusions <= its.breaker.max_requests,
            endpoint.name + ": more probes than max_requests");
    for (const auto& [model, remaining] : endpoint.cooldowns) {
      TimePoint& not_before = not_before_[{index, model}];
      require(world().now() + remaining >= not_before, endpoint.name + ": not_before moved back");
      not_before = world().now() + remaining;
    }
    for (const auto& [key, until] : not_before_) {
      require(key.first != index || until <= world().now() || endpoint.cooldowns.contains(key.second),
              endpoint.name + ": not_before was forgotten");
    }
  }
  const std::size_t most = world().running() * (plan().hedge ? 2 : 1);
  require(in_flight <= most, "more attempts in flight than calls and hedges");
}

inline void EndpointInspector::conclude() {
  require(world().transfers() == 0, "a transfer is left");
  const auto endpoints = world().status();
  for (const EndpointStatus& endpoint : endpoints) {
    const Counts& counts = endpoint.counts;
    require(endpoint.in_flight == 0, endpoint.name + ": in flight when nothing runs");
    require(counts.requests == counts.total_successes + counts.total_failures + counts.total_exclusions,
            endpoint.name + ": a permit was not given back");
  }
}

}  // namespace openailb::simulation
