#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/stream.hpp>
#include <openailb/detail/src/types/image_stream.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/images.hpp>
#include <openailb/types/image_event.hpp>
#include <openailb/types/images.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

template <class Execution>
auto Images<Execution>::generate(const ImageGenerateParams& params, RequestOptions options) const -> Answer {
  return Base::template post<ImagesResponse>("/images/generations", params, std::move(options),
                                             detail::decode_with<ImagesResponse, &ImagesResponse::data>);
}

template <class Execution>
auto Images<Execution>::generate_from(const JsonDocument& body, RequestOptions options) const -> Answer {
  return Base::template post<ImagesResponse>("/images/generations", body, std::move(options),
                                             detail::decode_with<ImagesResponse, &ImagesResponse::data>);
}

template <class Execution>
auto Images<Execution>::edit(const ImageEditParams& params, RequestOptions options) const -> Answer {
  return Base::template post_form<ImagesResponse>("/images/edits", detail::form_of(params),
                                                  std::move(options),
                                                  detail::decode_with<ImagesResponse, &ImagesResponse::data>);
}

template <class Execution>
auto Images<Execution>::generate_stream(const ImageGenerateParams& params, RequestOptions options) const
    -> EventStream {
  return Base::template stream<ImageStreamEvent>("/images/generations", params, std::move(options));
}

template <class Execution>
auto Images<Execution>::generate_stream_from(const JsonDocument& body, RequestOptions options) const
    -> EventStream {
  return Base::template stream<ImageStreamEvent>("/images/generations", body, std::move(options));
}

template <class Execution>
auto Images<Execution>::edit_stream(const ImageEditParams& params, RequestOptions options) const
    -> EventStream {
  return Base::template stream_form<ImageStreamEvent>("/images/edits", detail::form_of(params),
                                                      std::move(options));
}

template <class Execution>
auto Images<Execution>::create_variation(const ImageCreateVariationParams& params,
                                         RequestOptions options) const -> Answer {
  return Base::template post_form<ImagesResponse>("/images/variations", detail::form_of(params),
                                                  std::move(options),
                                                  detail::decode_with<ImagesResponse, &ImagesResponse::data>);
}

}  // namespace openailb
