#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>

namespace openailb::testing {

/// Random numbers. The same seed gives the same numbers with every compiler, which the standard's engines
/// guarantee but its distributions do not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }
  /// In [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  bool chance(double probability) { return uniform() < probability; }
  /// In [0, count); `count` is not zero.
  std::size_t below(std::size_t count) { return bits() % count; }
  /// In [low, high].
  int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<std::size_t>(high - low) + 1));
  }
  std::chrono::nanoseconds between(std::chrono::nanoseconds low, std::chrono::nanoseconds high) {
    return low + std::chrono::duration_cast<std::chrono::nanoseconds>((high - low) * uniform());
  }
  /// Log-normal, as latencies are: half of the durations are shorter than `median`. With a spread of 0.5, one
  /// of forty is longer than 2.7 times the median.
  std::chrono::nanoseconds around(std::chrono::nanoseconds median, double spread) {
    const double angle = 2.0 * std::numbers::pi * uniform();
    const double normal = std::sqrt(-2.0 * std::log(1.0 - uniform())) * std::cos(angle);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(median * std::exp(spread * normal));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace openailb::testing
