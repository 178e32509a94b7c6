#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Takes secrets out of texts that are kept or shown: servers echo keys in their errors.
class Redactor {
 public:
  /// Remembers a secret for good; an empty one is no secret. Only before the redactor is shared.
  void add(std::string secret) {
    if (secret.empty() || std::ranges::find(secrets_, secret) != secrets_.end()) return;
    secrets_.push_back(std::move(secret));
    // The longest first, or a secret that begins with another one would be half shown.
    std::ranges::stable_sort(secrets_, std::ranges::greater{}, &std::string::size);
  }

  /// Remembers a secret that rotates; the latest few are kept. From any thread.
  void add_rotating(const std::string& secret) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(rotating_, secret) != rotating_.end()) return;
    rotating_.push_back(secret);
    if (rotating_.size() > rotating_kept) rotating_.pop_front();
    any_rotating_.store(true, std::memory_order_release);
  }

  /// Replaces every secret in the text. From any thread.
  void redact(std::string& text) const {
    for (const std::string& secret : secrets_) redact(text, secret);
    if (!any_rotating_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(mutex_);
    for (const std::string& secret : rotating_) redact(text, secret);
  }

  /// Replaces one secret, also as JSON writes it. One of a few characters would be found inside ordinary
  /// words, so those are replaced only where they stand alone.
  static void redact(std::string& text, std::string_view secret) {
    replace(text, secret);
    if (secret.find_first_of("\"\\/") == std::string_view::npos) return;
    replace(text, escaped(secret, "\"\\"));
    replace(text, escaped(secret, "\"\\/"));
  }

 private:
  static constexpr std::size_t shortest_anywhere = 8;
  static constexpr std::size_t rotating_kept = 64;

  static std::string escaped(std::string_view secret, std::string_view characters) {
    std::string escaped;
    for (char c : secret) {
      if (characters.find(c) != std::string_view::npos) escaped += '\\';
      escaped += c;
    }
    return escaped;
  }

  static void replace(std::string& text, std::string_view secret) {
    constexpr std::string_view replacement = "[redacted]";
    if (secret.empty()) return;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      const bool found = secret.size() >= shortest_anywhere || stands_alone(text, at, secret.size());
      if (found) text.replace(at, secret.size(), replacement);
      at += found ? replacement.size() : 1;
    }
  }

  static bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    return begins && (at + size == text.size() || !is_word(text[at + size]));
  }
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  std::vector<std::string> secrets_{};
  std::atomic<bool> any_rotating_{};
  mutable std::mutex mutex_{};
  std::deque<std::string> rotating_{};
};

}  // namespace openailb::detail
