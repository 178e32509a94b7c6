#pragma once

#include <openailb/types/chat_content.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// A function that the model wants called.
struct ChatCompletionFunctionCall {
  OnlyByName only_by_name{};
  std::string name{};
  std::string arguments{};  ///< JSON as the model wrote it, so possibly malformed
  nlohmann::json extra{};   ///< members that have no name here

  bool empty() const { return name.empty() && arguments.empty() && extra.empty(); }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("name", self.name);
    field.text("arguments", self.arguments);
    field.rest(self.extra);
  }
};

/// A custom tool that the model wants called with free text.
struct ChatCompletionCustomToolCall {
  OnlyByName only_by_name{};
  std::string name{};
  std::string input{};
  nlohmann::json extra{};  ///< members that have no name here

  bool empty() const { return name.empty() && input.empty() && extra.empty(); }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("name", self.name);
    field.required("input", self.input);
    field.rest(self.extra);
  }
};

/// One tool call of an answer, or a piece of one in a chunk.
struct ChatCompletionMessageToolCall {
  OnlyByName only_by_name{};
  std::optional<std::int64_t> index{};  ///< which call a chunk's piece belongs to; some servers send none
  std::string id{};                     ///< pass it to tool_message
  std::string type{};                   ///< "function" or "custom"
  ChatCompletionFunctionCall function{};
  ChatCompletionCustomToolCall custom{};
  nlohmann::json extra{};  ///< members that have no name here, such as Gemini's `extra_content`

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("index", self.index);
    field("id", self.id);
    field("type", self.type);
    field("function", self.function);
    field("custom", self.custom);
    field.rest(self.extra);
  }
};

/// The address of a page that the answer cites, and which part of the content refers to it.
struct ChatCompletionUrlCitation {
  OnlyByName only_by_name{};
  std::int64_t start_index{};
  std::int64_t end_index{};
  std::string title{};
  std::string url{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("start_index", self.start_index);
    field("end_index", self.end_index);
    field("title", self.title);
    field("url", self.url);
    field.rest(self.extra);
  }
};

/// A note on an answer's content, such as web search adds.
struct ChatCompletionAnnotation {
  OnlyByName only_by_name{};
  std::string type{};  ///< "url_citation"
  std::optional<ChatCompletionUrlCitation> url_citation{};
  nlohmann::json extra{};  ///< members that have no name here, such as OpenRouter's `file`

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("url_citation", self.url_citation);
    field.rest(self.extra);
  }
};

/// A spoken answer.
struct ChatCompletionAudio {
  std::string id{};           ///< to be sent instead of the sound in the next request
  std::int64_t expires_at{};  ///< until when the id may be used, in Unix seconds
  std::string data{};         ///< base64, in the format that was asked for
  std::string transcript{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("expires_at", self.expires_at);
    field("data", self.data);
    field("transcript", self.transcript);
  }
};

/// What the model said. The delta of a chunk has the same members.
struct ChatCompletionMessage {
  OnlyByName only_by_name{};
  std::string role{};
  std::string content{};                     ///< empty when there are tool calls or a refusal instead
  std::string refusal{};                     ///< why the model would not answer
  std::string reasoning_content{};           ///< as DeepSeek and vLLM send it; others call it `reasoning`
  std::vector<ContentPart> content_parts{};  ///< the content if it came as a list, as Mistral sends it
  std::vector<ChatCompletionAnnotation> annotations{};
  std::optional<ChatCompletionAudio> audio{};
  std::vector<ChatCompletionMessageToolCall> tool_calls{};
  ChatCompletionFunctionCall function_call{};  ///< deprecated by OpenAI: see tool_calls
  nlohmann::json extra{};                      ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("role", self.role);
    field("content", self.content);
    field("content", self.content_parts);
    field("refusal", self.refusal);
    field("reasoning_content", self.reasoning_content);
    field.alias("reasoning", self.reasoning_content);
    field("annotations", self.annotations);
    field("audio", self.audio);
    field("tool_calls", self.tool_calls);
    field("function_call", self.function_call);
    field.rest(self.extra);
  }

  /// Joins the texts, and the reasoning, of a content that came as a list.
  void finish_reading();
};

/// A token that the model might have chosen.
struct ChatCompletionTopLogprob {
  std::string token{};
  double logprob{-9999};  ///< OpenAI's number for a very unlikely token; also if a server sends none
  std::optional<std::vector<std::int64_t>> bytes{};  ///< its UTF-8, for tokens that are part of a character

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("token", self.token);
    field("logprob", self.logprob);
    field("bytes", self.bytes);
  }
};

