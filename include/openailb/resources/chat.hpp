#pragma once

#include <openailb/json.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <memory>
#include <utility>

namespace openailb {

struct ChatCompletionCreateParams;
struct ChatCompletion;
struct ChatCompletionChunk;

/// `client.chat.completions`, for programs that include openailb/chat.hpp.
template <class Execution>
class ChatCompletions : public Resource<Execution> {
  using Answer = typename Execution::template Answer<ChatCompletion>;
  using ChunkStream = typename Execution::template ChunkStream<ChatCompletionChunk>;

 public:
  using Resource<Execution>::Resource;

  /// Asks for one answer. If an endpoint fails, the call retries on another as long as that may help.
  Answer create(const ChatCompletionCreateParams& params, RequestOptions options = {}) const;
  /// The same with your own body, for parameters that this library has no name for: JSON in any of the forms
  /// that JsonDocument takes.
  template <class Body>
    requires std::convertible_to<Body, JsonDocument>
  Answer create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// The same with the members of the body in braces.
  Answer create(nlohmann::ordered_json::initializer_list_t body, RequestOptions options = {}) const {
    return create_from(JsonDocument(body), std::move(options));
  }

  /// Asks for a streamed answer. Returns when its first token has come, or with an error. Until then, the
  /// call retries on another endpoint if one fails.
  ChunkStream stream(const ChatCompletionCreateParams& params, RequestOptions options = {}) const;
  /// The same with your own body.
  template <class Body>
    requires std::convertible_to<Body, JsonDocument>
  ChunkStream stream(Body&& body, RequestOptions options = {}) const {
    return stream_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// The same with the members of the body in braces.
  ChunkStream stream(nlohmann::ordered_json::initializer_list_t body, RequestOptions options = {}) const {
    return stream_from(JsonDocument(body), std::move(options));
  }

 private:
  using Base = Resource<Execution>;

  Answer create_from(const JsonDocument& body, RequestOptions options) const;
  ChunkStream stream_from(const JsonDocument& body, RequestOptions options) const;
};

/// `client.chat`.
template <class Execution>
class Chat {
 public:
  explicit Chat(std::shared_ptr<detail::Core<Execution>> core) : completions(std::move(core)) {}

  ChatCompletions<Execution> completions;
};

}  // namespace openailb
