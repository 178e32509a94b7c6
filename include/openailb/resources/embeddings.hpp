#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>

namespace openailb {

struct EmbeddingCreateParams;
struct CreateEmbeddingResponse;

/// `client.embeddings`, for programs that include openailb/embeddings.hpp.
template <class Execution>
class Embeddings : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Turns texts into vectors.
  Answer<CreateEmbeddingResponse> create(const EmbeddingCreateParams& params,
                                         RequestOptions options = {}) const;
};

}  // namespace openailb
