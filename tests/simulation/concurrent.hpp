#pragma once

#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <memory>
#include <utility>

namespace openailb::simulation {

using namespace detail;

/// How a simulated client executes: each call is a task, and all tasks run on one loop and one thread, so
/// that thousands of calls interleave the same way in each run. The pool never has to make a second loop,
/// because a lease is given back as soon as the task has been made.
struct Concurrent {
  template <class T>
  using Answer = Task<Result<T>>;
  template <class Chunk>
  using ChunkStream = Task<Result<std::unique_ptr<CommittedStream<Chunk>>>>;

  template <class T, class Decode>
  static Answer<T> request(const Core& core, Result<Call> call, Decode decode) {
    return ask<T>(*core.loops->lease(), core.balancer, std::move(call), std::move(decode));
  }
  template <class Chunk>
  static ChunkStream<Chunk> stream(const Core& core, Result<Call> call) {
    return open<Chunk>(*core.loops->lease(), core.balancer, std::move(call));
  }

 private:
  template <class T, class Decode>
  static Answer<T> ask(EventLoop& loop, std::shared_ptr<Balancer> balancer, Result<Call> call,
                       Decode decode) {
    if (!call) co_return std::move(call).error();
    Answer<T> task =
        openailb::detail::request<T>(loop, std::move(balancer), *std::move(call), std::move(decode));
    Result<T> answer = co_await task;
    co_return answer;
  }
  template <class Chunk>
  static ChunkStream<Chunk> open(EventLoop& loop, std::shared_ptr<Balancer> balancer, Result<Call> call) {
    if (!call) co_return std::move(call).error();
    ChunkStream<Chunk> task = request_stream<Chunk>(loop, std::move(balancer), *std::move(call));
    Result<std::unique_ptr<CommittedStream<Chunk>>> state = co_await task;
    co_return state;
  }
};

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
