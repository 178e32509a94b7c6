#pragma once

#include <openailb/openailb.hpp>
#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {

using namespace detail;

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::Fault;
using testing::Random;

/// What one call of a caller does.
struct CallPlan {
  enum class Kind { create, stream, post };
  Kind kind{};
  nanoseconds pause{};                    ///< before it
  std::size_t model{};                    ///< which of the models
  std::vector<std::size_t> fallbacks{};   ///< those that it falls back on
  std::optional<nanoseconds> stop{};      ///< when its stop token is requested, from its beginning
  std::optional<nanoseconds> drop{};      ///< when its task or stream is destroyed, from its beginning
  std::optional<std::size_t> endpoint{};  ///< the only one to use
  std::optional<nanoseconds> timeout{};
  std::optional<nanoseconds> deadline{};
  std::optional<int> max_retries{};
  bool wait_for_rate_limits{};
  std::size_t session{};
  bool by_function{};  ///< of an AsyncClient: a function is given what comes, not a coroutine
};

constexpr const char* to_string(CallPlan::Kind kind) {
  switch (kind) {
    case CallPlan::Kind::create: return "create";
    case CallPlan::Kind::stream: return "stream";
    case CallPlan::Kind::post: return "post";
  }
  return "";
}

/// How an endpoint behaves from some time on.
struct Phase {
  nanoseconds from{};
  std::vector<std::pair<Fault, double>> faults{};
};

struct EndpointPlan {
  std::uint64_t seed{};
  nanoseconds latency{};
  nanoseconds chunk_interval{};
  nanoseconds retry_after{};    ///< the longest that a 429 says
  std::vector<Phase> phases{};  ///< none: always healthy
  bool maps_models{};
  std::optional<std::size_t> lacks{};  ///< the model that it does not serve
  BreakerSettings breaker{};
  std::uint32_t failures_to_open{};
  double weight{1.0};
  int priority{};
  int max_in_flight{};
  int requests_per_minute{};
  std::string quota_group{};
  nanoseconds connect_time{};           ///< before each request
  nanoseconds joins{};                  ///< zero: it is there from the beginning
  std::optional<nanoseconds> leaves{};  ///< null: it stays

  bool is_limited() const { return max_in_flight > 0 || requests_per_minute > 0 || !quota_group.empty(); }
  bool moves() const { return joins > 0s || leaves; }
};

/// Which scorer the client has.
enum class ScorerPlan { none, least_in_flight, lowest_latency, affinity, whim };

/// What ScorerPlan::whim says that an endpoint costs: anything, but always the same for a session.
inline double whim(std::size_t endpoint, std::size_t session) {
  return static_cast<double>((7 * endpoint + 3 * session) % 4);
}

/// Where the user's own code throws, now and then.
enum class Thrower { nobody, classify, ready_to_trip, api_key };

/// A world: what is in it and what befalls it. Drawn from a seed; the same plan runs the same way.
struct WorldPlan {
  std::uint64_t seed{};
  bool async{};  ///< the callers use an AsyncClient
  std::vector<EndpointPlan> endpoints{};
  std::vector<std::vector<CallPlan>> callers{};
  std::vector<std::pair<nanoseconds, nanoseconds>> jumps{};  ///< of the clock: when, and how far
  Thrower thrower{};
  bool calm{};  ///< two endpoints are healthy throughout, and every call has time for its answer
  int max_retries{};
  int max_endpoints{};
  WhenAllOpen when_all_open{};
  nanoseconds timeout{};
  nanoseconds deadline{};
  nanoseconds first_token_timeout{};
  nanoseconds idle_timeout{};
  std::optional<HedgeOptions> hedge{};
  std::optional<RetryBudgetOptions> retry_budget{};
  ScorerPlan scorer{};
  int max_in_flight{};
  bool replaces{};  ///< the fleet is changed by set_endpoints, not by adding and removing

  /// Whether endpoints join or leave.
  bool moves() const { return std::ranges::any_of(endpoints, &EndpointPlan::moves); }
  /// Whether nothing but weights decides among endpoints that are well.
  bool takes_turns() const {
    return scorer == ScorerPlan::none && std::ranges::none_of(endpoints, [](const EndpointPlan& endpoint) {
             return endpoint.priority != 0 || endpoint.is_limited() || endpoint.moves();
           });
  }
};

