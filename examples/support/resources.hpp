#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace openailb_examples {

/// \name What the stand-in for a model says to requests of other resources than chat completions
///@{

/// The answer to a request for embeddings, as numbers or in base64.
nlohmann::json embeddings(const nlohmann::json& request);

/// The models that there are.
nlohmann::json models();

/// The answer to a request to continue a text.
nlohmann::json text_completion(const nlohmann::json& request);

/// What a moderation finds: only texts that speak of violence are harmful.
nlohmann::json moderation(const nlohmann::json& request);

/// The answer to a request for a response.
nlohmann::json response(const nlohmann::json& request);

/// The events of a response that is streamed, each as it is sent.
std::vector<std::string> response_events(const nlohmann::json& response);

///@}

}  // namespace openailb_examples
