#include "endpoints_file.hpp"

#include <openailb/openailb.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb_examples {

namespace {

using nlohmann::json;

std::string text(const std::string& member, const json& value) {
  if (!value.is_string()) throw std::runtime_error(member + " must be a text, not " + value.type_name());
  return value.get<std::string>();
}

std::map<std::string, std::string> texts(const std::string& member, const json& value) {
  if (!value.is_object()) {
    throw std::runtime_error(member + " must be an object of texts, not " + value.type_name());
  }
  std::map<std::string, std::string> all;
  for (const auto& [name, content] : value.items()) all[name] = text(member + '.' + name, content);
  return all;
}

void set(openailb::EndpointConfig& endpoint, const std::string& member, const json& value) {
  if (member == "api_key") {
    endpoint.api_key = text(member, value);
  } else if (member == "base_url") {
    endpoint.base_url = text(member, value);
  } else if (member == "model_map") {
    endpoint.model_map = texts(member, value);
  } else if (member == "name") {
    endpoint.name = text(member, value);
  } else if (member == "organization") {
    endpoint.organization = text(member, value);
  } else if (member == "project") {
    endpoint.project = text(member, value);
  } else if (member == "headers") {
    for (const auto& [name, content] : texts(member, value)) endpoint.headers[name] = content;
  } else if (member == "query") {
    endpoint.query = texts(member, value);
  } else {
    throw std::runtime_error(member +
                             " is not known; known are api_key, base_url, model_map, name, organization, "
                             "project, headers and query");
  }
}

openailb::EndpointConfig read_endpoint(const json& object) {
  if (!object.is_object()) {
    throw std::runtime_error(std::string("must be an object, not ") + object.type_name());
  }
  if (!object.contains("base_url")) throw std::runtime_error("base_url is missing");
  openailb::EndpointConfig endpoint;
  for (const auto& [member, value] : object.items()) set(endpoint, member, value);
  return endpoint;
}

json parse(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  try {
    return json::parse(file);
  } catch (const json::parse_error& error) {
    throw std::runtime_error(path + ": is not JSON, at byte " + std::to_string(error.byte));
  } catch (const json::out_of_range&) {
    throw std::runtime_error(path + ": has a number that is too large");
  }
}

}  // namespace

std::vector<openailb::EndpointConfig> read_endpoints_file(const std::string& path) {
  const json document = parse(path);
  if (!document.is_array() || document.empty()) {
    throw std::runtime_error(path + ": must be a list of endpoints, [{\"base_url\": ...}, ...]");
  }
  std::vector<openailb::EndpointConfig> endpoints;
  for (std::size_t index = 0; index < document.size(); ++index) {
    try {
      endpoints.push_back(read_endpoint(document[index]));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(path + ": endpoint " + std::to_string(index) + ": " + error.what());
    }
  }
  try {
    const openailb::Client all_is_well(endpoints);  // a client looks at the rest: URLs, names, keys
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
  return endpoints;
}

}  // namespace openailb_examples
