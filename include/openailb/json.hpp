#pragma once

#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/json_writer.hpp>
#include <openailb/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace openailb {

/// JSON that is sent as it is given. It is made from an nlohmann::json, an nlohmann::ordered_json (which
/// keeps the order of its keys), JSON as text, or members in braces. If it is not valid, the call that is to
/// send it fails with bad_request.
class JsonDocument {
 public:
  JsonDocument() = default;
  JsonDocument(std::nullptr_t) {}
  JsonDocument(nlohmann::ordered_json&& document) : document_(std::move(document)) {}
  JsonDocument(const nlohmann::ordered_json& document) : document_(detail::copy_ordered(document)) {}
  JsonDocument(const nlohmann::json& document) : document_(detail::copy_ordered(document)) {}
  /// Members in braces, or one document in braces of its own.
  JsonDocument(nlohmann::ordered_json::initializer_list_t members) : document_(members) {
    if (!document_.is_array() || document_.size() != 1) return;
    nlohmann::ordered_json& only = document_.front();
    if (only.is_string()) {
      document_ = detail::parse_ordered(only.get_ref<const std::string&>());
    } else if (only.is_object()) {
      nlohmann::ordered_json object = std::move(only);
      document_ = std::move(object);
    }
  }
  JsonDocument(std::string_view text) : document_(detail::parse_ordered(text)) {}
  JsonDocument(const std::string& text) : JsonDocument(std::string_view(text)) {}
  JsonDocument(const char* text) : JsonDocument(std::string_view(text == nullptr ? "" : text)) {}
  JsonDocument(const JsonDocument& other) : document_(detail::copy_ordered(other.document_)) {}
  JsonDocument(JsonDocument&& other) noexcept = default;
  JsonDocument& operator=(JsonDocument other) noexcept {
    document_ = std::move(other.document_);
    return *this;
  }

  /// Null when nothing was given; discarded, in nlohmann_json's sense, when it is not valid.
  const nlohmann::ordered_json& value() const& { return document_; }
  nlohmann::ordered_json value() && { return std::move(document_); }

  bool empty() const { return document_.is_null(); }
  void write_json(detail::JsonPrinter& json) const { detail::write_json(json, document_); }
  bool read_json(const detail::JsonNode& json) {
    if (json.type == detail::JsonType::null) return false;
    document_ = detail::json_of(json);
    return true;
  }

 private:
  nlohmann::ordered_json document_{};
};

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
