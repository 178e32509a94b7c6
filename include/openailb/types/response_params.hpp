#pragma once

#include <openailb/types/response.hpp>
#include <openailb/types/response_item.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// What a model is to answer: a text of the user's, or a list of items.
class ResponseInput {
 public:
  ResponseInput() = default;
  ResponseInput(std::nullptr_t) = delete;
  ResponseInput(const char* text) : kind_(Kind::text), text_(text) {}
  ResponseInput(std::string text) : kind_(Kind::text), text_(std::move(text)) {}
  ResponseInput(std::vector<ResponseItem> items) : kind_(Kind::items), items_(std::move(items)) {}
  ResponseInput(std::initializer_list<ResponseItem> items) : kind_(Kind::items), items_(items) {}
  template <std::same_as<const char*> Quoted>
  ResponseInput(std::initializer_list<std::initializer_list<Quoted>>) = delete;

  /// Whether nothing was given.
  bool empty() const { return kind_ == Kind::nothing; }

  void write_json(detail::JsonPrinter& json) const;

 private:
  enum class Kind { nothing, text, items };

  Kind kind_{};
  std::string text_{};
  std::vector<ResponseItem> items_{};
};

/// A tool that the model may use: a function of yours, or one of the server's, such as "web_search".
struct ResponseTool {
  OnlyByName only_by_name{};
  Text type{"function"};
  Text name{};
  Text description{};
  JsonDocument parameters{};     ///< of a function: a JSON schema, sent in its own order
  std::optional<bool> strict{};  ///< whether arguments must follow the schema exactly; unset: they must
  nlohmann::json extra{};        ///< what other tools want to know, such as `vector_store_ids`

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("name", self.name);
    field("description", self.description);
    field("parameters", self.parameters);
    field("strict", self.strict);
    field.rest(self.extra);
  }
};

/// What form the answer is to have.
struct ResponseTextConfig {
  OnlyByName only_by_name{};
  JsonDocument format{};            ///< json_schema_text_format(...) or {{"type", "json_object"}}
  std::optional<Text> verbosity{};  ///< "low", "medium" or "high"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("format", self.format);
    field("verbosity", self.verbosity);
  }
};

/// For `text.format`: JSON that follows a schema, whose keys keep their order.
nlohmann::ordered_json json_schema_text_format(Text name, JsonDocument schema, bool strict = true);

/// What a stream sends besides its events.
struct ResponseStreamOptions {
  OnlyByName only_by_name{};
  std::optional<bool> include_obfuscation{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("include_obfuscation", self.include_obfuscation);
  }
};

