#pragma once

#include <openailb/breaker_settings.hpp>
#include <openailb/counts.hpp>

#include <chrono>
#include <map>
#include <string>

namespace openailb {

/// What one endpoint is doing at the moment.
struct EndpointStatus {
  std::string name{};
  std::string base_url{};  ///< without its query
  State state{};           ///< of its circuit breaker
  Counts counts{};         ///< of its circuit breaker
  int in_flight{};         ///< attempts running, streams counted to their end
  std::map<std::string, std::chrono::nanoseconds> cooldowns{};  ///< for how long it is rate limited, by model
};

}  // namespace openailb
