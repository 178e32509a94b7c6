#pragma once

#include <openailb/detail/balance/balance.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/kept_objects.hpp>
#include <openailb/detail/balance/reading.hpp>
#include <openailb/detail/balance/trial.hpp>
#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/call/send.hpp>
#include <openailb/detail/failure/evidence.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/aside.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/http.hpp>
#include <openailb/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// A whole 2xx that has been read: an answer or, if that is null, what is wrong with it.
template <class T>
struct ReadAnswer {
  std::unique_ptr<Answered<T>> answered{};
  std::unique_ptr<Evidence> wrong{};  // by pointer, as every call under way has room for it
};

/// Reads a whole 2xx. Needs nothing but what it is given, so it may run on another thread.
template <class T, class Decode>
ReadAnswer<T> read_answer(HttpResponse response, const Decode& decode, const Reading& reading,
                          std::chrono::system_clock::time_point date) {
  bool delivered = false;
  Result<T> value = decode(response, delivered);
  if (value) {
    ReadAnswer<T> read{
        .answered = std::make_unique<Answered<T>>(*std::move(value), reading.info(std::move(response)))};
    if (reading.wants_usage) read.answered->usage = usage_in(read.answered->info.body);
    return read;
  }
  Error wrong = std::move(value).error();
  if (wrong.status == 0) wrong.status = response.status;
  wrong.body = std::move(response.body);
  Evidence seen = evidence_in_answer(std::move(wrong), response.headers, date);
  seen.error = reading.cleaned(std::move(seen.error));
  seen.delivered = delivered;
  return {.wrong = std::make_unique<Evidence>(std::move(seen))};
}

/// One attempt of a call with a single answer: sends it and decodes what came; see decode.hpp. A large one is
/// decoded beside the loop.
template <class T, class Decode>
Task<Attempted<std::unique_ptr<Answered<T>>>> try_for_answer(EventLoop& loop, Trial& trial, Decode decode) {
  Task<std::optional<Failure>> sending = send(loop, trial);
  std::optional<Failure> failure = co_await sending;
  if (failure) co_return *std::move(failure);

  HttpResponse& response = trial.transfer->response;
  ReadAnswer<T> read;
  if (response.body.size() <= read_at_once) {
    read = read_answer<T>(std::move(response), decode, trial.reading(), loop.date());
  } else {
    auto reads = [decode, reading = trial.reading(), response = std::move(response),
                  date = loop.date()]() mutable {
      return read_answer<T>(std::move(response), decode, reading, date);
    };
    Task<ReadAnswer<T>> beside = aside(loop, std::move(reads));
    ReadAnswer<T> done = co_await beside;
    read = std::move(done);
  }
  if (read.answered) co_return std::move(read.answered);
  co_return trial.judged(*std::move(read.wrong));
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

  if (const auto& usage = balanced->answered->usage) balanced->trial.used(*usage);
  balanced->trial.settle(nullptr, loop.now());
  if (balanced->trial.watch) balanced->trial.watch->ends(std::nullopt);
  learn(balancer->homes(), balanced->trial, balanced->answered->info.body);
  T& value = balanced->answered->value;
  value.info = std::move(balanced->answered->info);
  co_return std::move(value);
}

}  // namespace openailb::detail
