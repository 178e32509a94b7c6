#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>

#include <memory>
#include <utility>

namespace openailb {

struct ChatCompletionCreateParams;
struct ChatCompletion;
struct ChatCompletionChunk;
struct ChatCompletionListParams;
struct ChatCompletionMessageListParams;
struct ChatCompletionStoreMessage;
struct ChatCompletionUpdateParams;
struct Deleted;
template <class T, class Execution>
class Page;

/// `client.chat.completions.messages`.
template <class Execution>
class ChatCompletionMessages : public Resource<Execution> {
  using Base = Resource<Execution>;
  using Answer = typename Base::template Answer<Page<ChatCompletionStoreMessage, Execution>>;

 public:
  using Base::Base;

  /// The messages of which a stored chat completion was made, page by page.
  Answer list(TextView completion_id, RequestOptions options = {}) const;
  Answer list(TextView completion_id, const ChatCompletionMessageListParams& params,
              RequestOptions options = {}) const;
};

/// `client.chat.completions`, for programs that include openailb/chat.hpp.
template <class Execution>
class ChatCompletions : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;
  using ChunkStream = typename Base::template ChunkStream<ChatCompletionChunk>;

 public:
  using Base::Base;

  /// Asks for one answer. If an endpoint fails, the call retries on another as long as that may help.
  Answer<ChatCompletion> create(const ChatCompletionCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own, for parameters that this library has no name for: members in braces,
  /// or JSON in any of the forms that JsonDocument takes.
  template <JsonSource Body = JsonDocument>
  Answer<ChatCompletion> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

  /// A chat completion that was stored.
  Answer<ChatCompletion> retrieve(TextView completion_id, RequestOptions options = {}) const;
  /// Those that were stored, or the first page of them.
  Answer<Page<ChatCompletion, Execution>> list(RequestOptions options = {}) const;
  Answer<Page<ChatCompletion, Execution>> list(const ChatCompletionListParams& params,
                                               RequestOptions options = {}) const;
  /// Changes one that was stored.
  Answer<ChatCompletion> update(TextView completion_id, const ChatCompletionUpdateParams& params,
                                RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<ChatCompletion> update(TextView completion_id, Body&& body, RequestOptions options = {}) const {
    return update_from(completion_id, JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Deletes one that was stored.
  Answer<Deleted> del(TextView completion_id, RequestOptions options = {}) const;

  /// Asks for a streamed answer. Returns when its first token has come, or with an error. Until then, the
  /// call retries on another endpoint if one fails.
  ChunkStream stream(const ChatCompletionCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  ChunkStream stream(Body&& body, RequestOptions options = {}) const {
    return stream_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

  ChatCompletionMessages<Execution> messages{Base::core()};

 private:
  Answer<ChatCompletion> create_from(const JsonDocument& body, RequestOptions options) const;
  ChunkStream stream_from(const JsonDocument& body, RequestOptions options) const;
  Answer<ChatCompletion> update_from(TextView completion_id, const JsonDocument& body,
                                     RequestOptions options) const;
};

/// `client.chat`.
template <class Execution>
class Chat {
 public:
  explicit Chat(std::shared_ptr<detail::Core<Execution>> core) : completions(std::move(core)) {}

  ChatCompletions<Execution> completions;
};

}  // namespace openailb
