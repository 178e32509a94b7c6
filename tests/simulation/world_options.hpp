#pragma once

#include "simulation/plan.hpp"
#include "simulation/world.hpp"
#include <openailb/openailb.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// How a world's client is configured.
namespace openailb::simulation {

inline std::vector<EndpointConfig> World::endpoints() {
  std::vector<EndpointConfig> endpoints;
  for (const std::size_t index : present_) endpoints.push_back(configuration(index));
  return endpoints;
}

inline EndpointConfig World::configuration(std::size_t index) {
  const EndpointPlan& endpoint = plan_.endpoints[index];
  EndpointConfig config{.base_url = "https://" + name(index) + ".example/v1",
                        .name = name(index),
                        .breaker = endpoint.breaker,
                        .weight = endpoint.weight,
                        .priority = endpoint.priority,
                        .max_in_flight = endpoint.max_in_flight,
                        .requests_per_minute = endpoint.requests_per_minute,
                        .quota_group = endpoint.quota_group};
  config.api_key = key(index);
  if (plan_.thrower == Thrower::api_key) {
    config.api_key = [this, index] {
      maybe_throw(Thrower::api_key);
      return key(index);
    };
  }
  if (endpoint.maps_models) config.model_map = {{"model-*", "model-*-at-" + std::to_string(index)}};
  for (std::size_t model = 0; endpoint.lacks && model < models; ++model) {
    if (model != endpoint.lacks) config.models.push_back("*-" + std::to_string(model));
  }
  config.breaker.ready_to_trip = [this, most = endpoint.failures_to_open](const Counts& counts) {
    maybe_throw(Thrower::ready_to_trip);
    return counts.consecutive_failures >= most;
  };
  config.breaker.on_state_change = [this, index](const std::string&, State, State to) {
    transitions_.push_back({index, to, now()});
  };
  return config;
}

inline ClientOptions World::options() {
  ClientOptions options{.max_retries = plan_.max_retries,
                        .max_endpoints = plan_.max_endpoints,
                        .timeout = plan_.timeout,
                        .deadline = plan_.deadline,
                        .first_token_timeout = plan_.first_token_timeout,
                        .idle_timeout = plan_.idle_timeout};
  options.classify = [this](const Error&) -> std::optional<FailureClass> {
    maybe_throw(Thrower::classify);
    return std::nullopt;
  };
  options.random = [this] { return random_.uniform(); };
  options.when_all_open = plan_.when_all_open;
  options.hedge = plan_.hedge;
  options.retry_budget = plan_.retry_budget;
  options.scorer = scorer();
  options.second_opinion = false;  // the rules of these worlds know none
  options.max_in_flight = plan_.max_in_flight;
  options.event_loop = net_.loops();
  return options;
}

inline EndpointScorer World::scorer() const {
  switch (plan_.scorer) {
    case ScorerPlan::none: return {};
    case ScorerPlan::least_in_flight: return least_in_flight;
    case ScorerPlan::lowest_latency: return lowest_latency;
    case ScorerPlan::affinity: return affinity;
    case ScorerPlan::whim:
      return [](const EndpointLoad& endpoint) {
        const auto number = [](std::string_view text) { return std::stoul(std::string(text)); };
        return whim(number(endpoint.name.substr(name(0).size() - 1)), number(endpoint.session));
      };
  }
  return {};
}

}  // namespace openailb::simulation
