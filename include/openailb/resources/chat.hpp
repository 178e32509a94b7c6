#pragma once

#include <openailb/detail/call/answers.hpp>
#include <openailb/detail/failure/judge.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/execution.hpp>
#include <openailb/http.hpp>
#include <openailb/json.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/types/chat.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <utility>

namespace openailb {

namespace detail {

/// How chunks of a chat completion accumulate, and which of them commits their stream.
template <>
struct StreamTraits<ChatCompletionChunk> {
  using Accumulator = ChatCompletionAccumulator;
  static bool commits(const nlohmann::json& chunk) { return openailb::commits(chunk); }
};

/// A 200 without a choice is no answer, and one whose choice has an `error`, as OpenRouter sends it, is that.
inline Result<ChatCompletion> read_chat_completion(const HttpResponse& response, const Circumstances&) {
  Result<nlohmann::json> document = read_document(response);
  if (!document) return document.error();
  ChatCompletion completion = read_json<ChatCompletion>(*std::move(document));
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
class ChatCompletions {
  using Answer = typename Execution::template Answer<ChatCompletion>;
  using ChunkStream = typename Execution::template ChunkStream<ChatCompletionChunk>;

 public:
  explicit ChatCompletions(std::shared_ptr<detail::Core> core) : core_(std::move(core)) {}

  /// Asks for one answer. Fails over between endpoints as long as another one may do better.
  Answer create(const ChatCompletionCreateParams& params, RequestOptions options = {}) const {
    return request(detail::write_json(params), std::move(options));
  }
  /// The same with a body of one's own, for parameters that this library has no name for: JSON in any of the
  /// forms of JsonDocument.
  template <class Body>
    requires std::convertible_to<Body, JsonDocument>
  Answer create(Body&& body, RequestOptions options = {}) const {
    return request(std::forward<Body>(body), std::move(options));
  }
  /// The same with the members of a body in braces.
  Answer create(nlohmann::ordered_json::initializer_list_t body, RequestOptions options = {}) const {
    return request(body, std::move(options));
  }

  /// Asks for a streamed answer. Returns at its first token or with an error; fails over until then.
  ChunkStream stream(const ChatCompletionCreateParams& params, RequestOptions options = {}) const {
    return open(detail::write_json(params), std::move(options));
  }
  /// The same with a body of one's own.
  template <class Body>
    requires std::convertible_to<Body, JsonDocument>
  ChunkStream stream(Body&& body, RequestOptions options = {}) const {
    return open(std::forward<Body>(body), std::move(options));
  }
  /// The same with the members of a body in braces.
  ChunkStream stream(nlohmann::ordered_json::initializer_list_t body, RequestOptions options = {}) const {
    return open(body, std::move(options));
  }

 private:
  Answer request(JsonDocument body, RequestOptions options) const {
    return Execution::template request<ChatCompletion>(
        *core_, call(std::move(body), false, std::move(options)), detail::read_chat_completion);
  }
  ChunkStream open(JsonDocument body, RequestOptions options) const {
    return Execution::template stream<ChatCompletionChunk>(*core_,
                                                           call(std::move(body), true, std::move(options)));
  }
  Result<detail::Call> call(JsonDocument body, bool streams, RequestOptions options) const {
    if (!body.value().is_object() && !body.value().is_discarded()) {
      return Error{.kind = ErrorKind::bad_request, .message = "not sent: the body is not a JSON object"};
    }
    return detail::make_call("POST", "/chat/completions", std::move(body), streams,
                             core_->balancer->options(), std::move(options));
  }

  std::shared_ptr<detail::Core> core_;
};

/// `client.chat`.
template <class Execution>
class Chat {
 public:
  explicit Chat(std::shared_ptr<detail::Core> core) : completions(std::move(core)) {}

  ChatCompletions<Execution> completions;
};

}  // namespace openailb
