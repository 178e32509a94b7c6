#pragma once

#include "support/simulation.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace openailb::test {

/// A simulation in which every call may be hedged after a second.
struct Hedged : Simulation {
  explicit Hedged(std::vector<std::vector<SimulatedAnswer>> scripts) : Simulation(std::move(scripts)) {
    options.hedge = HedgeOptions{.delay = std::chrono::seconds(1), .max_fraction = 1.0};
  }
};

}  // namespace openailb::test
