#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/file.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/uploads.hpp>
#include <openailb/types/uploads.hpp>

#include <string_view>
#include <utility>

namespace openailb {

template <class Execution>
auto Uploads<Execution>::create(const UploadCreateParams& params, RequestOptions options) const
    -> Answer<Upload> {
  return Base::template post_unhedged<Upload>("/uploads", params, std::move(options));
}

template <class Execution>
auto Uploads<Execution>::add_part(std::string_view upload_id, const FileInput& data,
                                  RequestOptions options) const -> Answer<UploadPart> {
  detail::Form form{.parts = {{.name = "data", .file = data}}};
  if (data.empty()) form.fault = "data is missing";
  return Base::template post_form<UploadPart>(detail::ApiPath("/uploads") / upload_id / "parts",
                                              std::move(form), std::move(options),
                                              detail::decode_object<UploadPart>);
}

template <class Execution>
auto Uploads<Execution>::complete(std::string_view upload_id, const UploadCompleteParams& params,
                                  RequestOptions options) const -> Answer<Upload> {
  return Base::template post_unhedged<Upload>(detail::ApiPath("/uploads") / upload_id / "complete", params,
                                              std::move(options));
}

template <class Execution>
auto Uploads<Execution>::cancel(std::string_view upload_id, RequestOptions options) const -> Answer<Upload> {
  return Base::template post_unhedged<Upload>(detail::ApiPath("/uploads") / upload_id / "cancel", {},
                                              std::move(options));
}

}  // namespace openailb
