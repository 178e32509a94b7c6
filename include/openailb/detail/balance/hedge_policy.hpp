#pragma once

#include <openailb/options.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace openailb::detail {

/// Says when a client's hedges are due, and how many it may send; see HedgeOptions. For that it keeps the
/// times that the latest attempts took. A stream's time is that of its first token, and is kept apart.
/// Thread-safe.
class HedgePolicy {
 public:
  static constexpr std::chrono::milliseconds recheck_interval{100};

  explicit HedgePolicy(const HedgeOptions& options) : options_(options) {}

  /// For each call, when it begins.
  void begin_call() {
    const std::lock_guard lock(mutex_);
    budget_ = (std::min)(budget_ + options_.max_fraction, options_.max_fraction * remembered_calls);
  }

  /// How long an attempt on this endpoint may take before the hedge is due; null while too little is known,
  /// and then it is asked again after a while, since other calls' answers come meanwhile.
  std::optional<std::chrono::nanoseconds> delay(std::size_t endpoint, bool streams) const {
    if (options_.delay.count() > 0) return options_.delay;
    const std::lock_guard lock(mutex_);
    return times_[streams].delay(endpoint, options_.percentile);
  }

  /// Takes a hedge from those that are allowed; false when too many calls have been hedged.
  bool take() {
    const std::lock_guard lock(mutex_);
    constexpr double rounding = 1e-9;
    if (budget_ < 1.0 - rounding) return false;
    budget_ -= 1.0;
    return true;
  }
  /// For a hedge that was not sent.
  void put_back() {
    const std::lock_guard lock(mutex_);
    budget_ += 1.0;
  }

  /// Of how many endpoints something is remembered.
  std::size_t endpoints() const {
    const std::lock_guard lock(mutex_);
    return times_[0].endpoints() + times_[1].endpoints();
  }

  void answered(std::size_t endpoint, bool streams, std::chrono::nanoseconds took) {
    const std::lock_guard lock(mutex_);
    times_[streams].answered(endpoint, took);
  }
  /// An attempt was canceled because the other one had won. It would have taken longer than this.
  void add_censored_sample(std::size_t endpoint, bool streams, std::chrono::nanoseconds after) {
    const std::lock_guard lock(mutex_);
    times_[streams].add_censored_sample(endpoint, after);
  }

 private:
  /// The latest attempts of one kind.
  class Times {
   public:
    /// What others take decides, or a slow endpoint would itself put off the hedges that it needs. To wait
    /// for an endpoint that usually takes longer than that is no use.
    std::optional<std::chrono::nanoseconds> delay(std::size_t endpoint, double percentile) const {
      if (count_ < least_answers) return std::nullopt;
      std::array<std::chrono::nanoseconds, kept> others{};
      std::size_t size = 0;
      for (std::size_t index = 0; index < (std::min)(count_, kept); ++index) {
        if (latest_[index].endpoint != endpoint) others[size++] = latest_[index].took;
      }
      if (size == 0) return std::nullopt;
      const auto at = static_cast<std::ptrdiff_t>(percentile * static_cast<double>(size - 1));
      std::nth_element(others.begin(), others.begin() + at,
                       others.begin() + static_cast<std::ptrdiff_t>(size));
      const std::chrono::nanoseconds wait = others[static_cast<std::size_t>(at)];
      const auto usual = usual_.find(endpoint);
      return usual != usual_.end() && usual->second.time > wait ? std::chrono::nanoseconds{} : wait;
    }

    void answered(std::size_t endpoint, std::chrono::nanoseconds took) {
      latest_[count_++ % kept] = {endpoint, took};
      average(usual_of(endpoint), took);
    }
    void add_censored_sample(std::size_t endpoint, std::chrono::nanoseconds after) {
      Usual& usual = usual_of(endpoint);
      if (after > usual.time) average(usual, after);
    }
    std::size_t endpoints() const noexcept { return usual_.size(); }

   private:
    static constexpr std::size_t least_answers = 50, kept = 128, remembered_answers = 10000;
    struct Answer {
      std::size_t endpoint;
      std::chrono::nanoseconds took;
    };

    struct Usual {
      std::chrono::nanoseconds time{};
      std::size_t heard_at{};  ///< after so many answers of all
    };

    /// Endpoints of which nothing was heard for long are dropped, but only when there are twice as many as
    /// the last time.
    Usual& usual_of(std::size_t endpoint) {
      if (usual_.size() >= look_at_) {
        std::erase_if(usual_,
                      [&](const auto& one) { return one.second.heard_at + remembered_answers < count_; });
        look_at_ = (std::max)(kept, 2 * usual_.size());
      }
      Usual& usual = usual_[endpoint];
      usual.heard_at = count_;
      return usual;
    }
    /// An average in which the newest counts for an eighth.
    static void average(Usual& usual, std::chrono::nanoseconds newest) {
      usual.time = usual.time.count() == 0 ? newest : usual.time + (newest - usual.time) / 8;
    }

    std::array<Answer, kept> latest_{};  // a ring
    std::size_t count_{};
    std::unordered_map<std::size_t, Usual> usual_{};  // by endpoint
    std::size_t look_at_{kept};
  };

  /// Calls that were not hedged count for at most so many.
  static constexpr double remembered_calls = 1000.0;

  const HedgeOptions options_;
  mutable std::mutex mutex_{};
  double budget_{};
  std::array<Times, 2> times_{};  // of whole answers, and of streams
};

}  // namespace openailb::detail
