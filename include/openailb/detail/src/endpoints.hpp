#pragma once

#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/src/endpoints_file.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/options.hpp>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb {

namespace detail {

/// Reads the members of an endpoint; see EndpointConfig.
inline EndpointConfig read_endpoint(const FileReader& read, const FilePlace& place) {
  EndpointConfig config;
  read.members(
      place,
      {
          {"name", [&](auto& at) { config.name = read.text(at); }},
          {"api_key", [&](auto& at) { config.api_key = read.text(at); }},
          {"base_url", [&](auto& at) { config.base_url = read.text(at); }},
          {"model_map", [&](auto& at) { config.model_map = read.texts(at); }},
          {"models",
           [&](auto& at) { read.each(at, [&](auto& one) { config.models.push_back(read.text(one)); }); }},
          {"organization", [&](auto& at) { config.organization = read.text(at); }},
          {"project", [&](auto& at) { config.project = read.text(at); }},
          {"headers",
           [&](auto& at) {
             for (auto& [name, value] : read.texts(at)) config.headers.insert_or_assign(name, value);
           }},
          {"query", [&](auto& at) { config.query = read.texts(at); }},
          {"extra_body", [&](auto& at) { config.extra_body = read.json(at); }},
          {"breaker",
           [&](auto& at) {
             BreakerSettings& breaker = config.breaker;
             read.members(at,
                          {{"name", [&](auto& one) { breaker.name = read.text(one); }},
                           {"max_requests", [&](auto& one) { read.integer(one, breaker.max_requests); }},
                           {"interval", [&](auto& one) { breaker.interval = read.seconds(one); }},
                           {"bucket_period", [&](auto& one) { breaker.bucket_period = read.seconds(one); }},
                           {"timeout", [&](auto& one) { breaker.timeout = read.seconds(one); }}});
           }},
          {"weight", [&](auto& at) { config.weight = read.number(at); }},
          {"priority", [&](auto& at) { read.integer(at, config.priority); }},
          {"max_in_flight", [&](auto& at) { read.integer(at, config.max_in_flight); }},
          {"requests_per_minute", [&](auto& at) { read.integer(at, config.requests_per_minute); }},
          {"tokens_per_minute", [&](auto& at) { read.integer(at, config.tokens_per_minute); }},
          {"quota_group", [&](auto& at) { config.quota_group = read.text(at); }},
      });
  return config;
}

/// What a client would say of an endpoint is said here, with its line.
inline void check_endpoint(const FileReader& read, const FilePlace& place, EndpointConfig config,
                           std::size_t index) {
  if (config.name.empty()) config.name = "endpoint-" + std::to_string(index);
  try {
    checked_base_url(config, endpoint_headers(config, {}));
  } catch (const std::invalid_argument& error) {
    const std::string says = error.what();
    const std::string before = "openailb: " + config.name + ": ";
    read.fail(place, says.starts_with(before) ? says.substr(before.size()) : says);
  }
}

inline std::string content_of_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  in.peek();  // a folder can be opened, but not read
  if (!in.is_open() || in.bad()) throw std::invalid_argument(file + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace detail

OPENAILB_INLINE std::vector<EndpointConfig> load_endpoints(const std::string& file) {
  const std::string content = detail::content_of_file(file);
  const detail::FileReader read(file, content);
  const detail::FilePlace list = read.list("endpoints");
  std::vector<EndpointConfig> endpoints;
  std::set<std::string> names;
  read.each(list, [&](const detail::FilePlace& place) {
    const EndpointConfig& config = endpoints.emplace_back(detail::read_endpoint(read, place));
    if (!config.name.empty() && !names.insert(config.name).second) {
      read.fail(place, "another endpoint has this name");
    }
    detail::check_endpoint(read, place, config, endpoints.size() - 1);
  });
  if (endpoints.empty()) read.fail(list, "has no endpoint");
  return endpoints;
}

}  // namespace openailb
