#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/unary_call.hpp>
#include <openailb/detail/net/part_files.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace openailb::detail {

/// The calls of a method that makes several, one after the other. All have the options of that method, and
/// its deadline, if there is one, is for all of them together.
class CallSequence {
 public:
  /// `first` is the first of the calls.
  CallSequence(EventLoop& loop, std::shared_ptr<Balancer> balancer, RequestOptions options, const Call& first)
      : loop_(&loop), balancer_(std::move(balancer)), options_(std::move(options)) {
    if (options_.deadline) ends_ = limit_from(loop.now(), *options_.deadline);
    options_.stop_token = first.stop_token;
    options_.should_stop = nullptr;  // the stop token tells
    options_.extra_body = {};        // that was for the first
  }

  /// Makes the calls that follow at this endpoint alone.
  void stay_at(std::string endpoint) { options_.endpoint = std::move(endpoint); }

  /// The next call, or why it cannot be made.
  Result<NewCall> next(ApiRequest request) const {
    RequestOptions options = options_;
    if (options.deadline) options.deadline = left();
    return measured(make_call(std::move(request), balancer_->options(), std::move(options)));
  }

  /// Makes the next call, or says why it cannot be made.
  template <class = OnlyIfUsed>
  Task<Result<AnswerPtr>> ask(ApiRequest request, Decoder decode) const {
    Result<NewCall> call = next(std::move(request));
    if (!call) co_return std::move(call).error();
    Task<Result<AnswerPtr>> asking = unary_call(*loop_, balancer_, *std::move(call), std::move(decode));
    Result<AnswerPtr> answer = co_await asking;
    co_return answer;
  }

 private:
  /// What is left of the deadline; zero means that there is none.
  std::chrono::nanoseconds left() const {
    if (ends_ == (TimePoint::max)()) return {};
    return (std::max)(ends_ - loop_->now(), std::chrono::nanoseconds(1));
  }

  EventLoop* loop_;
  std::shared_ptr<Balancer> balancer_;
  RequestOptions options_;
  TimePoint ends_{(TimePoint::max)()};
};

}  // namespace openailb::detail
