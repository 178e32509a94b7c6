#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/text_input.hpp>

namespace openailb {

OPENAILB_INLINE void TextInput::write_json(detail::JsonPrinter& json) const {
  detail::write_json(json, value_);
}

OPENAILB_INLINE bool TextInput::read_json(const detail::JsonNode& json) {
  value_ = detail::json_of(json);
  return !value_.is_null();
}

}  // namespace openailb
