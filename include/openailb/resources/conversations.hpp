#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

struct Conversation;
struct ConversationCreateParams;
struct ConversationItem;
struct ConversationItemCreateParams;
struct ConversationItemList;
struct ConversationItemListParams;
struct ConversationItemQuery;
struct ConversationUpdateParams;
struct Deleted;
struct ResponseItem;
template <class T, class Execution>
class Page;

/// `client.conversations.items`.
template <class Execution>
class ConversationItems : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Adds items to a conversation. The answer has them with their ids.
  Answer<ConversationItemList> create(TextView conversation_id, const ConversationItemCreateParams& params,
                                      RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<ConversationItemList> create(TextView conversation_id, Body&& body,
                                      RequestOptions options = {}) const {
    return create_from(conversation_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  Answer<ConversationItemList> create(TextView conversation_id, const ConversationItemCreateParams& params,
                                      const ConversationItemQuery& query, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<ConversationItemList> create(TextView conversation_id, Body&& body,
                                      const ConversationItemQuery& query, RequestOptions options = {}) const {
    return create_from(conversation_id, JsonDocument(std::forward<Body>(body)), query, std::move(options));
  }
  /// Lists what has been said, page by page.
  Answer<Page<ResponseItem, Execution>> list(TextView conversation_id, RequestOptions options = {}) const;
  Answer<Page<ResponseItem, Execution>> list(TextView conversation_id,
                                             const ConversationItemListParams& params,
                                             RequestOptions options = {}) const;
  Answer<ConversationItem> retrieve(TextView conversation_id, TextView item_id,
                                    RequestOptions options = {}) const;
  Answer<ConversationItem> retrieve(TextView conversation_id, TextView item_id,
                                    const ConversationItemQuery& query, RequestOptions options = {}) const;
  /// Takes an item out of a conversation. The answer is the conversation.
  Answer<Conversation> del(TextView conversation_id, TextView item_id, RequestOptions options = {}) const;

 private:
  Answer<ConversationItemList> create_from(TextView conversation_id, const JsonDocument& body,
                                           RequestOptions options) const;
  Answer<ConversationItemList> create_from(TextView conversation_id, const JsonDocument& body,
                                           const ConversationItemQuery& query, RequestOptions options) const;
};

/// `client.conversations`, for programs that include openailb/conversations.hpp.
template <class Execution>
class Conversations : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Begins a conversation. Its id goes into `ResponseCreateParams::conversation`.
  Answer<Conversation> create(const ConversationCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<Conversation> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  Answer<Conversation> retrieve(TextView conversation_id, RequestOptions options = {}) const;
  Answer<Conversation> update(TextView conversation_id, const ConversationUpdateParams& params,
                              RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<Conversation> update(TextView conversation_id, Body&& body, RequestOptions options = {}) const {
    return update_from(conversation_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Deletes a conversation. Its items stay.
  Answer<Deleted> del(TextView conversation_id, RequestOptions options = {}) const;

  ConversationItems<Execution> items{Base::core()};

 private:
  Answer<Conversation> create_from(const JsonDocument& body, RequestOptions options) const;
  Answer<Conversation> update_from(TextView conversation_id, const JsonDocument& body,
                                   RequestOptions options) const;
};

}  // namespace openailb
