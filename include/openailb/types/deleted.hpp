#pragma once

#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace openailb {

/// What became of a request to delete something.
struct Deleted {
  std::string id{};
  bool deleted{};
  std::string object{};    ///< what was deleted, such as "model"
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("deleted", self.deleted);
    field("object", self.object);
    field.rest(self.extra);
  }
};

}  // namespace openailb
