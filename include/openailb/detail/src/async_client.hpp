#pragma once

#include <openailb/async_client.hpp>
#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/call/background_stream.hpp>
#include <openailb/detail/call/stream_call.hpp>
#include <openailb/detail/net/call_operation.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/net/loop_thread.hpp>
#include <openailb/detail/net/stop_polling.hpp>
#include <openailb/detail/net/task_operation.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>

#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

namespace openailb::detail {

OPENAILB_INLINE Core<Async>::Core(std::vector<EndpointConfig> endpoints, const ClientOptions& options,
                                  const LoopPool::Factory& make_loop)
    : Core(std::move(endpoints), options,
           std::make_shared<LoopThread>(make_loop(), options.executor, options.on_unhandled)) {}

OPENAILB_INLINE Core<Async>::Core(std::vector<EndpointConfig> endpoints, ClientOptions options,
                                  std::shared_ptr<LoopThread> thread)
    : CoreBase(std::move(endpoints), std::move(options), thread->loop().clock()), thread_(std::move(thread)) {
  thread_->begin();
}

OPENAILB_INLINE Core<Async>::~Core() { thread_->end(); }

template <class>
std::shared_ptr<PendingAnswer> Core<Async>::run_any(Result<NewCall> call, const MakeTask& make_task) const {
  if (!call) return std::make_shared<PendingAnswer>(thread_, Result<AnswerPtr>(std::move(call).error()));
  std::unique_ptr<StopPolling> polling = poll_for_stop(**call);
  const std::stop_token stop = (*call)->stop_token;
  const auto task = [&](CallOperation& pending) {
    return make_task(thread_->loop(), *std::move(call), InvokeUser(pending));
  };
  return run_on<AnswerPtr>(thread_, stop, task, std::move(polling));
}

template <class>
AnyAsyncStream Core<Async>::open(const StreamKind& kind, Result<NewCall> call) const {
  if (!call) {
    auto failed = std::make_shared<BackgroundStream>(thread_, std::move(call).error());
    return AnyAsyncStream(std::make_unique<StreamReading>(std::move(failed)));
  }
  std::unique_ptr<StopPolling> polling = poll_for_stop(**call);
  const std::stop_token stop = (*call)->stop_token;
  auto stream = std::make_shared<BackgroundStream>(
      thread_, stop, stream_call(kind, thread_->loop(), balancer(), *std::move(call)));
  stream->polling = std::move(polling);
  AnyAsyncStream its_end(
      std::make_unique<StreamReading>(stream));  // which ends it whatever fails from here on
  thread_->spawn(stream);
  return its_end;
}

}  // namespace openailb::detail
