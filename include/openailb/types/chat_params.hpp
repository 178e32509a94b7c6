#pragma once

#include <openailb/types/chat_message.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// Where generation stops: one text or several, `.stop = "\n"` or `.stop = {"###", "END"}`.
class ChatCompletionStop {
 public:
  ChatCompletionStop() = default;
  ChatCompletionStop(std::nullptr_t) = delete;
  ChatCompletionStop(const char* text) : texts_{text}, is_list_(false) {}
  ChatCompletionStop(std::string text) : texts_{std::move(text)}, is_list_(false) {}
  template <std::same_as<std::vector<std::string>> Texts>
  ChatCompletionStop(Texts texts) : texts_(std::move(texts)) {}
  ChatCompletionStop(std::initializer_list<std::string> texts) : texts_(texts) {}
  template <std::same_as<const char*> Quoted>
  ChatCompletionStop(std::initializer_list<std::initializer_list<Quoted>>) = delete;

  bool empty() const { return texts_.empty(); }
  const std::vector<std::string>& texts() const { return texts_; }

  void write_json(detail::JsonPrinter& json) const;
  bool read_json(detail::JsonNode& json);

 private:
  std::vector<std::string> texts_;
  bool is_list_ = true;
};

/// How a spoken answer is to sound.
struct ChatCompletionAudioParam {
  OnlyByName only_by_name{};
  Text format{};                   ///< "wav", "mp3", "flac", "opus", "aac" or "pcm16"
  nlohmann::ordered_json voice{};  ///< a name such as "alloy", or {"id": ...} for your own

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("format", self.format);
    field("voice", self.voice);
  }
};

/// Text that most of the answer will repeat, such as a file to be edited: it makes the answer faster.
struct ChatCompletionPredictionContent {
  OnlyByName only_by_name{};
  Text type{"content"};
  ChatCompletionMessageContent content{};

  bool empty() const { return content.is_null(); }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field.required("content", self.content);
  }
};

/// What a stream sends besides its tokens.
struct ChatCompletionStreamOptions {
  OnlyByName only_by_name{};
  std::optional<bool> include_obfuscation{};
  std::optional<bool> include_usage{};  ///< a last chunk without choices then has the usage

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("include_obfuscation", self.include_obfuscation);
    field("include_usage", self.include_usage);
  }
};

/// An approximate place; each member may be left empty.
struct ChatCompletionApproximateLocation {
  OnlyByName only_by_name{};
  Text city{};
  Text country{};  ///< ISO code of two letters
  Text region{};
  Text timezone{};  ///< IANA name

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("city", self.city);
    field("country", self.country);
    field("region", self.region);
    field("timezone", self.timezone);
  }
};

/// Where the user is, for a search.
struct ChatCompletionUserLocation {
  OnlyByName only_by_name{};
  Text type{"approximate"};
  ChatCompletionApproximateLocation approximate{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field.required("approximate", self.approximate);
  }
};

/// How to search the web. Even with all members unset it turns the search on.
struct ChatCompletionWebSearchOptions {
  OnlyByName only_by_name{};
  std::optional<Text> search_context_size{};  ///< "low", "medium" or "high"
  std::optional<ChatCompletionUserLocation> user_location{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("search_context_size", self.search_context_size);
    field("user_location", self.user_location);
  }
};

/// A function that the model may call.
struct FunctionDefinition {
  OnlyByName only_by_name{};
  Text name{};
  Text description{};
  JsonDocument
      parameters{};  ///< a JSON schema, sent in its own order; null for a function without parameters
  std::optional<bool> strict{};  ///< whether arguments must follow the schema exactly

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("name", self.name);
    field("description", self.description);
    field("parameters", self.parameters);
    field("strict", self.strict);
  }
};

/// A tool that takes free text.
struct CustomToolDefinition {
  OnlyByName only_by_name{};
  Text name{};
  Text description{};
  JsonDocument format{};  ///< null for any text, or a grammar

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("name", self.name);
    field("description", self.description);
    field("format", self.format);
  }
};

/// A tool that the model may call; function_tool and custom_tool make them.
struct ChatCompletionTool {
  OnlyByName only_by_name{};
  Text type{};
  std::optional<FunctionDefinition> function{};
  std::optional<CustomToolDefinition> custom{};
  JsonDocument document{};  ///< the whole tool as JSON; if set, it is sent instead of the other members

  void write_json(detail::JsonPrinter& json) const;
  bool read_json(const detail::JsonNode& json);
};

/// Lets `.tools` take JSON too, which is sent as it is: nlohmann_json finds this function.
template <class Json>
void from_json(const Json& json, ChatCompletionTool& tool) {
  tool.document = json;
}

