#pragma once

/// \file
/// The client with `client.embeddings`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/embeddings.hpp>
#include <openailb/types/embeddings.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/embeddings.hpp>
#else
extern template class openailb::Embeddings<openailb::Blocking>;
extern template class openailb::Embeddings<openailb::Async>;
#endif
