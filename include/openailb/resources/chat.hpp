#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/call/stream_opening.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/execution.hpp>
#include <openailb/http.hpp>
#include <openailb/json.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/result.hpp>
#include <openailb/types/chat.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <utility>

namespace openailb {

namespace detail {

/// How the chunks of a chat completion are put together, and which of them is the commit point of the stream.
template <>
struct StreamTraits<ChatCompletionChunk> {
  using Accumulator = ChatCompletionAccumulator;
  static bool commits(JsonNode& chunk) { return detail::commits(chunk); }
  template <class Take>
  static void each_changing_text(JsonNode& json, ChatCompletionChunk& chunk, Take take) {
    detail::each_changing_text(json, chunk, take);
  }
};

/// Reads a chat completion. Without a choice it is an error of kind parse. If its choice ended with an
/// `error`, as OpenRouter sends it, the result is that error.
inline Result<ChatCompletion> decode_chat_completion(HttpResponse& response, bool&) {
  ScannedJson document;
  if (std::optional<Error> wrong = read_document(response, document)) return *std::move(wrong);
  ChatCompletion completion = read_json<ChatCompletion>(document.root());
  if (completion.choices.empty()) {
    return Error{.kind = ErrorKind::parse, .message = "answered without a choice: " + response.body};
  }
  const ChatCompletionChoice& choice = completion.choices.front();
  if (choice.finish_reason == "error") {
    if (std::optional<Error> inside = error_inside(choice.extra)) return *std::move(inside);
  }
  return completion;
}

}  // namespace detail

/// `client.chat.completions`.
template <class Execution>
class ChatCompletions : public Resource<Execution> {
  using Answer = typename Execution::template Answer<ChatCompletion>;
  using ChunkStream = typename Execution::template ChunkStream<ChatCompletionChunk>;

 public:
  using Resource<Execution>::Resource;

  /// Asks for one answer. If an endpoint fails, the call retries on another as long as that may help.
  Answer create(const ChatCompletionCreateParams& params, RequestOptions options = {}) const {
    return complete(params, std::move(options));
  }
  /// The same with your own body, for parameters that this library has no name for: JSON in any of the forms
  /// that JsonDocument takes.
  template <class Body>
    requires std::convertible_to<Body, JsonDocument>
  Answer create(Body&& body, RequestOptions options = {}) const {
    return complete(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// The same with the members of the body in braces.
  Answer create(nlohmann::ordered_json::initializer_list_t body, RequestOptions options = {}) const {
    return complete(JsonDocument(body), std::move(options));
  }

  /// Asks for a streamed answer. Returns when its first token has come, or with an error. Until then, the
  /// call retries on another endpoint if one fails.
  ChunkStream stream(const ChatCompletionCreateParams& params, RequestOptions options = {}) const {
    return open(params, std::move(options));
  }
  /// The same with your own body.
  template <class Body>
    requires std::convertible_to<Body, JsonDocument>
  ChunkStream stream(Body&& body, RequestOptions options = {}) const {
    return open(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// The same with the members of the body in braces.
  ChunkStream stream(nlohmann::ordered_json::initializer_list_t body, RequestOptions options = {}) const {
    return open(JsonDocument(body), std::move(options));
  }

 private:
  using Base = Resource<Execution>;

  Answer complete(detail::JsonBody body, RequestOptions options) const {
    return Base::template post<ChatCompletion>("/chat/completions", std::move(body), std::move(options),
                                               detail::decode_chat_completion);
  }
  ChunkStream open(detail::JsonBody body, RequestOptions options) const {
    return Base::template stream<ChatCompletionChunk>("/chat/completions", std::move(body),
                                                      std::move(options));
  }
};

/// `client.chat`.
template <class Execution>
class Chat {
 public:
  explicit Chat(std::shared_ptr<detail::Core<Execution>> core) : completions(std::move(core)) {}

  ChatCompletions<Execution> completions;
};

}  // namespace openailb
