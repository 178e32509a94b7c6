#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/chat_content.hpp>

#include <string>

namespace openailb {

OPENAILB_INLINE void ChatCompletionMessageContent::write_json(detail::JsonPrinter& json) const {
  if (auto parts = this->parts()) return detail::write_json(json, *parts);
  text() ? json.string(*text()) : json.null();
}

OPENAILB_INLINE bool ChatCompletionMessageContent::read_json(detail::JsonNode& json) {
  if (json.type != detail::JsonType::array && json.type != detail::JsonType::string) return false;
  kind_ = json.type == detail::JsonType::array ? Kind::parts : Kind::text;
  return kind_ == Kind::parts ? detail::read_json(json, parts_) : detail::read_json(json, text_);
}

}  // namespace openailb
