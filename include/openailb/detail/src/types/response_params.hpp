#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/types/response_item.hpp>
#include <openailb/types/response_params.hpp>
#include <openailb/values/json.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace openailb {

OPENAILB_INLINE void ResponseInput::write_json(detail::JsonPrinter& json) const {
  if (kind_ == Kind::items) return detail::write_json(json, items_);
  kind_ == Kind::text ? json.string(text_) : json.null();
}

OPENAILB_INLINE nlohmann::ordered_json json_schema_text_format(Text name, JsonDocument schema, bool strict) {
  nlohmann::ordered_json format = detail::json_of_type("json_schema");
  format["name"] = std::string(std::move(name));
  format["schema"] = std::move(schema).value();
  format["strict"] = strict;
  return format;
}

}  // namespace openailb
