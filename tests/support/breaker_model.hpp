#pragma once

#include <openailb/error.hpp>
#include <openailb/values/breaker_settings.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace openailb::test {

/// The circuit breaker a second time, written from what gobreaker v2 is seen to do and as plainly as
/// possible. It forgets nothing and counts anew for every question. For one thread, and for functions that do
/// not throw.
class BreakerModel {
 public:
  using Nanoseconds = std::chrono::nanoseconds;
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Why a request was not admitted.
  struct Refusal {
    ErrorKind kind;
    std::optional<Nanoseconds> retry_after;
    bool operator==(const Refusal&) const = default;
  };

  BreakerModel(BreakerSettings settings, TimePoint now) : settings_(std::move(settings)), latest_(now) {
    if (settings_.max_requests == 0) settings_.max_requests = 1;
    if (settings_.timeout <= Nanoseconds(0)) settings_.timeout = std::chrono::seconds(60);
    if (!settings_.ready_to_trip) {
      settings_.ready_to_trip = [](const Counts& counts) { return counts.consecutive_failures > 5; };
    }
    if (settings_.interval > Nanoseconds(0) && settings_.bucket_period > Nanoseconds(0)) {
      while (buckets_ * settings_.bucket_period < settings_.interval) ++buckets_;
      settings_.interval = buckets_ * settings_.bucket_period;
    }
    begin(State::closed);
  }

  /// Null: the request is admitted. Requests are known by their number, counted from 0.
  std::optional<Refusal> acquire(TimePoint now) {
    advance(now);
    if (state_ == State::open) {
      return Refusal{ErrorKind::circuit_open, began_ + settings_.timeout - latest_ + Nanoseconds(1)};
    }
    if (full()) return Refusal{ErrorKind::too_many_probes, std::nullopt};
    requests_.push_back(
        {.generation = generation_, .bucket = bucket_, .half_open = state_ == State::half_open});
    return std::nullopt;
  }

  void settle(std::size_t request, Outcome outcome, TimePoint now) {
    if (std::exchange(requests_[request].ended, true)) return;
    advance(now);
    if (counts_still(request)) book(request, outcome);
  }

  void report(std::size_t request, const Error* error, Outcome otherwise, TimePoint now) {
    if (std::exchange(requests_[request].ended, true)) return;
    advance(now);
    if (counts_still(request)) book(request, judged(error, otherwise));
  }

  void abandon(std::size_t request) {
    if (std::exchange(requests_[request].ended, true)) return;
    if (counts_still(request)) book(request, Outcome::exclusion);
  }

  void close(TimePoint now) {
    advance(now);
    if (state_ != State::closed) change(State::closed);
  }

  State state(TimePoint now) {
    advance(now);
    return state_;
  }

  Counts counts() const {
    Counts counts;
    for (std::size_t request = 0; request < requests_.size(); ++request) {
      if (!counts_still(request)) continue;
      const std::optional<Outcome> outcome = requests_[request].outcome;
      ++counts.requests;
      counts.total_successes += outcome == Outcome::success;
      counts.total_failures += outcome == Outcome::failure;
      counts.total_exclusions += outcome == Outcome::exclusion;
    }
    counts.consecutive_successes = run_of(Outcome::success);
    counts.consecutive_failures = run_of(Outcome::failure);
    return counts;
  }

  TimePoint admits_after() const {
    if (state_ == State::open) return began_ + settings_.timeout;
    return full() ? TimePoint::max() : TimePoint::min();
  }

  /// The moment at which, or just after which, time alone does something next; the latest when nothing will.
  TimePoint boundary() const {
    if (state_ == State::open) return began_ + settings_.timeout;
    if (state_ == State::half_open || settings_.interval <= Nanoseconds(0)) return latest_;
    return buckets_ > 1 ? began_ + (bucket_ + 1) * settings_.bucket_period : began_ + settings_.interval;
  }

  /// Whether the last admitted request is a probe.
  bool half_open() const { return requests_.back().half_open; }
  bool ended(std::size_t request) const { return requests_[request].ended; }

