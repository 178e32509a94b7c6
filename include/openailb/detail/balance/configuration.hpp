#pragma once

#include <openailb/detail/net/connection_check.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/header_checks.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/model_patterns.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/breaker_settings.hpp>
#include <openailb/values/headers.hpp>
#include <openailb/values/json.hpp>
#include <openailb/version.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Prepares a client's configuration: rejects what is wrong, fills in defaults, and finds the secrets.

namespace openailb::detail {

[[noreturn]] inline void reject_options(std::string_view fault) {
  throw std::invalid_argument("openailb: " + std::string(fault));
}

inline void check_hedging(const HedgeOptions& hedge) {
  const auto is_share = [](double value) { return value >= 0.0 && value <= 1.0; };
  if (hedge.delay < std::chrono::nanoseconds{}) reject_options("hedge.delay is negative");
  if (!is_share(hedge.percentile)) reject_options("hedge.percentile is not between 0 and 1");
  if (!is_share(hedge.max_fraction)) reject_options("hedge.max_fraction is not between 0 and 1");
}

inline void check_retry_budget(const RetryBudgetOptions& budget) {
  const auto is_amount = [](double value) { return value >= 0.0 && value <= 1e9; };
  if (!is_amount(budget.per_call)) reject_options("retry_budget.per_call is not between 0 and 1e9");
  if (!is_amount(budget.per_second)) reject_options("retry_budget.per_second is not between 0 and 1e9");
}

/// The options, if nothing is wrong with them.
inline ClientOptions checked(ClientOptions options) {
  const std::chrono::nanoseconds zero{};
  if (options.max_retries < 0) reject_options("max_retries is negative");
  if (options.max_endpoints < 1) reject_options("max_endpoints is below 1");
  if (options.timeout < zero) reject_options("timeout is negative");
  if (options.connect_timeout < zero) reject_options("connect_timeout is negative");
  if (options.deadline < zero) reject_options("deadline is negative");
  if (options.first_token_timeout < zero) reject_options("first_token_timeout is negative");
  if (options.failover_connect_timeout < zero) reject_options("failover_connect_timeout is negative");
  if (options.idle_timeout.value_or(zero) < zero) reject_options("idle_timeout is negative");
  if (options.max_in_flight < 0) reject_options("max_in_flight is negative");
  if (options.hedge) check_hedging(*options.hedge);
  if (options.retry_budget) check_retry_budget(*options.retry_budget);
  if (std::string fault = problem_of_connection(options.connection); !fault.empty()) reject_options(fault);
  return options;
}

/// The values of a configuration that no message may show: the key, and the headers and queries that carry a
/// secret.
inline std::vector<std::string> endpoint_secrets(const EndpointConfig& config, const ClientOptions& options) {
  std::vector<std::string> secrets;
  if (!config.api_key.rotates()) secrets.push_back(config.api_key());
  add_secrets(config.headers, secrets);
  add_secrets(config.query, secrets);
  add_secrets(options.default_headers, secrets);
  add_secrets(options.default_query, secrets);
  add_secrets(query_of(config.base_url), secrets);
  return secrets;
}

/// The settings of an endpoint's breaker: its own override the client's, which override openailb's defaults.
inline BreakerSettings endpoint_breaker(BreakerSettings own, const BreakerSettings& client,
                                        const std::string& endpoint) {
  using namespace std::chrono_literals;
  const std::string& name = own.name.empty() ? client.name : own.name;
  own.name = name.empty() ? endpoint : name + '/' + endpoint;
  if (own.max_requests == 0) own.max_requests = client.max_requests;
  if (own.interval <= 0ns) own.interval = client.interval;
  if (own.bucket_period <= 0ns) own.bucket_period = client.bucket_period;
  if (own.timeout <= 0ns) own.timeout = client.timeout;
  if (own.timeout <= 0ns) own.timeout = 30s;
  if (!own.ready_to_trip) own.ready_to_trip = client.ready_to_trip;
  if (!own.ready_to_trip)
    own.ready_to_trip = [](const Counts& counts) { return counts.consecutive_failures >= 3; };
  if (!own.on_state_change) own.on_state_change = client.on_state_change;
  if (!own.is_successful) own.is_successful = client.is_successful;
  if (!own.is_excluded) own.is_excluded = client.is_excluded;
  return own;
}

/// The headers of an endpoint's requests: the endpoint's override the client's, which override openailb's
/// own. The key is added per attempt.
inline Headers endpoint_headers(const EndpointConfig& config, const ClientOptions& options) {
  Headers headers{{"User-Agent", "openailb/" + std::string(version)}};
  const auto set = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) headers.insert_or_assign(name, value);
  };
  for (const auto& [name, value] : options.default_headers) headers.insert_or_assign(name, value);
  set("OpenAI-Organization", config.organization);
  set("OpenAI-Project", config.project);
  for (const auto& [name, value] : config.headers) headers.insert_or_assign(name, value);
  return headers;
}

