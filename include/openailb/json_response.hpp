#pragma once

#include <openailb/response_info.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace openailb {

/// What Client::post, get and del give: the answer's JSON itself, and who gave it.
struct JsonResponse : nlohmann::json {
  JsonResponse() = default;
  explicit JsonResponse(nlohmann::json document) : nlohmann::json(std::move(document)) {}

  ResponseInfo info{};
};

/// Found by nlohmann_json when a response is put into another document: then it is the JSON that counts.
template <class Json>
void to_json(Json& json, const JsonResponse& response) {
  json = static_cast<const nlohmann::json&>(response);
}

}  // namespace openailb
