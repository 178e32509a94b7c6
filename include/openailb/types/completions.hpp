#pragma once

#include <openailb/result.hpp>
#include <openailb/types/chat_completion.hpp>
#include <openailb/types/chat_params.hpp>
#include <openailb/types/text_input.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// A request to continue a text. Members that are empty or have no value are not sent.
struct CompletionCreateParams {
  OnlyByName only_by_name{};
  Text model{};
  TextInput prompt{};  ///< `"one text"`, `{"one", "another"}`, or tokens
  std::optional<std::int64_t> best_of{};
  std::optional<bool> echo{};  ///< whether the prompt comes back as well
  std::optional<double> frequency_penalty{};
  std::map<std::string, std::int64_t> logit_bias{};  ///< by token id, -100 to 100
  std::optional<std::int64_t> logprobs{};            ///< of how many likely tokens at each place
  std::optional<std::int64_t> max_tokens{};
  std::optional<std::int64_t> n{};  ///< how many choices for each prompt
  std::optional<double> presence_penalty{};
  std::optional<std::int64_t> seed{};
  ChatCompletionStop stop{};  ///< `"\n"` or `{"###", "END"}`
  ChatCompletionStreamOptions stream_options{};
  std::optional<Text> suffix{};  ///< what comes after the text that is to be written
  std::optional<double> temperature{};
  std::optional<double> top_p{};
  std::optional<Text> user{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("model", self.model);
    field("prompt", self.prompt);
    field("best_of", self.best_of);
    field("echo", self.echo);
    field("frequency_penalty", self.frequency_penalty);
    field("logit_bias", self.logit_bias);
    field("logprobs", self.logprobs);
    field("max_tokens", self.max_tokens);
    field("n", self.n);
    field("presence_penalty", self.presence_penalty);
    field("seed", self.seed);
    field("stop", self.stop);
    field("stream_options", self.stream_options);
    field("suffix", self.suffix);
    field("temperature", self.temperature);
    field("top_p", self.top_p);
    field("user", self.user);
  }
};

/// One of the texts that were written, or a piece of it in a chunk.
struct CompletionChoice {
  std::int64_t index{};
  std::string text{};
  std::string
      finish_reason{};        ///< "stop", "length", "content_filter", or a server's own; empty until the end
  nlohmann::json logprobs{};  ///< lists that have one item for each token, such as `token_logprobs`
  nlohmann::json extra{};     ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("index", self.index);
    field("text", self.text);
    field("finish_reason", self.finish_reason);
    field("logprobs", self.logprobs);
    field.rest(self.extra);
  }
};

/// An answer. What a server leaves out or sends as null is empty.
struct Completion {
  std::string id{};
  std::string object{};    ///< "text_completion"
  std::int64_t created{};  ///< Unix seconds
  std::string model{};     ///< as the server calls it
  std::vector<CompletionChoice> choices{};
  std::optional<CompletionUsage> usage{};
  std::string system_fingerprint{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  /// The text of the first choice; empty when there is none.
  std::string text() const { return choices.empty() ? std::string{} : choices.front().text; }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created", self.created);
    field("model", self.model);
    field.required("choices", self.choices);
    field("usage", self.usage);
    field("system_fingerprint", self.system_fingerprint);
    field.rest(self.extra);
  }
};

/// One event of a streamed answer: its choices have the pieces that are new.
struct CompletionChunk {
  using Completion = openailb::Completion;  ///< what the chunks of a stream add up to

  std::string id{};
  std::string object{};    ///< "text_completion"
  std::int64_t created{};  ///< Unix seconds
  std::string model{};
  std::vector<CompletionChoice> choices{};  ///< empty in the chunk that has the usage
  std::optional<CompletionUsage> usage{};
  std::string system_fingerprint{};
  nlohmann::json extra{};  ///< members that have no name here

  /// The new text of the first choice; empty when there is none.
  std::string text() const { return choices.empty() ? std::string{} : choices.front().text; }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    Completion::fields(self, field);
  }
};

/// Puts the chunks of a stream together into the answer that would have come without streaming.
class CompletionAccumulator {
 public:
  /// Adds a chunk. An index below 0 or above 127 is an error of kind parse, and nothing is added.
  Result<void> add(const CompletionChunk& chunk);

  /// What has accumulated so far; its choices are in the order of their indexes.
  const Completion& completion() const& { return completion_; }
  Completion completion() && { return std::move(completion_); }

  /// Whether there is a choice and every choice has a finish reason: a stream that ends then has ended
  /// cleanly, even without `[DONE]`.
  bool finished() const;

 private:
  Completion completion_;
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/completions.hpp>
#endif
