#pragma once

#include "simulation/routing.hpp"
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <set>
#include <string>

namespace openailb::simulation {

/// A server of RoutingScenario at work.
class ModelServer {
 public:
  ModelServer(std::size_t places, TimePoint now) {
    for (std::size_t place = 0; place < places; ++place) free_at_.insert(now);
  }

  /// How long a request that comes now waits for a place.
  nanoseconds queue(TimePoint now) const { return std::max(*free_at_.begin() - now, nanoseconds(0)); }
  /// Takes a request in. Returns when its first token comes.
  nanoseconds take(nanoseconds first_token, nanoseconds rest, TimePoint now) {
    const nanoseconds waits = queue(now);
    free_at_.erase(free_at_.begin());
    free_at_.insert(now + waits + first_token + rest);
    return waits + first_token;
  }

  /// What is left of the work on a prompt whose conversation is in the cache.
  double uncached(const std::string& session) const {
    return std::ranges::find(cache_, session) == cache_.end() ? 1.0 : 0.2;
  }
  void remember(const std::string& session) {
    if (session.empty()) return;
    cache_.remove(session);
    cache_.push_back(session);
    if (cache_.size() > most_cached) cache_.pop_front();
  }

 private:
  static constexpr std::size_t most_cached = 40;

  std::multiset<TimePoint> free_at_{};  // each place
  std::list<std::string> cache_{};
};

}  // namespace openailb::simulation
