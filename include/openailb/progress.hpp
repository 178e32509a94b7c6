#pragma once

#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/failure.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// A duration for a person: "250 ms", "1.5 s", "600 s".
inline std::string duration_text(std::chrono::nanoseconds duration) {
  const auto rounded = std::chrono::round<std::chrono::milliseconds>(duration).count();
  const auto milliseconds = rounded == 0 && duration.count() > 0 ? 1 : rounded;
  if (milliseconds < 1000) return std::to_string(milliseconds) + " ms";
  const auto tenths = (milliseconds + 99) / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += '.' + std::to_string(tenths % 10);
  return text + " s";
}

/// `from` and a wait, which may be longer than the clock can tell.
constexpr TimePoint saturating_add(TimePoint from, std::chrono::nanoseconds wait) {
  return wait > (TimePoint::max)() - from ? (TimePoint::max)() : from + wait;
}

/// When a limit runs out that begins now; zero means no limit.
constexpr TimePoint limit_from(TimePoint now, std::chrono::nanoseconds limit) {
  return limit.count() == 0 ? (TimePoint::max)() : saturating_add(now, limit);
}

/// "503 overloaded" or "could not connect to 127.0.0.1:9".
inline std::string attempt_text(const Error& error) {
  const std::string status = error.status == 0 ? "" : std::to_string(error.status);
  return status + (status.empty() || error.message.empty() ? "" : " ") + error.message;
}

}  // namespace detail

/// How far a call has come: what its attempts have shown, and what it may still do.
struct Progress {
  /// What the call knows of one endpoint.
  struct Endpoint {
    bool tried{};
    bool ran_it{};                        ///< it failed the call after having received it whole
    std::optional<TimePoint> again_at{};  ///< null: not to be asked again
  };

  TimePoint began{};
  TimePoint deadline{};
  int retries_left{};
  int ran_it{};                 ///< how many endpoints may have run the request and failed it
  bool another_endpoint{true};  ///< whether endpoints that were not tried yet may be asked
  std::vector<Endpoint> endpoints{};
  std::vector<Attempt> attempts{};
  std::optional<Error> last{};

  /// Takes note of a failed attempt; `delay` is the pause before the same endpoint may be asked again.
  void record(std::size_t index, const Failure& failure, std::chrono::nanoseconds delay,
              TimePoint attempt_began, TimePoint now);

  /// The error of a call that ends here: `error`, with every attempt and the story of all of them.
  Error failed(Error error) const;
};

inline void Progress::record(std::size_t index, const Failure& failure, std::chrono::nanoseconds delay,
                             TimePoint attempt_began, TimePoint now) {
  const Error& error = failure.error;
  attempts.push_back({.endpoint = error.endpoint,
                      .kind = error.kind,
                      .status = error.status,
                      .elapsed = now - attempt_began,
                      .message = detail::attempt_text(error)});
  last = error;
  if (!failure.treatment.another_endpoint) {
    another_endpoint = false;
    for (Endpoint& endpoint : endpoints) endpoint.again_at.reset();
  }
  Endpoint& endpoint = endpoints[index];
  endpoint.tried = true;
  if (failure.ran_it && !std::exchange(endpoint.ran_it, true)) ++ran_it;
  endpoint.again_at.reset();
  if (failure.treatment.same_endpoint) endpoint.again_at = detail::saturating_add(now, delay);
}

inline Error Progress::failed(Error error) const {
  std::string story;
  for (const Attempt& attempt : attempts) {
    story.append(story.empty() ? "" : "; ").append(attempt.endpoint).append(": ").append(attempt.message);
  }
  if (attempts.size() > 1) story = std::to_string(attempts.size()) + " attempts failed: " + story;
  // An error that is not the last attempt's own, such as a cancellation, tells its reason first.
  const bool of_last_attempt = !attempts.empty() && attempts.back().message == detail::attempt_text(error);
  if (of_last_attempt) {
    error.message = std::move(story);
  } else if (!story.empty()) {
    error.message += " after " + story;
  }
  if (error.endpoint.empty() && !attempts.empty()) error.endpoint = attempts.back().endpoint;
  error.attempts = attempts;
  return error;
}

}  // namespace openailb
