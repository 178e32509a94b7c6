#pragma once

#include "simulation/plan.hpp"
#include "simulation/record.hpp"
#include "simulation/world.hpp"

#include <string>
#include <vector>

namespace openailb::simulation {

/// What was found to contradict the invariants.
using Violations = std::vector<std::string>;

/// The base of those who look into a world, each for something else.
class Inspection {
 public:
  Inspection(const World& world, Violations& violations) : world_(&world), violations_(&violations) {}

 protected:
  const World& world() const { return *world_; }
  const WorldPlan& plan() const { return world_->plan(); }
  bool steady() const { return plan().jumps.empty(); }
  bool asks_refusing() const { return plan().when_all_open != WhenAllOpen::fail; }

  void require(bool holds, const std::string& what) {
    if (!holds) violations_->push_back(what);
  }
  void require(bool holds, const CallRecord& call, const std::string& what) {
    require(holds, "call " + call.id + ": " + what);
  }

 private:
  const World* world_;
  Violations* violations_;
};

}  // namespace openailb::simulation
