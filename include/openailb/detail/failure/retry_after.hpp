#pragma once

#include <openailb/values/response_headers.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace openailb::detail {

/// The longest that a call waits before it asks an endpoint again, as in the official Python SDK, unless it
/// waits for rate limits. retry_after() returns longer waits too.
inline constexpr std::chrono::seconds longest_retry_after{120};

/// The official SDKs' backoff: before the first retry, and at most.
inline constexpr std::chrono::milliseconds first_backoff{500};
inline constexpr std::chrono::seconds longest_backoff{8};

/// The shortest backoff that the jitter can give.
inline constexpr std::chrono::nanoseconds shortest_backoff = first_backoff - first_backoff / 4;

/// The most that a parsed duration can be: longer than anyone waits, and far from overflowing a time_point.
inline constexpr std::chrono::seconds saturated_wait = std::chrono::hours(24 * 365);

/// Removes the digits at the start of `text`, and returns them.
inline std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  const auto digits = text.substr(0, count);
  text.remove_prefix(digits.size());
  return digits;
}

/// Removes the exponent at the start of `text` (`e3`, `E-2`), and returns it; 0 when there is none.
inline int take_exponent(std::string_view& text) {
  auto rest = text;
  if (!rest.starts_with('e') && !rest.starts_with('E')) return 0;
  rest.remove_prefix(1);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const auto digits = take_digits(rest);
  if (digits.empty()) return 0;
  text = rest;
  int exponent = 0;
  for (char digit : digits) exponent = (std::min)(exponent * 10 + (digit - '0'), 9999);
  return negative ? -exponent : exponent;
}

/// Removes the number without a sign at the start of `text` (`12`, `0.25`, `1e3`), and returns it; infinite
/// when too large. Written by hand, because std::from_chars for floating point is missing from most versions
/// of libc++, and strtod and std::stod read a decimal comma where the program's locale has one.
inline std::optional<double> take_number(std::string_view& text) {
  const auto whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  double number = 0;
  for (char digit : whole) number = number * 10 + (digit - '0');
  for (char digit : fraction) number = number * 10 + (digit - '0');
  const int scale = take_exponent(text) - static_cast<int>(fraction.size());
  // Dividing by a power of ten rounds once; multiplying by a negative power would round twice.
  if (scale != 0) number = scale < 0 ? number / std::pow(10.0, -scale) : number * std::pow(10.0, scale);
  if (std::isnan(number)) return std::nullopt;
  return number;
}

/// The number in `text`; null if there is anything else in it.
inline std::optional<double> parse_number(std::string_view text) {
  const auto number = take_number(text);
  return text.empty() ? number : std::nullopt;
}

/// `amount` units of time, rounded to nanoseconds and at most saturated_wait.
inline std::chrono::nanoseconds wait_of(double amount, std::chrono::nanoseconds unit) {
  const double count = amount * static_cast<double>(unit.count());
  const std::chrono::nanoseconds limit = saturated_wait;
  if (!(count < static_cast<double>(limit.count()))) return limit;
  return std::chrono::nanoseconds(std::llround(count));
}

/// The longest of the waits in `text`, which has several, joined by ", ", if the header came more than once.
/// Null unless all of them are numbers and one is above zero.
inline std::optional<std::chrono::nanoseconds> parse_wait(std::string_view text,
                                                          std::chrono::nanoseconds unit) {
  std::chrono::nanoseconds longest{};
  for (bool last = false; !last;) {
    const auto comma = text.find(", ");
    last = comma == text.npos;
    std::string_view one = text.substr(0, comma);
    text.remove_prefix(last ? 0 : comma + 2);
    if (one.starts_with('+')) one.remove_prefix(1);
    const auto amount = parse_number(one);
    if (!amount) return std::nullopt;
    longest = (std::max)(longest, wait_of(*amount, unit));
  }
  return longest.count() > 0 ? std::optional(longest) : std::nullopt;
}

/// The decimal number without a sign in `text`; null if there is anything else in it.
inline std::optional<unsigned> parse_unsigned(std::string_view text) {
  unsigned number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end ? std::optional(number) : std::nullopt;
}

/// `08:49:37` as the seconds since midnight.
inline std::optional<unsigned> parse_time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hours = parse_unsigned(text.substr(0, 2));
  const auto minutes = parse_unsigned(text.substr(3, 2));
  const auto seconds = parse_unsigned(text.substr(6, 2));
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  return (*hours * 60 + *minutes) * 60 + *seconds;
}

