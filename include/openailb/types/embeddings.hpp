#pragma once

#include <openailb/types/text_input.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// A request for embeddings: each text as a vector, so that texts about the same thing are near to each
/// other.
struct EmbeddingCreateParams {
  OnlyByName only_by_name{};
  Text model{};
  TextInput input{};  ///< `"one text"`, `{"one", "another"}`, or tokens
  std::optional<std::int64_t> dimensions{};
  std::optional<Text> encoding_format{};  ///< how the numbers travel; unset: "base64", which is shorter
  std::optional<Text> user{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("model", self.model);
    field("input", self.input);
    field("dimensions", self.dimensions);
    field("encoding_format", self.encoding_format);
    field("user", self.user);
  }
};

/// One text as a vector.
struct Embedding {
  std::vector<float> embedding{};
  std::int64_t index{};    ///< which of the texts
  std::string object{};    ///< "embedding"
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("embedding", self.embedding);
    field("index", self.index);
    field("object", self.object);
    field.rest(self.extra);
  }
};

/// How many tokens the texts had.
struct EmbeddingUsage {
  std::int64_t prompt_tokens{};
  std::int64_t total_tokens{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("prompt_tokens", self.prompt_tokens);
    field("total_tokens", self.total_tokens);
    field.rest(self.extra);
  }
};

/// An answer: a vector for each text, never none.
struct CreateEmbeddingResponse {
  std::vector<Embedding> data{};
  std::string model{};
  std::string object{};  ///< "list"
  std::optional<EmbeddingUsage> usage{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("data", self.data);
    field("model", self.model);
    field("object", self.object);
    field("usage", self.usage);
    field.rest(self.extra);
  }
};

}  // namespace openailb
