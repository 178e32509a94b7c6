#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/response_stream.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/error.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/responses.hpp>
#include <openailb/result.hpp>
#include <openailb/types/responses.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/page.hpp>
#include <openailb/values/poll.hpp>

#include <string>
#include <utility>

namespace openailb {

namespace detail {

/// What has gone wrong with a response that says so, but not what.
inline Error failed_response(const std::string& body) {
  return {
      .kind = ErrorKind::api, .message = "the response failed, and does not say why: " + body, .status = 200};
}

/// Reads the response that was asked for. With an `error` it is that error; with nothing that a response has,
/// it is an error of kind parse.
template <class T>
Result<AnswerPtr> decode_response(HttpResponse& response, bool& delivered) {
  Result<AnswerPtr> answer = decode_json<T>(response, delivered);
  if (!answer) return answer;
  const T& value = value_of<T>(**answer);
  if (!value.id.empty() || !value.status.empty() || !value.output.empty()) return answer;
  return Error{.kind = ErrorKind::parse, .message = "answered without a response: " + response.body};
}

/// The same of one that was made by this call: if it has failed, the call has.
template <class T>
Result<AnswerPtr> decode_new_response(HttpResponse& response, bool& delivered) {
  Result<AnswerPtr> answer = decode_response<T>(response, delivered);
  if (answer && value_of<T>(**answer).status == "failed") return failed_response(response.body);
  return answer;
}

}  // namespace detail

template <class Execution>
auto Responses<Execution>::create(const ResponseCreateParams& params, RequestOptions options) const
    -> Answer<Response> {
  return Base::template post<Response>("/responses", params, std::move(options),
                                       detail::decode_new_response<Response>);
}

template <class Execution>
auto Responses<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<Response> {
  return Base::template post<Response>("/responses", body, std::move(options),
                                       detail::decode_new_response<Response>);
}

template <class Execution>
auto Responses<Execution>::stream(const ResponseCreateParams& params, RequestOptions options) const
    -> ChunkStream<ResponseStreamEvent> {
  return Base::template stream<ResponseStreamEvent>("/responses", params, std::move(options));
}

template <class Execution>
auto Responses<Execution>::stream_from(const JsonDocument& body, RequestOptions options) const
    -> ChunkStream<ResponseStreamEvent> {
  return Base::template stream<ResponseStreamEvent>("/responses", body, std::move(options));
}

template <class Execution>
auto Responses<Execution>::retrieve(TextView response_id, RequestOptions options) const -> Answer<Response> {
  return retrieve(response_id, ResponseRetrieveParams{}, std::move(options));
}

template <class Execution>
auto Responses<Execution>::retrieve(TextView response_id, const ResponseRetrieveParams& params,
                                    RequestOptions options) const -> Answer<Response> {
  return Base::template get<Response>((detail::ApiPath("/responses") / response_id).with(params),
                                      std::move(options), detail::decode_object<Response>);
}

template <class Execution>
auto Responses<Execution>::wait(TextView response_id, PollOptions<Response> poll,
                                RequestOptions options) const -> Answer<Response> {
  const auto is_over = [](const Response& response) {
    return response.status != "queued" && response.status != "in_progress";
  };
  return Base::template poll<Response>(detail::ApiPath("/responses") / response_id, is_over, std::move(poll),
                                       std::move(options));
}

template <class Execution>
auto Responses<Execution>::del(TextView response_id, RequestOptions options) const -> Answer<Deleted> {
  return Base::template del<Deleted>(detail::ApiPath("/responses") / response_id, std::move(options),
                                     detail::decode_deleted<Deleted>);
}

template <class Execution>
auto Responses<Execution>::cancel(TextView response_id, RequestOptions options) const -> Answer<Response> {
  return Base::template send<Response>({.path = detail::ApiPath("/responses") / response_id / "cancel"},
                                       std::move(options), detail::decode_object<Response>);
}

template <class Execution>
auto Responses<Execution>::compact(const ResponseCompactParams& params, RequestOptions options) const
    -> Answer<CompactedResponse> {
  return Base::template post<CompactedResponse>("/responses/compact", params, std::move(options));
}

template <class Execution>
auto Responses<Execution>::compact_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<CompactedResponse> {
  return Base::template post<CompactedResponse>("/responses/compact", body, std::move(options));
}

template <class Execution>
auto ResponseInputItems<Execution>::list(TextView response_id, RequestOptions options) const
    -> Answer<Page<ResponseItem, Execution>> {
  return list(response_id, ResponseInputItemListParams{}, std::move(options));
}

template <class Execution>
auto ResponseInputItems<Execution>::list(TextView response_id, const ResponseInputItemListParams& params,
                                         RequestOptions options) const
    -> Answer<Page<ResponseItem, Execution>> {
  detail::ApiPath path = detail::ApiPath("/responses") / response_id / "input_items";
  return detail::ask_for_page<ResponseItem>(Base::core(), std::move(path).with(params), options);
}

template <class Execution>
auto ResponseInputTokens<Execution>::count(const InputTokenCountParams& params, RequestOptions options) const
    -> Answer<InputTokenCountResponse> {
  return Base::template post<InputTokenCountResponse>("/responses/input_tokens", params, std::move(options));
}

template <class Execution>
auto ResponseInputTokens<Execution>::count_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<InputTokenCountResponse> {
  return Base::template post<InputTokenCountResponse>("/responses/input_tokens", body, std::move(options));
}

}  // namespace openailb
