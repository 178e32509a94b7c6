#pragma once

/// \file
/// All that the other headers only declare where OPENAILB_COMPILED is defined. One translation unit of the
/// program includes it, that of the library openailb::compiled.

#ifndef OPENAILB_COMPILED
#error "openailb/src.hpp is for programs that define OPENAILB_COMPILED in all of their translation units"
#endif

#include <openailb/async_client.hpp>
#include <openailb/audio.hpp>
#include <openailb/batches.hpp>
#include <openailb/chat.hpp>
#include <openailb/circuit_breaker.hpp>
#include <openailb/client.hpp>
#include <openailb/completions.hpp>
#include <openailb/conversations.hpp>
#include <openailb/detail/src/async_client.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/circuit_breaker.hpp>
#include <openailb/detail/src/client.hpp>
#include <openailb/detail/src/endpoints.hpp>
#include <openailb/detail/src/execution.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/headers.hpp>
#include <openailb/detail/src/json.hpp>
#include <openailb/detail/src/page.hpp>
#include <openailb/detail/src/resources/audio.hpp>
#include <openailb/detail/src/resources/batches.hpp>
#include <openailb/detail/src/resources/chat.hpp>
#include <openailb/detail/src/resources/completions.hpp>
#include <openailb/detail/src/resources/conversations.hpp>
#include <openailb/detail/src/resources/embeddings.hpp>
#include <openailb/detail/src/resources/files.hpp>
#include <openailb/detail/src/resources/images.hpp>
#include <openailb/detail/src/resources/models.hpp>
#include <openailb/detail/src/resources/moderations.hpp>
#include <openailb/detail/src/resources/responses.hpp>
#include <openailb/detail/src/resources/uploads.hpp>
#include <openailb/detail/src/resources/vector_stores.hpp>
#include <openailb/detail/src/response_headers.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/audio_event.hpp>
#include <openailb/detail/src/types/chat_accumulator.hpp>
#include <openailb/detail/src/types/chat_completion.hpp>
#include <openailb/detail/src/types/chat_content.hpp>
#include <openailb/detail/src/types/chat_message.hpp>
#include <openailb/detail/src/types/chat_params.hpp>
#include <openailb/detail/src/types/completions.hpp>
#include <openailb/detail/src/types/image_event.hpp>
#include <openailb/detail/src/types/response.hpp>
#include <openailb/detail/src/types/response_event.hpp>
#include <openailb/detail/src/types/response_item.hpp>
#include <openailb/detail/src/types/response_params.hpp>
#include <openailb/detail/src/types/text_input.hpp>
#include <openailb/embeddings.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/files.hpp>
#include <openailb/images.hpp>
#include <openailb/models.hpp>
#include <openailb/moderations.hpp>
#include <openailb/responses.hpp>
#include <openailb/uploads.hpp>
#include <openailb/vector_stores.hpp>

namespace openailb {

template class BasicClient<Blocking>;
template class BasicClient<Async>;
template class Future<JsonResponse>;
template class Future<BinaryResponse>;
template class Future<Downloaded>;
template class Future<Deleted>;

template class Transcriptions<Blocking>;
template class Transcriptions<Async>;
template class Translations<Blocking>;
template class Translations<Async>;
template class Speech<Blocking>;
template class Speech<Async>;
template class Stream<TranscriptionStreamEvent>;
template class Stream<SpeechStreamEvent>;
template class AsyncStream<TranscriptionStreamEvent>;
template class AsyncStream<SpeechStreamEvent>;
template class Future<Transcription>;

template class Batches<Blocking>;
template class Batches<Async>;
template class Page<Batch, Blocking>;
template class Page<Batch, Async>;
template class Future<Batch>;
template class Future<Page<Batch, Async>>;

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

template class Completions<Blocking>;
template class Completions<Async>;
template class Stream<CompletionChunk>;
template class AsyncStream<CompletionChunk>;
template class Future<Completion>;

template class Conversations<Blocking>;
template class Conversations<Async>;
template class ConversationItems<Blocking>;
template class ConversationItems<Async>;
template class Future<Conversation>;
template class Future<ConversationItem>;
template class Future<ConversationItemList>;

template class Embeddings<Blocking>;
template class Embeddings<Async>;
template class Future<CreateEmbeddingResponse>;

template class Files<Blocking>;
template class Files<Async>;
template class Page<FileObject, Blocking>;
template class Page<FileObject, Async>;
template class Future<FileObject>;
template class Future<Page<FileObject, Async>>;

template class Images<Blocking>;
template class Images<Async>;
template class Stream<ImageStreamEvent>;
template class AsyncStream<ImageStreamEvent>;
template class Future<ImagesResponse>;

template class Models<Blocking>;
template class Models<Async>;
template class Future<Model>;
template class Page<Model, Blocking>;
template class Page<Model, Async>;
template class Future<Page<Model, Async>>;

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
template class Page<ResponseItem, Blocking>;
template class Page<ResponseItem, Async>;
template class Future<Page<ResponseItem, Async>>;
template class Future<CompactedResponse>;
template class Future<InputTokenCountResponse>;

template class Uploads<Blocking>;
template class Uploads<Async>;
template class Future<Upload>;
template class Future<UploadPart>;

template class VectorStores<Blocking>;
template class VectorStores<Async>;
template class VectorStoreFiles<Blocking>;
template class VectorStoreFiles<Async>;
template class VectorStoreFileBatches<Blocking>;
template class VectorStoreFileBatches<Async>;
template class Page<VectorStore, Blocking>;
template class Page<VectorStore, Async>;
template class Page<VectorStoreFile, Blocking>;
template class Page<VectorStoreFile, Async>;
template class Future<VectorStore>;
template class Future<VectorStoreFile>;
template class Future<VectorStoreFileBatch>;
template class Future<VectorStoreFileContentPage>;
template class Future<VectorStoreSearchResultsPage>;
template class Future<Page<VectorStore, Async>>;
template class Future<Page<VectorStoreFile, Async>>;

}  // namespace openailb
