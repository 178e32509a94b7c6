#pragma once

#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <ratio>

namespace openailb::detail {

/// The time of the slowest recent answer: a maximum that decays with a half-life of a minute. Lock-free.
class DecayingMax {
 public:
  void add(std::chrono::nanoseconds elapsed, TimePoint now) noexcept {
    // On a logarithmic scale all values decay at the same rate, so the largest stays the largest.
    const double level = std::log2(static_cast<double>((std::max)(elapsed, least).count())) + age(now);
    double highest = highest_.load();
    while (level > highest && !highest_.compare_exchange_weak(highest, level)) {
    }
    latest_.store(now);
  }

  /// How long an endpoint can be expected to need; if it takes longer, that may count against it. It is the
  /// decayed time of the slowest answer. While no answers come it does not decay below a second, or below
  /// what it was at the last answer if that is less. It is a second if the endpoint has never answered.
  std::chrono::nanoseconds blame_threshold(TimePoint now) const noexcept {
    const double highest = highest_.load();
    if (highest == never) return silent;
    return (std::max)(decayed(highest, now), (std::min)(decayed(highest, latest_.load()), silent));
  }

 private:
  static constexpr std::chrono::nanoseconds least{1}, silent{std::chrono::seconds(1)};
  static constexpr double never = -std::numeric_limits<double>::infinity();

  static double age(TimePoint time) noexcept {
    return std::chrono::duration<double, std::ratio<60>>(time.time_since_epoch()).count();
  }
  static std::chrono::nanoseconds decayed(double highest, TimePoint at) noexcept {
    const double count = std::exp2((std::min)(highest - age(at), 62.0));
    return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(count));
  }

  std::atomic<double> highest_{never};
  std::atomic<TimePoint> latest_{};
};

/// How long answers take at the moment: an average that fades with a time constant of twenty seconds, also
/// while no answers come, so that what was slow is asked again. Lock-free; of two answers at the same moment
/// one may be lost.
class DecayingEwma {
 public:
  void add(std::chrono::nanoseconds elapsed, TimePoint now) noexcept {
    const double faded = at(now), part = 1.0 - std::exp(-seconds(now - latest_.load()) / time_constant);
    set(faded == 0.0 ? seconds(elapsed) : faded + seconds(elapsed) * part, now);
  }
  /// Notes a failure. However quickly it came, the endpoint is not what should be asked because it is quick.
  void add_failure(std::chrono::nanoseconds elapsed, TimePoint now) noexcept {
    const double faded = at(now);
    set((std::max)(seconds(elapsed), faded == 0.0 ? 1.0 : 2.0 * faded), now);
  }
  /// Zero: not known.
  std::chrono::nanoseconds now(TimePoint time) const noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(at(time)));
  }

 private:
  static constexpr double time_constant = 20.0, least = 1e-6, most = 3600.0;
  static constexpr double unknown = -std::numeric_limits<double>::infinity();

  static double seconds(std::chrono::nanoseconds time) noexcept {
    return std::chrono::duration<double>(time).count();
  }
  // On a logarithmic scale it fades at the same rate, whatever it is.
  void set(double latency, TimePoint now) noexcept {
    level_.store(std::log(std::clamp(latency, least, most)) +
                 seconds(now.time_since_epoch()) / time_constant);
    latest_.store(now);
  }
  double at(TimePoint time) const noexcept {
    const double level = level_.load();
    return level == unknown ? 0.0 : std::exp(level - seconds(time.time_since_epoch()) / time_constant);
  }

  std::atomic<double> level_{unknown};
  std::atomic<TimePoint> latest_{};
};

/// How an endpoint has done lately: how long its answers take, and when and how quickly it failed last.
class LatencyStats {
 public:
  void answered(bool stream, std::chrono::nanoseconds elapsed, TimePoint now) noexcept {
    (stream ? first_tokens_ : answers_).add(elapsed, now);
    latency_[stream].add(elapsed, now);
  }
  void failed(bool stream, std::chrono::nanoseconds elapsed, TimePoint now) noexcept {
    fails_quickly_.store(elapsed < shortest_backoff);
    failed_at_.store(now);
    latency_[stream].add_failure(elapsed, now);
  }

  /// How long answers take at the moment; zero: not known.
  std::chrono::nanoseconds latency(bool stream, TimePoint now) const noexcept {
    return latency_[stream].now(now);
  }

  /// How long an attempt must have been given for its timeout to count against the endpoint.
  std::chrono::nanoseconds blame_threshold(bool stream, TimePoint now) const noexcept {
    return (stream ? first_tokens_ : answers_).blame_threshold(now);
  }
  /// Whether its last failure came sooner than the shortest backoff: then asking it costs less time than
  /// waiting.
  bool fails_quickly() const noexcept { return fails_quickly_.load(); }
  TimePoint failed_at() const noexcept { return failed_at_.load(); }

 private:
  DecayingMax answers_{};
  DecayingMax first_tokens_{};
  std::array<DecayingEwma, 2> latency_{};  // of answers, and of first tokens
  std::atomic<bool> fails_quickly_{true};
  std::atomic<TimePoint> failed_at_{(TimePoint::min)()};
};

}  // namespace openailb::detail