inline constexpr std::size_t models = 3;

class Planner {
 public:
  explicit Planner(std::uint64_t seed) : random_(seed) { plan_.seed = seed; }

  WorldPlan plan() {
    plan_.calm = random_.chance(0.25);
    plan_.max_retries = random_.between(0, 3);
    plan_.max_endpoints = random_.between(1, 4);
    if (random_.chance(0.3))
      plan_.when_all_open = random_.chance(0.5) ? WhenAllOpen::fail : WhenAllOpen::wait;
    plan_.timeout = plan_.calm ? 600s : random_.between(1s, 20s);
    plan_.deadline = plan_.calm ? 1200s : random_.between(2s, 60s);
    plan_.first_token_timeout = random_.chance(0.3) && !plan_.calm ? random_.between(1s, 5s) : 0s;
    plan_.idle_timeout = random_.between(1s, 10s);
    if (!plan_.calm && random_.chance(0.2))
      plan_.jumps.emplace_back(random_.between(1s, 60s), random_.between(1s, 90s));
    if (!plan_.calm && random_.chance(0.2)) plan_.thrower = static_cast<Thrower>(random_.between(1, 3));
    const int endpoints = random_.between(plan_.calm ? 2 : 1, 6);
    for (int i = 0; i < endpoints; ++i) plan_.endpoints.push_back(endpoint(plan_.calm && i < 2));
    const int callers = random_.between(1, 6);
    for (int i = 0; i < callers; ++i) plan_.callers.push_back(caller());
    if (random_.chance(0.4)) plan_.hedge = hedge();
    if (!plan_.calm && random_.chance(0.6)) plan_.retry_budget = retry_budget();
    plan_.async = random_.chance(0.5);
    for (auto& calls : plan_.callers) {
      for (CallPlan& call : calls) call.by_function = random_.chance(0.4);
    }
    route();
    if (!plan_.calm) limit();
    if (!plan_.calm && random_.chance(0.25)) move();
    offer();
    return std::move(plan_);
  }

 private:
  void route() {
    if (random_.chance(0.4)) plan_.scorer = static_cast<ScorerPlan>(random_.between(1, 4));
    const bool weights = random_.chance(0.3), tiers = random_.chance(0.25);
    for (EndpointPlan& endpoint : plan_.endpoints) {
      if (weights) endpoint.weight = random_.between(1, 4);
      if (tiers) endpoint.priority = random_.between(0, 2);
    }
    for (auto& calls : plan_.callers) {
      for (CallPlan& call : calls) call.session = random_.below(5);
    }
  }

  void limit() {
    const bool slots = random_.chance(0.3), budgets = random_.chance(0.2), groups = random_.chance(0.2);
    if (slots && random_.chance(0.5)) plan_.max_in_flight = random_.between(1, 4);
    const std::vector<int> of_group{random_.between(2, 60), 0};
    for (EndpointPlan& endpoint : plan_.endpoints) {
      if (slots && random_.chance(0.6)) endpoint.max_in_flight = random_.between(1, 3);
      if (budgets && random_.chance(0.6)) endpoint.requests_per_minute = random_.between(2, 60);
      if (!groups || random_.chance(0.4)) continue;
      const std::size_t group = random_.below(of_group.size());
      endpoint.quota_group = "group-" + std::to_string(group);
      endpoint.requests_per_minute = of_group[group];
    }
  }

  /// The first endpoint stays, for a client needs one.
  void move() {
    plan_.replaces = random_.chance(0.3);
    for (std::size_t index = 1; index < plan_.endpoints.size(); ++index) {
      EndpointPlan& endpoint = plan_.endpoints[index];
      if (random_.chance(0.4)) endpoint.joins = random_.between(1s, 20s);
      if (random_.chance(0.4)) endpoint.leaves = endpoint.joins + random_.between(1s, 20s);
    }
  }

