#pragma once

#include <openailb/options.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace openailb::simulation {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::Fault;

/// What one endpoint is like at a moment, counted from the beginning.
struct Condition {
  Fault fault{};              ///< what befalls a request that arrives now
  double share{};             ///< of the requests
  double slowness{1.0};       ///< how many times the usual latency
  nanoseconds fails_in{};     ///< not zero: what is still running then is reset
  nanoseconds retry_after{};  ///< what a 429 says
  nanoseconds connect_time{};
};

inline constexpr Condition dead{.fault = Fault::unreachable, .share = 1.0};

/// Something that happens to some endpoints.
struct Scenario {
  std::string name{};
  std::function<Condition(std::size_t endpoint, nanoseconds at)> condition{};
  std::size_t endpoints{4};
  nanoseconds duration{8min};
  nanoseconds between_calls{250ms};  ///< on average; they come at random
  nanoseconds latency{1s};
  int poisons{};                        ///< so many calls come first that every endpoint answers with 500
  std::optional<HedgeOptions> hedge{};  ///< of openailb, with and without breakers
  /// The most requests per call that openailb may send, beside the floor of its retry budget. Zero: no
  /// matter.
  double most_requests{};
  /// How many times the oracle's slowest hundredth that of openailb may take. Zero: no matter.
  double slowest_beside_oracle{};
  /// Nothing is wrong but the connecting: each call succeeds, each endpoint gets its share, no breaker opens.
  bool only_connects_slowly{};

  /// What the oracle knows: that nothing is wrong with an endpoint, or is about to be.
  bool healthy(std::size_t endpoint, nanoseconds at) const {
    const Condition now = condition(endpoint, at);
    const bool fails_soon = now.fails_in != 0s && now.fails_in < 10 * latency;
    return now.share == 0.0 && now.slowness == 1.0 && !fails_soon;
  }
};

/// Down for so long, and again each time that a period has passed; what runs when it goes down is reset.
inline Condition goes_down(nanoseconds at, nanoseconds from, nanoseconds period, nanoseconds down) {
  if (at < from - 1s) return {};
  const nanoseconds into = (at - from + period) % period;
  if (into < down) return at < from ? Condition{} : dead;
  return {.fails_in = period - into};
}

/// Trouble with some of four endpoints, at the pace of a small service.
inline std::vector<Scenario> bad_days() {
  const auto first = [](Condition condition) {
    return [condition](std::size_t endpoint, nanoseconds) { return endpoint == 0 ? condition : Condition{}; };
  };
  const auto all_but_last = [](std::size_t endpoint, nanoseconds) {
    return endpoint + 1 < 4 ? dead : Condition{};
  };
  const auto restarts = [](std::size_t endpoint, nanoseconds at) {
    return goes_down(at, 1min * static_cast<int>(endpoint) + 20s, 4min, 20s);
  };
  const auto both = [](std::size_t, nanoseconds) { return Condition{.connect_time = 1300ms}; };
  std::vector<Scenario> bad{
      {"all well", first({})},
      {"one of four dead", first(dead)},
      {"one answers 500 half of the time", first({.fault = Fault::internal_error, .share = 0.5})},
      {"one is ten times slower", first({.slowness = 10.0})},
      {"the same, with hedges", first({.slowness = 10.0})},
      {"one is rate limited", first({.fault = Fault::rate_limited, .share = 0.9, .retry_after = 5s})},
      {"one is a black hole", first({.fault = Fault::black_hole, .share = 1.0})},
      {"one needs 1.3 s to connect", first({.connect_time = 1300ms})},
      {"two of two need 1.3 s to connect", both},
      {"all but one dead", all_but_last},
      {"rolling restarts of 20 s", restarts},
  };
  bad[4].hedge = HedgeOptions{.percentile = 0.95, .max_fraction = 0.3};
  bad[4].slowest_beside_oracle = 1.3;
  bad[7].only_connects_slowly = bad[8].only_connects_slowly = true;
  bad[8].endpoints = 2;
  return bad;
}

/// Trouble with all of them, at forty calls a second that take 20 ms.
inline std::vector<Scenario> worst_days() {
  const auto blip = [](std::size_t, nanoseconds at) {
    return at >= 5s && at < 5100ms ? dead : Condition{.fails_in = at < 5s ? 5s - at : 0s};
  };
  const auto half = [](std::size_t, nanoseconds) {
    return Condition{.fault = Fault::internal_error, .share = 0.5};
  };
  // Never two at once, but each comes back while the breakers of the ones before it are still open.
  const auto restarts = [](std::size_t endpoint, nanoseconds at) {
    return goes_down(at, 2500ms * static_cast<int>(endpoint) + 2500ms, 10s, 1s);
  };
  const auto away = [](std::size_t, nanoseconds at) { return goes_down(at, 5s, 1h, 1s); };
  const auto well = [](std::size_t, nanoseconds) { return Condition{}; };
  std::vector<Scenario> worst{
      {"all refuse for 0.1 s", blip},
      {"all answer 500 half of the time", half},
      {"rolling restarts of 1 s, one every 2.5 s", restarts},
      {"eight requests that every endpoint answers with 500", well},
      {"one endpoint alone, away for a second", away},
      {"all dead, 1,000 calls a second", [](std::size_t, nanoseconds) { return dead; }},
  };
  for (Scenario& scenario : worst) {
    scenario.duration = 35s;
    scenario.between_calls = 25ms;
    scenario.latency = 20ms;
  }
  worst[3].poisons = 8;
  worst[4].endpoints = 1;
  worst[5].between_calls = 1ms;
  worst[5].duration = 10s;
  worst[5].most_requests = 1.2;
  Scenario all_away = worst[4];
  all_away.name = "all of eight endpoints away for a second";
  all_away.endpoints = 8;
  worst.insert(worst.end() - 1, all_away);
  return worst;
}

/// Prints the tables of scenarios in tests/README.md. False when openailb is below itself without breakers in
/// one of them.
bool print_scenarios();

}  // namespace openailb::simulation
