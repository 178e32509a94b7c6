#pragma once

#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/result.hpp>
#include <openailb/values/response_info.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace openailb {

class EventLoop;
struct HttpResponse;

namespace detail {

struct ActiveAttempt;

/// An answer of some type: an AnswerOf that type. All that makes calls knows no more of it, so it is compiled
/// once, for all types of answers.
class AnyAnswer {
 public:
  AnyAnswer() = default;
  AnyAnswer(const AnyAnswer&) = delete;
  AnyAnswer& operator=(const AnyAnswer&) = delete;
  virtual ~AnyAnswer() = default;

  virtual ResponseInfo& info() noexcept = 0;
  /// The answer itself; see value_of().
  virtual void* value() noexcept = 0;

  std::optional<Usage> usage{};  ///< if anybody wants to know
};

template <class T>
class AnswerOf final : public AnyAnswer {
 public:
  AnswerOf() = default;
  explicit AnswerOf(T value) : value_(std::move(value)) {}

  ResponseInfo& info() noexcept override { return value_.info; }
  void* value() noexcept override { return &value_; }

 private:
  T value_{};
};

/// It is passed by pointer: moving a completion, member by member, from one coroutine to the next would cost
/// more than reading it.
using AnswerPtr = std::unique_ptr<AnyAnswer>;

/// The value of an answer that is known to have this type.
template <class T>
T& value_of(AnyAnswer& answer) noexcept {
  return *static_cast<T*>(answer.value());
}

/// The same of a result.
template <class T>
Result<T> typed(Result<AnswerPtr> answer) {
  if (!answer) return std::move(answer).error();
  return std::move(value_of<T>(**answer));
}

/// Reads the body of a 2xx; see call/decode.hpp.
using Decoder = std::function<Result<AnswerPtr>(HttpResponse& response, bool& delivered)>;

/// How an attempt ended: with an answer or, if that is null, with a failure. That is passed by pointer, since
/// all calls have room for it, but few ever have one.
struct AttemptResult {
  AttemptResult(AnswerPtr got) : answer(std::move(got)) {}
  AttemptResult(std::unique_ptr<Failure> failed) : failure(std::move(failed)) {}
  AttemptResult(Failure failed) : AttemptResult(std::make_unique<Failure>(std::move(failed))) {}

  AnswerPtr answer{};
  std::unique_ptr<Failure> failure{};
};

/// Makes an attempt. One that is not done when its time is over, or that has lost, is destroyed, which
/// cancels it.
using MakeAttempt = std::function<Task<AttemptResult>(EventLoop& loop, ActiveAttempt& attempt)>;

}  // namespace detail
}  // namespace openailb
