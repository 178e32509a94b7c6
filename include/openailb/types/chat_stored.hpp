#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace openailb {

/// Which stored chat completions to list.
struct ChatCompletionListParams {
  std::string after{};  ///< the id of the last one of the page before
  std::optional<std::int64_t> limit{};
  std::map<std::string, std::string> metadata{};
  std::string model{};
  std::string order{};  ///< "asc" or "desc"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("limit", self.limit);
    field("metadata", self.metadata);
    field("model", self.model);
    field("order", self.order);
  }
};

/// What to change in a stored chat completion.
struct ChatCompletionUpdateParams {
  std::map<std::string, std::string> metadata{};  ///< takes the place of what there was

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("metadata", self.metadata);
  }
};

}  // namespace openailb
