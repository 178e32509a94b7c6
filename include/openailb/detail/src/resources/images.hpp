#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/error.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/images.hpp>
#include <openailb/result.hpp>
#include <openailb/types/images.hpp>

#include <utility>

namespace openailb {

namespace detail {

/// Reads images. Without any it is an error of kind parse.
inline Result<ImagesResponse> decode_images(HttpResponse& response, bool& delivered) {
  Result<ImagesResponse> answer = decode_json<ImagesResponse>(response, delivered);
  if (!answer || !answer->data.empty()) return answer;
  return Error{.kind = ErrorKind::parse, .message = "answered without an image: " + response.body};
}

}  // namespace detail

template <class Execution>
auto Images<Execution>::generate(const ImageGenerateParams& params, RequestOptions options) const -> Answer {
  return Base::template post<ImagesResponse>("/images/generations", params, std::move(options),
                                             detail::decode_images);
}

template <class Execution>
auto Images<Execution>::edit(const ImageEditParams& params, RequestOptions options) const -> Answer {
  return Base::template post_form<ImagesResponse>("/images/edits", detail::form_of(params),
                                                  std::move(options), detail::decode_images);
}

template <class Execution>
auto Images<Execution>::create_variation(const ImageCreateVariationParams& params,
                                         RequestOptions options) const -> Answer {
  return Base::template post_form<ImagesResponse>("/images/variations", detail::form_of(params),
                                                  std::move(options), detail::decode_images);
}

}  // namespace openailb
