#pragma once

/// \file
/// The client with `client.vector_stores`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/vector_stores.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/types/vector_store_files.hpp>
#include <openailb/types/vector_stores.hpp>
#include <openailb/values/page.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/vector_stores.hpp>
#else
extern template class openailb::VectorStores<openailb::Blocking>;
extern template class openailb::VectorStores<openailb::Async>;
extern template class openailb::VectorStoreFiles<openailb::Blocking>;
extern template class openailb::VectorStoreFiles<openailb::Async>;
extern template class openailb::VectorStoreFileBatches<openailb::Blocking>;
extern template class openailb::VectorStoreFileBatches<openailb::Async>;
#endif