/// The number of a month, from the first three letters of its English name.
inline std::optional<unsigned> parse_month(std::string_view name) {
  constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto at = names.find(name);
  if (name.size() != 3 || at == names.npos || at % 3 != 0) return std::nullopt;
  return static_cast<unsigned>(at / 3 + 1);
}

/// True for the English names of weekdays, and for their first three letters.
inline bool is_weekday(std::string_view name) {
  constexpr std::array<std::string_view, 7> weekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                        "Friday", "Saturday", "Sunday"};
  for (const std::string_view weekday : weekdays) {
    if (name == weekday || name == weekday.substr(0, 3)) return true;
  }
  return false;
}

/// The words of an HTTP date in the order of IMF-fixdate.
struct HttpDate {
  std::string_view weekday{}, day{}, month{}, year{}, time_of_day{}, zone{};
};

/// Splits an HTTP date. False when the number of its words fits none of the formats of RFC 9110 5.6.7.
inline bool split_http_date(std::string_view text, HttpDate& date) {
  constexpr std::string_view separators = " ,-";
  std::array<std::string_view, 6> words{};
  std::size_t count = 0;
  for (;;) {
    text.remove_prefix((std::min)(text.size(), text.find_first_not_of(separators)));
    if (text.empty()) break;
    if (count == words.size()) return false;
    words[count] = text.substr(0, text.find_first_of(separators));
    text.remove_prefix(words[count++].size());
  }
  if (count == 5) {  // asctime: weekday, month, day, time of day, year
    date = {words[0], words[2], words[1], words[4], words[3], "GMT"};
  } else {
    date = {words[0], words[1], words[2], words[3], words[4], words[5]};
  }
  return count == 5 || count == 6;
}

/// Reads an HTTP date in any of the three formats of RFC 9110 5.6.7, also if it ends in UTC instead of GMT.
/// Written by hand, because strptime and timegm are not on every platform and obey the program's locale.
/// Years after 9999 read as 9999. Gives seconds since 1970.
inline std::optional<std::int64_t> parse_http_date(std::string_view text) {
  HttpDate words;
  if (!split_http_date(text, words)) return std::nullopt;
  const auto day = parse_unsigned(words.day);
  const auto month = parse_month(words.month);
  auto year = parse_unsigned(words.year);
  const auto time = parse_time_of_day(words.time_of_day);
  const bool is_utc = words.zone == "GMT" || words.zone == "UTC";
  if (!is_weekday(words.weekday) || !day || !month || !year || !time || !is_utc) return std::nullopt;
  if (words.year.size() == 2) *year += *year < 70 ? 2000U : 1900U;  // RFC 850, split as POSIX does
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>((std::min)(*year, 9999U))},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok()) return std::nullopt;
  constexpr std::int64_t seconds_of_a_day = 86400;
  return std::chrono::sys_days{date}.time_since_epoch().count() * seconds_of_a_day + *time;
}

/// From here on a number of seconds is a point in time, as seconds (or milliseconds) since 1970: nobody asks
/// to be left alone for thirty years.
inline constexpr double first_epoch = 1e9;

/// How long it is until that point in time; null when it is past.
inline std::optional<std::chrono::nanoseconds> wait_until_epoch(double time,
                                                                std::chrono::system_clock::time_point now) {
  constexpr double first_in_milliseconds = 1e12;
  const double in_seconds = time >= first_in_milliseconds ? time / 1000 : time;
  const double wait = in_seconds - std::chrono::duration<double>(now.time_since_epoch()).count();
  return wait > 0 ? std::optional(wait_of(wait, std::chrono::seconds(1))) : std::nullopt;
}

