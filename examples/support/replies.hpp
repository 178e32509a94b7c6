#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace openailb_examples {

/// What the examples' stand-in for a model says to a request for a chat completion: a message of the
/// assistant's. It knows the prompts of the examples by heart, and says so when it is asked anything else.
nlohmann::json reply(const nlohmann::json& request);

/// Whether the request says "take your time": then the answer is a long time coming.
bool wants_time(const nlohmann::json& request);

/// A text as numbers. Texts with common words have similar ones.
std::vector<double> embedding(const std::string& text);

}  // namespace openailb_examples
