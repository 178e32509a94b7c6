#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_printer.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_writer.hpp>
#include <openailb/types/chat_params.hpp>
#include <openailb/values/json.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace openailb {

OPENAILB_INLINE void ChatCompletionStop::write_json(detail::JsonPrinter& json) const {
  is_list_ ? detail::write_json(json, texts_) : json.string(texts_.front());
}

OPENAILB_INLINE bool ChatCompletionStop::read_json(detail::JsonNode& json) {
  texts_.clear();
  is_list_ = json.type == detail::JsonType::array;
  if (is_list_) return detail::read_json(json, texts_);
  return json.type == detail::JsonType::string && detail::read_json(json, texts_.emplace_back());
}

OPENAILB_INLINE void ChatCompletionTool::write_json(detail::JsonPrinter& json) const {
  if (!document.empty()) return document.write_json(json);
  if (!json.open('{')) return;
  detail::FieldWriter field(json);
  field.required("type", type);
  field("function", function);
  field("custom", custom);
  json.close('}');
}

OPENAILB_INLINE bool ChatCompletionTool::read_json(const detail::JsonNode& json) {
  document = detail::json_of(json);
  return json.type == detail::JsonType::object;
}

OPENAILB_INLINE nlohmann::ordered_json function_tool_choice(Text name) {
  nlohmann::ordered_json choice = detail::json_of_type("function");
  choice["function"]["name"] = std::string(std::move(name));
  return choice;
}

OPENAILB_INLINE nlohmann::ordered_json custom_tool_choice(Text name) {
  nlohmann::ordered_json choice = detail::json_of_type("custom");
  choice["custom"]["name"] = std::string(std::move(name));
  return choice;
}

OPENAILB_INLINE nlohmann::ordered_json allowed_tools_choice(const TextList& names, Text mode) {
  nlohmann::ordered_json tools = nlohmann::ordered_json::array();
  for (const auto& name : names) tools.push_back(function_tool_choice(name));
  nlohmann::ordered_json choice = detail::json_of_type("allowed_tools");
  choice["allowed_tools"]["mode"] = std::string(std::move(mode));
  choice["allowed_tools"]["tools"] = std::move(tools);
  return choice;
}

OPENAILB_INLINE nlohmann::ordered_json json_schema_format(Text name, JsonDocument schema,
                                                          const Text& description, bool strict) {
  nlohmann::ordered_json json_schema;
  json_schema["name"] = std::string(std::move(name));
  if (!description.empty()) json_schema["description"] = std::string(description);
  json_schema["schema"] = std::move(schema).value();
  json_schema["strict"] = strict;
  nlohmann::ordered_json format = detail::json_of_type("json_schema");
  format["json_schema"] = std::move(json_schema);
  return format;
}

OPENAILB_INLINE nlohmann::ordered_json json_object_format() { return detail::json_of_type("json_object"); }

}  // namespace openailb
