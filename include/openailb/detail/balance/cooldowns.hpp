#pragma once

#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace openailb::detail {

/// Until when an endpoint is not asked after its 429s, for each model by its name at the endpoint. That time
/// only ever moves later: a late answer or a shorter Retry-After does not shorten a cooldown. Thread-safe.
class Cooldowns {
 public:
  /// False: no model has a cooldown. Takes no lock.
  bool any() const noexcept { return size_.load(std::memory_order_acquire) != 0; }

  /// Until when no call goes there with this model; TimePoint::min() when it has no cooldown.
  TimePoint until(std::string_view model) const {
    const std::lock_guard lock(mutex_);
    auto found = models_.find(model);
    return found == models_.end() ? (TimePoint::min)() : found->second.not_before;
  }
  /// Whether an answer has said that nothing is left of the model's limits for now.
  bool is_exhausted(std::string_view model, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    auto found = models_.find(model);
    return found != models_.end() && now < found->second.exhausted_until;
  }

  /// Records a 429 on an attempt that was admitted at that time. If the server gave no wait, it is 1 s, 2 s,
  /// 4 s, ... up to 60 s. Several 429s at about the same time count as one: a 429 raises the wait only if its
  /// attempt was admitted after the cooldown before it.
  void rate_limited(std::string_view model, std::optional<std::chrono::nanoseconds> wait, TimePoint admitted,
                    TimePoint now) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entry_of(model, now);
    if (entry.in_a_row == 0 || admitted >= entry.not_before) ++entry.in_a_row;
    const auto pause =
        (std::min<std::chrono::nanoseconds>)(wait.value_or(cooldown(entry.in_a_row - 1)), longest);
    entry.not_before = (std::max)(entry.not_before, now + pause);
    size_.store(models_.size(), std::memory_order_release);
  }

  /// Records that an answer has said that nothing is left for so long. That is no cooldown, as others may
  /// have said so: a gateway passes on what one of its servers has left.
  void mark_exhausted(std::string_view model, std::chrono::nanoseconds wait, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entry_of(model, now);
    entry.exhausted_until = (std::max)(entry.exhausted_until, now + (std::min)(wait, longest));
    size_.store(models_.size(), std::memory_order_release);
  }

  /// Records a success: the next 429 begins at 1 s again.
  void succeeded(std::string_view model, TimePoint now) {
    if (!any()) return;
    const std::lock_guard lock(mutex_);
    auto found = models_.find(model);
    if (found == models_.end()) return;
    found->second.in_a_row = 0;
    if (found->second.not_before <= now && found->second.exhausted_until <= now) models_.erase(found);
    size_.store(models_.size(), std::memory_order_release);
  }

  /// Whether nothing is left of any.
  bool are_over(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::all_of(models_, [&](const auto& entry) { return entry.second.is_over(now); });
  }

  /// How much longer each cooldown lasts.
  std::map<std::string, std::chrono::nanoseconds> remaining(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, std::chrono::nanoseconds> remaining;
    for (const auto& [model, entry] : models_) {
      if (entry.not_before > now) remaining.emplace(model, entry.not_before - now);
    }
    return remaining;
  }

 private:
  static constexpr std::chrono::nanoseconds longest = std::chrono::hours(1);
  static constexpr std::chrono::nanoseconds forgotten_after = std::chrono::hours(1);
  static constexpr std::size_t few = 16;

  struct Entry {
    TimePoint not_before{(TimePoint::min)()};
    TimePoint exhausted_until{(TimePoint::min)()};
    unsigned in_a_row{};

    bool is_over(TimePoint now) const {
      return (std::max)(not_before, exhausted_until) < now - forgotten_after;
    }
  };

  /// The model's entry. Those that are over are dropped only when there are twice as many as the last time,
  /// so that a 429 takes as long whatever other models have got.
  Entry& entry_of(std::string_view model, TimePoint now) {
    if (models_.size() >= look_at_) {
      std::erase_if(models_, [&](const auto& entry) { return entry.second.is_over(now); });
      look_at_ = (std::max)(few, 2 * models_.size());
    }
    Entry& entry = models_[std::string(model)];
    if (entry.is_over(now)) entry = {};
    return entry;
  }

  std::atomic<std::size_t> size_{};  // so that the usual case, none, takes no lock
  mutable std::mutex mutex_{};
  std::map<std::string, Entry, std::less<>> models_{};
  std::size_t look_at_{few};
};

}  // namespace openailb::detail
