#pragma once

#include <openailb/options.hpp>
#include <openailb/values/api_key.hpp>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

/// \file
/// Endpoints of a file, and of well-known services. What else one needs, such as a name or a model map, can
/// be set afterwards.

namespace openailb {

namespace detail {

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): safe unless somebody sets it
  return value == nullptr ? std::string{} : std::string{value};
}

inline std::string without_slash_at_the_end(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace detail

/// The endpoint that the official SDKs would use: OPENAI_API_KEY, OPENAI_BASE_URL (blank: the default),
/// OPENAI_ORG_ID and OPENAI_PROJECT_ID.
inline EndpointConfig endpoint_from_env() {
  EndpointConfig endpoint{.api_key = detail::environment("OPENAI_API_KEY"),
                          .organization = detail::environment("OPENAI_ORG_ID"),
                          .project = detail::environment("OPENAI_PROJECT_ID")};
  const std::string base_url = detail::environment("OPENAI_BASE_URL");
  if (base_url.find_first_not_of(" \t\r\n") != std::string::npos) endpoint.base_url = base_url;
  return endpoint;
}

/// An Azure OpenAI resource such as "https://my-resource.openai.azure.com". A key that is a function gives
/// tokens of Microsoft Entra ID. With an `api_version`, such as "2024-10-21", calls go to deployments, and
/// the deployment is the mapped model; without one they go to Azure's v1 API, which has all paths.
inline EndpointConfig azure_endpoint(std::string resource_url, ApiKey key, std::string api_version = {}) {
  EndpointConfig endpoint{.base_url = detail::without_slash_at_the_end(std::move(resource_url))};
  if (api_version.empty()) {
    endpoint.base_url += "/openai/v1";
  } else {
    endpoint.base_url += "/openai/deployments/{model}";
    endpoint.query = {{"api-version", std::move(api_version)}};
  }
  if (key.rotates()) {
    endpoint.api_key = std::move(key);
  } else {
    endpoint.headers = {{"api-key", key()}};
  }
  return endpoint;
}

/// OpenRouter. It shows `app_url` and `app_title` in its rankings; both may be empty.
inline EndpointConfig openrouter_endpoint(ApiKey key, std::string app_url = {}, std::string app_title = {}) {
  EndpointConfig endpoint{.api_key = std::move(key), .base_url = "https://openrouter.ai/api/v1"};
  if (!app_url.empty()) endpoint.headers.insert({"HTTP-Referer", std::move(app_url)});
  if (!app_title.empty()) endpoint.headers.insert({"X-Title", std::move(app_title)});
  return endpoint;
}

/// A server of your own without a key, such as llama.cpp, Ollama or vLLM: "http://localhost:11434". If the
/// URL has no path, its path is /v1.
inline EndpointConfig local_endpoint(std::string url) {
  url = detail::without_slash_at_the_end(std::move(url));
  const std::size_t scheme = url.find("://");
  const bool has_path = scheme != std::string::npos && url.find('/', scheme + 3) != std::string::npos;
  return {.base_url = has_path ? url : url + "/v1"};
}

/// The endpoints of a JSON file: a list of objects, or an object whose `endpoints` is one. Each may have the
/// members of EndpointConfig, with their names; durations of its `breaker` are numbers of seconds. In texts,
/// `${NAME}` becomes what the environment has, and `${NAME:-text}` the text if that is unset or empty.
/// Throws std::invalid_argument, whose message says which line and member is wrong, such as
/// "endpoints.json:7: endpoints[1].weight: not a number". It never shows a value. A member that is unknown or
/// there twice is wrong, and so is what is no regular file of at most 16 MiB.
std::vector<EndpointConfig> load_endpoints(const std::string& file);

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/endpoints.hpp>
#endif