/// A request for a response. Members that are empty or have no value are not sent.
struct ResponseCreateParams {
  OnlyByName only_by_name{};
  Text model{};
  ResponseInput input{};
  std::optional<bool> background{};  ///< answer at once, and work on: see retrieve
  nlohmann::ordered_json context_management{};
  nlohmann::ordered_json conversation{};  ///< an id, or {{"id", ...}}
  TextList include{};                     ///< such as "reasoning.encrypted_content"
  std::optional<Text> instructions{};
  std::optional<std::int64_t> max_output_tokens{};
  std::optional<std::int64_t> max_tool_calls{};
  TextMap metadata{};
  nlohmann::ordered_json moderation{};
  std::optional<bool> parallel_tool_calls{};
  std::optional<Text> previous_response_id{};
  nlohmann::ordered_json prompt{};  ///< a template that is kept at the server
  std::optional<Text> prompt_cache_key{};
  nlohmann::ordered_json prompt_cache_options{};
  std::optional<Text> prompt_cache_retention{};
  ResponseReasoning reasoning{};
  std::optional<Text> safety_identifier{};
  std::optional<Text> service_tier{};
  std::optional<bool> store{};  ///< whether it can be retrieved later; unset: it can
  ResponseStreamOptions stream_options{};
  std::optional<double> temperature{};
  ResponseTextConfig text{};
  nlohmann::ordered_json tool_choice{};  ///< "none", "auto", "required", or {{"type", ...}, ...}
  std::vector<ResponseTool> tools{};
  std::optional<std::int64_t> top_logprobs{};
  std::optional<double> top_p{};
  std::optional<Text> truncation{};
  std::optional<Text> user{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("model", self.model);
    field("input", self.input);
    field("background", self.background);
    field("context_management", self.context_management);
    field("conversation", self.conversation);
    field("include", self.include);
    field("instructions", self.instructions);
    field("max_output_tokens", self.max_output_tokens);
    field("max_tool_calls", self.max_tool_calls);
    field("metadata", self.metadata);
    field("moderation", self.moderation);
    field("parallel_tool_calls", self.parallel_tool_calls);
    field("previous_response_id", self.previous_response_id);
    field("prompt", self.prompt);
    field("prompt_cache_key", self.prompt_cache_key);
    field("prompt_cache_options", self.prompt_cache_options);
    field("prompt_cache_retention", self.prompt_cache_retention);
    field("reasoning", self.reasoning);
    field("safety_identifier", self.safety_identifier);
    field("service_tier", self.service_tier);
    field("store", self.store);
    field("stream_options", self.stream_options);
    field("temperature", self.temperature);
    field("text", self.text);
    field("tool_choice", self.tool_choice);
    field("tools", self.tools);
    field("top_logprobs", self.top_logprobs);
    field("top_p", self.top_p);
    field("truncation", self.truncation);
    field("user", self.user);
  }
};

/// What to retrieve of a response.
struct ResponseRetrieveParams {
  OnlyByName only_by_name{};
  TextList include{};  ///< such as "message.output_text.logprobs"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("include", self.include);
  }
};

/// Which of a response's input items to list.
struct ResponseInputItemListParams {
  OnlyByName only_by_name{};
  Text after{};  ///< the id of the last item of the page before
  TextList include{};
  std::optional<std::int64_t> limit{};
  Text order{};  ///< "asc" or "desc"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("include", self.include);
    field("limit", self.limit);
    field("order", self.order);
  }
};

/// A request of which only the tokens are to be counted.
struct InputTokenCountParams {
  OnlyByName only_by_name{};
  Text model{};
  ResponseInput input{};
  nlohmann::ordered_json conversation{};
  std::optional<Text> instructions{};
  std::optional<bool> parallel_tool_calls{};
  std::optional<Text> personality{};
  std::optional<Text> previous_response_id{};
  ResponseReasoning reasoning{};
  ResponseTextConfig text{};
  nlohmann::ordered_json tool_choice{};
  std::vector<ResponseTool> tools{};
  std::optional<Text> truncation{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("model", self.model);
    field("input", self.input);
    field("conversation", self.conversation);
    field("instructions", self.instructions);
    field("parallel_tool_calls", self.parallel_tool_calls);
    field("personality", self.personality);
    field("previous_response_id", self.previous_response_id);
    field("reasoning", self.reasoning);
    field("text", self.text);
    field("tool_choice", self.tool_choice);
    field("tools", self.tools);
    field("truncation", self.truncation);
  }
};

/// A conversation that is to be made shorter.
struct ResponseCompactParams {
  OnlyByName only_by_name{};
  Text model{};
  ResponseInput input{};
  std::optional<Text> instructions{};
  std::optional<Text> previous_response_id{};
  std::optional<Text> prompt_cache_key{};
  nlohmann::ordered_json prompt_cache_options{};
  std::optional<Text> prompt_cache_retention{};
  std::optional<Text> service_tier{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("model", self.model);
    field("input", self.input);
    field("instructions", self.instructions);
    field("previous_response_id", self.previous_response_id);
    field("prompt_cache_key", self.prompt_cache_key);
    field("prompt_cache_options", self.prompt_cache_options);
    field("prompt_cache_retention", self.prompt_cache_retention);
    field("service_tier", self.service_tier);
  }
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/response_params.hpp>
#endif
