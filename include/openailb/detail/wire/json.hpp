#pragma once

#include <openailb/detail/wire/json_text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
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

struct FieldReader;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
inline constexpr bool is_string_map = false;
template <class T>
inline constexpr bool is_string_map<std::map<std::string, T>> = true;

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
/// not read. `finish_reading()`, if the struct has it, is called when all has been read. `read_text(text)`,
/// if the struct has it, is called when the JSON is a text instead of an object.
template <class T>
concept JsonTable = requires(T& value, FieldReader& field) { T::fields(value, field); };

/// A class that writes and reads its JSON itself: with `nlohmann::ordered_json to_json() const`, and with
/// `bool from_json(nlohmann::json&&)`, which returns false when there was nothing to read.
template <class T>
concept JsonCustom = requires(T& value, const T& constant, nlohmann::json& json) {
  { constant.to_json() } -> std::same_as<nlohmann::ordered_json>;
  { value.from_json(std::move(json)) } -> std::same_as<bool>;
};

/// Reads what can be read, moving it out of `json`, and never fails. Null counts as missing. A member that is
/// missing, unknown or of another type than expected leaves the default. A string can be read from an
/// integer. An integer can be read from a text of digits or from any number (a fraction is cut off), if it
/// fits. An element of another type than expected is skipped. False when `json` itself is of another type
/// than expected.
template <class T>
bool read_json(nlohmann::json&& json, T& value);

/// The JSON of a value, in the order of its fields. Fields that are absent are left out.
template <class T>
nlohmann::ordered_json write_json(const T& value);

/// A new T read from `json`, tolerantly.
template <class T>
T read_json(nlohmann::json json) {
  T value{};
  read_json(std::move(json), value);
  return value;
}

struct FieldReader {
  nlohmann::json::object_t& members;

  template <class T>
  void operator()(std::string_view name, T& value) {
    auto found = members.find(name);
    if (found == members.end()) return;
    if (read_json(std::move(found->second), value) || found->second.is_null()) members.erase(found);
  }

  template <class T>
  void required(std::string_view name, T& value) {
    (*this)(name, value);
  }

  /// Leaves the member where it is, so that it is sent back under the name under which it came.
  template <class T>
  void alias(std::string_view name, T& value) {
    auto found = members.find(name);
    if (value.empty() && found != members.end()) read_json(nlohmann::json(found->second), value);
  }

  /// Reads a text. An object or a list is read as its JSON text, since servers send objects where a text of
  /// JSON belongs.
  void text(std::string_view name, std::string& value) {
    auto found = members.find(name);
    if (found == members.end()) return;
    if (found->second.is_structured()) {
      found->second = found->second.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    (*this)(name, value);
  }

  void rest(nlohmann::json& extra) {
    std::erase_if(members, [](const auto& member) { return member.second.is_null(); });
    if (!members.empty()) extra = std::move(members);
  }
};

struct FieldWriter {
  nlohmann::ordered_json& object;

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (is_optional<T>) {
      if (value) required(name, *value);
    } else if constexpr (std::same_as<T, nlohmann::json> || std::same_as<T, nlohmann::ordered_json>) {
      if (!value.is_null()) required(name, value);
    } else if constexpr (requires { value.empty(); }) {
      if (!value.empty()) required(name, value);
    } else if constexpr (JsonTable<T>) {
      if (auto json = write_json(value); !json.empty()) object[std::string(name)] = std::move(json);
    } else {
      required(name, value);
    }
  }

  template <class T>
  void required(std::string_view name, const T& value) {
    object[std::string(name)] = write_json(value);
  }

  template <class T>
  void alias(std::string_view, const T&) {}

  void text(std::string_view name, const std::string& value) { required(name, value); }

  void rest(const nlohmann::json& extra) {
    if (!extra.is_object()) return;
    auto& members = object.get_ref<nlohmann::ordered_json::object_t&>();
    const auto named = static_cast<std::ptrdiff_t>(members.size());
    for (const auto& [name, value] : extra.get_ref<const nlohmann::json::object_t&>()) {
      // Only the members that have a name here can be there already.
      const auto end = members.begin() + named;
      const auto same =
          std::find_if(members.begin(), end, [&](const auto& one) { return one.first == name; });
      if (same == end) {
        members.emplace_back(name, copy_ordered(value));
      } else {
        same->second = copy_ordered(value);
      }
    }
  }
};

