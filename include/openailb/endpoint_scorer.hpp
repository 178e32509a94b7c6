#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string_view>

namespace openailb {

/// An endpoint that can be asked now, as a EndpointScorer sees it.
struct EndpointLoad {
  std::string_view name{};
  double weight{1.0};  ///< EndpointConfig::weight
  int in_flight{};     ///< attempts in flight there; a stream counts until it ends
  /// How long its answers take at the moment (of streams: their first tokens): an average, mostly of the last
  /// twenty seconds, that fades while no answers come. Zero: not known.
  std::chrono::nanoseconds latency{};
  std::string_view model{};    ///< that the call asks for, by the caller's name; empty if it names none
  std::string_view session{};  ///< RequestOptions::session
  int all_in_flight{};         ///< attempts in flight at all candidates
  double all_weights{1.0};     ///< the weights of all candidates
};

/// Says what it costs to ask an endpoint. Of those that can be asked, the one that costs least is asked;
/// those that cost the same take turns, by their weights. Called from any thread, for each endpoint that can
/// be asked, so it must be quick. A price list is a scorer:
///
///     .scorer = [](const openailb::EndpointLoad& endpoint) { return prices.at(endpoint.name); }
using EndpointScorer = std::function<double(const EndpointLoad&)>;

/// Where most is free: the fewest attempts in flight for its weight.
inline double least_in_flight(const EndpointLoad& endpoint) {
  return (endpoint.in_flight + 1) / endpoint.weight;
}

/// Where the answer is likely to come first: the latency times the attempts in flight. As the latency fades,
/// an endpoint that was slow is tried again before long. One that has not answered yet is asked once, and
/// then not until it has.
inline double lowest_latency(const EndpointLoad& endpoint) {
  constexpr double not_before_the_others = 1e18;
  const double waiting = (endpoint.in_flight + 1) / endpoint.weight;
  if (endpoint.latency.count() == 0) return endpoint.in_flight == 0 ? 0.0 : not_before_the_others * waiting;
  return static_cast<double>(endpoint.latency.count()) * waiting;
}

/// Calls of one RequestOptions::session go to the same endpoint, which has their prompts in its cache. An
/// endpoint that has half as much again to do as its share is passed over. If endpoints come and go, only
/// their own sessions move: rendezvous hashing with bounded loads. Calls without a session take turns.
inline double affinity(const EndpointLoad& endpoint) {
  if (endpoint.session.empty()) return 0.0;
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a, the same in every process
  for (const std::string_view text : {endpoint.session, std::string_view("\n"), endpoint.name}) {
    for (const char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 1099511628211U;
  }
  hash =
      (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdU;  // and MurmurHash3's mixer, as FNV's high bits are poor
  hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53U;
  hash ^= hash >> 33U;
  const double uniform = (static_cast<double>(hash >> 11U) + 0.5) * 0x1p-53;  // in (0, 1)
  const double share = endpoint.weight / endpoint.all_weights * (endpoint.all_in_flight + 1);
  constexpr double passed_over = 1e9;
  const bool is_full = endpoint.in_flight >= std::ceil(1.5 * share);
  return -std::log(uniform) / endpoint.weight + (is_full ? passed_over : 0.0);
}

}  // namespace openailb
