#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/types/text_input.hpp>

namespace openailb {

OPENAILB_INLINE void TextInput::write_json(detail::JsonPrinter& json) const {
  switch (kind_) {
    case Kind::nothing: return json.null();
    case Kind::text: return json.string(texts_.front());
    case Kind::texts: return detail::write_json(json, texts_);
    case Kind::tokens: return detail::write_json(json, tokens_.front());
    case Kind::texts_as_tokens: return detail::write_json(json, tokens_);
  }
}

}  // namespace openailb
