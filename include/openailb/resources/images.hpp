#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

struct ImageGenerateParams;
struct ImageEditParams;
struct ImageCreateVariationParams;
struct ImagesResponse;
struct ImageStreamEvent;

/// `client.images`, for programs that include openailb/images.hpp.
template <class Execution>
class Images : public Resource<Execution> {
  using Base = Resource<Execution>;
  using Answer = typename Base::template Answer<ImagesResponse>;
  using EventStream = typename Base::template ChunkStream<ImageStreamEvent>;

 public:
  using Base::Base;

  /// Makes images from a text.
  Answer generate(const ImageGenerateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer generate(Body&& body, RequestOptions options = {}) const {
    return generate_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Changes images as a text says.
  Answer edit(const ImageEditParams& params, RequestOptions options = {}) const;
  /// Makes images, and gives partial ones while they are made: see `partial_images`. Returns when the first
  /// has come, or with an error. Until then, the call retries on another endpoint if one fails.
  EventStream generate_stream(const ImageGenerateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  EventStream generate_stream(Body&& body, RequestOptions options = {}) const {
    return generate_stream_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Changes images in the same way.
  EventStream edit_stream(const ImageEditParams& params, RequestOptions options = {}) const;
  /// Makes images that are like another one.
  Answer create_variation(const ImageCreateVariationParams& params, RequestOptions options = {}) const;

 private:
  Answer generate_from(const JsonDocument& body, RequestOptions options) const;
  EventStream generate_stream_from(const JsonDocument& body, RequestOptions options) const;
};

}  // namespace openailb
