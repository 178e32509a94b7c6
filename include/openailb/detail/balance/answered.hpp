#pragma once

#include <openailb/detail/balance/usage.hpp>
#include <openailb/detail/failure/failure.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/response_info.hpp>
#include <openailb/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace openailb {

class EventLoop;
struct HttpResponse;

namespace detail {

struct Trial;

/// An answer of some type: an AnswerOf that type. All that makes calls knows no more of it, so it is compiled
/// once, for all types of answers.
class Answered {
 public:
  Answered() = default;
  Answered(const Answered&) = delete;
  Answered& operator=(const Answered&) = delete;
  virtual ~Answered() = default;

  virtual ResponseInfo& info() noexcept = 0;
  /// The answer itself; see value_of().
  virtual void* value() noexcept = 0;

  std::optional<Usage> usage{};  ///< if anybody wants to know
};

template <class T>
class AnswerOf final : public Answered {
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
using AnyAnswer = std::unique_ptr<Answered>;

/// The value of an answer that is known to have this type.
template <class T>
T& value_of(Answered& answer) noexcept {
  return *static_cast<T*>(answer.value());
}

/// The same of a result.
template <class T>
Result<T> typed(Result<AnyAnswer> answer) {
  if (!answer) return std::move(answer).error();
  return std::move(value_of<T>(**answer));
}

/// Reads the body of a 2xx; see call/decode.hpp.
using Decoder = std::function<Result<AnyAnswer>(HttpResponse& response, bool& delivered)>;

/// How an attempt ended: with an answer or, if that is null, with a failure. That is passed by pointer, since
/// all calls have room for it, but few ever have one.
struct Attempted {
  Attempted(AnyAnswer got) : answer(std::move(got)) {}
  Attempted(std::unique_ptr<Failure> failed) : failure(std::move(failed)) {}
  Attempted(Failure failed) : Attempted(std::make_unique<Failure>(std::move(failed))) {}

  AnyAnswer answer{};
  std::unique_ptr<Failure> failure{};
};

/// Makes an attempt. One that is not done when its time is over, or that has lost, is destroyed, which
/// cancels it.
using MakeAttempt = std::function<Task<Attempted>(EventLoop& loop, Trial& trial)>;

}  // namespace detail
}  // namespace openailb
