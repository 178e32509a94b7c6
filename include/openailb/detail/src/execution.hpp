#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/balance/balancer.hpp>
#include <openailb/detail/call/download_call.hpp>
#include <openailb/detail/call/poll_call.hpp>
#include <openailb/detail/call/stream_call.hpp>
#include <openailb/detail/call/unary_call.hpp>
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/part_files.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/src/any_stream.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/execution.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/endpoint_status.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb::detail {

OPENAILB_INLINE CoreBase::CoreBase(std::vector<EndpointConfig> endpoints, ClientOptions options,
                                   ClockFunction clock)
    : clock_(std::move(clock)),
      balancer_(std::make_shared<Balancer>(std::move(endpoints), std::move(options), clock_())) {}
OPENAILB_INLINE CoreBase::~CoreBase() = default;

OPENAILB_INLINE Result<NewCall> CoreBase::make_call(ApiRequest&& request, RequestOptions&& options) const {
  return measured(detail::make_call(std::move(request), balancer_->options(), std::move(options)));
}

OPENAILB_INLINE std::optional<std::string> CoreBase::owner_of(std::string_view id) const {
  return balancer_->owner_of(id);
}
OPENAILB_INLINE void CoreBase::pin_object(std::string_view id, std::string_view endpoint) const {
  balancer_->pin_object(id, endpoint);
}
OPENAILB_INLINE EndpointStatuses CoreBase::endpoints() const { return balancer_->status(now()); }
OPENAILB_INLINE void CoreBase::add_endpoint(EndpointConfig endpoint) const {
  balancer_->endpoint_set().add(std::move(endpoint), now());
}
OPENAILB_INLINE void CoreBase::remove_endpoint(std::string_view name) const {
  balancer_->endpoint_set().remove(name);
}
OPENAILB_INLINE void CoreBase::set_endpoints(std::vector<EndpointConfig> endpoints) const {
  balancer_->endpoint_set().replace(std::move(endpoints), now());
}

OPENAILB_INLINE LoopPool::Factory loops_of(const ClientOptions& options, bool has_one_loop) {
  if (options.event_loop) return options.event_loop;
  return [connection = options.connection, has_one_loop] {
    const LoopTuning calls = has_one_loop ? LoopTuning::throughput : LoopTuning::latency;
    return std::make_unique<CurlEventLoop>(connection, calls);
  };
}

template <class>
MakeTask answers(std::shared_ptr<Balancer> balancer, Decoder decode) {
  return [balancer = std::move(balancer), decode = std::move(decode)](
             EventLoop& loop, std::shared_ptr<const Call> call, InvokeUser) {
    return unary_call(loop, balancer, std::move(call), decode);
  };
}

template <class>
MakeTask downloads(std::shared_ptr<Balancer> balancer, Decoder decode, ByteSink into) {
  return [balancer = std::move(balancer), decode = std::move(decode), into = std::move(into)](
             EventLoop& loop, std::shared_ptr<const Call> call, InvokeUser ask) {
    return download_call(loop, balancer, std::move(call), decode, into, ask);
  };
}

template <class>
MakeTask polls(std::shared_ptr<Balancer> balancer, Decoder decode, Polling polling) {
  return [balancer = std::move(balancer), decode = std::move(decode), polling = std::move(polling)](
             EventLoop& loop, std::shared_ptr<const Call> call, InvokeUser ask) {
    return poll_call(loop, balancer, std::move(call), decode, polling, ask);
  };
}

OPENAILB_INLINE Core<Blocking>::Core(std::vector<EndpointConfig> endpoints, ClientOptions options,
                                     LoopPool::Factory make_loop)
    : Core(std::move(endpoints), std::move(options), std::make_shared<LoopPool>(std::move(make_loop))) {}

OPENAILB_INLINE Core<Blocking>::Core(std::vector<EndpointConfig> endpoints, ClientOptions options,
                                     std::shared_ptr<LoopPool> loops)
    : CoreBase(std::move(endpoints), std::move(options), loops->lease()->clock()), loops_(std::move(loops)) {}

template <class>
Result<AnswerPtr> Core<Blocking>::run_any(Result<NewCall> call, const MakeTask& make_task) const {
  if (!call) return std::move(call).error();
  const LoopLease loop = loops_->lease();
  const std::unique_ptr<StopPolling> polling = poll_for_stop(**call);
  Task<Result<AnswerPtr>> task = make_task(*loop, *std::move(call), InvokeUser());
  return run(*loop, std::move(task), polling.get());
}

template <class>
AnyStream Core<Blocking>::open(const StreamKind& kind, Result<NewCall> call) const {
  if (!call) return AnyStream(std::move(call).error());
  LoopLease loop = loops_->lease();
  std::unique_ptr<StopPolling> polling = poll_for_stop(**call);
  Task<Result<std::unique_ptr<CommittedStream>>> task =
      stream_call(kind, *loop, balancer(), *std::move(call));
  Result<std::unique_ptr<CommittedStream>> opened = run(*loop, std::move(task), polling.get());
  if (!opened) return AnyStream(std::move(opened).error());
  return AnyStream(std::make_unique<OpenStream>(std::move(loop), std::move(polling), *std::move(opened)));
}

}  // namespace openailb::detail
