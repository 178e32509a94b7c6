#pragma once

/// \file
/// The client with `client.responses`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/responses.hpp>
#include <openailb/stream.hpp>
#include <openailb/types/responses.hpp>
#include <openailb/values/page.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/responses.hpp>
#else
extern template class openailb::Responses<openailb::Blocking>;
extern template class openailb::Responses<openailb::Async>;
extern template class openailb::ResponseInputItems<openailb::Blocking>;
extern template class openailb::ResponseInputItems<openailb::Async>;
extern template class openailb::ResponseInputTokens<openailb::Blocking>;
extern template class openailb::ResponseInputTokens<openailb::Async>;
extern template class openailb::Stream<openailb::ResponseStreamEvent>;
#endif
