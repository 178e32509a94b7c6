#pragma once

#include <openailb/detail/failure/retry_after.hpp>
#include <openailb/detail/wire/text.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace openailb::detail {

/// The length of a unit of time by its name in a sentence: "s", "sec", "seconds", "minute", "ms", ...; null
/// when it is none.
inline std::optional<std::chrono::nanoseconds> unit_of_time(std::string_view name) {
  using namespace std::chrono;
  if (name == "ms" || name.starts_with("milli") || name.starts_with("msec")) return milliseconds(1);
  if (name == "s" || name.starts_with("sec")) return seconds(1);
  if (name == "m" || name.starts_with("min")) return minutes(1);
  if (name == "h" || name.starts_with("hr") || name.starts_with("hour")) return hours(1);
  if (name == "d" || name.starts_with("day")) return hours(24);
  return std::nullopt;
}

/// Removes the characters at the start of `text` that are spaces.
inline void skip_spaces(std::string_view& text) {
  text.remove_prefix((std::min)(text.size(), text.find_first_not_of(' ')));
}

/// The duration at the start of a text, in lower case: "20s", "7 seconds", "1m30s", "1 minute and 5 seconds",
/// "2.512s"; null when there is none, or when it has no unit.
inline std::optional<std::chrono::nanoseconds> duration_at_start(std::string_view text) {
  std::optional<std::chrono::nanoseconds> sum;
  for (;;) {
    skip_spaces(text);
    if (sum && text.starts_with("and ")) text.remove_prefix(4);
    if (text.empty() || text.front() < '0' || text.front() > '9') return sum;
    const auto amount = take_number(text);
    if (text.starts_with('.')) return sum;
    skip_spaces(text);
    const std::string_view name = text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
    const auto unit = unit_of_time(name);
    if (!amount || !unit) return sum;
    text.remove_prefix(name.size());
    sum = (std::min<std::chrono::nanoseconds>)(sum.value_or(std::chrono::nanoseconds{}) +
                                                   wait_of(*amount, *unit),
                                               saturated_wait);
  }
}

/// The wait for which a rate limit's message asks: "Please try again in 20s", "retry after 7 seconds", "wait
/// 1m30s". Null when it names none.
inline std::optional<std::chrono::nanoseconds> wait_in_text(std::string_view message) {
  constexpr std::size_t longest = 4096;
  const std::string says = lower(message.substr(0, longest));
  for (const std::string_view begin :
       {"again in", "again after", "retry after", "retry in", "retry your request after", "retrying in",
        "retrying after", "wait for", "wait", "reset in", "resets in", "reset after", "available in",
        "retry-after:", "retry_after:"}) {
    for (std::size_t at = says.find(begin); at != std::string::npos; at = says.find(begin, at + 1)) {
      std::string_view rest = std::string_view(says).substr(at + begin.size());
      skip_spaces(rest);
      for (const std::string_view word : {"about ", "approximately ", "at least ", "another ", "~"}) {
        if (rest.starts_with(word)) rest.remove_prefix(word.size());
      }
      const auto wait = duration_at_start(rest);
      if (wait && wait->count() > 0) return wait;
    }
  }
  return std::nullopt;
}

}  // namespace openailb::detail
