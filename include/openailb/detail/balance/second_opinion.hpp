#pragma once

#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/values/clock.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace openailb::detail {

/// What an endpoint says of a request that it refuses, without what differs from request to request: numbers,
/// and what stands in quotes.
inline std::string complaint_of(const Error& error) {
  constexpr std::size_t longest = 300;
  std::string complaint = std::to_string(error.status) + ' ' + error.type + ' ' + error.code + ' ';
  char quote = 0, before = ' ';
  for (const char character : error.message) {
    if (complaint.size() == longest) break;
    if (quote != 0) {
      if (character == quote) quote = 0;
    } else if (character == '"' || character == '`' || (character == '\'' && before == ' ')) {
      quote = character;
    } else if (character < '0' || character > '9') {
      complaint += character;
    }
    before = character;
  }
  return lower(complaint);
}

/// The complaints that two endpoints have had of one request, so that it is the caller's fault: for ten
/// minutes, such a request is sent once. Thread-safe.
class KnownComplaints {
 public:
  void add(const std::string& complaint, TimePoint now) {
    constexpr std::size_t most = 1000;
    const std::lock_guard lock(mutex_);
    std::erase_if(until_, [now](const auto& known) { return known.second <= now; });
    if (until_.size() >= most) until_.clear();
    until_.insert_or_assign(complaint, now + std::chrono::minutes(10));
  }
  bool knows(const std::string& complaint, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const auto found = until_.find(complaint);
    return found != until_.end() && now < found->second;
  }

 private:
  mutable std::mutex mutex_{};
  std::map<std::string, TimePoint> until_{};
};

/// The models that an endpoint has refused three times in a row, by its names of them. Others are asked for
/// these first, for as long as a breaker is open; then one call finds out. Thread-safe.
class RefusedModels {
 public:
  /// False: it refuses none. Takes no lock.
  bool any() const noexcept { return size_.load(std::memory_order_acquire) != 0; }
  bool is_left_alone(std::string_view model, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(model);
    return found != models_.end() && now < found->second.until;
  }

  /// It has refused a call with this model, though not for the caller's fault.
  void refused(std::string_view model, std::chrono::nanoseconds pause, TimePoint now) {
    constexpr int many = 3;
    constexpr std::size_t most = 1000;
    const std::lock_guard lock(mutex_);
    if (models_.size() >= most) models_.clear();
    Entry& entry = models_[std::string(model)];
    if (++entry.in_a_row >= many) entry.until = now + pause;
    size_.store(models_.size(), std::memory_order_release);
  }
  /// An attempt begins. If the pause is over, it finds out, and others keep away meanwhile.
  void begin_attempt(std::string_view model, std::chrono::nanoseconds pause, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(model);
    if (found == models_.end() || found->second.until == (TimePoint::min)()) return;
    found->second.until = now + pause;
  }
  void succeeded(std::string_view model) {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(model);
    if (found != models_.end()) models_.erase(found);
    size_.store(models_.size(), std::memory_order_release);
  }

 private:
  struct Entry {
    int in_a_row{};
    TimePoint until{(TimePoint::min)()};
  };

  std::atomic<std::size_t> size_{};  // so that the usual case, none, takes no lock
  mutable std::mutex mutex_{};
  std::map<std::string, Entry, std::less<>> models_{};
};

}  // namespace openailb::detail
