#pragma once

#include "support/simulation.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test {

/// A breaker that opens at the first failure.
inline const BreakerSettings touchy{.ready_to_trip = [](const Counts&) { return true; }};

inline State state(const Client& client, std::size_t index) { return client.endpoints().at(index).state; }

/// A client some of whose breakers are open, in the order in which they have failed.
struct OpenBreakers : Simulation {
  explicit OpenBreakers(std::size_t size)
      : Simulation(std::vector<std::vector<SimulatedAnswer>>(size, {ok()})) {
    options.breaker = touchy;
  }
  /// Lets an endpoint fail once, in this way, and opens its breaker by that.
  void open(const Client& client, std::size_t index, SimulatedAnswer failure = failing(503)) {
    serve(index, std::move(failure));
    EXPECT_FALSE(ask(client, {.max_retries = 0, .endpoint = "endpoint-" + std::to_string(index)}));
    EXPECT_EQ(state(client, index), State::open);
    network.advance(std::chrono::milliseconds(10));
    sent.clear();
  }
};

}  // namespace openailb::test
