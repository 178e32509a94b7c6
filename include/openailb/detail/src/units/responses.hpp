#pragma once

/// \file
/// `client.responses` and `client.conversations`.

#include <openailb/async_client.hpp>
#include <openailb/conversations.hpp>
#include <openailb/detail/src/async_stream.hpp>
#include <openailb/detail/src/future.hpp>
#include <openailb/detail/src/resources/conversations.hpp>
#include <openailb/detail/src/resources/responses.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/response.hpp>
#include <openailb/detail/src/types/response_event.hpp>
#include <openailb/detail/src/types/response_item.hpp>
#include <openailb/detail/src/types/response_params.hpp>
#include <openailb/detail/src/units/json.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/execution.hpp>
#include <openailb/responses.hpp>

namespace openailb {

template class Conversations<Blocking>;
template class Conversations<Async>;
template class ConversationItems<Blocking>;
template class ConversationItems<Async>;
template class Future<Conversation>;
template class Future<ConversationItem>;
template class Future<ConversationItemList>;

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

}  // namespace openailb
