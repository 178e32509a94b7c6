#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/json_writer.hpp>
#include <openailb/values/json.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace openailb {

OPENAILB_INLINE JsonDocument::JsonDocument(const nlohmann::ordered_json& document)
    : document_(detail::copy_ordered(document)) {}

OPENAILB_INLINE JsonDocument::JsonDocument(const nlohmann::json& document)
    : document_(detail::copy_ordered(document)) {}

OPENAILB_INLINE JsonDocument::JsonDocument(nlohmann::ordered_json::initializer_list_t members)
    : document_(members) {
  if (!document_.is_array() || document_.size() != 1) return;
  nlohmann::ordered_json& only = document_.front();
  if (only.is_string()) {
    document_ = detail::parse_ordered(only.get_ref<const std::string&>());
  } else if (only.is_object()) {
    nlohmann::ordered_json object = std::move(only);
    document_ = std::move(object);
  }
}

OPENAILB_INLINE JsonDocument::JsonDocument(std::string_view text) : document_(detail::parse_ordered(text)) {}

OPENAILB_INLINE JsonDocument::JsonDocument(const JsonDocument& other)
    : document_(detail::copy_ordered(other.document_)) {}

OPENAILB_INLINE void JsonDocument::write_json(detail::JsonPrinter& json) const {
  detail::write_json(json, document_);
}

OPENAILB_INLINE bool JsonDocument::read_json(const detail::JsonNode& json) {
  if (json.type == detail::JsonType::null) return false;
  document_ = detail::json_of(json);
  return true;
}

}  // namespace openailb
