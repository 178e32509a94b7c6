#pragma once

#include <openailb/detail/wire/base64.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_tables.hpp>

#include <nlohmann/json.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace openailb::detail {

/// Reads what can be read, and never fails. Null counts as missing. A member that is missing, unknown or of
/// another type than expected leaves the default. A string can be read from an integer. An integer can be
/// read from a text of digits or from any number (a fraction is cut off), if it fits. An element of another
/// type than expected is skipped. A list of floats can also be read from their bytes as base64, the lowest
/// byte of each first. False when `node` itself is of another type than expected.
template <class T>
bool read_json(JsonNode& node, T& value);

/// A new T, read tolerantly.
template <class T>
T read_json(JsonNode& node) {
  T value{};
  read_json(node, value);
  return value;
}

class FieldReader {
 public:
  explicit FieldReader(JsonNode& object) : object_(&object), next_(&object + 1) { mark_overridden(object); }

  template <class T>
  void operator()(std::string_view name, T& value) {
    JsonNode* found = find(name);
    if (found == nullptr) return;
    found->is_read = read_json(found[1], value) || found[1].type == JsonType::null;
  }

  template <class T>
  void required(std::string_view name, T& value) {
    (*this)(name, value);
  }

  /// Leaves the member where it is, so that it goes back by the name by which it came.
  template <class T>
  void alias(std::string_view name, T& value) {
    JsonNode* found = value.empty() ? find(name) : nullptr;
    if (found != nullptr) read_json(found[1], value);
  }

  /// A text, or the text of any other JSON: servers send objects where a text of JSON belongs.
  void text(std::string_view name, std::string& value) {
    JsonNode* found = find(name);
    if (found == nullptr || !found[1].is_structured()) return (*this)(name, value);
    value = json_of(found[1]).dump();
    found->is_read = true;
  }

  void rest(nlohmann::json& extra) {
    nlohmann::json::object_t members;
    for (const JsonNode* name = object_ + 1; name != object_->end(); name = name[1].end()) {
      const bool is_new = !name->is_read && !name->is_overridden && name[1].type != JsonType::null;
      if (is_new) members.emplace(string_of(*name), json_of(name[1]));
    }
    if (!members.empty()) extra = std::move(members);
  }

 private:
  /// The name of the member; null when there is none. Looks first behind the one that was found last, since
  /// most servers have the members in the order of the tables.
  JsonNode* find(std::string_view name) {
    JsonNode* const begin = object_ + 1;
    for (JsonNode* one = next_; one != object_->end(); one = one[1].end()) {
      if (is_field(*one, name)) return found(one);
    }
    for (JsonNode* one = begin; one != next_; one = one[1].end()) {
      if (is_field(*one, name)) return found(one);
    }
    return nullptr;
  }
  JsonNode* found(JsonNode* name) {
    next_ = name[1].end();
    return name;
  }
  static bool is_field(const JsonNode& node, std::string_view name) {
    return !node.is_read && !node.is_overridden && is_named(node, name);
  }

  JsonNode* object_;
  JsonNode* next_;
};

