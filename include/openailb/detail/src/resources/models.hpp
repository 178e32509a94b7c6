#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/models.hpp>
#include <openailb/types/models.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/page.hpp>

#include <utility>

namespace openailb {

template <class Execution>
auto Models<Execution>::list(RequestOptions options) const -> Answer<Page<Model, Execution>> {
  return detail::ask_for_page<Model>(Base::core(), "/models", options);
}

template <class Execution>
auto Models<Execution>::retrieve(TextView model, RequestOptions options) const -> Answer<Model> {
  return Base::template get<Model>(detail::ApiPath("/models").with_word(model), std::move(options));
}

template <class Execution>
auto Models<Execution>::del(TextView model, RequestOptions options) const -> Answer<Deleted> {
  return Base::template del<Deleted>(detail::ApiPath("/models").with_word(model), std::move(options),
                                     detail::decode_deleted<Deleted>);
}

}  // namespace openailb
