#pragma once

#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/values/braces.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace openailb::detail {

class FieldReader;
class JsonPrinter;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <>
inline constexpr bool is_vector<TextList> = true;

template <class T>
inline constexpr bool is_string_map = false;
template <class T>
inline constexpr bool is_string_map<std::map<std::string, T>> = true;
template <>
inline constexpr bool is_string_map<TextMap> = true;

template <class T>
inline constexpr bool is_nlohmann_json =
    std::same_as<T, nlohmann::json> || std::same_as<T, nlohmann::ordered_json>;

/// A struct that lists its fields once, for reading and for writing, and stays an aggregate:
///
///     struct Tag {
///       std::string name{};
///       std::optional<double> weight{};
///
///       template <class Self, class Field>
///       static void fields(Self& self, Field& field) {
///         field.required("name", self.name);  // sent even when empty
///         field("weight", self.weight);       // sent unless absent
///       }
///     };
///
/// Absent means: an optional without a value, a null JSON, anything whose empty() is true, and a struct
/// without a single field to send. `field.alias("label", self.name)` reads another spelling if `name` is
/// still absent; it is never sent. `field.rest(self.extra)` takes all members that the lines before it have
/// not read. Two fields may share a name: each reads the types that it takes, and of those present the last
/// is sent. A member of `extra` that has a field's name is sent in place of that field.
/// `field.text("arguments", self.text)` also reads JSON that is no text, as its text. `finish_reading()`, if
/// the struct has it, is called when all has been read. `read_text(text)`, if the struct has it, is called
/// when the JSON is a text instead of an object.
template <class T>
concept JsonTable = requires(T& value, FieldReader& field) { T::fields(value, field); };

/// A class that writes its JSON itself, with `void write_json(JsonPrinter&) const`, and if it is read at all
/// reads it with `bool read_json(JsonNode&)`, which returns false when there was nothing to read.
template <class T>
concept JsonCustom = requires(const T& constant, JsonPrinter& printer) { constant.write_json(printer); };

}  // namespace openailb::detail
