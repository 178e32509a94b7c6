#pragma once

#include <openailb/binary_response.hpp>
#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/page.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/options.hpp>
#include <openailb/page.hpp>
#include <openailb/resources/files.hpp>
#include <openailb/types/files.hpp>

#include <string>
#include <utility>

namespace openailb {

template <class Execution>
auto Files<Execution>::create(const FileCreateParams& params, RequestOptions options) const
    -> Answer<FileObject> {
  return Base::template post_form<FileObject>("/files", detail::form_of(params), std::move(options),
                                              detail::decode_object<FileObject>);
}

template <class Execution>
auto Files<Execution>::list(const FileListParams& params, RequestOptions options) const
    -> Answer<Page<FileObject, Execution>> {
  return detail::ask_for_page<FileObject>(Base::core(), detail::with_query("/files", params), options);
}

template <class Execution>
auto Files<Execution>::retrieve(const std::string& id, RequestOptions options) const -> Answer<FileObject> {
  return Base::template get<FileObject>({"/files/{}", {id}}, std::move(options),
                                        detail::decode_object<FileObject>);
}

template <class Execution>
auto Files<Execution>::del(const std::string& id, RequestOptions options) const -> Answer<FileDeleted> {
  return Base::template del<FileDeleted>({"/files/{}", {id}}, std::move(options),
                                         detail::decode_object<FileDeleted>);
}

template <class Execution>
auto Files<Execution>::content(const std::string& id, RequestOptions options) const
    -> Answer<BinaryResponse> {
  return Base::download({"/files/{}/content", {id}}, std::move(options));
}

}  // namespace openailb
