#pragma once

#include <openailb/breaker_settings.hpp>
#include <openailb/counts.hpp>

#include <chrono>
#include <map>
#include <string>

namespace openailb {

/// The status of one endpoint at one moment.
struct EndpointStatus {
  std::string name{};
  std::string base_url{};  ///< without its query
  State state{};           ///< of its circuit breaker
  Counts counts{};         ///< of its circuit breaker
  int in_flight{};         ///< attempts under way; a stream counts until it ends
  std::map<std::string, std::chrono::nanoseconds> cooldowns{};  ///< by model: how long it stays rate limited
};

}  // namespace openailb
