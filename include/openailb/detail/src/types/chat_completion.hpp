#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/types/chat_completion.hpp>
#include <openailb/types/chat_content.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace openailb {

namespace detail {

/// Whether a part of an answer is what the model thought, not what it said.
inline bool is_thinking(const ContentPart& part) {
  return part.type == "thinking" || part.type == "reasoning";
}

/// The reasoning in a part: its text, or its member "thinking", a text or a list of texts.
inline std::string thinking_of(const ContentPart& part) {
  if (!is_thinking(part)) return {};
  std::string thinking = part.text.value_or("");
  const nlohmann::json* said = member_of(part.extra, "thinking");
  if (said == nullptr) return thinking;
  if (said->is_string()) return said->get_ref<const std::string&>();
  for (const nlohmann::json& one : *said) {
    const nlohmann::json* text = member_of(one, "text");
    if (text != nullptr && text->is_string()) thinking += text->get_ref<const std::string&>();
  }
  return thinking;
}

/// The reasoning in all parts together.
inline std::string thinking_of(const std::vector<ContentPart>& parts) {
  std::string thinking;
  for (const ContentPart& part : parts) thinking += thinking_of(part);
  return thinking;
}

}  // namespace detail

OPENAILB_INLINE void ChatCompletionMessage::finish_reading() {
  for (const ContentPart& part : content_parts) {
    if (part.text && !detail::is_thinking(part)) content += *part.text;
  }
  if (reasoning_content.empty()) reasoning_content = detail::thinking_of(content_parts);
}

}  // namespace openailb