template <class T>
bool read_integer(const nlohmann::json& json, T& value) {
  auto take = [&value](auto number) {
    if (!std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
    return true;
  };
  if (const auto* text = json.get_ptr<const std::string*>()) {
    std::int64_t number = 0;
    const char* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, number);
    return read.ptr == end && read.ec == std::errc{} && take(number);
  }
  if (json.is_number_unsigned()) return take(json.get<std::uint64_t>());
  if (json.is_number_integer()) return take(json.get<std::int64_t>());
  if (!json.is_number_float()) return false;
  auto number = json.get<double>();
  // Outside of this range, and for NaN, the cast would be undefined.
  return std::abs(number) < 0x1p63 && take(static_cast<std::int64_t>(number));
}

inline bool read_string(nlohmann::json&& json, std::string& value) {
  if (json.is_string()) {
    value = std::move(json.get_ref<std::string&>());
  } else if (json.is_number_integer()) {
    value = json.dump();
  } else {
    return false;
  }
  return true;
}

template <class T>
bool read_vector(nlohmann::json&& json, std::vector<T>& value) {
  if (!json.is_array()) return false;
  value.clear();
  for (auto& element : json) {
    if (T item{}; read_json(std::move(element), item)) value.push_back(std::move(item));
  }
  return true;
}

template <class T>
bool read_map(nlohmann::json&& json, std::map<std::string, T>& value) {
  if (!json.is_object()) return false;
  value.clear();
  for (auto& [name, member] : json.get_ref<nlohmann::json::object_t&>()) {
    if (T item{}; read_json(std::move(member), item)) value.emplace(name, std::move(item));
  }
  return true;
}

template <class T>
bool read_json(nlohmann::json&& json, T& value) {
  if constexpr (std::same_as<T, nlohmann::json>) {
    if (json.is_null()) return false;
    value = std::move(json);
    return true;
  } else if constexpr (std::same_as<T, nlohmann::ordered_json>) {
    if (json.is_null()) return false;
    value = json;
    return true;
  } else if constexpr (JsonTable<T>) {
    if constexpr (requires { value.read_text(std::string{}); }) {
      if (json.is_string()) return value.read_text(std::move(json.get_ref<std::string&>())), true;
    }
    if (!json.is_object()) return false;
    FieldReader field{json.get_ref<nlohmann::json::object_t&>()};
    T::fields(value, field);
    if constexpr (requires { value.finish_reading(); }) value.finish_reading();
    return true;
  } else if constexpr (JsonCustom<T>) {
    return value.from_json(std::move(json));
  } else if constexpr (is_optional<T>) {
    typename T::value_type inner{};
    if (json.is_null() || !read_json(std::move(json), inner)) return false;
    value = std::move(inner);
    return true;
  } else if constexpr (is_vector<T>) {
    return read_vector(std::move(json), value);
  } else if constexpr (is_string_map<T>) {
    return read_map(std::move(json), value);
  } else if constexpr (std::same_as<T, std::string>) {
    return read_string(std::move(json), value);
  } else if constexpr (std::same_as<T, bool>) {
    if (json.is_boolean()) value = json.get<bool>();
    return json.is_boolean();
  } else if constexpr (std::floating_point<T>) {
    if (json.is_number()) value = json.get<T>();
    return json.is_number();
  } else {
    static_assert(std::integral<T>, "a type with a table of fields() or a to_json() and from_json()");
    return read_integer(json, value);
  }
}

template <class T>
nlohmann::ordered_json write_json(const T& value) {
  if constexpr (JsonTable<T>) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    FieldWriter field{json};
    T::fields(value, field);
    return json;
  } else if constexpr (JsonCustom<T>) {
    return value.to_json();
  } else if constexpr (is_optional<T>) {
    return value ? write_json(*value) : nlohmann::ordered_json();
  } else if constexpr (is_vector<T>) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const auto& item : value) json.push_back(write_json(item));
    return json;
  } else if constexpr (is_string_map<T>) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    auto& members = json.get_ref<nlohmann::ordered_json::object_t&>();
    for (const auto& [name, item] : value) members.emplace_back(name, write_json(item));
    return json;
  } else if constexpr (std::same_as<T, nlohmann::json> || std::same_as<T, nlohmann::ordered_json>) {
    return copy_ordered(value);
  } else {
    return nlohmann::ordered_json(value);
  }
}

}  // namespace openailb::detail
