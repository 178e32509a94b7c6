#pragma once

/// \file
/// What the unit `core` makes of nlohmann_json, for all others.

#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/json_writer.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace openailb::detail {

extern template ParsedJson parse_json<>(std::string_view);
extern template nlohmann::ordered_json parse_ordered<>(std::string_view);
extern template nlohmann::json json_of<>(const JsonNode&);
extern template std::string unescaped<>(const JsonNode&);
extern template std::string text_of<>(const nlohmann::json&);
extern template std::string printed_number<>(double);
extern template void write_document<>(JsonPrinter&, const nlohmann::json&);
extern template void write_document<>(JsonPrinter&, const nlohmann::ordered_json&);

}  // namespace openailb::detail
