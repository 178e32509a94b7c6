#pragma once

#include "support/simulation.hpp"
#include <openailb/values/http.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

// What the tests of resources share.
namespace openailb::test {

/// A request as it goes over the wire: method, path, query and body.
inline std::string wire(const HttpRequest& request) {
  const std::string target = request.url.substr(request.url.find("/v1"));
  return request.method + ' ' + target + (request.body.empty() ? "" : ' ' + request.body);
}

/// All requests of a simulation.
inline std::vector<std::string> wire(const Simulation& simulation) {
  std::vector<std::string> all;
  for (const HttpRequest& request : simulation.network.requests()) all.push_back(wire(request));
  return all;
}

/// The document without one of its members, with null in its place, with another type, and with a member that
/// nobody has heard of: for each of its members but the `required` ones.
inline std::vector<nlohmann::json> variations(const nlohmann::json& document,
                                              const std::vector<std::string>& required) {
  std::vector<nlohmann::json> all;
  for (const auto& [name, value] : document.items()) {
    if (std::ranges::find(required, name) != required.end()) continue;
    nlohmann::json other = document;
    other.erase(name);
    all.push_back(other);
    for (const nlohmann::json& instead :
         {nlohmann::json(), nlohmann::json(true), nlohmann::json(-1.5), nlohmann::json("text"),
          nlohmann::json::array({nullptr, 1, "x", {{"y", 1}}}), nlohmann::json{{"unheard", {{"of", 1}}}}}) {
      other[name] = instead;
      all.push_back(other);
    }
  }
  nlohmann::json more = document;
  more["unheard_of"] = {1, 2};
  all.push_back(more);
  return all;
}

}  // namespace openailb::test
