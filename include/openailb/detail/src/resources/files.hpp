#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/files.hpp>
#include <openailb/types/deleted.hpp>
#include <openailb/types/files.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/page.hpp>

#include <utility>

namespace openailb {

template <class Execution>
auto Files<Execution>::create(const FileCreateParams& params, RequestOptions options) const
    -> Answer<FileObject> {
  return Base::template post_form<FileObject>("/files", detail::form_of(params), std::move(options),
                                              detail::decode_object<FileObject>);
}

template <class Execution>
auto Files<Execution>::list(RequestOptions options) const -> Answer<Page<FileObject, Execution>> {
  return list(FileListParams{}, std::move(options));
}

template <class Execution>
auto Files<Execution>::list(const FileListParams& params, RequestOptions options) const
    -> Answer<Page<FileObject, Execution>> {
  return detail::ask_for_page<FileObject>(Base::core(), detail::ApiPath("/files").with(params), options);
}

template <class Execution>
auto Files<Execution>::retrieve(TextView id, RequestOptions options) const -> Answer<FileObject> {
  return Base::template get<FileObject>(detail::ApiPath("/files") / id, std::move(options),
                                        detail::decode_object<FileObject>);
}

template <class Execution>
auto Files<Execution>::del(TextView id, RequestOptions options) const -> Answer<Deleted> {
  return Base::template del<Deleted>(detail::ApiPath("/files") / id, std::move(options),
                                     detail::decode_deleted<Deleted>);
}

template <class Execution>
auto Files<Execution>::content(TextView id, RequestOptions options) const -> Answer<BinaryResponse> {
  return Base::download(detail::ApiPath("/files") / id / "content", std::move(options));
}

template <class Execution>
auto Files<Execution>::content(TextView id, ByteSink into, RequestOptions options) const
    -> Answer<Downloaded> {
  return Base::download(detail::ApiPath("/files") / id / "content", std::move(into), std::move(options));
}

}  // namespace openailb
