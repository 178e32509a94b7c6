#pragma once

#include <openailb/values/braces.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

/// A part of an item's content: text, a refusal, or something that was sent in, such as an image.
struct ResponseContent {
  OnlyByName only_by_name{};
  std::string type{};  ///< "output_text", "refusal", "reasoning_text", "summary_text", "input_text", ...
  std::string text{};
  std::string refusal{};         ///< why the model would not answer
  nlohmann::json annotations{};  ///< what the text refers to, such as the pages that it cites
  nlohmann::json logprobs{};     ///< how likely each token was, if it was asked for
  nlohmann::json extra{};        ///< members that have no name here, such as `image_url`

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    self.type.ends_with("text") ? field.required("text", self.text) : field("text", self.text);
    field("refusal", self.refusal);
    field("annotations", self.annotations);
    field("logprobs", self.logprobs);
    field.rest(self.extra);
  }
};

/// One item of what goes into a response or comes out of it: a message, a function call, its output, what the
/// model thought, or what a tool of the server's did. An item that came out can go into the next request.
struct ResponseItem {
  OnlyByName only_by_name{};
  std::string type{};  ///< "message", "function_call", "function_call_output", "reasoning", ...
  std::string id{};
  std::string status{};                    ///< "in_progress", "completed" or "incomplete"
  std::string role{};                      ///< of a message
  std::vector<ResponseContent> content{};  ///< of a message, or of reasoning
  std::vector<ResponseContent> summary{};  ///< of reasoning
  std::string call_id{};                   ///< of a call and its output: see function_call_output
  std::string name{};                      ///< of the function or tool that is called
  std::string arguments{};                 ///< of a function call: JSON as the model wrote it
  std::string input{};                     ///< of a call of a custom tool: free text
  nlohmann::json output{};                 ///< of a call's output: a text, or a list of contents
  nlohmann::json extra{};                  ///< members that have no name here, such as `encrypted_content`

  /// The texts of a message's content together.
  std::string text() const;

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    // What an item must have goes back even when it is empty.
    const auto required_in = [&](std::string_view kind, std::string_view member, auto& value) {
      self.type == kind ? field.required(member, value) : field(member, value);
    };
    field("type", self.type);
    field("id", self.id);
    field("status", self.status);
    field("role", self.role);
    required_in("message", "content", self.content);
    required_in("reasoning", "summary", self.summary);
    field("call_id", self.call_id);
    field("name", self.name);
    self.type == "function_call" ? field.text("arguments", self.arguments)
                                 : field("arguments", self.arguments);
    required_in("custom_tool_call", "input", self.input);
    field("output", self.output);
    field.rest(self.extra);
  }
};

/// A message to the model: its role is "user", "system", "developer" or "assistant".
inline ResponseItem response_message(Text role, Text text) {
  const bool is_output = role == "assistant";
  return {.type = "message",
          .role = std::move(role),
          .content = {{.type = is_output ? "output_text" : "input_text", .text = std::move(text)}}};
}

/// The result of the function call with this `call_id`.
inline ResponseItem function_call_output(Text call_id, const Text& output) {
  return {.type = "function_call_output", .call_id = std::move(call_id), .output = output};
}

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/response_item.hpp>
#endif
