#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

struct CompletionCreateParams;
struct Completion;
struct CompletionChunk;

/// `client.completions`, which continue a text, for programs that include openailb/completions.hpp. OpenAI
/// has chat completions instead; vLLM, llama.cpp and others have both.
template <class Execution>
class Completions : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;
  template <class Chunk>
  using ChunkStream = typename Base::template ChunkStream<Chunk>;

 public:
  using Base::Base;

  /// Asks for one answer.
  Answer<Completion> create(const CompletionCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<Completion> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Asks for a streamed answer. Returns when its first token has come, or with an error.
  ChunkStream<CompletionChunk> stream(const CompletionCreateParams& params,
                                      RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  ChunkStream<CompletionChunk> stream(Body&& body, RequestOptions options = {}) const {
    return stream_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

 private:
  Answer<Completion> create_from(const JsonDocument& body, RequestOptions options) const;
  ChunkStream<CompletionChunk> stream_from(const JsonDocument& body, RequestOptions options) const;
};

}  // namespace openailb
