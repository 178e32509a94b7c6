#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/json.hpp>
#include <openailb/types/response_item.hpp>
#include <openailb/types/response_params.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace openailb {

OPENAILB_INLINE void ResponseInput::write_json(detail::JsonPrinter& json) const {
  if (const auto* items = std::get_if<std::vector<ResponseItem>>(&value_)) {
    return detail::write_json(json, *items);
  }
  const auto* text = std::get_if<std::string>(&value_);
  text ? json.string(*text) : json.null();
}

OPENAILB_INLINE nlohmann::ordered_json json_schema_text_format(Text name, JsonDocument schema, bool strict) {
  return {{"type", "json_schema"},
          {"name", std::move(name)},
          {"schema", std::move(schema).value()},
          {"strict", strict}};
}

}  // namespace openailb
