#pragma once

/// \file
/// `client.chat`.

#include <openailb/async_client.hpp>
#include <openailb/chat.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/resources/chat.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/chat_accumulator.hpp>
#include <openailb/detail/src/types/chat_completion.hpp>
#include <openailb/detail/src/types/chat_content.hpp>
#include <openailb/detail/src/types/chat_message.hpp>
#include <openailb/detail/src/types/chat_params.hpp>
#include <openailb/detail/src/units/json.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/execution.hpp>

namespace openailb {

template class ChatCompletions<Blocking>;
template class ChatCompletions<Async>;
template class ChatCompletionMessages<Blocking>;
template class ChatCompletionMessages<Async>;
template class Stream<ChatCompletionChunk>;
template class AsyncStream<ChatCompletionChunk>;
template class Future<ChatCompletion>;
template class Page<ChatCompletion, Blocking>;
template class Page<ChatCompletion, Async>;
template class Future<Page<ChatCompletion, Async>>;
template class Page<ChatCompletionStoreMessage, Blocking>;
template class Page<ChatCompletionStoreMessage, Async>;
template class Future<Page<ChatCompletionStoreMessage, Async>>;

}  // namespace openailb
