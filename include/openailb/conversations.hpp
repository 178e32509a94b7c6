#pragma once

/// \file
/// The client with `client.conversations`.

#include <openailb/client.hpp>
#include <openailb/execution.hpp>
#include <openailb/resources/conversations.hpp>
#include <openailb/types/conversations.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/values/page.hpp>

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/conversations.hpp>
#else
extern template class openailb::Conversations<openailb::Blocking>;
extern template class openailb::Conversations<openailb::Async>;
extern template class openailb::ConversationItems<openailb::Blocking>;
extern template class openailb::ConversationItems<openailb::Async>;
#endif
