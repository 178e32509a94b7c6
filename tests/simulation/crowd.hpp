#pragma once

#include <openailb/openailb.hpp>
#include <openailb/testing/random.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace openailb::simulation {

using namespace detail;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// When calls come: at random, with so much time between two on average. The same each time.
inline std::vector<TimePoint> arrivals(TimePoint began, nanoseconds duration, nanoseconds between_calls) {
  std::vector<TimePoint> arrivals;
  testing::Random random(7);
  for (nanoseconds at{}; at < duration; at += random.between(0s, 2 * between_calls)) {
    arrivals.push_back(began + at);
  }
  return arrivals;
}

/// Runs all calls to their end, on one loop.
inline void run_all(EventLoop& loop, std::vector<Task<bool>>& calls) {
  for (auto& call : calls) call.start();
  for (const auto& call : calls) {
    while (!call.done()) loop.run_once();
  }
}

inline nanoseconds quantile(std::vector<nanoseconds> values, double share) {
  if (values.empty()) return 0s;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace openailb::simulation
