#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/json.hpp>

#include <utility>

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
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<CreateEmbeddingResponse> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

 private:
  Answer<CreateEmbeddingResponse> create_from(const JsonDocument& body, RequestOptions options) const;
};

}  // namespace openailb
