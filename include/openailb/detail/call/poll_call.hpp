#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/polling.hpp>
#include <openailb/detail/call/unary_call.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// A call that is made again and again, within the deadline of `call` and until its stop token stops.
template <class = OnlyIfUsed>
Task<Result<AnswerPtr>> poll_call(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                  std::shared_ptr<const Call> call, Decoder decode, Polling polling,
                                  InvokeUser ask) {
  const TimePoint deadline = limit_from(loop.now(), call->deadline);
  for (;;) {
    const auto once = std::make_shared<Call>(*call);
    once->deadline = balancer->options().deadline;
    if (call->deadline.count() > 0) once->deadline = shorter(once->deadline, deadline - loop.now());
    Task<Result<AnswerPtr>> asking = unary_call(loop, balancer, once, decode);
    Result<AnswerPtr> answer = co_await asking;
    if (!answer) co_return std::move(answer).error();

    // Shared, since the call may be dropped while the user looks at it.
    auto seen = std::make_shared<AnswerPtr>(*std::move(answer));
    Task<std::optional<bool>> judging = ask([seen, is_over = polling.is_over] { return is_over(**seen); });
    const std::optional<bool> is_over = co_await judging;
    if (!is_over) co_return observation_of_cancellation().error;
    if (*is_over) co_return std::move(*seen);

    Timer pause(loop, (std::min)(saturating_add(loop.now(), polling.every), deadline), call->stop_token);
    WhenAny waited(pause);
    co_await waited;
    if (pause.stopped()) co_return observation_of_cancellation().error;
    if (loop.now() >= deadline) {
      co_return Error{.kind = ErrorKind::timeout,
                      .message = "it was not over within the deadline of " + duration_text(call->deadline)};
    }
  }
}

}  // namespace openailb::detail
