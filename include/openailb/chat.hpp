#pragma once

/// \file
/// The client with `client.chat`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/chat.hpp>
#include <openailb/stream.hpp>
#include <openailb/types/chat.hpp>
#include <openailb/values/page.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/chat.hpp>
#else
extern template class openailb::ChatCompletions<openailb::Blocking>;
extern template class openailb::ChatCompletions<openailb::Async>;
extern template class openailb::ChatCompletionMessages<openailb::Blocking>;
extern template class openailb::ChatCompletionMessages<openailb::Async>;
extern template class openailb::Stream<openailb::ChatCompletionChunk>;
#endif
