#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/completion_stream.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/completions.hpp>
#include <openailb/types/completions.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

template <class Execution>
auto Completions<Execution>::create(const CompletionCreateParams& params, RequestOptions options) const
    -> Answer<Completion> {
  return Base::template post<Completion>("/completions", params, std::move(options),
                                         detail::decode_with<Completion, &Completion::choices>);
}

template <class Execution>
auto Completions<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<Completion> {
  return Base::template post<Completion>("/completions", body, std::move(options),
                                         detail::decode_with<Completion, &Completion::choices>);
}

template <class Execution>
auto Completions<Execution>::stream(const CompletionCreateParams& params, RequestOptions options) const
    -> ChunkStream<CompletionChunk> {
  return Base::template stream<CompletionChunk>("/completions", params, std::move(options));
}

template <class Execution>
auto Completions<Execution>::stream_from(const JsonDocument& body, RequestOptions options) const
    -> ChunkStream<CompletionChunk> {
  return Base::template stream<CompletionChunk>("/completions", body, std::move(options));
}

}  // namespace openailb
