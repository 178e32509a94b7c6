#pragma once

#include <openailb/detail/balance/configuration.hpp>
#include <openailb/detail/net/file_content.hpp>
#include <openailb/detail/src/endpoints_file.hpp>
#include <openailb/detail/src/inline.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/options.hpp>
#include <openailb/values/breaker_settings.hpp>

#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb {

namespace detail {

/// Whether there is such a member that a file can have; if so, it is read.
inline bool read_member(const FileReader& read, const std::string& name, const FilePlace& at,
                        BreakerSettings& breaker) {
  if (name == "name") {
    breaker.name = read.text(at);
  } else if (name == "max_requests") {
    read.integer(at, breaker.max_requests);
  } else if (name == "interval") {
    breaker.interval = read.seconds(at);
  } else if (name == "bucket_period") {
    breaker.bucket_period = read.seconds(at);
  } else if (name == "timeout") {
    breaker.timeout = read.seconds(at);
  } else {
    return false;
  }
  return true;
}

/// The same of the members that are texts.
inline bool read_text(const FileReader& read, const std::string& name, const FilePlace& at,
                      EndpointConfig& config) {
  if (name == "name") {
    config.name = read.text(at);
  } else if (name == "api_key") {
    config.api_key = read.text(at);
  } else if (name == "base_url") {
    config.base_url = read.text(at);
  } else if (name == "organization") {
    config.organization = read.text(at);
  } else if (name == "project") {
    config.project = read.text(at);
  } else if (name == "quota_group") {
    config.quota_group = read.text(at);
  } else if (name == "trust") {
    config.trust = read.text(at);
  } else {
    return false;
  }
  return true;
}

/// The same of those that are numbers.
inline bool read_number(const FileReader& read, const std::string& name, const FilePlace& at,
                        EndpointConfig& config) {
  if (name == "weight") {
    config.weight = read.number(at);
  } else if (name == "priority") {
    read.integer(at, config.priority);
  } else if (name == "max_in_flight") {
    read.integer(at, config.max_in_flight);
  } else if (name == "requests_per_minute") {
    read.integer(at, config.requests_per_minute);
  } else if (name == "tokens_per_minute") {
    read.integer(at, config.tokens_per_minute);
  } else {
    return false;
  }
  return true;
}

/// The same of all.
inline bool read_member(const FileReader& read, const std::string& name, const FilePlace& at,
                        EndpointConfig& config) {
  if (name == "model_map") {
    config.model_map = read.texts(at);
  } else if (name == "models") {
    read.each(at, [&](const FilePlace& one) { config.models.push_back(read.text(one)); });
  } else if (name == "headers") {
    for (auto& [header, value] : read.texts(at)) {
      if (!config.headers.emplace(header, value).second) read.fail(at, "has a header twice");
    }
  } else if (name == "query") {
    config.query = read.texts(at);
  } else if (name == "extra_body") {
    config.extra_body = read.json(at);
  } else if (name == "breaker") {
    read.members(at, [&](const std::string& member, const FilePlace& place) {
      return read_member(read, member, place, config.breaker);
    });
  } else {
    return read_text(read, name, at, config) || read_number(read, name, at, config);
  }
  return true;
}

/// Reads an endpoint.
inline EndpointConfig read_endpoint(const FileReader& read, const FilePlace& place) {
  EndpointConfig config;
  read.members(place, [&](const std::string& name, const FilePlace& at) {
    return read_member(read, name, at, config);
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

}  // namespace detail

OPENAILB_INLINE std::vector<EndpointConfig> load_endpoints(const std::string& file) {
  std::string fault;
  const std::string content = detail::content_of_file(file, fault);
  if (!fault.empty()) throw std::invalid_argument(file + ": " + fault);
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
