#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>

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
  /// Asks for a streamed answer. Returns when its first token has come, or with an error.
  ChunkStream<CompletionChunk> stream(const CompletionCreateParams& params,
                                      RequestOptions options = {}) const;
};

}  // namespace openailb
