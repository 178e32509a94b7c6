#pragma once

#include <openailb/detail/wire/json.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace openailb::detail {

/// Reads a value as from an answer with this JSON.
template <class T>
T read_json(const nlohmann::json& json) {
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  ScannedJson scanned;
  scanned.read(text);
  return read_json<T>(scanned.root());
}

}  // namespace openailb::detail

namespace openailb::test {

/// The JSON that openailb writes for a value.
template <class T>
nlohmann::ordered_json written_json(const T& value) {
  return nlohmann::ordered_json::parse(detail::write_json(value));
}

}  // namespace openailb::test
