#pragma once

#include <openailb/openailb.hpp>

#include <string>
#include <vector>

namespace openailb_examples {

/// The endpoints of a JSON file, where every member but base_url may be left out:
///
///     [
///       {"name": "openai", "api_key": "sk-...", "base_url": "https://api.openai.com/v1"},
///       {"name": "openrouter", "api_key": "sk-...", "base_url": "https://openrouter.ai/api/v1",
///        "model_map": {"gpt-4o-mini": "openai/gpt-4o-mini"}}
///     ]
///
/// Throws std::runtime_error that names the file, the endpoint and the member that are wrong.
std::vector<openailb::EndpointConfig> read_endpoints_file(const std::string& path);

}  // namespace openailb_examples
