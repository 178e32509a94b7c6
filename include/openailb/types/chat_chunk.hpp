#pragma once

#include <openailb/types/chat_completion.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// What a chunk adds to a message: the members of a message, each with the piece that is new.
using ChatCompletionDelta = ChatCompletionMessage;

/// One choice's part of a chunk.
struct ChatCompletionChunkChoice {
  std::int64_t index{};
  ChatCompletionDelta delta{};
  std::string finish_reason{};  ///< empty until the last chunk of this choice
  std::optional<ChatCompletionLogprobs> logprobs{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("index", self.index);
    field.required("delta", self.delta);
    field("finish_reason", self.finish_reason);
    field("logprobs", self.logprobs);
    field.rest(self.extra);
  }
};

/// One event of a streamed answer.
struct ChatCompletionChunk {
  using Completion = ChatCompletion;  ///< what the chunks of a stream add up to

  std::string id{};
  std::string object{};    ///< "chat.completion.chunk"
  std::int64_t created{};  ///< Unix seconds
  std::string model{};
  std::vector<ChatCompletionChunkChoice> choices{};  ///< empty in the chunk that has the usage
  std::optional<CompletionUsage> usage{};
  std::string service_tier{};
  std::string system_fingerprint{};
  nlohmann::json moderation{};  ///< what moderation found, where it was asked for
  std::string obfuscation{};    ///< has no meaning: it makes all chunks the same size
  nlohmann::json extra{};       ///< members that have no name here

  /// The new content of the first choice; empty when there is none.
  std::string text() const { return choices.empty() ? std::string{} : choices.front().delta.content; }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created", self.created);
    field("model", self.model);
    field.required("choices", self.choices);
    field("usage", self.usage);
    field("service_tier", self.service_tier);
    field("system_fingerprint", self.system_fingerprint);
    field("moderation", self.moderation);
    field("obfuscation", self.obfuscation);
    field.rest(self.extra);
  }
};

}  // namespace openailb
