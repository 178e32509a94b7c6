#pragma once

#include <openailb/types/deleted.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace openailb {

/// A model that an endpoint serves.
struct Model {
  std::string id{};        ///< its name in requests
  std::int64_t created{};  ///< Unix seconds
  std::string object{};    ///< "model"
  std::string owned_by{};
  std::string shutdown_date{};  ///< when OpenAI stops serving it, as a date; empty while that is not planned
  nlohmann::json extra{};       ///< members that have no name here, such as vLLM's `max_model_len`
  ResponseInfo info{};          ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("created", self.created);
    field("object", self.object);
    field("owned_by", self.owned_by);
    field("shutdown_date", self.shutdown_date);
    field.rest(self.extra);
  }
};

}  // namespace openailb
