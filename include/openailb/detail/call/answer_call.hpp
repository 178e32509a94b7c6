#pragma once

#include <openailb/detail/balance/answered.hpp>
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
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// A whole 2xx that has been read: an answer or, if that is null, what is wrong with it.
struct ReadAnswer {
  AnyAnswer answer{};
  std::unique_ptr<Evidence> wrong{};  // by pointer, as every call under way has room for it
};

/// Reads a whole 2xx. Needs nothing but what it is given, so it may run on another thread.
inline ReadAnswer read_answer(HttpResponse response, const Decoder& decode, const Reading& reading,
                              std::chrono::system_clock::time_point date) {
  bool delivered = false;
  Result<AnyAnswer> answer = decode(response, delivered);
  if (answer) {
    ReadAnswer read{.answer = *std::move(answer)};
    ResponseInfo& info = read.answer->info();
    info = reading.info(std::move(response));
    if (reading.wants_usage) read.answer->usage = usage_in(info.body);
    return read;
  }
  Error wrong = std::move(answer).error();
  if (wrong.status == 0) wrong.status = response.status;
  wrong.body = std::move(response.body);
  Evidence seen = evidence_in_answer(std::move(wrong), response.headers, date);
  seen.error = reading.cleaned(std::move(seen.error));
  seen.delivered = delivered;
  return {.wrong = std::make_unique<Evidence>(std::move(seen))};
}

/// One attempt of a call with a single answer: sends it and decodes what came; see decode.hpp. A large one is
/// decoded beside the loop.
template <class = OnlyIfUsed>
Task<Attempted> try_for_answer(EventLoop& loop, Trial& trial, const Decoder& decode) {
  Task<std::unique_ptr<Failure>> sending = send(loop, trial);
  std::unique_ptr<Failure> failure = co_await sending;
  if (failure) co_return failure;

  HttpResponse& response = trial.transfer->response;
  ReadAnswer read;
  if (response.body.size() <= read_at_once) {
    read = read_answer(std::move(response), decode, trial.reading(), loop.date());
  } else {
    auto reads = [decode, reading = trial.reading(), response = std::move(response),
                  date = loop.date()]() mutable {
      return read_answer(std::move(response), decode, reading, date);
    };
    Task<ReadAnswer> beside = aside(loop, std::move(reads));
    ReadAnswer done = co_await beside;
    read = std::move(done);
  }
  if (read.answer) co_return std::move(read.answer);
  co_return trial.judged(*std::move(read.wrong));
}

/// A whole call with a single answer.
template <class = OnlyIfUsed>
Task<Result<AnyAnswer>> answer_call(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                    std::shared_ptr<const Call> call, Decoder decode) {
  const auto attempt = [&decode](EventLoop& on, Trial& trial) { return try_for_answer(on, trial, decode); };
  Task<Result<Balanced>> balancing = balance(loop, *balancer, std::move(call), attempt);
  Result<Balanced> balanced = co_await balancing;
  if (!balanced) co_return std::move(balanced).error();

  if (const auto& usage = balanced->answer->usage) balanced->trial.used(*usage);
  balanced->trial.settle(nullptr, loop.now());
  if (balanced->trial.watch) balanced->trial.watch->ends(std::nullopt);
  learn(balancer->homes(), balanced->trial, balanced->answer->info().body);
  co_return std::move(balanced->answer);
}

}  // namespace openailb::detail
