#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>

namespace openailb {

struct ImageGenerateParams;
struct ImageEditParams;
struct ImageCreateVariationParams;
struct ImagesResponse;

/// `client.images`, for programs that include openailb/images.hpp.
template <class Execution>
class Images : public Resource<Execution> {
  using Base = Resource<Execution>;
  using Answer = typename Base::template Answer<ImagesResponse>;

 public:
  using Base::Base;

  /// Makes images from a text.
  Answer generate(const ImageGenerateParams& params, RequestOptions options = {}) const;
  /// Changes images as a text says.
  Answer edit(const ImageEditParams& params, RequestOptions options = {}) const;
  /// Makes images that are like another one.
  Answer create_variation(const ImageCreateVariationParams& params, RequestOptions options = {}) const;
};

}  // namespace openailb
