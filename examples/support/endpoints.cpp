#include "endpoints.hpp"

#include "loopback_endpoint.hpp"
#include <openailb/openailb.hpp>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace openailb_examples {

namespace {

std::string setting(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

/// They start when they are first asked for, and stop when the program ends.
std::array<LoopbackEndpoint, 2>& embedded() {
  static std::array<LoopbackEndpoint, 2> endpoints{LoopbackEndpoint("alpha"), LoopbackEndpoint("beta")};
  return endpoints;
}

LoopbackEndpoint* find_embedded(const std::string& name) {
  if (!endpoints_are_embedded()) return nullptr;
  for (LoopbackEndpoint& endpoint : embedded()) {
    if (endpoint.name() == name) return &endpoint;
  }
  return nullptr;
}

std::vector<openailb::EndpointConfig> embedded_endpoints() {
  // A proxy has no way to them. No other thread runs yet.
  setenv("no_proxy", "127.0.0.1", 1);  // NOLINT(concurrency-mt-unsafe)
  std::vector<openailb::EndpointConfig> configs;
  for (const LoopbackEndpoint& endpoint : embedded()) {
    configs.push_back({.api_key = "no-key-needed", .base_url = endpoint.base_url(), .name = endpoint.name()});
  }
  return configs;
}

}  // namespace

bool endpoints_are_embedded() {
  return setting("OPENAILB_ENDPOINTS").empty() && setting("OPENAI_API_KEY").empty() &&
         setting("OPENAI_BASE_URL").empty();
}

std::vector<openailb::EndpointConfig> endpoints() {
  if (endpoints_are_embedded()) return embedded_endpoints();
  const std::string file = setting("OPENAILB_ENDPOINTS");
  if (file.empty()) return {openailb::endpoint_from_env()};
  try {
    return openailb::load_endpoints(file);
  } catch (const std::exception& exception) {
    std::cerr << exception.what() << '\n';
    std::exit(2);  // NOLINT(concurrency-mt-unsafe)
  }
}

std::string model() {
  const std::string model = setting("OPENAILB_MODEL");
  return model.empty() ? "gpt-4o-mini" : model;
}

void fall_over(const std::string& name) {
  if (LoopbackEndpoint* endpoint = find_embedded(name)) endpoint->fall_over();
}

void recover(const std::string& name) {
  if (LoopbackEndpoint* endpoint = find_embedded(name)) endpoint->recover();
}

}  // namespace openailb_examples
