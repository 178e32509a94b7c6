#pragma once

#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <memory>
#include <utility>

namespace openailb::simulation {

using namespace detail;

/// How a simulated client executes: each call is a task, and all tasks run on one loop and one thread, so
/// that thousands of calls interleave the same way in each run.
struct Concurrent {
  template <class T>
  using Answer = Task<Result<T>>;
  template <class Chunk>
  using ChunkStream = Task<Result<std::unique_ptr<CommittedStream<Chunk>>>>;
};

}  // namespace openailb::simulation

/// The one loop.
template <>
class openailb::detail::Runtime<openailb::simulation::Concurrent> {
 public:
  static constexpr bool has_one_loop = true;

  Runtime(const ClientOptions&, const LoopPool::Factory& make_loop) : loop_(make_loop()) {}
  TimePoint now() const { return loop_->now(); }

  template <class T, class Decode>
  Task<Result<T>> answer(std::shared_ptr<Balancer> balancer, Result<Call> call, Decode decode) const {
    return ask<T>(*loop_, std::move(balancer), std::move(call), decode);
  }
  template <class Chunk>
  Task<Result<std::unique_ptr<CommittedStream<Chunk>>>> stream(std::shared_ptr<Balancer> balancer,
                                                               Result<Call> call) const {
    return open<Chunk>(*loop_, std::move(balancer), std::move(call));
  }

 private:
  template <class T, class Decode>
  static Task<Result<T>> ask(EventLoop& loop, std::shared_ptr<Balancer> balancer, Result<Call> call,
                             Decode decode) {
    if (!call) co_return std::move(call).error();
    Task<Result<T>> task = answer_call<T>(loop, std::move(balancer), *std::move(call), decode);
    Result<T> answer = co_await task;
    co_return answer;
  }
  template <class Chunk>
  static Task<Result<std::unique_ptr<CommittedStream<Chunk>>>> open(EventLoop& loop,
                                                                    std::shared_ptr<Balancer> balancer,
                                                                    Result<Call> call) {
    if (!call) co_return std::move(call).error();
    auto task = stream_call<Chunk>(loop, std::move(balancer), *std::move(call));
    Result<std::unique_ptr<CommittedStream<Chunk>>> state = co_await task;
    co_return state;
  }

  std::unique_ptr<EventLoop> loop_;
};

namespace openailb::simulation {

using ConcurrentClient = BasicClient<Concurrent>;

/// A simulated network and the one loop that all calls on it share.
class ConcurrentNetwork {
 public:
  testing::SimulatedNetwork network{};

  EventLoop& loop() const noexcept { return *loop_; }
  /// For ClientOptions::event_loop; for one client.
  auto loops() {
    return [this] {
      std::unique_ptr<EventLoop> made = network.loops()();
      loop_ = made.get();
      return made;
    };
  }

 private:
  EventLoop* loop_{};
};

}  // namespace openailb::simulation
