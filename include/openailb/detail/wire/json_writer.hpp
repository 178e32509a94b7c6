#pragma once

#include <openailb/detail/wire/json_tables.hpp>
#include <openailb/detail/wire/json_text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// The JSON of a value, in the order of its fields. Fields that are absent are left out.
template <class T>
nlohmann::ordered_json write_json(const T& value);

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
