#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/failure/error_body.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/chat_stream.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/error.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/chat.hpp>
#include <openailb/result.hpp>
#include <openailb/types/chat.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/page.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace openailb {

namespace detail {

/// Reads a chat completion. Without a choice it is an error of kind parse. If its choice ended with an
/// `error`, as OpenRouter sends it, the result is that error.
inline Result<AnswerPtr> decode_chat_completion(HttpResponse& response, bool&) {
  ScannedJson document;
  if (std::optional<Error> wrong = read_document(response, document)) return *std::move(wrong);
  auto answer = std::make_unique<AnswerOf<ChatCompletion>>();
  auto& completion = value_of<ChatCompletion>(*answer);
  read_json(document.root(), completion);
  if (completion.choices.empty()) {
    return Error{.kind = ErrorKind::parse, .message = "answered without a choice: " + response.body};
  }
  const ChatCompletionChoice& choice = completion.choices.front();
  if (choice.finish_reason == "error") {
    if (std::optional<Error> inside = error_inside(choice.extra)) return *std::move(inside);
  }
  return AnswerPtr(std::move(answer));
}

}  // namespace detail

template <class Execution>
auto ChatCompletions<Execution>::create(const ChatCompletionCreateParams& params,
                                        RequestOptions options) const -> Answer<ChatCompletion> {
  return Base::template post<ChatCompletion>("/chat/completions", params, std::move(options),
                                             detail::decode_chat_completion);
}

template <class Execution>
auto ChatCompletions<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<ChatCompletion> {
  return Base::template post<ChatCompletion>("/chat/completions", body, std::move(options),
                                             detail::decode_chat_completion);
}

template <class Execution>
auto ChatCompletions<Execution>::retrieve(TextView completion_id, RequestOptions options) const
    -> Answer<ChatCompletion> {
  return Base::template get<ChatCompletion>(detail::ApiPath("/chat/completions") / completion_id,
                                            std::move(options), detail::decode_chat_completion);
}

template <class Execution>
auto ChatCompletions<Execution>::list(RequestOptions options) const
    -> Answer<Page<ChatCompletion, Execution>> {
  return list(ChatCompletionListParams{}, std::move(options));
}

template <class Execution>
auto ChatCompletions<Execution>::list(const ChatCompletionListParams& params, RequestOptions options) const
    -> Answer<Page<ChatCompletion, Execution>> {
  return detail::ask_for_page<ChatCompletion>(Base::core(), detail::ApiPath("/chat/completions").with(params),
                                              options);
}

template <class Execution>
auto ChatCompletions<Execution>::update(TextView completion_id, const ChatCompletionUpdateParams& params,
                                        RequestOptions options) const -> Answer<ChatCompletion> {
  detail::ApiRequest request{.path = detail::ApiPath("/chat/completions") / completion_id, .body = params};
  return Base::template send<ChatCompletion>(std::move(request), std::move(options),
                                             detail::decode_chat_completion);
}

template <class Execution>
auto ChatCompletions<Execution>::update_from(TextView completion_id, const JsonDocument& body,
                                             RequestOptions options) const -> Answer<ChatCompletion> {
  detail::ApiRequest request{
      .path = detail::ApiPath("/chat/completions") / completion_id, .body = body, .needs_object = true};
  return Base::template send<ChatCompletion>(std::move(request), std::move(options),
                                             detail::decode_chat_completion);
}

template <class Execution>
auto ChatCompletions<Execution>::del(TextView completion_id, RequestOptions options) const
    -> Answer<Deleted> {
  return Base::template del<Deleted>(detail::ApiPath("/chat/completions") / completion_id, std::move(options),
                                     detail::decode_deleted<Deleted>);
}

template <class Execution>
auto ChatCompletionMessages<Execution>::list(TextView completion_id, RequestOptions options) const -> Answer {
  return list(completion_id, ChatCompletionMessageListParams{}, std::move(options));
}

template <class Execution>
auto ChatCompletionMessages<Execution>::list(TextView completion_id,
                                             const ChatCompletionMessageListParams& params,
                                             RequestOptions options) const -> Answer {
  detail::ApiPath path = detail::ApiPath("/chat/completions") / completion_id / "messages";
  return detail::ask_for_page<ChatCompletionStoreMessage>(Base::core(), std::move(path).with(params),
                                                          options);
}

template <class Execution>
auto ChatCompletions<Execution>::stream(const ChatCompletionCreateParams& params,
                                        RequestOptions options) const -> ChunkStream {
  return Base::template stream<ChatCompletionChunk>("/chat/completions", params, std::move(options));
}

template <class Execution>
auto ChatCompletions<Execution>::stream_from(const JsonDocument& body, RequestOptions options) const
    -> ChunkStream {
  return Base::template stream<ChatCompletionChunk>("/chat/completions", body, std::move(options));
}

}  // namespace openailb
