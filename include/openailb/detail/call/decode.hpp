#pragma once

#include <openailb/detail/balance/any_answer.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/detail/wire/json_text.hpp>
#include <openailb/detail/wire/text.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/response_headers.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// Decodes the body of a 2xx. A Decoder, `decode(response, delivered)`, may take the body out of the
/// response. It sets `delivered` if the endpoint has done its part and only the caller cannot use the answer:
/// then no other endpoint is asked.

namespace openailb::detail {

inline bool is_blank(std::string_view body) { return body.find_first_not_of(" \t\r\n") == body.npos; }

inline Error not_json(const HttpResponse& response) {
  Error error{.kind = ErrorKind::parse, .message = "answered with something that is not JSON"};
  if (const std::string title = html_title(response.body); !title.empty()) error.message += ": " + title;
  return error;
}

/// Reads the JSON of an answer that is to be read into a struct. Gives what is wrong with it, such as an
/// error inside.
inline std::optional<Error> read_document(const HttpResponse& response, ScannedJson& document) {
  if (!document.read(response.body)) return not_json(response);
  return error_inside(document.root());
}

template <class T>
AnswerPtr answer_of(T value) {
  return std::make_unique<AnswerOf<T>>(std::move(value));
}

/// An answer that has not been read yet, and what reads it into its struct, which has a table of fields.
struct Unread {
  AnswerPtr answer{};
  bool (*read)(JsonNode& json, AnyAnswer& answer){};
};

template <class T>
Unread unread() {
  return {.answer = std::make_unique<AnswerOf<T>>(),
          .read = [](JsonNode& json, AnyAnswer& answer) { return read_json(json, value_of<T>(answer)); }};
}

inline Result<AnswerPtr> read_object(ScannedJson& document, Unread object) {
  if (object.read(document.root(), *object.answer)) return std::move(object.answer);
  return Error{.kind = ErrorKind::parse, .message = "answered with JSON that is not an object"};
}

inline Result<AnswerPtr> read_json_answer(const HttpResponse& response, Unread object) {
  ScannedJson document;
  if (std::optional<Error> wrong = read_document(response, document)) return *std::move(wrong);
  return read_object(document, std::move(object));
}

/// Decodes an answer into a struct that has a table of fields.
template <class T>
Result<AnswerPtr> decode_json(HttpResponse& response, bool&) {
  return read_json_answer(response, unread<T>());
}

/// The same for an object that its server made, such as a response: its `error` is about the object, see
/// is_an_object_of_its_own().
inline Result<AnswerPtr> read_object_answer(const HttpResponse& response, Unread object) {
  ScannedJson document;
  if (!document.read(response.body)) return not_json(response);
  std::optional<Error> inside = error_inside(document.root());
  if (inside && !is_an_object_of_its_own(*read_gist(document.root()))) return *std::move(inside);
  return read_object(document, std::move(object));
}

/// Decodes such an object.
template <class T>
Result<AnswerPtr> decode_object(HttpResponse& response, bool&) {
  return read_object_answer(response, unread<T>());
}

/// Decodes an answer that is none without an item in this list, such as `&Completion::choices`.
template <class T, auto list>
Result<AnswerPtr> decode_with(HttpResponse& response, bool& delivered) {
  Result<AnswerPtr> answer = decode_json<T>(response, delivered);
  if (!answer || !(value_of<T>(**answer).*list).empty()) return answer;
  return Error{.kind = ErrorKind::parse, .message = "answered with an empty list: " + response.body};
}

/// Reads the JSON of a list, which may be empty. If it may be bare, it need not be the `data` of an object:
/// some servers send no more. Gives what is wrong with it.
inline std::optional<Error> read_list(const HttpResponse& response, ScannedJson& document, bool may_be_bare) {
  std::optional<Error> wrong = read_document(response, document);
  if (wrong || (may_be_bare && document.root().type == JsonType::array)) return wrong;
  const JsonNode* data = find_member(document.root(), "data");
  if (data != nullptr && (data->type == JsonType::array || data->type == JsonType::null)) return wrong;
  return Error{.kind = ErrorKind::parse, .message = "answered with something that is no list"};
}

/// Decodes a list, which may be empty.
template <class T>
Result<AnswerPtr> decode_list(HttpResponse& response, bool&) {
  ScannedJson document;
  if (std::optional<Error> wrong = read_list(response, document, false)) return *std::move(wrong);
  return read_object(document, unread<T>());
}

/// Decodes what came of a DELETE. An answer without a body says the same as `"deleted": true`.
template <class T>
Result<AnswerPtr> decode_deleted(HttpResponse& response, bool& delivered) {
  if (!is_blank(response.body)) return decode_json<T>(response, delivered);
  T gone{};
  gone.deleted = true;
  return answer_of(std::move(gone));
}

/// "audio/mpeg" of "audio/mpeg; rate=24000".
inline std::string media_type(const ResponseHeaders& headers) {
  const std::string_view type = header(headers, "content-type");
  return lower(type.substr(0, type.find_first_of("; ")));
}

/// Takes an answer of any type as it is.
inline Result<AnswerPtr> decode_bytes(HttpResponse& response, bool&) {
  return answer_of(BinaryResponse{.content = std::move(response.body)});
}

/// Decodes the answer to a call of any path. An answer without a body is null. An answer that is whole but of
/// another type than JSON, such as audio, is an error, but `delivered` is set: another endpoint would only
/// send the same.
inline Result<AnswerPtr> decode_any_json(HttpResponse& response, bool& delivered) {
  if (is_blank(response.body)) return answer_of(JsonResponse());
  const ParsedJson document = parse_json(response.body);
  if (document) {
    const bool is_value = is_an_object_of_its_own(unwrapped(*document));
    std::optional<Error> inside;
    if (!is_value) inside = error_inside(*document);
    if (inside) return *std::move(inside);
    return answer_of(JsonResponse(std::move(*document)));
  }
  const std::string type = media_type(response.headers);
  const bool should_be_json = type.empty() || type.ends_with("/json") || type.ends_with("+json");
  const bool is_page = type == "text/html" || (type.starts_with("text/") && is_html(response.body));
  if (should_be_json || is_page) return not_json(response);
  delivered = true;
  return Error{.kind = ErrorKind::parse,
               .message = "answered with " + std::to_string(response.body.size()) + " bytes of " + type +
                          ", which is not JSON; Error::body has them"};
}

}  // namespace openailb::detail
