#pragma once

#include <openailb/values/braces.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

class JsonPrinter;
struct JsonNode;

}  // namespace detail

/// An image by its address, which may be a `data:` URL.
struct ChatCompletionImageUrl {
  OnlyByName only_by_name{};
  Text url{};
  Text detail{};           ///< "auto", "low" or "high"
  nlohmann::json extra{};  ///< members that have no name here, such as LiteLLM's `format`

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("url", self.url);
    field("detail", self.detail);
    field.rest(self.extra);
  }
};

/// Audio.
struct ChatCompletionInputAudio {
  OnlyByName only_by_name{};
  Text data{};             ///< base64
  Text format{};           ///< "wav" or "mp3"
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("data", self.data);
    field("format", self.format);
    field.rest(self.extra);
  }
};

/// A file: the id of one uploaded before, or data and a name.
struct ChatCompletionFile {
  OnlyByName only_by_name{};
  Text file_data{};  ///< a `data:` URL in base64
  Text file_id{};
  Text filename{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("file_data", self.file_data);
    field("file_id", self.file_id);
    field("filename", self.filename);
    field.rest(self.extra);
  }
};

/// One part of a message's content; text_part, image_part, input_audio_part and file_part make them.
struct ChatCompletionContentPart {
  OnlyByName only_by_name{};
  Text type{};  ///< says which member is used
  std::optional<Text> text{};
  ChatCompletionImageUrl image_url{};
  ChatCompletionInputAudio input_audio{};
  ChatCompletionFile file{};
  std::optional<Text> refusal{};  ///< only in an assistant's message
  nlohmann::ordered_json
      prompt_cache_breakpoint{};  ///< `{{"mode", "explicit"}}`: what comes before is reused
  nlohmann::json extra{};         ///< members that have no name here, such as `cache_control` or `video_url`

  /// A part that comes as a plain text is a text part.
  void read_text(std::string said) {
    type = "text";
    text = std::move(said);
  }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("type", self.type);
    field("text", self.text);
    field("image_url", self.image_url);
    field("input_audio", self.input_audio);
    field("file", self.file);
    field("refusal", self.refusal);
    field("prompt_cache_breakpoint", self.prompt_cache_breakpoint);
    field.rest(self.extra);
  }
};

/// A shorter name.
using ContentPart = ChatCompletionContentPart;

/// A text part.
inline ContentPart text_part(Text text) { return {.type = "text", .text = std::move(text)}; }

/// An image part: `url` may be a `data:` URL; `detail` is "auto", "low" or "high", empty for the server's
/// choice.
inline ContentPart image_part(Text url, Text detail = "") {
  return {.type = "image_url", .image_url = {.url = std::move(url), .detail = std::move(detail)}};
}

/// An audio part: `data` is in base64; `format` is "wav" or "mp3".
inline ContentPart input_audio_part(Text data, Text format) {
  return {.type = "input_audio", .input_audio = {.data = std::move(data), .format = std::move(format)}};
}

/// A file part with the file's data: `file_data` is a `data:` URL in base64.
inline ContentPart file_part(Text file_data, Text filename) {
  return {.type = "file", .file = {.file_data = std::move(file_data), .filename = std::move(filename)}};
}

/// A file part for a file uploaded before.
inline ContentPart file_id_part(Text file_id) {
  return {.type = "file", .file = {.file_id = std::move(file_id)}};
}

/// The content of a message: a text, a list of parts, or null.
class ChatCompletionMessageContent {
 public:
  using Parts = std::vector<ContentPart>;

  ChatCompletionMessageContent() = default;
  ChatCompletionMessageContent(std::nullptr_t) {}
  ChatCompletionMessageContent(const char* text) : kind_(Kind::text), text_(text) {}
  ChatCompletionMessageContent(std::string_view text) : kind_(Kind::text), text_(text) {}
  ChatCompletionMessageContent(std::string text) : kind_(Kind::text), text_(std::move(text)) {}
  ChatCompletionMessageContent(Parts parts) : kind_(Kind::parts), parts_(std::move(parts)) {}
  ChatCompletionMessageContent(std::initializer_list<ContentPart> parts)
      : kind_(Kind::parts), parts_(parts) {}
  template <std::same_as<const char*> Quoted>
  ChatCompletionMessageContent(std::initializer_list<std::initializer_list<Quoted>>) = delete;

  bool is_null() const { return kind_ == Kind::null; }
  /// Null when this is not a text.
  const std::string* text() const { return kind_ == Kind::text ? &text_ : nullptr; }
  /// Null when this is not a list of parts.
  const Parts* parts() const { return kind_ == Kind::parts ? &parts_ : nullptr; }

  void write_json(detail::JsonPrinter& json) const;
  bool read_json(detail::JsonNode& json);

 private:
  enum class Kind { null, text, parts };

  Kind kind_{};
  std::string text_{};
  Parts parts_{};
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/chat_content.hpp>
#endif