template <class T>
bool read_number(const nlohmann::json& json, T& value) {
  auto take = [&value](auto number) {
    if (!std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
    return true;
  };
  if (json.is_number_unsigned()) return take(json.get_ref<const std::uint64_t&>());
  if (json.is_number_integer()) return take(json.get_ref<const std::int64_t&>());
  auto number = json.get<double>();
  // Outside of this range, and for NaN, the cast would be undefined.
  return std::abs(number) < 0x1p63 && take(static_cast<std::int64_t>(number));
}

template <class T>
bool read_integer(const JsonNode& node, T& value) {
  if (node.type != JsonType::number && node.type != JsonType::string) return false;
  const std::string text = node.is_escaped ? string_of(node) : std::string();
  const std::string_view digits = node.is_escaped ? std::string_view(text) : node.text;
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  if (read.ptr != end || read.ec != std::errc{}) {
    return node.type == JsonType::number && read_number(json_of(node), value);
  }
  if (!std::in_range<T>(number)) return false;
  value = static_cast<T>(number);
  return true;
}

inline bool read_string(const JsonNode& node, std::string& value) {
  if (node.type == JsonType::string) {
    node.is_escaped ? value = unescaped(node) : value.assign(node.text);
    return true;
  }
  if (node.type != JsonType::number) return false;
  const nlohmann::json number = json_of(node);
  if (number.is_number_integer()) value = number.dump();
  return number.is_number_integer();
}

inline bool read_floats(const JsonNode& node, std::vector<float>& value) {
  const std::optional<std::string> bytes = decode_base64(string_of(node));
  if (!bytes || bytes->size() % 4 != 0) return false;
  value.clear();
  value.reserve(bytes->size() / 4);
  for (std::size_t at = 0; at < bytes->size(); at += 4) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 4; byte-- > 0;)
      bits = bits << 8 | static_cast<unsigned char>((*bytes)[at + byte]);
    value.push_back(std::bit_cast<float>(bits));
  }
  return true;
}

template <class T>
bool read_vector(JsonNode& node, std::vector<T>& value) {
  if (node.type != JsonType::array) return false;
  value.clear();
  for (JsonNode* element = &node + 1; element != node.end(); element = element->end()) {
    if (read_json(*element, value.emplace_back())) continue;
    if constexpr (std::same_as<T, float>) {
      value.clear();  // without one of its numbers it is another vector
      return false;
    }
    value.pop_back();
  }
  return true;
}

template <class T>
bool read_map(JsonNode& node, std::map<std::string, T>& value) {
  if (node.type != JsonType::object) return false;
  value.clear();
  for (JsonNode* name = &node + 1; name != node.end(); name = name[1].end()) {
    std::string text = string_of(*name);
    value.erase(text);  // of several members with one name the last one counts
    if (T item{}; read_json(name[1], item)) value.emplace(std::move(text), std::move(item));
  }
  return true;
}

template <class T>
bool read_json(JsonNode& node, T& value) {
  if constexpr (is_nlohmann_json<T>) {
    if (node.type == JsonType::null) return false;
    value = json_of(node);
    return true;
  } else if constexpr (JsonTable<T>) {
    if constexpr (requires { value.read_text(std::string{}); }) {
      if (node.type == JsonType::string) return value.read_text(string_of(node)), true;
    }
    if (node.type != JsonType::object) return false;
    FieldReader field(node);
    T::fields(value, field);
    if constexpr (requires { value.finish_reading(); }) value.finish_reading();
    return true;
  } else if constexpr (JsonCustom<T>) {
    return value.read_json(node);
  } else if constexpr (is_optional<T>) {
    if (node.type == JsonType::null) return false;
    const bool had_value = value.has_value();
    if (!had_value) value.emplace();
    const bool is_read = read_json(node, *value);
    if (!is_read && !had_value) value.reset();
    return is_read;
  } else if constexpr (is_vector<T>) {
    if constexpr (std::same_as<T, std::vector<float>>) {
      if (node.type == JsonType::string) return read_floats(node, value);
    }
    return read_vector(node, value);
  } else if constexpr (is_string_map<T>) {
    return read_map(node, value);
  } else if constexpr (std::derived_from<T, std::string>) {
    return read_string(node, value);
  } else if constexpr (std::same_as<T, bool>) {
    if (node.type == JsonType::boolean) value = node.text == "true";
    return node.type == JsonType::boolean;
  } else if constexpr (std::floating_point<T>) {
    if (node.type == JsonType::number) value = static_cast<T>(json_of(node).get<double>());
    return node.type == JsonType::number;
  } else {
    static_assert(std::integral<T>, "a type with a table of fields() or a write_json() and read_json()");
    return read_integer(node, value);
  }
}

}  // namespace openailb::detail
