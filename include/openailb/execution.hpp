#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/answer_call.hpp>
#include <openailb/detail/call/stream_call.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/stream.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// What all copies of a client share: its endpoints, and what its calls run on.
template <class Execution>
struct Core {
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, LoopPool::Factory make_loop)
      : runtime(std::move(make_loop)),
        balancer(std::make_shared<Balancer>(std::move(endpoints), std::move(options), runtime.now())) {}

  typename Execution::Runtime runtime;
  std::shared_ptr<Balancer> balancer;
};

/// Makes the call's stop token obey its should_stop as well; null if it has no such function.
inline std::unique_ptr<StopPolling> poll_for_stop(Call& call) {
  if (!call.should_stop) return nullptr;
  auto polling = std::make_unique<StopPolling>(std::move(call.should_stop), std::move(call.stop_token));
  call.stop_token = polling->token();
  return polling;
}

}  // namespace detail

/// How a Client runs its calls: each on the calling thread, on an event loop of its own, until it is done.
struct Blocking {
  template <class T>
  using Answer = Result<T>;
  template <class Chunk>
  using ChunkStream = Stream<Chunk>;

  /// What the calls of a client run on: an event loop for each call, and the clock of all loops.
  class Runtime {
   public:
    explicit Runtime(detail::LoopPool::Factory make_loop)
        : loops_(std::make_shared<detail::LoopPool>(std::move(make_loop))),
          clock_(loops_->lease()->clock()) {}

    TimePoint now() const { return clock_(); }
    detail::LoopLease lease() const { return loops_->lease(); }

   private:
    std::shared_ptr<detail::LoopPool> loops_;
    ClockFunction clock_;
  };

  template <class T, class Decode>
  static Result<T> answer(const detail::Core<Blocking>& core, Result<detail::Call> call, Decode decode) {
    if (!call) return std::move(call).error();
    const detail::LoopLease loop = core.runtime.lease();
    const std::unique_ptr<detail::StopPolling> polling = detail::poll_for_stop(*call);
    auto task = detail::answer_call<T>(*loop, core.balancer, *std::move(call), decode);
    return detail::run(*loop, std::move(task), polling.get());
  }

  template <class Chunk>
  static Stream<Chunk> stream(const detail::Core<Blocking>& core, Result<detail::Call> call) {
    if (!call) return Stream<Chunk>(std::move(call).error());
    detail::LoopLease loop = core.runtime.lease();
    std::unique_ptr<detail::StopPolling> polling = detail::poll_for_stop(*call);
    auto task = detail::stream_call<Chunk>(*loop, core.balancer, *std::move(call));
    auto state = detail::run(*loop, std::move(task), polling.get());
    if (!state) return Stream<Chunk>(std::move(state).error());
    return Stream<Chunk>(std::move(loop), std::move(polling), *std::move(state));
  }
};

}  // namespace openailb
