#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/completion_stream.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/error.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/completions.hpp>
#include <openailb/result.hpp>
#include <openailb/types/completions.hpp>

#include <utility>

namespace openailb {

namespace detail {

/// Reads a completion. Without a choice it is an error of kind parse.
inline Result<Completion> decode_completion(HttpResponse& response, bool& delivered) {
  Result<Completion> answer = decode_json<Completion>(response, delivered);
  if (!answer || !answer->choices.empty()) return answer;
  return Error{.kind = ErrorKind::parse, .message = "answered without a choice: " + response.body};
}

}  // namespace detail

template <class Execution>
auto Completions<Execution>::create(const CompletionCreateParams& params, RequestOptions options) const
    -> Answer<Completion> {
  return Base::template post<Completion>("/completions", params, std::move(options),
                                         detail::decode_completion);
}

template <class Execution>
auto Completions<Execution>::stream(const CompletionCreateParams& params, RequestOptions options) const
    -> ChunkStream<CompletionChunk> {
  return Base::template stream<CompletionChunk>("/completions", params, std::move(options));
}

}  // namespace openailb
