#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/moderations.hpp>
#include <openailb/types/moderations.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

template <class Execution>
auto Moderations<Execution>::create(const ModerationCreateParams& params, RequestOptions options) const
    -> Answer<ModerationCreateResponse> {
  // Nobody may take an answer without a result for harmless.
  return Base::template post<ModerationCreateResponse>(
      "/moderations", params, std::move(options),
      detail::decode_with<ModerationCreateResponse, &ModerationCreateResponse::results>);
}

template <class Execution>
auto Moderations<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<ModerationCreateResponse> {
  // Nobody may take an answer without a result for harmless.
  return Base::template post<ModerationCreateResponse>(
      "/moderations", body, std::move(options),
      detail::decode_with<ModerationCreateResponse, &ModerationCreateResponse::results>);
}

}  // namespace openailb
