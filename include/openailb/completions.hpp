#pragma once

/// \file
/// The client with `client.completions`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/completions.hpp>
#include <openailb/stream.hpp>
#include <openailb/types/completions.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/completions.hpp>
#else
extern template class openailb::Completions<openailb::Blocking>;
extern template class openailb::Completions<openailb::Async>;
extern template class openailb::Stream<openailb::CompletionChunk>;
#endif
