#pragma once

/// \file
/// All that the other headers only declare where OPENAILB_COMPILED is defined. One translation unit of the
/// program includes it, that of the library openailb::compiled.

#ifndef OPENAILB_COMPILED
#error "openailb/src.hpp is for programs that define OPENAILB_COMPILED in all of their translation units"
#endif

#include <openailb/async_client.hpp>
#include <openailb/chat.hpp>
#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/completions.hpp>
#include <openailb/detail/src/async_client.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/circuit_breaker.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/execution.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/headers.hpp>
#include <openailb/detail/src/json.hpp>
#include <openailb/detail/src/resources/chat.hpp>
#include <openailb/detail/src/resources/completions.hpp>
#include <openailb/detail/src/resources/embeddings.hpp>
#include <openailb/detail/src/resources/models.hpp>
#include <openailb/detail/src/resources/moderations.hpp>
#include <openailb/detail/src/resources/responses.hpp>
#include <openailb/detail/src/response_headers.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/chat_accumulator.hpp>
#include <openailb/detail/src/types/chat_completion.hpp>
#include <openailb/detail/src/types/chat_content.hpp>
#include <openailb/detail/src/types/chat_message.hpp>
#include <openailb/detail/src/types/chat_params.hpp>
#include <openailb/detail/src/types/completions.hpp>
#include <openailb/detail/src/types/response.hpp>
#include <openailb/detail/src/types/response_event.hpp>
#include <openailb/detail/src/types/response_item.hpp>
#include <openailb/detail/src/types/response_params.hpp>
#include <openailb/detail/src/types/text_input.hpp>
#include <openailb/embeddings.hpp>
#include <openailb/models.hpp>
#include <openailb/moderations.hpp>
#include <openailb/responses.hpp>

namespace openailb {

template class BasicClient<Blocking>;
template class BasicClient<Async>;
template class Future<JsonResponse>;

template class ChatCompletions<Blocking>;
template class ChatCompletions<Async>;
template class Stream<ChatCompletionChunk>;
template class AsyncStream<ChatCompletionChunk>;
template class Future<ChatCompletion>;
template class Future<Page<ChatCompletion>>;
template class Future<Deleted>;

template class Completions<Blocking>;
template class Completions<Async>;
template class Stream<CompletionChunk>;
template class AsyncStream<CompletionChunk>;
template class Future<Completion>;

template class Embeddings<Blocking>;
template class Embeddings<Async>;
template class Future<CreateEmbeddingResponse>;

template class Models<Blocking>;
template class Models<Async>;
template class Future<Model>;
template class Future<Page<Model>>;

template class Moderations<Blocking>;
template class Moderations<Async>;
template class Future<ModerationCreateResponse>;

template class Responses<Blocking>;
template class Responses<Async>;
template class ResponseInputItems<Blocking>;
template class ResponseInputItems<Async>;
template class ResponseInputTokens<Blocking>;
template class ResponseInputTokens<Async>;
template class Stream<ResponseStreamEvent>;
template class AsyncStream<ResponseStreamEvent>;
template class Future<Response>;
template class Future<Page<ResponseItem>>;
template class Future<CompactedResponse>;
template class Future<InputTokenCountResponse>;

}  // namespace openailb
