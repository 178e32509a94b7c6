#pragma once

#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace openailb::simulation {

/// When requests were sent that share so many per minute. In no stretch of time may there be more than a
/// minute's and what that stretch itself brings.
class RequestTimes {
 public:
  /// When the next one may come.
  TimePoint next(int per_minute) const {
    const std::chrono::duration<double> each(60.0 / per_minute);
    TimePoint next{};
    for (std::size_t index = 0; index < times_.size(); ++index) {
      const auto from_here_on = static_cast<double>(times_.size() - index);
      const auto wait = std::chrono::ceil<TimePoint::duration>((from_here_on + 1.0 - per_minute) * each);
      next = std::max(next, times_[index] + wait);
    }
    return next;
  }
  void add(TimePoint time) { times_.push_back(time); }

 private:
  std::vector<TimePoint> times_{};
};

}  // namespace openailb::simulation
