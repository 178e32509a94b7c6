#pragma once

#include <openailb/binary_response.hpp>
#include <openailb/byte_sink.hpp>
#include <openailb/clock.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/answer_call.hpp>
#include <openailb/detail/call/download_call.hpp>
#include <openailb/detail/call/poll_call.hpp>
#include <openailb/detail/call/stream_call.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/execution.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/stream.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace openailb::detail {

/// Calls a function of the user's on the thread that runs the call.
struct AskHere {
  Task<std::optional<bool>> operator()(std::function<bool()> question) const {
    const bool answer = question();
    co_return answer;
  }
};

/// Leases an event loop for each call, and runs the call on the calling thread until it is done.
template <>
class Runtime<Blocking> {
 public:
  static constexpr bool has_one_loop = false;

  Runtime(const ClientOptions&, LoopPool::Factory make_loop)
      : loops_(std::make_shared<LoopPool>(std::move(make_loop))), clock_(loops_->lease()->clock()) {}

  TimePoint now() const { return clock_(); }

  /// `make_task(loop, call, ask)` makes the coroutine of the whole call.
  template <class T, class MakeTask>
  Result<T> run_call(Result<Call> call, MakeTask make_task) const {
    if (!call) return std::move(call).error();
    const LoopLease loop = loops_->lease();
    const std::unique_ptr<StopPolling> polling = poll_for_stop(*call);
    Task<Result<T>> task = make_task(*loop, *std::move(call), AskHere{});
    return run(*loop, std::move(task), polling.get());
  }

  template <class T, class Decode>
  Result<T> answer(const std::shared_ptr<Balancer>& balancer, Result<Call> call, Decode decode) const {
    return run_call<T>(std::move(call), [&](EventLoop& loop, Call made, auto) {
      return answer_call<T>(loop, balancer, std::move(made), decode);
    });
  }

  template <class Decode>
  Result<Downloaded> download(const std::shared_ptr<Balancer>& balancer, Result<Call> call, Decode decode,
                              ByteSink sink) const {
    return run_call<Downloaded>(std::move(call), [&](EventLoop& loop, Call made, auto ask) {
      return download_call(loop, balancer, std::move(made), decode, std::move(sink), ask);
    });
  }

  template <class T, class Decode>
  Result<T> poll(const std::shared_ptr<Balancer>& balancer, Result<Call> call, Decode decode,
                 Polling<T> polling) const {
    return run_call<T>(std::move(call), [&](EventLoop& loop, Call made, auto ask) {
      return poll_call<T>(loop, balancer, std::move(made), decode, std::move(polling), ask);
    });
  }

  template <class Chunk>
  Stream<Chunk> stream(const std::shared_ptr<Balancer>& balancer, Result<Call> call) const {
    if (!call) return Stream<Chunk>(std::move(call).error());
    LoopLease loop = loops_->lease();
    std::unique_ptr<StopPolling> polling = poll_for_stop(*call);
    auto task = stream_call<Chunk>(*loop, balancer, *std::move(call));
    auto opened = run(*loop, std::move(task), polling.get());
    if (!opened) return Stream<Chunk>(std::move(opened).error());
    return Stream<Chunk>(
        std::make_unique<OpenStream<Chunk>>(std::move(loop), std::move(polling), *std::move(opened)));
  }

 private:
  std::shared_ptr<LoopPool> loops_;
  ClockFunction clock_;
};

}  // namespace openailb::detail
