#pragma once

#include "simulation/plan.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb::simulation {

/// Whether an endpoint could be asked at some moment.
struct Availability {
  bool present{};                               ///< the client has it
  bool open{};                                  ///< its breaker is open
  bool admits{};                                ///< its breaker would let a call through
  std::array<nanoseconds, models> cooldowns{};  ///< for how long each model is rate limited there
  nanoseconds budget{};                         ///< for how long its requests per minute are used up
  bool sure_budget{};  ///< and no attempts have been paid for that were not sent, as api_key threw
  bool free_seat{};
  bool sure_turn{};  ///< no attempt there was without a connection for so long that others come first
  bool sure_seat{};  ///< and it would be free if all other calls that wait were served first

  bool but_for_seats(std::size_t model) const {
    return present && admits && cooldowns[model] == 0ns && budget == 0ns;
  }
  bool now(std::size_t model) const { return but_for_seats(model) && sure_budget && sure_seat; }
};

/// A request as it arrived at a server.
struct WireRequest {
  std::size_t endpoint{};
  std::size_t model{};
  TimePoint at{};
  Fault fault{};
  nanoseconds connects_after{};           ///< nanoseconds::max(): never
  nanoseconds retry_after{};              ///< what it is told if it is one too many
  std::string content{};                  ///< what a whole answer to it says
  std::vector<Availability> available{};  ///< of every endpoint, at that moment
};

/// Whether an attempt was canceled because the call ended without it: another one of the call had won or
/// failed for good.
inline bool was_lost(const Attempt& attempt) {
  return attempt.kind == ErrorKind::canceled && attempt.message.starts_with("canceled: ");
}

/// What became of one call, as its caller and the servers saw it.
struct CallRecord {
  enum class Fate { running, succeeded, failed, dropped, threw };

  CallPlan plan{};
  std::string id{};
  TimePoint began{};
  TimePoint ended{};
  TimePoint deadline{};
  nanoseconds timeout{};  ///< of one attempt
  int max_retries{};
  std::vector<WireRequest> requests{};
  Fate fate{Fate::running};
  Error error{};                          ///< of a call that failed, or of a stream that broke
  ResponseInfo info{};                    ///< of a call that an endpoint answered
  std::string content{};                  ///< what was received
  std::optional<TimePoint> committed{};   ///< when the stream was, if one was
  std::vector<Availability> available{};  ///< of every endpoint, at the end

  /// The models that it may ask for, in this order.
  std::vector<std::size_t> models() const {
    std::vector<std::size_t> all{plan.model};
    all.insert(all.end(), plan.fallbacks.begin(), plan.fallbacks.end());
    return all;
  }
  bool streams() const { return plan.kind == CallPlan::Kind::stream; }
  bool has_deadline_passed() const { return ended >= deadline; }
  bool may_ask(std::size_t endpoint) const { return plan.endpoint.value_or(endpoint) == endpoint; }
  /// The request of an attempt. An endpoint's attempts end in the order in which they were sent.
  std::size_t request_of(std::size_t attempt) const {
    const auto is_its = [&](const Attempt& one) { return one.endpoint == attempts()[attempt].endpoint; };
    const auto end = attempts().begin() + static_cast<std::ptrdiff_t>(attempt);
    auto earlier = std::count_if(attempts().begin(), end, is_its);
    for (std::size_t index = 0; index < requests.size(); ++index) {
      const bool same =
          "endpoint-" + std::to_string(requests[index].endpoint) == attempts()[attempt].endpoint;
      if (same && earlier-- == 0) return index;
    }
    throw std::logic_error("an attempt without a request");
  }
  /// The request that was answered.
  const WireRequest& served() const { return requests[request_of(attempts().size() - 1)]; }
  TimePoint end_of(std::size_t attempt) const {
    return requests[request_of(attempt)].at + attempts()[attempt].elapsed;
  }

  const std::vector<Attempt>& attempts() const {
    return info.endpoint.empty() ? error.attempts : info.attempts;
  }
};

}  // namespace openailb::simulation
