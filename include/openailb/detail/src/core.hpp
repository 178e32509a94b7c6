#pragma once

#include <openailb/clock.hpp>
#include <openailb/detail/balance/answered.hpp>
#include <openailb/detail/net/errand.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/execution.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace openailb {

class ByteSink;

namespace detail {

class Balancer;
class LoopThread;
class OpenStream;
template <class T>
class Pending;
struct Polling;
struct StreamKind;
class StreamReading;

/// What all copies of a client share, whatever runs its calls.
class CoreBase {
 public:
  CoreBase(const CoreBase&) = delete;
  CoreBase& operator=(const CoreBase&) = delete;

  const std::shared_ptr<Balancer>& balancer() const noexcept { return balancer_; }
  TimePoint now() const { return clock_(); }
  /// A call, or why it cannot be made.
  Result<Call> make_call(ApiRequest request, RequestOptions options) const;

 protected:
  CoreBase(std::vector<EndpointConfig> endpoints, ClientOptions options, ClockFunction clock);
  ~CoreBase();

 private:
  ClockFunction clock_;
  std::shared_ptr<Balancer> balancer_;
};

/// Makes the coroutine of a whole call. `ask` calls functions of the user's.
using MakeTask = std::function<Task<Result<AnyAnswer>>(EventLoop& loop, Call call, Ask ask)>;

/// Those of a call with one answer, of one whose bytes go into a sink, and of one that is made again and
/// again.
template <class = OnlyIfUsed>
MakeTask answers(std::shared_ptr<Balancer> balancer, Decoder decode);
template <class = OnlyIfUsed>
MakeTask downloads(std::shared_ptr<Balancer> balancer, Decoder decode, ByteSink into);
template <class = OnlyIfUsed>
MakeTask polls(std::shared_ptr<Balancer> balancer, Decoder decode, Polling polling);

/// What all copies of a client share: its endpoints, and what runs its calls. Calls may also be the error for
/// which they cannot be made.
template <class Execution>
class Core;

/// Leases an event loop for each call, and runs the call on the calling thread until it is done.
template <>
class Core<Blocking> : public CoreBase {
 public:
  static constexpr bool has_one_loop = false;

  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, LoopPool::Factory make_loop);

  template <class T>
  Result<T> run_call(Result<Call> call, const MakeTask& make_task) const {
    return typed<T>(run_any(std::move(call), make_task));
  }
  template <class Chunk>
  Stream<Chunk> stream(const StreamKind& kind, Result<Call> call) const {
    Result<std::unique_ptr<OpenStream>> opened = open(kind, std::move(call));
    if (!opened) return Stream<Chunk>(std::move(opened).error());
    return Stream<Chunk>(*std::move(opened));
  }

 private:
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, std::shared_ptr<LoopPool> loops);
  template <class = OnlyIfUsed>
  Result<AnyAnswer> run_any(Result<Call> call, const MakeTask& make_task) const;
  template <class = OnlyIfUsed>
  Result<std::unique_ptr<OpenStream>> open(const StreamKind& kind, Result<Call> call) const;

  std::shared_ptr<LoopPool> loops_;
};

/// Runs all calls on one thread with one event loop.
template <>
class Core<Async> : public CoreBase {
 public:
  static constexpr bool has_one_loop = true;

  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, const LoopPool::Factory& make_loop);
  ~Core();

  template <class T>
  Future<T> run_call(Result<Call> call, const MakeTask& make_task) const {
    return Future<T>(run_any(std::move(call), make_task));
  }
  template <class Chunk>
  AsyncStream<Chunk> stream(const StreamKind& kind, Result<Call> call) const {
    return AsyncStream<Chunk>(open(kind, std::move(call)));
  }

 private:
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, std::shared_ptr<LoopThread> thread);
  template <class = OnlyIfUsed>
  std::shared_ptr<Pending<Result<AnyAnswer>>> run_any(Result<Call> call, const MakeTask& make_task) const;
  template <class = OnlyIfUsed>
  std::unique_ptr<StreamReading> open(const StreamKind& kind, Result<Call> call) const;

  std::shared_ptr<LoopThread> thread_;
};

}  // namespace detail
}  // namespace openailb
