#pragma once

/// \file
/// All that the other headers only declare where OPENAILB_COMPILED is defined. One translation unit of the
/// program includes it, that of the library openailb::compiled.

#ifndef OPENAILB_COMPILED
#error "openailb/src.hpp is for programs that define OPENAILB_COMPILED in all of their translation units"
#endif

#include <openailb/async_client.hpp>
#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/detail/src/async_client.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/circuit_breaker.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/execution.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/headers.hpp>
#include <openailb/detail/src/json.hpp>
#include <openailb/detail/src/resources/chat.hpp>
#include <openailb/detail/src/response_headers.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/chat_accumulator.hpp>
#include <openailb/detail/src/types/chat_completion.hpp>
#include <openailb/detail/src/types/chat_content.hpp>
#include <openailb/detail/src/types/chat_message.hpp>
#include <openailb/detail/src/types/chat_params.hpp>

namespace openailb {

template class BasicClient<Blocking>;
template class ChatCompletions<Blocking>;
template class Stream<ChatCompletionChunk>;

template class BasicClient<Async>;
template class ChatCompletions<Async>;
template class AsyncStream<ChatCompletionChunk>;
template class Future<ChatCompletion>;
template class Future<JsonResponse>;
template class Future<BinaryResponse>;

}  // namespace openailb
