#pragma once

#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/options.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace openailb::detail {

/// What the calls of a client run on, specialised for each execution:
/// - its constructor takes the client's options and a function that makes event loops;
/// - `has_one_loop` says whether all calls run on one, or each on a loop of its own;
/// - `now()`;
/// - `answer<T>(balancer, call, decode)` runs a call with a single answer, `download(balancer, call, decode,
///   sink)` one whose bytes go into a sink, `poll<T>(balancer, call, decode, polling)` one that is made again
///   and again, and `stream<Chunk>(balancer, call)` one with a stream. The call may also be the error for
///   which it cannot be made;
/// - `run_call<T>(call, make_task)`, which is under the first three, runs whatever `make_task(loop, call,
///   ask)` makes: a coroutine that gives a Result<T>. `ask` calls functions where the user's code runs.
template <class Execution>
class Runtime;

/// What all copies of a client share: its endpoints, and what its calls run on.
template <class Execution>
struct Core {
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, LoopPool::Factory make_loop)
      : runtime(options, std::move(make_loop)),
        balancer(std::make_shared<Balancer>(std::move(endpoints), std::move(options), runtime.now())) {}

  Runtime<Execution> runtime;
  std::shared_ptr<Balancer> balancer;
};

}  // namespace openailb::detail
