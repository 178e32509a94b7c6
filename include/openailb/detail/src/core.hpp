#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/endpoint_status.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

template <class Chunk>
class AsyncStream;
struct Async;
struct Blocking;
class ByteSink;
template <class T>
class Future;
template <class Chunk>
class Stream;

namespace detail {

class AnyAsyncStream;
class AnyStream;
class Balancer;
class LoopThread;
template <class T>
class TaskOperation;
struct Polling;
struct StreamKind;

/// What all copies of a client share, whatever runs its calls.
class CoreBase {
 public:
  CoreBase(const CoreBase&) = delete;
  CoreBase& operator=(const CoreBase&) = delete;

  const std::shared_ptr<Balancer>& balancer() const noexcept { return balancer_; }
  TimePoint now() const { return clock_(); }
  /// A call, or why it cannot be made.
  Result<NewCall> make_call(ApiRequest&& request, RequestOptions&& options) const;

  /// \name for BasicClient
  ///@{
  std::optional<std::string> owner_of(std::string_view id) const;
  void pin_object(std::string_view id, std::string_view endpoint) const;
  EndpointStatuses endpoints() const;
  void add_endpoint(EndpointConfig endpoint) const;
  void remove_endpoint(std::string_view name) const;
  void set_endpoints(std::vector<EndpointConfig> endpoints) const;
  ///@}

 protected:
  CoreBase(std::vector<EndpointConfig> endpoints, ClientOptions options, ClockFunction clock);
  ~CoreBase();

 private:
  ClockFunction clock_;
  std::shared_ptr<Balancer> balancer_;
};

/// What makes the event loops of a client: what its options say, or else loops on libcurl. `has_one_loop`
/// says whether all calls run on one, or each on a loop of its own.
LoopPool::Factory loops_of(const ClientOptions& options, bool has_one_loop);

/// Makes the coroutine of a whole call. `ask` calls functions of the user's.
using MakeTask =
    std::function<Task<Result<AnswerPtr>>(EventLoop& loop, std::shared_ptr<const Call> call, InvokeUser ask)>;

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
  Result<T> run_call(Result<NewCall> call, const MakeTask& make_task) const {
    return typed<T>(run_any(std::move(call), make_task));
  }
  template <class Chunk>
  Stream<Chunk> stream(const StreamKind& kind, Result<NewCall> call) const;

 private:
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, std::shared_ptr<LoopPool> loops);
  template <class = OnlyIfUsed>
  Result<AnswerPtr> run_any(Result<NewCall> call, const MakeTask& make_task) const;
  template <class = OnlyIfUsed>
  AnyStream open(const StreamKind& kind, Result<NewCall> call) const;

  std::shared_ptr<LoopPool> loops_;
};

/// Runs all calls on one thread with one event loop.
template <>
class Core<Async> : public CoreBase {
 public:
  static constexpr bool has_one_loop = true;

  Core(std::vector<EndpointConfig> endpoints, const ClientOptions& options,
       const LoopPool::Factory& make_loop);
  ~Core();

  template <class T>
  Future<T> run_call(Result<NewCall> call, const MakeTask& make_task) const {
    return Future<T>(run_any(std::move(call), make_task));
  }
  template <class Chunk>
  AsyncStream<Chunk> stream(const StreamKind& kind, Result<NewCall> call) const;

 private:
  Core(std::vector<EndpointConfig> endpoints, ClientOptions options, std::shared_ptr<LoopThread> thread);
  template <class = OnlyIfUsed>
  std::shared_ptr<TaskOperation<Result<AnswerPtr>>> run_any(Result<NewCall> call,
                                                            const MakeTask& make_task) const;
  template <class = OnlyIfUsed>
  AnyAsyncStream open(const StreamKind& kind, Result<NewCall> call) const;

  std::shared_ptr<LoopThread> thread_;
};

}  // namespace detail
}  // namespace openailb
