#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/conversations.hpp>
#include <openailb/types/conversations.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/page.hpp>

#include <utility>

namespace openailb {

namespace detail {

inline ApiPath conversation_path(TextView conversation_id) {
  return ApiPath("/conversations") / conversation_id;
}
inline ApiPath conversation_items_path(TextView conversation_id) {
  return conversation_path(conversation_id) / "items";
}

}  // namespace detail

template <class Execution>
auto Conversations<Execution>::create(const ConversationCreateParams& params, RequestOptions options) const
    -> Answer<Conversation> {
  return Base::template post_unhedged<Conversation>("/conversations", params, std::move(options));
}

template <class Execution>
auto Conversations<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<Conversation> {
  return Base::template post_unhedged<Conversation>("/conversations", body, std::move(options));
}

template <class Execution>
auto Conversations<Execution>::retrieve(TextView conversation_id, RequestOptions options) const
    -> Answer<Conversation> {
  return Base::template get<Conversation>(detail::conversation_path(conversation_id), std::move(options),
                                          detail::decode_object<Conversation>);
}

template <class Execution>
auto Conversations<Execution>::update(TextView conversation_id, const ConversationUpdateParams& params,
                                      RequestOptions options) const -> Answer<Conversation> {
  return Base::template post_unhedged<Conversation>(detail::conversation_path(conversation_id), params,
                                                    std::move(options));
}

template <class Execution>
auto Conversations<Execution>::update_from(TextView conversation_id, const JsonDocument& body,
                                           RequestOptions options) const -> Answer<Conversation> {
  return Base::template post_unhedged<Conversation>(detail::conversation_path(conversation_id), body,
                                                    std::move(options));
}

template <class Execution>
auto Conversations<Execution>::del(TextView conversation_id, RequestOptions options) const
    -> Answer<Deleted> {
  return Base::template del<Deleted>(detail::conversation_path(conversation_id), std::move(options),
                                     detail::decode_deleted<Deleted>);
}

template <class Execution>
auto ConversationItems<Execution>::create(TextView conversation_id,
                                          const ConversationItemCreateParams& params,
                                          RequestOptions options) const -> Answer<ConversationItemList> {
  return create(conversation_id, params, ConversationItemQuery{}, std::move(options));
}

template <class Execution>
auto ConversationItems<Execution>::create_from(TextView conversation_id, const JsonDocument& body,
                                               RequestOptions options) const -> Answer<ConversationItemList> {
  return create_from(conversation_id, body, ConversationItemQuery{}, std::move(options));
}

template <class Execution>
auto ConversationItems<Execution>::create(TextView conversation_id,
                                          const ConversationItemCreateParams& params,
                                          const ConversationItemQuery& query, RequestOptions options) const
    -> Answer<ConversationItemList> {
  return Base::template post_unhedged<ConversationItemList>(
      detail::conversation_items_path(conversation_id).with(query), params, std::move(options),
      detail::decode_list<ConversationItemList>);
}

template <class Execution>
auto ConversationItems<Execution>::create_from(TextView conversation_id, const JsonDocument& body,
                                               const ConversationItemQuery& query,
                                               RequestOptions options) const -> Answer<ConversationItemList> {
  return Base::template post_unhedged<ConversationItemList>(
      detail::conversation_items_path(conversation_id).with(query), body, std::move(options),
      detail::decode_list<ConversationItemList>);
}

template <class Execution>
auto ConversationItems<Execution>::list(TextView conversation_id, RequestOptions options) const
    -> Answer<Page<ResponseItem, Execution>> {
  return list(conversation_id, ConversationItemListParams{}, std::move(options));
}

template <class Execution>
auto ConversationItems<Execution>::list(TextView conversation_id, const ConversationItemListParams& params,
                                        RequestOptions options) const
    -> Answer<Page<ResponseItem, Execution>> {
  return detail::ask_for_page<ResponseItem>(
      Base::core(), detail::conversation_items_path(conversation_id).with(params), options);
}

template <class Execution>
auto ConversationItems<Execution>::retrieve(TextView conversation_id, TextView item_id,
                                            RequestOptions options) const -> Answer<ConversationItem> {
  return retrieve(conversation_id, item_id, ConversationItemQuery{}, std::move(options));
}

template <class Execution>
auto ConversationItems<Execution>::retrieve(TextView conversation_id, TextView item_id,
                                            const ConversationItemQuery& query, RequestOptions options) const
    -> Answer<ConversationItem> {
  detail::ApiPath path = detail::conversation_items_path(conversation_id) / item_id;
  return Base::template get<ConversationItem>(std::move(path).with(query), std::move(options),
                                              detail::decode_object<ConversationItem>);
}

template <class Execution>
auto ConversationItems<Execution>::del(TextView conversation_id, TextView item_id,
                                       RequestOptions options) const -> Answer<Conversation> {
  return Base::template del<Conversation>(detail::conversation_items_path(conversation_id) / item_id,
                                          std::move(options), detail::decode_object<Conversation>);
}

}  // namespace openailb
