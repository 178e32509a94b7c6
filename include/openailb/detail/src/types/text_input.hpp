#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/types/text_input.hpp>

namespace openailb {

OPENAILB_INLINE void TextInput::write_json(detail::JsonPrinter& json) const {
  detail::write_json(json, value_);
}

}  // namespace openailb
