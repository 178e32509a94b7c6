#pragma once

#include <openailb/detail/wire/json.hpp>
#include <openailb/types/chat_completion.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace openailb {

/// An image by its address, which may be a `data:` URL.
struct ChatCompletionImageUrl {
  std::string url{};
  std::string detail{};  ///< "auto", "low" or "high"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("url", self.url);
    field("detail", self.detail);
  }
};

/// A sound.
struct ChatCompletionInputAudio {
  std::string data{};    ///< base64
  std::string format{};  ///< "wav" or "mp3"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("data", self.data);
    field("format", self.format);
  }
};

/// A file: one uploaded before by its id, or its data and name.
struct ChatCompletionFile {
  std::string file_data{};  ///< a `data:` URL in base64
  std::string file_id{};
  std::string filename{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("file_data", self.file_data);
    field("file_id", self.file_id);
    field("filename", self.filename);
  }
};

/// One part of a message's content; text_part, image_part, input_audio_part and file_part make them.
struct ChatCompletionContentPart {
  std::string type{};  ///< names the member that counts
  std::optional<std::string> text{};
  ChatCompletionImageUrl image_url{};
  ChatCompletionInputAudio input_audio{};
  ChatCompletionFile file{};
  std::optional<std::string> refusal{};  ///< only in an assistant's message

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("type", self.type);
    field("text", self.text);
    field("image_url", self.image_url);
    field("input_audio", self.input_audio);
    field("file", self.file);
    field("refusal", self.refusal);
  }
};

/// The same under a name short enough to type.
using ContentPart = ChatCompletionContentPart;

/// A text.
inline ContentPart text_part(std::string text) { return {.type = "text", .text = std::move(text)}; }

/// An image: `url` may be a `data:` URL; `detail` is "auto", "low" or "high", empty for the server's choice.
inline ContentPart image_part(std::string url, std::string detail = "") {
  return {.type = "image_url", .image_url = {.url = std::move(url), .detail = std::move(detail)}};
}

/// A sound: `data` in base64; `format` is "wav" or "mp3".
inline ContentPart input_audio_part(std::string data, std::string format) {
  return {.type = "input_audio", .input_audio = {.data = std::move(data), .format = std::move(format)}};
}

/// A file sent along: `file_data` is a `data:` URL in base64.
inline ContentPart file_part(std::string file_data, std::string filename) {
  return {.type = "file", .file = {.file_data = std::move(file_data), .filename = std::move(filename)}};
}

/// A file uploaded before.
inline ContentPart file_id_part(std::string file_id) {
  return {.type = "file", .file = {.file_id = std::move(file_id)}};
}

/// The content of a message: a text, a list of parts, or null.
class ChatCompletionMessageContent {
 public:
  using Parts = std::vector<ContentPart>;

  ChatCompletionMessageContent() = default;
  ChatCompletionMessageContent(std::nullptr_t) {}
  ChatCompletionMessageContent(const char* text) : value_(std::string(text)) {}
  ChatCompletionMessageContent(std::string_view text) : value_(std::string(text)) {}
  ChatCompletionMessageContent(std::string text) : value_(std::move(text)) {}
  ChatCompletionMessageContent(Parts parts) : value_(std::move(parts)) {}
  ChatCompletionMessageContent(std::initializer_list<ContentPart> parts) : value_(Parts(parts)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  /// Null when this is not a text.
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  /// Null when this is not a list of parts.
  const Parts* parts() const { return std::get_if<Parts>(&value_); }

  nlohmann::json to_json() const {
    if (auto parts = this->parts()) return detail::write_json(*parts);
    return text() ? nlohmann::json(*text()) : nlohmann::json();
  }

  bool from_json(nlohmann::json&& json) {
    if (json.is_array()) return detail::read_json(std::move(json), value_.emplace<Parts>());
    return json.is_string() && detail::read_json(std::move(json), value_.emplace<std::string>());
  }

 private:
  std::variant<std::monostate, std::string, Parts> value_;
};

/// A spoken answer that was given before, by its id.
struct ChatCompletionAudioReference {
  std::string id{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
  }
};

/// One message of a request. The functions below make them.
struct ChatCompletionMessageParam {
  std::string role{};
  ChatCompletionMessageContent content{};
  std::optional<std::string> name{};
  std::vector<ChatCompletionMessageToolCall> tool_calls{};  ///< assistant: what was to be called
  std::optional<std::string> tool_call_id{};                ///< tool: which call this is the result of
  std::optional<std::string> refusal{};                     ///< assistant
  ChatCompletionAudioReference audio{};                     ///< assistant
  std::optional<std::string> reasoning_content{};  ///< assistant: some servers want it, some forbid it
  ChatCompletionFunctionCall function_call{};      ///< deprecated by OpenAI: see tool_calls

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("role", self.role);
    field.required("content", self.content);
    field("name", self.name);
    field("tool_calls", self.tool_calls);
    field("tool_call_id", self.tool_call_id);
    field("refusal", self.refusal);
    field("audio", self.audio);
    field("reasoning_content", self.reasoning_content);
    field("function_call", self.function_call);
  }
};

/// What the application wants of the model.
inline ChatCompletionMessageParam system_message(ChatCompletionMessageContent content) {
  return {.role = "system", .content = std::move(content)};
}

/// What OpenAI's newer models take in the place of a system message.
inline ChatCompletionMessageParam developer_message(ChatCompletionMessageContent content) {
  return {.role = "developer", .content = std::move(content)};
}

/// What the user says, a text or parts: `user_message({text_part("What is this?"),
/// image_part("https://...")})`.
inline ChatCompletionMessageParam user_message(ChatCompletionMessageContent content) {
  return {.role = "user", .content = std::move(content)};
}

/// The result of the tool call `tool_call_id`.
inline ChatCompletionMessageParam tool_message(ChatCompletionMessageContent content,
                                               std::string tool_call_id) {
  return {.role = "tool", .content = std::move(content), .tool_call_id = std::move(tool_call_id)};
}

/// What the model said, or shall believe to have said.
inline ChatCompletionMessageParam assistant_message(ChatCompletionMessageContent content) {
  return {.role = "assistant", .content = std::move(content)};
}

/// An answer's message, to be sent back with what was said next. Its reasoning is left out, since
/// servers that do not ask for it refuse it.
inline ChatCompletionMessageParam assistant_message(const ChatCompletionMessage& message) {
  ChatCompletionMessageParam param{
      .role = "assistant", .tool_calls = message.tool_calls, .function_call = message.function_call};
  for (auto& call : param.tool_calls) {
    call.index.reset();
    if (call.type.empty()) call.type = call.custom.empty() ? "function" : "custom";
  }
  if (!message.refusal.empty()) param.refusal = message.refusal;
  if (message.audio) param.audio.id = message.audio->id;
  bool says_something_else =
      param.refusal || !param.audio.id.empty() || !param.tool_calls.empty() || !param.function_call.empty();
  if (!message.content.empty() || !says_something_else) param.content = message.content;
  return param;
}

}  // namespace openailb
