#pragma once

#include <openailb/detail/balance/active_attempt.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/balance/object_owners.hpp>
#include <openailb/detail/balance/retry_loop.hpp>
#include <openailb/detail/call/classify_answer.hpp>
#include <openailb/detail/call/committed_answer.hpp>
#include <openailb/detail/call/send.hpp>
#include <openailb/detail/failure/attempt_observation.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/http.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace openailb::detail {

/// An answer whose bytes are handed over while they come.
class ByteStream final : public CommittedAnswer {
 public:
  ByteStream(std::shared_ptr<Balancer> balancer, EventLoop& loop, CallOutcome outcome)
      : CommittedAnswer(std::move(balancer), loop, std::move(outcome.attempt),
                        std::move(outcome.answer->info())) {}

  /// The bytes that come next; none at the end. Then error() says whether it is whole.
  template <class = OnlyIfUsed>
  Task<std::string> next();
  std::uint64_t size() const noexcept { return size_; }

 private:
  std::string so_far() const override {
    return "the download ended early, after " + std::to_string(size_) + " bytes";
  }

  std::uint64_t size_{};
};

template <class>
Task<std::string> ByteStream::next() {
  std::string piece;
  while (attempt_ && piece.empty()) {
    Transfer& transfer = *attempt_->transfer;
    if (is_interrupted()) {
      interrupt();
    } else if (!transfer.response.body.empty()) {
      piece = std::exchange(transfer.response.body, {});
      size_ += piece.size();
    } else if (transfer.failure()) {
      fail(attempt_->failure(*transfer.failure()));
    } else if (transfer.done()) {
      finish();
    } else {
      Timer limit(*loop_, read_deadline(), attempt_->call->stop_token);
      WhenAny news(transfer, limit);
      co_await news;
      if (!transfer.ready()) interrupt();
    }
  }
  co_return piece;
}

/// One attempt of a download: sends the call and waits for the first bytes. `decode` says whether they can be
/// what was asked for.
template <class = OnlyIfUsed>
Task<AttemptResult> download_attempt(EventLoop& loop, ActiveAttempt& attempt, const Decoder& decode) {
  Task<std::unique_ptr<Failure>> sending = send(loop, attempt);
  std::unique_ptr<Failure> failure = co_await sending;
  if (failure) co_return failure;

  Transfer& transfer = *attempt.transfer;
  HttpResponse& response = transfer.response;
  bool delivered = false;
  HttpResponse first = response;
  if (!decode(first, delivered) && !transfer.done()) {  // the whole body says what is wrong
    transfer.wake_on_data(false);
    WhenAny rest(transfer);
    co_await rest;
  }
  if (transfer.failure()) co_return attempt.failure(*transfer.failure());
  first = response;
  if (Result<AnswerPtr> fine = decode(first, delivered); !fine) {
    Error wrong = std::move(fine).error();
    if (wrong.status == 0) wrong.status = response.status;
    const auto describe = [wrong](HttpResponse& whole, std::chrono::system_clock::time_point date) {
      Error error = wrong;
      error.body = std::move(whole.body);
      return observation_in_answer(std::move(error), whole.headers, date);
    };
    Task<std::unique_ptr<Failure>> judging = classify_answer(loop, attempt, std::move(response), describe);
    std::unique_ptr<Failure> classified = co_await judging;
    co_return classified;
  }
  HttpResponse head{.status = response.status, .headers = response.headers};
  AnswerPtr begun = std::make_unique<AnswerOf<Downloaded>>();
  begun->info() = attempt.info(std::move(head));
  co_return begun;
}

/// A whole call whose answer goes into a ByteSink.
template <class = OnlyIfUsed>
Task<Result<AnswerPtr>> download_call(EventLoop& loop, std::shared_ptr<Balancer> balancer,
                                      std::shared_ptr<const Call> call, Decoder decode, ByteSink into,
                                      InvokeUser ask) {
  const auto make_attempt = [&decode](EventLoop& on, ActiveAttempt& attempt) {
    return download_attempt(on, attempt, decode);
  };
  Task<Result<CallOutcome>> looping = retry_loop(loop, *balancer, std::move(call), make_attempt);
  Result<CallOutcome> outcome = co_await looping;
  if (!outcome) co_return std::move(outcome).error();

  learn(balancer->object_affinity(), outcome->attempt, {});
  // Shared, since the call may be dropped while the user takes a piece.
  auto sink = std::make_shared<ByteSink>(std::move(into));
  ByteStream download(std::move(balancer), loop, *std::move(outcome));
  for (;;) {
    Task<std::string> coming = download.next();
    std::string piece = co_await coming;
    if (piece.empty()) break;
    Task<std::optional<bool>> delivering =
        ask([sink, piece = std::move(piece)] { return sink->take(piece); });
    const std::optional<bool> is_wanted = co_await delivering;
    if (!is_wanted) co_return observation_of_cancellation().error;
    if (!*is_wanted) download.refuse("its bytes were not taken");
  }
  if (download.error()) co_return *download.error();
  co_return std::make_unique<AnswerOf<Downloaded>>(
      Downloaded{.size = download.size(), .info = download.info()});
}

}  // namespace openailb::detail
