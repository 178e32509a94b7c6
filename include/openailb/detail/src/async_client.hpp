#pragma once

#include <openailb/async_client.hpp>
#include <openailb/binary_response.hpp>
#include <openailb/byte_sink.hpp>
#include <openailb/clock.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/answer_call.hpp>
#include <openailb/detail/call/background_stream.hpp>
#include <openailb/detail/call/download_call.hpp>
#include <openailb/detail/call/poll_call.hpp>
#include <openailb/detail/call/stream_call.hpp>
#include <openailb/detail/net/errand.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/pending.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>

#include <memory>
#include <stop_token>
#include <utility>

namespace openailb::detail {

/// Runs all calls on one thread with one event loop.
template <>
class Runtime<Async> {
 public:
  static constexpr bool has_one_loop = true;

  Runtime(const ClientOptions& options, const LoopPool::Factory& make_loop)
      : thread_(std::make_shared<LoopThread>(make_loop(), options.executor, options.on_unhandled)),
        clock_(thread_->loop().clock()) {
    thread_->begin();
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime() { thread_->end(); }

  TimePoint now() const { return clock_(); }

  /// `make_task(loop, call, ask)` makes the coroutine of the whole call.
  template <class T, class MakeTask>
  Future<T> run_call(Result<Call> call, MakeTask make_task) const {
    if (!call) {
      return Future<T>(std::make_shared<Pending<Result<T>>>(thread_, Result<T>(std::move(call).error())));
    }
    std::unique_ptr<StopPolling> polling = poll_for_stop(*call);
    const auto task = [&](PendingCall& pending) {
      return make_task(thread_->loop(), *std::move(call), AskByErrand{&pending});
    };
    return Future<T>(run_on<T>(thread_, call->stop_token, task, std::move(polling)));
  }

  template <class T, class Decode>
  Future<T> answer(const std::shared_ptr<Balancer>& balancer, Result<Call> call, Decode decode) const {
    return run_call<T>(std::move(call), [&](EventLoop& loop, Call made, auto) {
      return answer_call<T>(loop, balancer, std::move(made), decode);
    });
  }

  template <class Decode>
  Future<Downloaded> download(const std::shared_ptr<Balancer>& balancer, Result<Call> call, Decode decode,
                              ByteSink sink) const {
    return run_call<Downloaded>(std::move(call), [&](EventLoop& loop, Call made, auto ask) {
      return download_call(loop, balancer, std::move(made), decode, std::move(sink), ask);
    });
  }

  template <class T, class Decode>
  Future<T> poll(const std::shared_ptr<Balancer>& balancer, Result<Call> call, Decode decode,
                 Polling<T> polling) const {
    return run_call<T>(std::move(call), [&](EventLoop& loop, Call made, auto ask) {
      return poll_call<T>(loop, balancer, std::move(made), decode, std::move(polling), ask);
    });
  }

  template <class Chunk>
  AsyncStream<Chunk> stream(const std::shared_ptr<Balancer>& balancer, Result<Call> call) const {
    if (!call) {
      return AsyncStream<Chunk>(std::make_shared<BackgroundStream<Chunk>>(thread_, std::move(call).error()));
    }
    std::unique_ptr<StopPolling> polling = poll_for_stop(*call);
    const std::stop_token stop = call->stop_token;
    auto stream = std::make_shared<BackgroundStream<Chunk>>(
        thread_, stop, stream_call<Chunk>(thread_->loop(), balancer, *std::move(call)));
    stream->polling = std::move(polling);
    AsyncStream<Chunk> its_end(stream);  // which ends it whatever fails from here on
    thread_->take_in(stream);
    return its_end;
  }

 private:
  std::shared_ptr<LoopThread> thread_;
  ClockFunction clock_;
};

}  // namespace openailb::detail
