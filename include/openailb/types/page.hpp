#pragma once

#include <openailb/response_info.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace openailb {

/// A list, or as much of it as came in one answer.
template <class T>
struct Page {
  std::vector<T> data{};
  std::string object{};    ///< "list"
  std::string first_id{};  ///< of `data`
  std::string last_id{};   ///< of `data`: the `after` of the next page
  bool has_more{};         ///< whether there is a next page
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("data", self.data);
    field("object", self.object);
    field("first_id", self.first_id);
    field("last_id", self.last_id);
    field("has_more", self.has_more);
    field.rest(self.extra);
  }
};

}  // namespace openailb