  /// Which models there are where, and which of them a call falls back on.
  void offer() {
    for (auto& calls : plan_.callers) {
      for (CallPlan& call : calls) call.fallbacks = fallbacks(call.model);
    }
    for (EndpointPlan& one : plan_.endpoints) {
      if (!plan_.calm && random_.chance(0.2)) one.lacks = random_.below(models);
    }
  }

  std::vector<std::size_t> fallbacks(std::size_t model) {
    std::vector<std::size_t> all;
    if (random_.chance(0.6)) return all;
    const std::size_t count = 1 + random_.below(models - 1);
    const std::size_t step = 1 + random_.below(models - 1);
    for (std::size_t i = 1; i <= count; ++i) all.push_back((model + i * step) % models);
    return all;
  }

  HedgeOptions hedge() {
    return {.delay = random_.chance(0.3) ? 0s : random_.between(1ms, 2s),
            .percentile = random_.uniform(),
            .max_fraction = random_.chance(0.5) ? 1.0 : random_.uniform()};
  }

  /// Smaller than the client's own, or these few callers would never use it up.
  RetryBudgetOptions retry_budget() {
    return {.per_call = random_.uniform(), .per_second = random_.uniform()};
  }

  EndpointPlan endpoint(bool healthy) {
    EndpointPlan endpoint{
        .seed = random_.bits(),
        .latency = random_.between(20ms, 500ms),
        .chunk_interval = random_.between(1ms, 50ms),
        .retry_after = random_.chance(0.1) ? random_.between(50s, 90s) : random_.between(10ms, 5s),
        .maps_models = random_.chance(0.3),
        .failures_to_open = static_cast<std::uint32_t>(random_.between(1, 4))};
    endpoint.breaker.max_requests = static_cast<std::uint32_t>(random_.between(1, 3));
    endpoint.breaker.timeout = random_.between(100ms, 20s);
    if (random_.chance(0.3)) endpoint.breaker.interval = random_.between(1s, 10s);
    if (random_.chance(0.15)) endpoint.breaker.bucket_period = random_.between(100ms, 1s);
    if (!healthy && plan_.jumps.empty() && random_.chance(0.3))
      endpoint.connect_time = random_.between(0s, 4s);
    const int phases = healthy ? 0 : random_.between(1, 4);
    nanoseconds from{};
    for (int i = 0; i < phases; ++i) {
      endpoint.phases.push_back({from, faults()});
      from += random_.between(1s, 30s);
    }
    return endpoint;
  }

  std::vector<std::pair<Fault, double>> faults() {
    std::vector<std::pair<Fault, double>> faults;
    if (random_.chance(0.3)) return faults;
    const int kinds = random_.between(1, 3);
    for (int i = 0; i < kinds; ++i) {
      const auto fault = static_cast<Fault>(random_.below(testing::fault_count));
      faults.emplace_back(fault, random_.chance(0.3) ? 1.0 : random_.uniform());
    }
    return faults;
  }

  std::vector<CallPlan> caller() {
    std::vector<CallPlan> calls(random_.below(8) + 1);
    for (CallPlan& call : calls) {
      call.kind = static_cast<CallPlan::Kind>(random_.between(0, 2));
      call.pause = random_.chance(0.3) ? 0s : random_.between(0s, 5s);
      call.model = random_.below(models);
      if (random_.chance(0.15)) call.stop = random_.between(0s, 3s);
      if (random_.chance(0.15)) call.drop = random_.between(0s, 3s);
      if (random_.chance(0.2)) call.max_retries = random_.between(0, 4);
      if (plan_.calm) continue;
      call.wait_for_rate_limits = random_.chance(0.3);
      if (random_.chance(0.1)) call.endpoint = random_.below(plan_.endpoints.size());
      if (random_.chance(0.2)) call.timeout = random_.between(100ms, 5s);
      if (random_.chance(0.2)) call.deadline = random_.between(100ms, 10s);
    }
    return calls;
  }

  Random random_;
  WorldPlan plan_{};
};

inline WorldPlan plan_of(std::uint64_t seed) { return Planner(seed).plan(); }

}  // namespace openailb::simulation