/// A request for a chat completion. Members that are empty or have no value are not sent.
struct ChatCompletionCreateParams {
  OnlyByName only_by_name{};
  Text model{};
  std::vector<ChatCompletionMessageParam> messages{};
  ChatCompletionAudioParam audio{};
  std::optional<double> frequency_penalty{};
  nlohmann::ordered_json function_call{};            ///< deprecated by OpenAI: see tool_choice
  nlohmann::ordered_json functions{};                ///< deprecated by OpenAI: see tools
  std::map<std::string, std::int64_t> logit_bias{};  ///< by token id, -100 to 100
  std::optional<bool> logprobs{};
  std::optional<std::int64_t> max_completion_tokens{};
  std::optional<std::int64_t> max_tokens{};  ///< deprecated by OpenAI, but all that some servers know
  TextMap metadata{};
  TextList modalities{};                ///< "text", "audio"
  nlohmann::ordered_json moderation{};  ///< how to moderate the request and the answer
  std::optional<std::int64_t> n{};      ///< how many choices
  std::optional<bool> parallel_tool_calls{};
  ChatCompletionPredictionContent prediction{};
  std::optional<double> presence_penalty{};
  std::optional<Text> prompt_cache_key{};
  nlohmann::ordered_json prompt_cache_options{};
  std::optional<Text> prompt_cache_retention{};
  std::optional<Text> reasoning_effort{};  ///< "none", "minimal", "low", "medium", "high", ...
  JsonDocument response_format{};          ///< json_schema_format(...) or json_object_format()
  std::optional<Text> safety_identifier{};
  std::optional<std::int64_t> seed{};
  std::optional<Text> service_tier{};
  ChatCompletionStop stop{};  ///< `"\n"` or `{"###", "END"}`
  std::optional<bool> store{};
  ChatCompletionStreamOptions stream_options{};
  std::optional<double> temperature{};
  nlohmann::ordered_json tool_choice{};  ///< "none", "auto", "required", or function_tool_choice("name")
  std::vector<ChatCompletionTool> tools{};
  std::optional<std::int64_t> top_logprobs{};
  std::optional<double> top_p{};
  std::optional<Text> user{};
  std::optional<Text> verbosity{};
  std::optional<ChatCompletionWebSearchOptions> web_search_options{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("model", self.model);
    field.required("messages", self.messages);
    field("audio", self.audio);
    field("frequency_penalty", self.frequency_penalty);
    field("function_call", self.function_call);
    field("functions", self.functions);
    field("logit_bias", self.logit_bias);
    field("logprobs", self.logprobs);
    field("max_completion_tokens", self.max_completion_tokens);
    field("max_tokens", self.max_tokens);
    field("metadata", self.metadata);
    field("modalities", self.modalities);
    field("moderation", self.moderation);
    field("n", self.n);
    field("parallel_tool_calls", self.parallel_tool_calls);
    field("prediction", self.prediction);
    field("presence_penalty", self.presence_penalty);
    field("prompt_cache_key", self.prompt_cache_key);
    field("prompt_cache_options", self.prompt_cache_options);
    field("prompt_cache_retention", self.prompt_cache_retention);
    field("reasoning_effort", self.reasoning_effort);
    field("response_format", self.response_format);
    field("safety_identifier", self.safety_identifier);
    field("seed", self.seed);
    field("service_tier", self.service_tier);
    field("stop", self.stop);
    field("store", self.store);
    field("stream_options", self.stream_options);
    field("temperature", self.temperature);
    field("tool_choice", self.tool_choice);
    field("tools", self.tools);
    field("top_logprobs", self.top_logprobs);
    field("top_p", self.top_p);
    field("user", self.user);
    field("verbosity", self.verbosity);
    field("web_search_options", self.web_search_options);
  }
};

/// A function that the model may call. `parameters` is a JSON schema.
inline ChatCompletionTool function_tool(Text name, Text description = "", JsonDocument parameters = nullptr,
                                        std::optional<bool> strict = std::nullopt) {
  return {.type = "function",
          .function = FunctionDefinition{.name = std::move(name),
                                         .description = std::move(description),
                                         .parameters = std::move(parameters),
                                         .strict = strict}};
}

/// A tool that takes free text, or text that follows the grammar in `format`.
inline ChatCompletionTool custom_tool(Text name, Text description = "", JsonDocument format = nullptr) {
  return {.type = "custom",
          .custom = CustomToolDefinition{
              .name = std::move(name), .description = std::move(description), .format = std::move(format)}};
}

/// For `tool_choice`: this function must be called.
nlohmann::ordered_json function_tool_choice(Text name);

/// For `tool_choice`: this custom tool must be called.
nlohmann::ordered_json custom_tool_choice(Text name);

/// For `tool_choice`: only these functions may ("auto") or must ("required") be called.
nlohmann::ordered_json allowed_tools_choice(const TextList& names, Text mode = "auto");

/// For `response_format`: JSON that follows a schema. The schema's keys keep their order, since models answer
/// in that order. `description` tells the model what the answer is for.
nlohmann::ordered_json json_schema_format(Text name, JsonDocument schema, const Text& description,
                                          bool strict = true);

/// The same without a description. It is a template because a text in quotes would otherwise convert to bool
/// rather than to std::string.
template <std::same_as<bool> Bool = bool>
nlohmann::ordered_json json_schema_format(Text name, JsonDocument schema, Bool strict = true) {
  return json_schema_format(std::move(name), std::move(schema), Text(), strict);
}

/// For `response_format`: JSON of any form; the messages must ask for JSON as well.
nlohmann::ordered_json json_object_format();

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/chat_params.hpp>
#endif
