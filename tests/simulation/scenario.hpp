#pragma once

#include <openailb/testing/simulated_server.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace openailb::simulation {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::Fault;

inline constexpr std::size_t endpoints = 4;

/// What one endpoint is like at a moment, counted from the beginning.
struct Condition {
  Fault fault{};              ///< what befalls a request that arrives now
  double share{};             ///< of the requests
  double slowness{1.0};       ///< how many times the usual latency
  nanoseconds fails_in{};     ///< not zero: what is still running then is reset
  nanoseconds retry_after{};  ///< what a 429 says
};

/// Something that happens to four endpoints.
struct Scenario {
  std::string name{};
  std::function<Condition(std::size_t endpoint, nanoseconds at)> condition{};

  /// What the oracle knows: that nothing is wrong with an endpoint, or is about to be.
  bool healthy(std::size_t endpoint, nanoseconds at) const {
    const Condition now = condition(endpoint, at);
    return now.share == 0.0 && now.slowness == 1.0 && now.fails_in == 0s;
  }
};

inline std::vector<Scenario> scenarios() {
  const auto first = [](Condition condition) {
    return [condition](std::size_t endpoint, nanoseconds) { return endpoint == 0 ? condition : Condition{}; };
  };
  const auto all_but_last = [](std::size_t endpoint, nanoseconds) {
    return endpoint + 1 < endpoints ? Condition{.fault = Fault::unreachable, .share = 1.0} : Condition{};
  };
  // Each minute the next endpoint is down for 20 s.
  const auto restarts = [](std::size_t endpoint, nanoseconds at) {
    const auto minute = std::chrono::duration_cast<std::chrono::minutes>(at);
    const bool is_next = static_cast<std::size_t>(minute.count()) % endpoints == endpoint;
    const nanoseconds into = at - minute;
    if (!is_next || into >= 40s) return Condition{};
    if (into >= 20s) return Condition{.fault = Fault::unreachable, .share = 1.0};
    return Condition{.fails_in = 20s - into};
  };
  return {
      {"all well", first({})},
      {"one of four dead", first({.fault = Fault::unreachable, .share = 1.0})},
      {"one answers 500 half of the time", first({.fault = Fault::internal_error, .share = 0.5})},
      {"one is ten times slower", first({.slowness = 10.0})},
      {"one is rate limited", first({.fault = Fault::rate_limited, .share = 0.9, .retry_after = 5s})},
      {"all but one dead", all_but_last},
      {"rolling restarts", restarts},
  };
}

}  // namespace openailb::simulation
