#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace openailb::simulation {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// A server of models. It works on so many requests at once, each from its prompt to its last token; what
/// comes beyond that waits there until a place is free. So its overload is never an error, only time.
struct ServerPlan {
  std::size_t places{64};
  double weight{1.0};
};

/// Endpoints that are not alike, and what a scorer must make of them.
struct RoutingScenario {
  std::string name{};
  std::vector<ServerPlan> servers{{}, {}, {}, {}};
  /// How many times as long everything takes there, counted from the beginning. Null: as long as usual.
  std::function<double(std::size_t server, nanoseconds at)> slowness{};
  /// The share of requests that fail there at once. Null: none.
  std::function<double(std::size_t server, nanoseconds at)> failing{};
  /// How much time is between two requests of others to the first server, while they load it. Zero: nobody.
  nanoseconds between_others{};
  double prompt_spread{0.3};   ///< of the time from the prompt to the first token; see Random::around
  nanoseconds answer{1600ms};  ///< from the first token to the last
  int sessions{};              ///< so many conversations; zero: each call is alone
  nanoseconds duration{6min};
  nanoseconds between_calls{125ms};
  /// How many times the oracle's mean lowest_latency may take. Zero: no matter.
  double lowest_latency_beside_oracle{};
};

/// A minute without an endpoint, and then a minute in which it gets as fast as it was.
inline constexpr nanoseconds down_from = 1min, down_until = 2min, warm_at = 3min;
/// While others load a server.
inline constexpr nanoseconds others_from = 1min, others_until = 3min;

inline std::vector<RoutingScenario> routing_scenarios() {
  const auto first_is = [](double slowness) {
    return [slowness](std::size_t server, nanoseconds) { return server == 0 ? slowness : 1.0; };
  };
  const auto comes_back_cold = [](std::size_t server, nanoseconds at) {
    if (server != 0 || at < down_until || at >= warm_at) return 1.0;
    return 1.0 + 9.0 * (std::chrono::duration<double>(warm_at - at) / (warm_at - down_until));
  };
  const auto first_is_down = [](std::size_t server, nanoseconds at) {
    return server == 0 && at >= down_from && at < down_until ? 1.0 : 0.0;
  };

  const std::vector<ServerPlan> small(4, {.places = 8});
  return {
      {.name = "one is 3 times slower", .slowness = first_is(3.0), .lowest_latency_beside_oracle = 1.15},
      {.name = "one is 10 times slower", .slowness = first_is(10.0), .lowest_latency_beside_oracle = 1.15},
      {.name = "others overload one for 2 minutes",
       .servers = small,
       .between_others = 250ms,
       .lowest_latency_beside_oracle = 1.15},
      {.name = "capacities 1:2:4",
       .servers = {{.places = 3}, {.places = 6}, {.places = 12}},
       .lowest_latency_beside_oracle = 1.35},
      {.name = "the same, and weights",
       .servers = {{3, 1.0}, {6, 2.0}, {12, 4.0}},
       .lowest_latency_beside_oracle = 1.1},
      {.name = "prompts of very different length",
       .servers = std::vector<ServerPlan>(4, {.places = 7}),
       .prompt_spread = 1.3,
       .lowest_latency_beside_oracle = 1.2},
      {.name = "one is down for a minute, and then cold",
       .servers = small,
       .slowness = comes_back_cold,
       .failing = first_is_down,
       .lowest_latency_beside_oracle = 1.1},
      {.name = "conversations, cached where they were", .servers = small, .sessions = 120},
  };
}

/// Prints the table of scorers in README.md. False when one of them is not as good as it should be.
bool print_routing();

}  // namespace openailb::simulation
