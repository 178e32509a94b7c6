#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <vector>

namespace openailb {

/// What a circuit breaker has counted since its counts were last cleared, as in sony/gobreaker v2. A 64-bit
/// count does not overflow: at one request per nanosecond that would take five centuries.
struct Counts {
  std::uint64_t requests{};               ///< admitted, whether or not their outcome is known yet
  std::uint64_t total_successes{};        ///< reported as a success
  std::uint64_t total_failures{};         ///< reported as a failure
  std::uint64_t total_exclusions{};       ///< reported as neither, or never reported
  std::uint64_t consecutive_successes{};  ///< successes since the last failure, in the order of arrival
  std::uint64_t consecutive_failures{};   ///< failures since the last success, in the order of arrival

  friend bool operator==(const Counts&, const Counts&) = default;
};

/// The six counts in the order of their declaration, such as "(5,0,5,0,0,5)".
inline std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << '(' << counts.requests << ',' << counts.total_successes << ',' << counts.total_failures << ','
             << counts.total_exclusions << ',' << counts.consecutive_successes << ','
             << counts.consecutive_failures << ')';
}

namespace detail {

/// Counts over a window that moves on bucket by bucket, as gobreaker's rollingCounts. With one bucket, it is
/// a plain window. The buckets are numbered from 0 on, and this number is called the age of a bucket. Each
/// new bucket replaces the oldest. Takes no lock and reads no clock.
class RollingCounts {
 public:
  /// A window of `buckets` buckets, at least one.
  explicit RollingCounts(std::size_t buckets) : buckets_((std::max<std::size_t>)(buckets, 1)) {}

  /// The sums over the window. The consecutive counts are not sums: they follow the order in which results
  /// arrive.
  const Counts& totals() const noexcept { return totals_; }

  /// The number of the newest bucket, in which requests are counted.
  std::uint64_t age() const noexcept { return age_; }

  /// How many buckets the window has.
  std::size_t size() const noexcept { return buckets_.size(); }

  /// Whether the bucket of that number is in the window.
  bool holds(std::uint64_t age) const noexcept { return age <= age_ && age_ - age < buckets_.size(); }

  /// Counts a request in the newest bucket.
  void on_request() noexcept {
    ++totals_.requests;
    ++bucket(age_).requests;
  }

  /// Counts a success in the bucket in which its request was counted. False: that bucket has left the window,
  /// and nothing was counted.
  bool on_success(std::uint64_t age) noexcept {
    return book(age, [](Counts& counts) {
      ++counts.total_successes;
      ++counts.consecutive_successes;
      counts.consecutive_failures = 0;
    });
  }

  /// Counts a failure in the same way.
  bool on_failure(std::uint64_t age) noexcept {
    return book(age, [](Counts& counts) {
      ++counts.total_failures;
      ++counts.consecutive_failures;
      counts.consecutive_successes = 0;
    });
  }

  /// Counts an exclusion in the same way. It does not change the consecutive counts.
  bool on_exclusion(std::uint64_t age) noexcept {
    return book(age, [](Counts& counts) { ++counts.total_exclusions; });
  }

  /// Moves the window on until its newest bucket is `age`; never back.
  void grow(std::uint64_t age) noexcept {
    if (age <= age_) return;
    if (age - age_ >= buckets_.size()) {
      clear();
      age_ = age;
    }
    while (age_ < age) roll();
  }

  /// Forgets everything and starts anew at age 0.
  void clear() noexcept {
    totals_ = {};
    age_ = 0;
    std::fill(buckets_.begin(), buckets_.end(), Counts{});
  }

 private:
  Counts& bucket(std::uint64_t age) noexcept {
    const std::uint64_t back = age_ - age;  // not a remainder, which would cost a division
    return buckets_.data()[back <= newest_ ? newest_ - back : newest_ + buckets_.size() - back];
  }

  template <class Change>
  bool book(std::uint64_t age, Change change) noexcept {
    if (!holds(age)) return false;
    change(totals_);
    change(bucket(age));
    return true;
  }

  void roll() noexcept {
    ++age_;
    if (++newest_ == buckets_.size()) newest_ = 0;
    Counts& oldest = bucket(age_);
    // Every total is the sum of its buckets, so none of these goes below zero.
    totals_.requests -= oldest.requests;
    totals_.total_successes -= oldest.total_successes;
    totals_.total_failures -= oldest.total_failures;
    totals_.total_exclusions -= oldest.total_exclusions;
    shorten(totals_.consecutive_successes, oldest.consecutive_successes, totals_.total_successes);
    shorten(totals_.consecutive_failures, oldest.consecutive_failures, totals_.total_failures);
    oldest = {};
  }

  /// Takes from a run (successes or failures in a row) its part in the bucket that leaves the window. The run
  /// reaches back into that bucket only if it is as long as the run at the end of that bucket plus all that
  /// the later buckets hold.
  static void shorten(std::uint64_t& run, std::uint64_t lost, std::uint64_t later) noexcept {
    if (run == lost + later) run = later;
  }

  std::vector<Counts> buckets_;
  Counts totals_;
  std::uint64_t age_ = 0;
  std::uint64_t newest_ = 0;  // its index in buckets_; any will do while all are empty
};

}  // namespace detail

}  // namespace openailb