 private:
  struct Request {
    std::uint64_t generation;
    std::int64_t bucket;  ///< counted from the beginning of the generation
    bool half_open;
    bool ended{};
    std::optional<Outcome> outcome{};  ///< null: under way, or it ended too late
  };

  /// What matters to a run of the same outcome: an outcome that arrived, or a bucket that began.
  struct Event {
    std::int64_t bucket;
    std::optional<Outcome> outcome;
  };

  void begin(State state) {
    state_ = state;
    began_ = latest_;
    ++generation_;
    bucket_ = 0;
    events_.clear();
  }

  void change(State state) {
    const State from = state_;
    begin(state);
    if (settings_.on_state_change) settings_.on_state_change(settings_.name, from, state);
  }

  void advance(TimePoint now) {
    latest_ = std::max(latest_, now);
    if (state_ == State::open && latest_ > began_ + settings_.timeout) return change(State::half_open);
    if (state_ != State::closed || settings_.interval <= Nanoseconds(0)) return;
    if (buckets_ > 1) {
      bucket_ = (latest_ - began_) / settings_.bucket_period;
      events_.push_back({bucket_, std::nullopt});
    } else if (latest_ > began_ + settings_.interval) {
      begin(State::closed);
    }
  }

  bool full() const {
    const Counts now = counts();
    return state_ == State::half_open && now.requests - now.total_exclusions >= settings_.max_requests;
  }

  bool counts_still(std::size_t request) const {
    return requests_[request].generation == generation_ && requests_[request].bucket > bucket_ - buckets_;
  }

  Outcome judged(const Error* error, Outcome otherwise) const {
    if (settings_.is_excluded && settings_.is_excluded(error)) return Outcome::exclusion;
    if (!settings_.is_successful) return otherwise;
    return settings_.is_successful(error) ? Outcome::success : Outcome::failure;
  }

  void book(std::size_t request, Outcome outcome) {
    requests_[request].outcome = outcome;
    if (outcome == Outcome::exclusion) return;
    events_.push_back({requests_[request].bucket, outcome});
    if (state_ == State::half_open && outcome == Outcome::failure) return change(State::open);
    if (state_ == State::half_open && counts().consecutive_successes >= settings_.max_requests) {
      return change(State::closed);
    }
    if (state_ == State::closed && outcome == Outcome::failure && settings_.ready_to_trip(counts())) {
      change(State::open);
    }
  }

  /// The length of the run of that outcome: in the order of arrival, less what the lost buckets held of it.
  std::uint64_t run_of(Outcome outcome) const {
    std::uint64_t run = 0;
    std::int64_t newest = 0;
    for (std::size_t event = 0; event < events_.size(); ++event) {
      if (events_[event].outcome) {
        run = events_[event].outcome == outcome ? run + 1 : 0;
        continue;
      }
      const std::int64_t begun = std::exchange(newest, events_[event].bucket);
      if (newest - begun >= buckets_) run = 0;
      for (std::int64_t bucket = begun + 1; bucket <= newest && run > 0; ++bucket) {
        run = without(bucket - buckets_, outcome, run, event);
      }
    }
    return run;
  }

  /// That run once the oldest bucket is lost: shorter by the bucket's own run, if the two and all that later
  /// buckets hold of the outcome are one.
  std::uint64_t without(std::int64_t oldest, Outcome outcome, std::uint64_t run, std::size_t events) const {
    std::uint64_t own = 0;
    std::uint64_t later = 0;
    for (std::size_t event = 0; event < events; ++event) {
      if (!events_[event].outcome) continue;
      const bool same = events_[event].outcome == outcome;
      if (events_[event].bucket == oldest) own = same ? own + 1 : 0;
      if (events_[event].bucket > oldest && same) ++later;
    }
    return run == own + later ? run - own : run;
  }

  BreakerSettings settings_;
  std::int64_t buckets_{1};
  TimePoint latest_;  ///< a clock that steps back is not followed
  TimePoint began_{};
  State state_{};
  std::uint64_t generation_{};
  std::int64_t bucket_{};
  std::vector<Request> requests_{};
  std::vector<Event> events_{};  ///< of this generation
};

}  // namespace openailb::test
