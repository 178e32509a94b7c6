#pragma once

#include <openailb/error.hpp>
#include <openailb/values/breaker_settings.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string_view>
#include <variant>

namespace openailb {

/// An endpoint was picked, and an attempt begins there.
struct AttemptBegan {
  std::string_view endpoint{};
  std::string_view model{};  ///< by its name at the endpoint; empty if the call names none
  int number{};              ///< among the call's attempts, from 1
  bool is_hedge{};           ///< it races another attempt
  bool is_last_resort{};     ///< the endpoint's breaker refuses
};

/// An attempt has ended, as each one does that began. One of a stream ends with its first token.
struct AttemptEnded {
  std::string_view endpoint{};
  std::string_view model{};
  std::optional<ErrorKind> kind{};  ///< null: it was answered
  int status{};                     ///< zero: no answer came
  std::chrono::nanoseconds elapsed{};
};

/// Why a call waits.
enum class WaitReason {
  backoff,        ///< before it tries an endpoint again
  rate_limit,     ///< of all endpoints that it may ask
  max_in_flight,  ///< as max_in_flight are in flight
  breaker,        ///< as all breakers refuse: see WhenAllOpen::wait
  retry_budget,   ///< as the retry budget is used up
};

/// The enumerator's own spelling, such as "rate_limit".
constexpr std::string_view to_string(WaitReason reason) {
  switch (reason) {
    case WaitReason::backoff: return "backoff";
    case WaitReason::rate_limit: return "rate_limit";
    case WaitReason::max_in_flight: return "max_in_flight";
    case WaitReason::breaker: return "breaker";
    case WaitReason::retry_budget: return "retry_budget";
  }
  return "unknown";
}

inline std::ostream& operator<<(std::ostream& out, WaitReason reason) { return out << to_string(reason); }

/// A call waits before its next attempt.
struct CallWaits {
  std::string_view model{};  ///< by the caller's name
  WaitReason reason{};
  std::chrono::nanoseconds at_most{};
};

/// The circuit breaker of an endpoint has changed.
struct BreakerChanged {
  std::string_view endpoint{};
  State from{}, to{};
};

/// An endpoint is rate limited, so it is not asked for a while; or an answer says that it has nothing left,
/// so it is asked only if no other can be.
struct EndpointRateLimited {
  std::string_view endpoint{};
  std::string_view model{};  ///< by its name at the endpoint
  std::chrono::nanoseconds remaining{};
};

/// A call has ended: with its answer, with an error, or because it was dropped. A stream ends when it is read
/// to its end, breaks or is dropped.
struct CallEnded {
  std::string_view method{};        ///< such as POST
  std::string_view path{};          ///< without its query
  std::string_view model{};         ///< by the caller's name
  std::string_view endpoint{};      ///< that answered; empty if none did
  std::optional<ErrorKind> kind{};  ///< null: it succeeded
  bool is_stream{};
  int attempts{};
  std::chrono::nanoseconds elapsed{};
  std::optional<std::chrono::nanoseconds> first_token{};  ///< of a stream: from the call's beginning
  std::optional<std::int64_t> input_tokens{};             ///< as far as the answer says
  std::optional<std::int64_t> output_tokens{};
};

/// Something that happens in a client. Its texts are gone when the listener returns. It never has a key, nor
/// what a request or an answer says.
using Event =
    std::variant<AttemptBegan, AttemptEnded, CallWaits, BreakerChanged, EndpointRateLimited, CallEnded>;
/// Is told of events: see ClientOptions::on_event.
using EventListener = std::function<void(const Event&)>;

}  // namespace openailb
