#pragma once

#include <openailb/detail/wire/json.hpp>

#include <nlohmann/json.hpp>

namespace openailb::test {

/// The JSON that openailb writes for a value.
template <class T>
nlohmann::ordered_json written_json(const T& value) {
  return nlohmann::ordered_json::parse(detail::write_json(value));
}

}  // namespace openailb::test
