#pragma once

#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace openailb::simulation {

using namespace detail;

/// How a simulated client executes: each call is a task, and all tasks run on one loop and one thread, so
/// that thousands of calls interleave the same way in each run.
struct Concurrent {
  template <class T>
  using Answer = Task<Result<T>>;
  template <class Chunk>
  using ChunkStream = Task<Result<std::unique_ptr<CommittedStream>>>;
};

}  // namespace openailb::simulation

/// The one loop.
template <>
class openailb::detail::Core<openailb::simulation::Concurrent> : public CoreBase {
 public:
  static constexpr bool has_one_loop = true;

  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, const LoopPool::Factory& make_loop)
      : Core(std::move(endpoints), std::move(options), make_loop()) {}

  template <class T>
  Task<Result<T>> run_call(Result<NewCall> call, const MakeTask& make_task) const {
    return ask<T>(*loop_, std::move(call), make_task);
  }
  template <class Chunk>
  Task<Result<std::unique_ptr<CommittedStream>>> stream(const StreamKind& kind, Result<NewCall> call) const {
    return open<>(kind, *loop_, balancer(), std::move(call));
  }

 private:
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, std::unique_ptr<EventLoop> loop)
      : CoreBase(std::move(endpoints), std::move(options), loop->clock()), loop_(std::move(loop)) {}

  template <class T>
  static Task<Result<T>> ask(EventLoop& loop, Result<NewCall> call, MakeTask make_task) {
    if (!call) co_return std::move(call).error();
    Task<Result<AnswerPtr>> task = make_task(loop, *std::move(call), InvokeUser());
    Result<AnswerPtr> answer = co_await task;
    co_return typed<T>(std::move(answer));
  }
  template <class = OnlyIfUsed>
  static Task<Result<std::unique_ptr<CommittedStream>>> open(const StreamKind& kind, EventLoop& loop,
                                                             std::shared_ptr<Balancer> balancer,
                                                             Result<NewCall> call) {
    if (!call) co_return std::move(call).error();
    Task<Result<std::unique_ptr<CommittedStream>>> task =
        stream_call(kind, loop, std::move(balancer), *std::move(call));
    Result<std::unique_ptr<CommittedStream>> state = co_await task;
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
