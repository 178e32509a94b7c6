#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/reading.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/values/http.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace openailb::detail {

/// Judges an attempt by an answer that is a failure. `describe(response, date)` gives the AttemptObservation,
/// and may take the response apart. What is large is described beside the loop.
template <class Describe>
Task<std::unique_ptr<Failure>> classify_answer(EventLoop& loop, const ActiveAttempt& attempt,
                                               HttpResponse response, Describe describe) {
  const std::size_t size = response.body.size();
  auto read = [reading = attempt.reading(), describe = std::move(describe), response = std::move(response),
               date = loop.date()]() mutable {
    AttemptObservation seen = describe(response, date);
    seen.error = reading.cleaned(std::move(seen.error));
    return seen;
  };
  if (size <= read_at_once) co_return std::make_unique<Failure>(attempt.classified(read()));
  Task<AttemptObservation> beside = aside(loop, std::move(read));
  AttemptObservation seen = co_await beside;
  co_return std::make_unique<Failure>(attempt.classified(std::move(seen)));
}

}  // namespace openailb::detail
