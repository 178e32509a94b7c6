#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/values/poll.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace openailb::detail {

/// Until when a call is made again and again.
struct Polling {
  std::chrono::nanoseconds every{};
  /// Whether it was the last time. Code of the user's may run in it.
  std::function<bool(AnyAnswer&)> is_over{};
};

/// How to poll as the user wants it, until `is_over(answer)`.
template <class T>
Result<Polling> polling_of(PollOptions<T> poll, std::function<bool(const T&)> is_over) {
  if (poll.every.count() <= 0) {
    return Error{.kind = ErrorKind::bad_request, .message = "not sent: `every` must be more than zero"};
  }
  const auto look = [is_over = std::move(is_over), on_update = std::move(poll.on_update)](AnyAnswer& answer) {
    const T& value = value_of<T>(answer);
    if (on_update) on_update(value);
    return is_over(value);
  };
  return Polling{.every = poll.every, .is_over = look};
}

}  // namespace openailb::detail
