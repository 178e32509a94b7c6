#pragma once

/// \file
/// `client.models`, `client.completions`, `client.embeddings` and `client.moderations`.

#include <openailb/async_client.hpp>
#include <openailb/completions.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/resources/completions.hpp>
#include <openailb/detail/src/resources/embeddings.hpp>
#include <openailb/detail/src/resources/models.hpp>
#include <openailb/detail/src/resources/moderations.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/completions.hpp>
#include <openailb/detail/src/types/text_input.hpp>
#include <openailb/detail/src/units/json.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/embeddings.hpp>
#include <openailb/execution.hpp>
#include <openailb/models.hpp>
#include <openailb/moderations.hpp>

namespace openailb {

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
template class Page<Model, Blocking>;
template class Page<Model, Async>;
template class Future<Page<Model, Async>>;

template class Moderations<Blocking>;
template class Moderations<Async>;
template class Future<ModerationCreateResponse>;

}  // namespace openailb
