#pragma once

#include <openailb/types/response_item.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// A conversation that the server keeps, for `client.responses` to go on with. All members may be left out.
struct ConversationCreateParams {
  OnlyByName only_by_name{};
  std::vector<ResponseItem> items{};  ///< what has been said before, at most 20
  TextMap metadata{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("items", self.items);
    field("metadata", self.metadata);
  }
};

/// What to change in a conversation.
struct ConversationUpdateParams {
  OnlyByName only_by_name{};
  TextMap metadata{};  ///< takes the place of what there was

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("metadata", self.metadata);
  }
};

/// A conversation. What has been said in it is listed by `client.conversations.items`.
struct Conversation {
  std::string id{};
  std::string object{};       ///< "conversation"
  std::int64_t created_at{};  ///< Unix seconds
  std::map<std::string, std::string> metadata{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created_at", self.created_at);
    field("metadata", self.metadata);
    field.rest(self.extra);
  }
};

/// Items to add to a conversation.
struct ConversationItemCreateParams {
  OnlyByName only_by_name{};
  std::vector<ResponseItem> items{};  ///< at most 20: `{response_message("user", "Hello!")}`

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("items", self.items);
  }
};

/// Which items of a conversation to list. All members may be left out.
struct ConversationItemListParams {
  OnlyByName only_by_name{};
  Text after{};                         ///< id of the item after which the page begins
  TextList include{};                   ///< such as "message.output_text.logprobs"
  std::optional<std::int64_t> limit{};  ///< how many on a page, 1 to 100
  Text order{};                         ///< "asc" or "desc"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("include", self.include);
    field("limit", self.limit);
    field("order", self.order);
  }
};

/// What more to say of the items of an answer.
struct ConversationItemQuery {
  OnlyByName only_by_name{};
  TextList include{};  ///< such as "message.output_text.logprobs"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("include", self.include);
  }
};

/// One item of a conversation.
struct ConversationItem : ResponseItem {
  ResponseInfo info{};  ///< which endpoint has it; not part of the JSON
};

/// The items that were added to a conversation.
struct ConversationItemList {
  std::vector<ResponseItem> data{};
  bool has_more{};
  std::string first_id{};
  std::string last_id{};
  std::string object{};    ///< "list"
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint has them; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("data", self.data);
    field("has_more", self.has_more);
    field("first_id", self.first_id);
    field("last_id", self.last_id);
    field("object", self.object);
    field.rest(self.extra);
  }
};

}  // namespace openailb