/// How long an answer asks its client to wait: `retry-after-ms` (which may be fractional), else `retry-after`
/// as seconds, else `retry-after` as an HTTP date (RFC 9110 10.2.3), read as the official Python SDK does.
/// Null when there is none, and for zero, a negative number, a past date or what is none of these. At most
/// 365 days.
inline std::optional<std::chrono::nanoseconds> retry_after(const ResponseHeaders& headers,
                                                           std::chrono::system_clock::time_point now) {
  using namespace std::chrono;
  if (auto wait = parse_wait(header(headers, "retry-after-ms"), milliseconds(1))) return wait;
  const auto text = header(headers, "retry-after");
  if (const auto time = parse_number(text); time && *time >= first_epoch) return wait_until_epoch(*time, now);
  if (auto wait = parse_wait(text, seconds(1))) return wait;
  const auto date =
      parse_http_date(text.substr(0, text.find(", ", text.find(':'))));  // the first, if it came twice
  if (!date) return std::nullopt;
  // Compared in whole seconds: a far date in nanoseconds would overflow.
  const nanoseconds since_1970 = now.time_since_epoch();
  const seconds this_second = floor<seconds>(since_1970);
  const seconds wait = seconds(*date) - this_second;
  if (wait >= saturated_wait) return nanoseconds(saturated_wait);
  if (wait.count() <= 0) return std::nullopt;
  return nanoseconds(wait) - (since_1970 - this_second);
}

/// Reads a duration as Go writes it (`6m0s`, `120ms`, `1h2m3.5s`), which is the form of OpenAI's
/// `x-ratelimit-reset-*` and Google's `retryDelay`; also with days (`1d2h`), and a plain number as seconds.
/// Null when it is none of these or negative. At most 365 days.
inline std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  using namespace std::chrono;
  if (const auto amount = parse_number(text)) return wait_of(*amount, seconds(1));
  struct Unit {
    std::string_view name;
    nanoseconds length;
  };
  constexpr std::array<Unit, 9> units = {{{"d", hours(24)},
                                          {"h", hours(1)},
                                          {"m", minutes(1)},
                                          {"s", seconds(1)},
                                          {"ms", milliseconds(1)},
                                          {"us", microseconds(1)},
                                          {"\u00B5s", microseconds(1)},
                                          {"\u03BCs", microseconds(1)},
                                          {"ns", nanoseconds(1)}}};
  if (text.empty()) return std::nullopt;
  nanoseconds sum{};
  while (!text.empty()) {
    const auto amount = take_number(text);
    const auto name = text.substr(0, text.find_first_of("0123456789."));
    const Unit* unit = units.data();
    while (unit != units.data() + units.size() && unit->name != name) ++unit;
    if (!amount || unit == units.data() + units.size()) return std::nullopt;
    sum = (std::min<nanoseconds>)(sum + wait_of(*amount, unit->length), saturated_wait);
    text.remove_prefix(name.size());
  }
  return sum;
}

/// How long until a used-up rate limit of OpenAI is reset: the longest of the
/// `x-ratelimit-reset-{requests,tokens}` whose `x-ratelimit-remaining-*` is 0. Null when neither is used up.
inline std::optional<std::chrono::nanoseconds> rate_limit_reset(const ResponseHeaders& headers) {
  std::optional<std::chrono::nanoseconds> longest;
  struct Limit {
    std::string_view remaining, reset;
  };
  for (const Limit& limit : {Limit{"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
                             Limit{"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"}}) {
    if (parse_number(header(headers, limit.remaining)) != 0.0) continue;
    const auto reset = parse_duration(header(headers, limit.reset));
    // A year or more is no duration: some servers write the time of the reset as seconds since 1970.
    if (!reset || reset->count() == 0 || *reset >= saturated_wait) continue;
    longest = (std::max)(longest.value_or(*reset), *reset);
  }
  return longest;
}

/// How long to wait before asking an endpoint again that gave no Retry-After, as the official SDKs do:
/// 2^retry times 0.5 s, at most 8 s, less up to a quarter at random. `retry` is 0 for the first; `random` is
/// in [0, 1).
inline std::chrono::nanoseconds backoff(unsigned retry, double random) {
  const std::chrono::nanoseconds longest = first_backoff * (1 << (std::min)(retry, 4U));
  const double jitter = static_cast<double>(longest.count()) * (random / 4);
  return longest - std::chrono::nanoseconds(static_cast<std::int64_t>(jitter));
}

/// The cooldown after a 429 without a Retry-After: 1 s * 2^consecutive, at most 60 s. `consecutive` is the
/// number of 429s in a row before this one, so 0 for the first.
inline std::chrono::nanoseconds cooldown(unsigned consecutive) {
  return (std::min)(std::chrono::seconds(1 << (std::min)(consecutive, 6U)), std::chrono::seconds(60));
}

}  // namespace openailb::detail
