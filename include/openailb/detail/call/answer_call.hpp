#pragma once

#include <openailb/detail/balance/balance.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/kept_objects.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/call/send.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/result.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// One attempt of a call with a single answer: sends it and decodes what came; see decode.hpp.
template <class T, class Decode>
Task<Attempted<std::unique_ptr<Answered<T>>>> try_for_answer(EventLoop& loop, Trial& trial, Decode decode) {
  Task<std::optional<Failure>> sending = send(loop, trial);
  std::optional<Failure> failure = co_await sending;
  if (failure) co_return *std::move(failure);

  HttpResponse& response = trial.transfer->response;
  bool delivered = false;
  Result<T> value = decode(response, delivered);
  if (value) co_return std::make_unique<Answered<T>>(*std::move(value), trial.info(std::move(response)));
  Error wrong = std::move(value).error();
  if (wrong.status == 0) wrong.status = response.status;
  wrong.body = std::move(response.body);
  Evidence seen = evidence_in_answer(std::move(wrong), response.headers, loop.date());
  seen.delivered = delivered;
  co_return trial.failure(std::move(seen));
}

/// A whole call with a single answer.
template <class T, class Decode>
Task<Result<T>> answer_call(EventLoop& loop, std::shared_ptr<Balancer> balancer, Call call, Decode decode) {
  const auto attempt = [&decode](EventLoop& on, Trial& trial) {
    return try_for_answer<T>(on, trial, decode);
  };
  Task<Result<Balanced<T>>> balancing =
      balance<T>(loop, *balancer, std::make_shared<const Call>(std::move(call)), attempt);
  Result<Balanced<T>> balanced = co_await balancing;
  if (!balanced) co_return std::move(balanced).error();

  balanced->trial.count_tokens(balanced->answered->info.body);
  balanced->trial.settle(nullptr, loop.now());
  if (balanced->trial.watch) balanced->trial.watch->ends(std::nullopt);
  learn(balancer->homes(), balanced->trial, balanced->answered->info.body);
  T& value = balanced->answered->value;
  value.info = std::move(balanced->answered->info);
  co_return std::move(value);
}

}  // namespace openailb::detail
