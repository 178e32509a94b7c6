#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/error.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::detail {

/// "503 overloaded" or "could not connect to 127.0.0.1:9".
inline std::string attempt_text(const Error& error) {
  const std::string status = error.status == 0 ? "" : std::to_string(error.status);
  return status + (status.empty() || error.message.empty() ? "" : " ") + error.message;
}

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
                      .message = attempt_text(error)});
  last = error;
  if (!failure.treatment.another_endpoint) {
    another_endpoint = false;
    for (Endpoint& endpoint : endpoints) endpoint.again_at.reset();
  }
  Endpoint& endpoint = endpoints[index];
  endpoint.tried = true;
  if (failure.ran_it && !std::exchange(endpoint.ran_it, true)) ++ran_it;
  endpoint.again_at.reset();
  if (failure.treatment.same_endpoint) endpoint.again_at = saturating_add(now, delay);
}

inline Error Progress::failed(Error error) const {
  std::string story;
  for (const Attempt& attempt : attempts) {
    story.append(story.empty() ? "" : "; ").append(attempt.endpoint).append(": ").append(attempt.message);
  }
  if (attempts.size() > 1) story = std::to_string(attempts.size()) + " attempts failed: " + story;
  // An error that is not the last attempt's own, such as a cancellation, tells its reason first.
  const bool of_last_attempt = !attempts.empty() && attempts.back().message == attempt_text(error);
  if (of_last_attempt) {
    error.message = std::move(story);
  } else if (!story.empty()) {
    error.message += " after " + story;
  }
  if (error.endpoint.empty() && !attempts.empty()) error.endpoint = attempts.back().endpoint;
  error.attempts = attempts;
  return error;
}

}  // namespace openailb::detail
