#pragma once

#include <openailb/types/chat_completion.hpp>
#include <openailb/values/braces.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace openailb {

/// Which stored chat completions to list.
struct ChatCompletionListParams {
  OnlyByName only_by_name{};
  Text after{};  ///< the id of the last one of the page before
  std::optional<std::int64_t> limit{};
  TextMap metadata{};
  Text model{};
  Text order{};  ///< "asc" or "desc"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("limit", self.limit);
    field("metadata", self.metadata);
    field("model", self.model);
    field("order", self.order);
  }
};

/// What to change in a stored chat completion.
struct ChatCompletionUpdateParams {
  OnlyByName only_by_name{};
  TextMap metadata{};  ///< takes the place of what there was

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("metadata", self.metadata);
  }
};

/// Which messages of a stored chat completion to list.
struct ChatCompletionMessageListParams {
  OnlyByName only_by_name{};
  Text after{};  ///< the id of the last one of the page before
  std::optional<std::int64_t> limit{};
  Text order{};  ///< "asc" or "desc"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("limit", self.limit);
    field("order", self.order);
  }
};

/// A message of the request of which a stored chat completion was made.
struct ChatCompletionStoreMessage : ChatCompletionMessage {
  std::string id{};
  std::string name{};  ///< of who said it

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("name", self.name);
    field("content_parts", self.content_parts);
    ChatCompletionMessage::fields(self, field);
  }

  void finish_reading() {
    if (content.empty()) ChatCompletionMessage::finish_reading();
  }
};

}  // namespace openailb