/// The token that the model chose, and its likeliest alternatives.
struct ChatCompletionTokenLogprob {
  std::string token{};
  double logprob{-9999};  ///< OpenAI's number for a very unlikely token; also if a server sends none
  std::optional<std::vector<std::int64_t>> bytes{};
  std::vector<ChatCompletionTopLogprob> top_logprobs{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("token", self.token);
    field("logprob", self.logprob);
    field("bytes", self.bytes);
    field("top_logprobs", self.top_logprobs);
  }
};

/// How likely each token of a choice was.
struct ChatCompletionLogprobs {
  std::vector<ChatCompletionTokenLogprob> content{};
  std::vector<ChatCompletionTokenLogprob> refusal{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("content", self.content);
    field("refusal", self.refusal);
  }
};

/// How many tokens of each kind the prompt had.
struct PromptTokensDetails {
  std::int64_t audio_tokens{};
  std::int64_t cached_tokens{};
  std::int64_t cache_write_tokens{};
  std::int64_t image_tokens{};
  std::int64_t text_tokens{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("audio_tokens", self.audio_tokens);
    field("cached_tokens", self.cached_tokens);
    field("cache_write_tokens", self.cache_write_tokens);
    field("image_tokens", self.image_tokens);
    field("text_tokens", self.text_tokens);
  }
};

/// How many tokens of each kind the completion had.
struct CompletionTokensDetails {
  std::int64_t accepted_prediction_tokens{};
  std::int64_t audio_tokens{};
  std::int64_t reasoning_tokens{};
  std::int64_t rejected_prediction_tokens{};
  std::int64_t image_tokens{};
  std::int64_t text_tokens{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("accepted_prediction_tokens", self.accepted_prediction_tokens);
    field("audio_tokens", self.audio_tokens);
    field("reasoning_tokens", self.reasoning_tokens);
    field("rejected_prediction_tokens", self.rejected_prediction_tokens);
    field("image_tokens", self.image_tokens);
    field("text_tokens", self.text_tokens);
  }
};

/// How many tokens a call used.
struct CompletionUsage {
  std::int64_t prompt_tokens{};
  std::int64_t completion_tokens{};
  std::int64_t total_tokens{};
  std::optional<PromptTokensDetails> prompt_tokens_details{};
  std::optional<CompletionTokensDetails> completion_tokens_details{};
  nlohmann::json extra{};  ///< members that have no name here, such as OpenRouter's `cost`

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("prompt_tokens", self.prompt_tokens);
    field("completion_tokens", self.completion_tokens);
    field("total_tokens", self.total_tokens);
    field("prompt_tokens_details", self.prompt_tokens_details);
    field("completion_tokens_details", self.completion_tokens_details);
    field.rest(self.extra);
  }
};

/// One of the `n` answers that were asked for.
struct ChatCompletionChoice {
  std::int64_t index{};
  std::string finish_reason{};  ///< "stop", "length", "tool_calls", "content_filter", or a server's own
  std::optional<ChatCompletionLogprobs> logprobs{};
  ChatCompletionMessage message{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("index", self.index);
    field("finish_reason", self.finish_reason);
    field("logprobs", self.logprobs);
    field("message", self.message);
    field.rest(self.extra);
  }
};

/// An answer. What a server leaves out or sends as null is empty.
struct ChatCompletion {
  std::string id{};
  std::string object{};    ///< "chat.completion"
  std::int64_t created{};  ///< Unix seconds
  std::string model{};     ///< as the server calls it, which may differ from the name in the request
  std::vector<ChatCompletionChoice> choices{};
  std::optional<CompletionUsage> usage{};
  std::string service_tier{};
  std::string system_fingerprint{};
  std::map<std::string, std::string> metadata{};  ///< of stored completions
  nlohmann::json moderation{};                    ///< what moderation found, if it was asked for
  nlohmann::json extra{};                         ///< members that have no name here, such as `citations`
  ResponseInfo info{};                            ///< which endpoint served it; not part of the JSON

  /// The content of the first choice; empty when there is none. It is a copy, so that text() may be called on
  /// a temporary.
  std::string text() const { return choices.empty() ? std::string{} : choices.front().message.content; }

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
    field("metadata", self.metadata);
    field("moderation", self.moderation);
    field.rest(self.extra);
  }
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/chat_completion.hpp>
#endif
