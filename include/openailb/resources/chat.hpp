#pragma once

#include <openailb/detail/call/answers.hpp>
#include <openailb/detail/failure/judge.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/execution.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/types/chat.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <memory>
#include <utility>

namespace openailb {

namespace detail {

/// How chunks of a chat completion accumulate, and which of them commits their stream.
template <>
struct StreamTraits<ChatCompletionChunk> {
  using Accumulator = ChatCompletionAccumulator;
  static bool commits(const nlohmann::json& chunk) { return openailb::commits(chunk); }
};

/// A 200 without a choice is no answer.
inline Result<ChatCompletion> decode_chat_completion(nlohmann::json document) {
  ChatCompletion completion = read_json<ChatCompletion>(std::move(document));
  if (!completion.choices.empty()) return completion;
  return Error{.kind = ErrorKind::parse, .message = "answered without a choice"};
}

inline Result<ChatCompletion> read_chat_completion(const HttpResponse& response, const Circumstances&) {
  return read_document(response).and_then(decode_chat_completion);
}

}  // namespace detail

/// `client.chat.completions`.
template <class Execution>
class ChatCompletions {
 public:
  explicit ChatCompletions(std::shared_ptr<detail::Core> core) : core_(std::move(core)) {}

  /// Asks for one answer. Fails over between endpoints as long as another one may do better.
  typename Execution::template Answer<ChatCompletion> create(const ChatCompletionCreateParams& params,
                                                             RequestOptions options = {}) const {
    return create(detail::write_json(params), std::move(options));
  }
  /// The same with a body of one's own, for parameters that this library has no name for.
  template <std::same_as<nlohmann::json> Json>
  typename Execution::template Answer<ChatCompletion> create(Json body, RequestOptions options = {}) const {
    return Execution::template request<ChatCompletion>(
        *core_, call(std::move(body), false, std::move(options)), detail::read_chat_completion);
  }

  /// Asks for a streamed answer. Returns at its first token or with an error; fails over until then.
  typename Execution::template ChunkStream<ChatCompletionChunk> stream(
      const ChatCompletionCreateParams& params, RequestOptions options = {}) const {
    return stream(detail::write_json(params), std::move(options));
  }
  /// The same with a body of one's own.
  template <std::same_as<nlohmann::json> Json>
  typename Execution::template ChunkStream<ChatCompletionChunk> stream(Json body,
                                                                       RequestOptions options = {}) const {
    return Execution::template stream<ChatCompletionChunk>(*core_,
                                                           call(std::move(body), true, std::move(options)));
  }

 private:
  Result<detail::Call> call(nlohmann::json body, bool streams, RequestOptions options) const {
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
