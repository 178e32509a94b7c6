#pragma once

#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/counts.hpp>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// The status of one endpoint at one moment.
struct EndpointStatus {
  std::string name{};
  std::string base_url{};  ///< without its query
  State state{};           ///< of its circuit breaker
  Counts counts{};         ///< of its circuit breaker
  int in_flight{};         ///< attempts in flight; a stream counts until it ends
  std::map<std::string, std::chrono::nanoseconds> cooldowns{};  ///< by model: how long it stays rate limited
};

/// The statuses of all endpoints. A part of a temporary one is no reference into it, so that it may be kept
/// and looped over: `for (const auto& [model, left] : client.endpoints()[0].cooldowns)`.
class EndpointStatuses : public std::vector<EndpointStatus> {
  using Base = std::vector<EndpointStatus>;

 public:
  using Base::Base;

  EndpointStatus& operator[](size_type index) & { return Base::operator[](index); }
  const EndpointStatus& operator[](size_type index) const& { return Base::operator[](index); }
  EndpointStatus operator[](size_type index) && { return std::move(Base::operator[](index)); }

  EndpointStatus& at(size_type index) & { return Base::at(index); }
  const EndpointStatus& at(size_type index) const& { return Base::at(index); }
  EndpointStatus at(size_type index) && { return std::move(Base::at(index)); }

  EndpointStatus& front() & { return Base::front(); }
  const EndpointStatus& front() const& { return Base::front(); }
  EndpointStatus front() && { return std::move(Base::front()); }

  EndpointStatus& back() & { return Base::back(); }
  const EndpointStatus& back() const& { return Base::back(); }
  EndpointStatus back() && { return std::move(Base::back()); }
};

}  // namespace openailb