[[noreturn]] inline void reject(const std::string& endpoint, std::string_view fault) {
  throw std::invalid_argument("openailb: " + endpoint + ": " + std::string(fault));
}

/// What is wrong with a model map, empty when nothing is.
inline std::string problem_of_model_map(const std::map<std::string, std::string>& models) {
  for (const auto& [model, mapped] : models) {
    if (std::string fault = problem_of_mapping(model, mapped); !fault.empty()) return fault;
    if (mapped.empty() || !is_utf8(mapped)) {
      return "model_map has a name for " + model + " that is empty or not valid UTF-8";
    }
  }
  return {};
}

/// What is wrong with an endpoint's allow-list, empty when nothing is.
inline std::string problem_of_models(const std::vector<std::string>& models) {
  const auto is_bad = [](const std::string& model) { return model.empty() || !is_utf8(model); };
  return std::ranges::any_of(models, is_bad) ? "models has a name that is empty or not valid UTF-8" : "";
}

/// What is wrong with the members that an endpoint adds to bodies, empty when nothing is.
inline std::string problem_of_extra_body(const JsonDocument& extra) {
  if (extra.empty()) return {};
  if (!extra.value().is_object()) return "extra_body is not a JSON object";
  for (const char* name : {"model", "stream", "stream_format"}) {
    if (!extra.value().contains(name)) continue;
    const std::string member = "extra_body must not have " + std::string(name);
    return member + (member.ends_with("model") ? ": model_map is for that" : ": each call says that itself");
  }
  if (const auto problem = JsonBody(extra).problem()) return "extra_body: " + problem->message();
  Form form;
  merge_form(form, extra.value());
  return form.fault.empty() ? "" : "extra_body: " + form.fault;
}

/// The base URL of a configuration. If anything in it is not valid, throws std::invalid_argument, whose
/// message names the endpoint.
inline Url checked_base_url(const EndpointConfig& config, const Headers& headers) {
  if (has_control_character(config.name)) reject("an endpoint", "its name has a control character");
  if (!config.api_key.rotates() && has_control_character(config.api_key())) {
    reject(config.name, "api_key has a control character, such as a line break at its end");
  }
  if (std::string fault = problem_of_headers(headers); !fault.empty()) reject(config.name, fault);
  if (std::string fault = problem_of_model_map(config.model_map); !fault.empty()) reject(config.name, fault);
  if (std::string fault = problem_of_models(config.models); !fault.empty()) reject(config.name, fault);
  if (std::string fault = problem_of_extra_body(config.extra_body); !fault.empty())
    reject(config.name, fault);
  if (!(config.weight >= 1e-3 && config.weight <= 1e3)) {
    reject(config.name, "weight is not between 0.001 and 1000");
  }
  if (config.max_in_flight < 0) reject(config.name, "max_in_flight is negative");
  if (config.requests_per_minute < 0) reject(config.name, "requests_per_minute is negative");
  if (config.tokens_per_minute < 0) reject(config.name, "tokens_per_minute is negative");
  Result<Url> url = Url::parse(config.base_url);
  if (!url) reject(config.name, "base_url: " + url.error().message);
  return *url;
}

}  // namespace openailb::detail
