#pragma once

#include <openailb/openailb.hpp>

#include <string>
#include <vector>

/// What the examples share. Your own programs need none of it: they name their endpoints themselves.
namespace openailb_examples {

/// The endpoints that an example talks to:
///   OPENAILB_ENDPOINTS=endpoints.json    those of the file, see openailb::load_endpoints
///   OPENAI_API_KEY, OPENAI_BASE_URL      the one that these describe
/// and with none of them set two, alpha and beta, that run inside the program on loopback: a stand-in for a
/// model answers. Says what is wrong and ends the program when the file is no good.
std::vector<openailb::EndpointConfig> endpoints();

/// The model to ask for: OPENAILB_MODEL, or else "gpt-4o-mini".
std::string model();

/// Whether the endpoints run inside the program.
bool endpoints_are_embedded();

/// Makes an endpoint inside the program answer 503 until it recovers. Nothing happens to any other.
void fall_over(const std::string& name);
void recover(const std::string& name);

}  // namespace openailb_examples
