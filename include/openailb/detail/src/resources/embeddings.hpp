#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/error.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/embeddings.hpp>
#include <openailb/result.hpp>
#include <openailb/types/embeddings.hpp>
#include <openailb/values/http.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

/// Reads embeddings. Without any, or with one that cannot be read, it is an error of kind parse.
template <class T>
Result<AnswerPtr> decode_embeddings(HttpResponse& response, bool& delivered) {
  Result<AnswerPtr> answer = decode_json<T>(response, delivered);
  if (!answer) return answer;
  auto& data = value_of<T>(**answer).data;
  const auto is_first = [](const Embedding& one) { return one.index == 0; };
  if (std::all_of(data.begin(), data.end(), is_first)) {  // some servers leave it out: they keep the order
    for (std::size_t index = 0; index < data.size(); ++index) {
      data[index].index = static_cast<std::int64_t>(index);
    }
  }
  const auto is_empty = [](const Embedding& one) { return one.embedding.empty(); };
  const bool has_all = !data.empty() && std::none_of(data.begin(), data.end(), is_empty);
  if (has_all) return answer;
  return Error{.kind = ErrorKind::parse, .message = "answered without an embedding: " + response.body};
}

}  // namespace detail

template <class Execution>
auto Embeddings<Execution>::create(const EmbeddingCreateParams& params, RequestOptions options) const
    -> Answer<CreateEmbeddingResponse> {
  detail::JsonBody body = params;
  if (!params.encoding_format) body.set({.name = "encoding_format", .json = R"("base64")"});
  return Base::template post<CreateEmbeddingResponse>("/embeddings", std::move(body), std::move(options),
                                                      detail::decode_embeddings<CreateEmbeddingResponse>);
}

template <class Execution>
auto Embeddings<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<CreateEmbeddingResponse> {
  return Base::template post<CreateEmbeddingResponse>("/embeddings", body, std::move(options),
                                                      detail::decode_embeddings<CreateEmbeddingResponse>);
}

}  // namespace openailb
