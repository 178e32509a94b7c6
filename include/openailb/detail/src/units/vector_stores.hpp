#pragma once

/// \file
/// `client.vector_stores`.

#include <openailb/async_client.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/resources/vector_stores.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/units/call_path.hpp>
#include <openailb/detail/src/units/json.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/execution.hpp>
#include <openailb/vector_stores.hpp>

namespace openailb {

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
