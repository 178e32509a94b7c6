#pragma once

#include <openailb/detail/balance/reading.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace openailb::detail {

/// Judges an attempt by an answer that is a failure. `describe(response, date)` gives the Evidence, and may
/// take the response apart. What is large is described beside the loop.
template <class Describe>
Task<std::unique_ptr<Failure>> judge_answer(EventLoop& loop, const Trial& trial, HttpResponse response,
                                            Describe describe) {
  const std::size_t size = response.body.size();
  auto read = [reading = trial.reading(), describe = std::move(describe), response = std::move(response),
               date = loop.date()]() mutable {
    Evidence seen = describe(response, date);
    seen.error = reading.cleaned(std::move(seen.error));
    return seen;
  };
  if (size <= read_at_once) co_return std::make_unique<Failure>(trial.judged(read()));
  Task<Evidence> beside = aside(loop, std::move(read));
  Evidence seen = co_await beside;
  co_return std::make_unique<Failure>(trial.judged(std::move(seen)));
}

}  // namespace openailb::detail
