#pragma once

/// \file
/// What the unit `core` makes of the call path, for all others.

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/call/committed_stream.hpp>
#include <openailb/detail/call/poll_call.hpp>
#include <openailb/detail/call/stream_call.hpp>
#include <openailb/detail/call/unary_call.hpp>
#include <openailb/detail/net/executor_hop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/result.hpp>

#include <memory>

namespace openailb::detail {

extern template Task<Result<AnswerPtr>> unary_call<>(EventLoop&, std::shared_ptr<Balancer>,
                                                     std::shared_ptr<const Call>, Decoder);
extern template Task<Result<AnswerPtr>> poll_call<>(EventLoop&, std::shared_ptr<Balancer>,
                                                    std::shared_ptr<const Call>, Decoder, Polling,
                                                    InvokeUser);

extern template Task<Result<std::unique_ptr<CommittedStream>>> stream_call<>(const StreamKind&, EventLoop&,
                                                                             std::shared_ptr<Balancer>,
                                                                             std::shared_ptr<const Call>);
extern template Task<const ChunkReader*> CommittedStream::next<>();

}  // namespace openailb::detail
