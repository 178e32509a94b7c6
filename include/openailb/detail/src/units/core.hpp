#pragma once

/// \file
/// What every call goes through, the blocking client, and the breaker by itself.

#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/detail/src/circuit_breaker.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/endpoints.hpp>
#include <openailb/detail/src/execution.hpp>
#include <openailb/detail/src/headers.hpp>
#include <openailb/detail/src/json.hpp>
#include <openailb/detail/src/list_call.hpp>
#include <openailb/detail/src/response_headers.hpp>
#include <openailb/detail/src/units/call_path.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/headers.hpp>
#include <openailb/json.hpp>
#include <openailb/response_headers.hpp>

#include <memory>

namespace openailb {

namespace detail {

template MakeTask answers<>(std::shared_ptr<Balancer>, Decoder);
template MakeTask downloads<>(std::shared_ptr<Balancer>, Decoder, ByteSink);
template MakeTask polls<>(std::shared_ptr<Balancer>, Decoder, Polling);
template Result<AnyAnswer> Core<Blocking>::run_any<>(Result<Call>, const MakeTask&) const;
template AnyStream Core<Blocking>::open<>(const StreamKind&, Result<Call>) const;
template MakeTask List::make_task<>() const;
template Task<Result<AnyAnswer>> answer_call<>(EventLoop&, std::shared_ptr<Balancer>, Call, Decoder);
template Task<Result<AnyAnswer>> poll_call<>(EventLoop&, std::shared_ptr<Balancer>, Call, Decoder, Polling,
                                             Ask);
template Task<Result<std::unique_ptr<CommittedStream>>> stream_call<>(const StreamKind&, EventLoop&,
                                                                      std::shared_ptr<Balancer>, Call);
template Task<const ChunkReader*> CommittedStream::next<>();
template const ChunkReader* AnyStream::advance<>();

}  // namespace detail

template class BasicClient<Blocking>;

}  // namespace openailb
