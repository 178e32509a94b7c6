#pragma once

#include <openailb/detail/wire/json_settings.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace openailb {

namespace detail {

class JsonPrinter;
struct JsonNode;

}  // namespace detail

/// JSON that is sent as it is given. It is made from an nlohmann::json, an nlohmann::ordered_json (which
/// keeps the order of its keys), JSON as text, or members in braces. If it is not valid, the call that is to
/// send it fails with bad_request.
class JsonDocument {
 public:
  JsonDocument() = default;
  JsonDocument(std::nullptr_t) {}
  JsonDocument(nlohmann::ordered_json&& document) : document_(std::move(document)) {}
  JsonDocument(const nlohmann::ordered_json& document);
  JsonDocument(const nlohmann::json& document);
  /// Members in braces, or one document in braces of its own.
  JsonDocument(nlohmann::ordered_json::initializer_list_t members);
  JsonDocument(std::string_view text);
  JsonDocument(const std::string& text) : JsonDocument(std::string_view(text)) {}
  JsonDocument(const char* text) : JsonDocument(std::string_view(text == nullptr ? "" : text)) {}
  JsonDocument(const JsonDocument& other);
  JsonDocument(JsonDocument&& other) noexcept = default;
  JsonDocument& operator=(JsonDocument other) noexcept {
    document_ = std::move(other.document_);
    return *this;
  }

  /// Null when nothing was given; discarded, in nlohmann_json's sense, when it is not valid.
  const nlohmann::ordered_json& value() const& { return document_; }
  nlohmann::ordered_json value() && { return std::move(document_); }

  bool empty() const { return document_.is_null(); }
  void write_json(detail::JsonPrinter& json) const;
  bool read_json(const detail::JsonNode& json);

 private:
  nlohmann::ordered_json document_{};
};

/// Whatever a JsonDocument can be made of. Braces are made one, where it is the default of a template.
template <class Json>
concept JsonSource = std::convertible_to<Json, JsonDocument>;

/// What Client::post, get and del return: the answer's JSON itself, and in `info` which endpoint gave it.
struct JsonResponse : nlohmann::json {
  JsonResponse() = default;
  explicit JsonResponse(nlohmann::json document) : nlohmann::json(std::move(document)) {}

  ResponseInfo info{};
};

/// Lets nlohmann_json put a response into another document, as its JSON without `info`.
template <class Json>
void to_json(Json& json, const JsonResponse& response) {
  json = static_cast<const nlohmann::json&>(response);
}

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/values/json.hpp>
#endif
