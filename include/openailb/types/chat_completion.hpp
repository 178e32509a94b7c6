#pragma once

#include <openailb/detail/wire/json.hpp>
#include <openailb/response_info.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// A function that the model wants called.
struct ChatCompletionFunctionCall {
  std::string name{};
  std::string arguments{};  ///< JSON as the model wrote it, so possibly malformed

  bool empty() const { return name.empty() && arguments.empty(); }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("name", self.name);
    field.required("arguments", self.arguments);
  }
};

/// A custom tool that the model wants called with free text.
struct ChatCompletionCustomToolCall {
  std::string name{};
  std::string input{};

  bool empty() const { return name.empty() && input.empty(); }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("name", self.name);
    field.required("input", self.input);
  }
};

/// One tool call of an answer, or a piece of one in a chunk.
struct ChatCompletionMessageToolCall {
  std::optional<std::int64_t> index{};  ///< which call a chunk's piece belongs to; some servers send none
  std::string id{};                     ///< to be given back in tool_message
  std::string type{};                   ///< "function" or "custom"
  ChatCompletionFunctionCall function{};
  ChatCompletionCustomToolCall custom{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("index", self.index);
    field("id", self.id);
    field("type", self.type);
    field("function", self.function);
    field("custom", self.custom);
  }
};

/// Where a quoted page is to be found, and which part of the content rests on it.
struct ChatCompletionUrlCitation {
  std::int64_t start_index{};
  std::int64_t end_index{};
  std::string title{};
  std::string url{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("start_index", self.start_index);
    field("end_index", self.end_index);
    field("title", self.title);
    field("url", self.url);
  }
};

/// A note on an answer's content, as web search makes them.
struct ChatCompletionAnnotation {
  std::string type{};  ///< "url_citation"
  std::optional<ChatCompletionUrlCitation> url_citation{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("url_citation", self.url_citation);
  }
};

/// A spoken answer.
struct ChatCompletionAudio {
  std::string id{};           ///< to be given back instead of the sound in the next request
  std::int64_t expires_at{};  ///< Unix seconds until which the id may be used
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
  std::string role{};
  std::string content{};            ///< empty when there are tool calls or a refusal instead
  std::string refusal{};            ///< why the model would not answer
  std::string reasoning_content{};  ///< as DeepSeek and vLLM send it; others call it `reasoning`
  std::vector<ChatCompletionAnnotation> annotations{};
  std::optional<ChatCompletionAudio> audio{};
  std::vector<ChatCompletionMessageToolCall> tool_calls{};
  ChatCompletionFunctionCall function_call{};  ///< deprecated by OpenAI: tool_calls took its place

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("role", self.role);
    field("content", self.content);
    field("refusal", self.refusal);
    field("reasoning_content", self.reasoning_content);
    field.alias("reasoning", self.reasoning_content);
    field("annotations", self.annotations);
    field("audio", self.audio);
    field("tool_calls", self.tool_calls);
    field("function_call", self.function_call);
  }
};

/// A token that the model might have chosen.
struct ChatCompletionTopLogprob {
  std::string token{};
  double logprob{};
  std::optional<std::vector<std::int64_t>> bytes{};  ///< its UTF-8, for tokens that are parts of characters

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
  double logprob{};
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

/// What the tokens of the prompt were.
struct PromptTokensDetails {
  std::int64_t audio_tokens{};
  std::int64_t cached_tokens{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("audio_tokens", self.audio_tokens);
    field("cached_tokens", self.cached_tokens);
  }
};

/// What the tokens of the completion were.
struct CompletionTokensDetails {
  std::int64_t accepted_prediction_tokens{};
  std::int64_t audio_tokens{};
  std::int64_t reasoning_tokens{};
  std::int64_t rejected_prediction_tokens{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("accepted_prediction_tokens", self.accepted_prediction_tokens);
    field("audio_tokens", self.audio_tokens);
    field("reasoning_tokens", self.reasoning_tokens);
    field("rejected_prediction_tokens", self.rejected_prediction_tokens);
  }
};

/// How many tokens a call took.
struct CompletionUsage {
  std::int64_t prompt_tokens{};
  std::int64_t completion_tokens{};
  std::int64_t total_tokens{};
  std::optional<PromptTokensDetails> prompt_tokens_details{};
  std::optional<CompletionTokensDetails> completion_tokens_details{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("prompt_tokens", self.prompt_tokens);
    field("completion_tokens", self.completion_tokens);
    field("total_tokens", self.total_tokens);
    field("prompt_tokens_details", self.prompt_tokens_details);
    field("completion_tokens_details", self.completion_tokens_details);
  }
};

/// One of the `n` answers that were asked for.
struct ChatCompletionChoice {
  std::int64_t index{};
  std::string finish_reason{};  ///< "stop", "length", "tool_calls", "content_filter", or a server's own
  std::optional<ChatCompletionLogprobs> logprobs{};
  ChatCompletionMessage message{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("index", self.index);
    field("finish_reason", self.finish_reason);
    field("logprobs", self.logprobs);
    field("message", self.message);
  }
};

/// An answer. What a server leaves out or sends as null is empty.
struct ChatCompletion {
  std::string id{};
  std::string object{};    ///< "chat.completion"
  std::int64_t created{};  ///< Unix seconds
  std::string model{};     ///< as the server calls it, which need not be what was asked for
  std::vector<ChatCompletionChoice> choices{};
  std::optional<CompletionUsage> usage{};
  std::string service_tier{};
  std::string system_fingerprint{};
  ResponseInfo info{};  ///< who served it; not part of the JSON

  /// The content of the first choice; empty when there is none.
  const std::string& text() const& {
    static const std::string nothing;
    return choices.empty() ? nothing : choices.front().message.content;
  }
  std::string text() && { return choices.empty() ? "" : std::move(choices.front().message.content); }

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
  }
};

}  // namespace openailb
