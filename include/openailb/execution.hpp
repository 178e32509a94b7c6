#pragma once

#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/call/exchange.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/stream.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// What all copies of a client share: the endpoints, and the loops that calls run on.
struct Core {
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, LoopPool::Factory make_loop)
      : loops(std::make_shared<LoopPool>(std::move(make_loop))),
        balancer(
            std::make_shared<Balancer>(std::move(endpoints), std::move(options), loops->lease()->now())) {}

  std::shared_ptr<LoopPool> loops;
  std::shared_ptr<Balancer> balancer;
};

/// Puts the call's function into its stop token; null when it has none.
inline std::unique_ptr<StopPolling> poll_for_stop(Call& call) {
  if (!call.should_stop) return nullptr;
  auto polling = std::make_unique<StopPolling>(std::move(call.should_stop), std::move(call.stop_token));
  call.stop_token = polling->token();
  return polling;
}

}  // namespace detail

/// How a Client executes: each call runs on the calling thread, on a loop of its own, until it is done.
struct Blocking {
  template <class T>
  using Answer = Result<T>;
  template <class Chunk>
  using ChunkStream = Stream<Chunk>;

  /// `read(response, circumstances)` gives a Result<T>.
  template <class T, class Read>
  static Result<T> request(const detail::Core& core, Result<detail::Call> call, Read read) {
    if (!call) return std::move(call).error();
    const detail::LoopLease loop = core.loops->lease();
    const std::unique_ptr<detail::StopPolling> polling = detail::poll_for_stop(*call);
    auto task = detail::request<T>(*loop, core.balancer, *std::move(call), std::move(read));
    return detail::run(*loop, std::move(task), polling.get());
  }

  template <class Chunk>
  static Stream<Chunk> stream(const detail::Core& core, Result<detail::Call> call) {
    if (!call) return Stream<Chunk>(std::move(call).error());
    detail::LoopLease loop = core.loops->lease();
    std::unique_ptr<detail::StopPolling> polling = detail::poll_for_stop(*call);
    auto task = detail::request_stream<Chunk>(*loop, core.balancer, *std::move(call));
    auto state = detail::run(*loop, std::move(task), polling.get());
    if (!state) return Stream<Chunk>(std::move(state).error());
    return Stream<Chunk>(std::move(loop), std::move(polling), *std::move(state));
  }
};

}  // namespace openailb
