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

/// Why a response failed.
struct ResponseError {
  std::string code{};  ///< "server_error", "rate_limit_exceeded", "invalid_prompt", ...
  std::string message{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("code", self.code);
    field("message", self.message);
    field.rest(self.extra);
  }
};

/// Why a response ended before it was complete.
struct ResponseIncompleteDetails {
  std::string reason{};    ///< "max_output_tokens" or "content_filter"
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("reason", self.reason);
    field.rest(self.extra);
  }
};

/// How a model is to think, or has thought.
struct ResponseReasoning {
  OnlyByName only_by_name{};
  std::optional<Text> context{};
  std::optional<Text> effort{};            ///< "none", "minimal", "low", "medium", "high", ...
  std::optional<Text> generate_summary{};  ///< deprecated by OpenAI: see summary
  std::optional<Text> mode{};
  std::optional<Text> summary{};  ///< "auto", "concise" or "detailed"
  nlohmann::json extra{};         ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("context", self.context);
    field("effort", self.effort);
    field("generate_summary", self.generate_summary);
    field("mode", self.mode);
    field("summary", self.summary);
    field.rest(self.extra);
  }
};

/// How many tokens of each kind went in.
struct ResponseInputTokensDetails {
  std::int64_t cached_tokens{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("cached_tokens", self.cached_tokens);
    field.rest(self.extra);
  }
};

/// How many tokens of each kind came out.
struct ResponseOutputTokensDetails {
  std::int64_t reasoning_tokens{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("reasoning_tokens", self.reasoning_tokens);
    field.rest(self.extra);
  }
};

/// How many tokens a response used.
struct ResponseUsage {
  std::int64_t input_tokens{};
  std::optional<ResponseInputTokensDetails> input_tokens_details{};
  std::int64_t output_tokens{};
  std::optional<ResponseOutputTokensDetails> output_tokens_details{};
  std::int64_t total_tokens{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("input_tokens", self.input_tokens);
    field("input_tokens_details", self.input_tokens_details);
    field("output_tokens", self.output_tokens);
    field("output_tokens_details", self.output_tokens_details);
    field("total_tokens", self.total_tokens);
    field.rest(self.extra);
  }
};

/// A response. What a server leaves out or sends as null is empty. Most members repeat the request.
struct Response {
  std::string id{};
  std::string object{};         ///< "response"
  std::int64_t created_at{};    ///< Unix seconds
  std::int64_t completed_at{};  ///< Unix seconds
  std::string status{};  ///< "completed", "failed", "in_progress", "cancelled", "queued" or "incomplete"
  std::optional<ResponseError> error{};                           ///< if it has failed
  std::optional<ResponseIncompleteDetails> incomplete_details{};  ///< if it is incomplete
  std::string model{};
  std::vector<ResponseItem> output{};
  std::optional<ResponseUsage> usage{};
  std::optional<bool> background{};
  nlohmann::json conversation{};
  nlohmann::json instructions{};  ///< a text, or a list of items
  std::optional<std::int64_t> max_output_tokens{};
  std::optional<std::int64_t> max_tool_calls{};
  std::map<std::string, std::string> metadata{};
  std::optional<bool> parallel_tool_calls{};
  std::string previous_response_id{};
  std::optional<ResponseReasoning> reasoning{};
  std::string service_tier{};
  std::optional<bool> store{};
  std::optional<double> temperature{};
  nlohmann::json text{};  ///< the format that was asked for; see output_text() for what was said
  nlohmann::json tool_choice{};
  nlohmann::json tools{};
  std::optional<double> top_p{};
  std::string truncation{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  /// The texts of all messages together: what the model said.
  std::string output_text() const;

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created_at", self.created_at);
    field("completed_at", self.completed_at);
    field("status", self.status);
    field("error", self.error);
    field("incomplete_details", self.incomplete_details);
    field("model", self.model);
    field.required("output", self.output);
    field("usage", self.usage);
    field("background", self.background);
    field("conversation", self.conversation);
    field("instructions", self.instructions);
    field("max_output_tokens", self.max_output_tokens);
    field("max_tool_calls", self.max_tool_calls);
    field("metadata", self.metadata);
    field("parallel_tool_calls", self.parallel_tool_calls);
    field("previous_response_id", self.previous_response_id);
    field("reasoning", self.reasoning);
    field("service_tier", self.service_tier);
    field("store", self.store);
    field("temperature", self.temperature);
    field("text", self.text);
    field("tool_choice", self.tool_choice);
    field("tools", self.tools);
    field("top_p", self.top_p);
    field("truncation", self.truncation);
    field.rest(self.extra);
  }
};

/// A long conversation made shorter: its output is the input of the next request.
struct CompactedResponse {
  std::string id{};
  std::string object{};       ///< "response.compaction"
  std::int64_t created_at{};  ///< Unix seconds
  std::vector<ResponseItem> output{};
  std::optional<ResponseUsage> usage{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created_at", self.created_at);
    field.required("output", self.output);
    field("usage", self.usage);
    field.rest(self.extra);
  }
};

/// How many tokens a request would have.
struct InputTokenCountResponse {
  std::int64_t input_tokens{};
  std::string object{};    ///< "response.input_tokens"
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("input_tokens", self.input_tokens);
    field("object", self.object);
    field.rest(self.extra);
  }
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/response.hpp>
#endif
