#pragma once

#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// A request to classify what may be harmful.
struct ModerationCreateParams {
  OnlyByName only_by_name{};
  std::optional<Text> model{};
  nlohmann::ordered_json input{};  ///< a text, several texts, or parts such as {"type": "image_url", ...}

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("model", self.model);
    field("input", self.input);
  }
};

/// What was found in one text, by category, such as "harassment/threatening".
struct Moderation {
  bool flagged{};  ///< whether any category was found
  std::map<std::string, bool> categories{};
  std::map<std::string, std::vector<std::string>> category_applied_input_types{};  ///< "text", "image"
  std::map<std::string, double> category_scores{};                                 ///< from 0 to 1
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("flagged", self.flagged);
    field("categories", self.categories);
    field("category_applied_input_types", self.category_applied_input_types);
    field("category_scores", self.category_scores);
    field.rest(self.extra);
  }
};

/// An answer: a result for each text, or one for all parts together; never none.
struct ModerationCreateResponse {
  std::string id{};
  std::string model{};
  std::vector<Moderation> results{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("model", self.model);
    field.required("results", self.results);
    field.rest(self.extra);
  }
};

}  // namespace openailb
