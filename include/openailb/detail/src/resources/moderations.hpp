#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/error.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/moderations.hpp>
#include <openailb/result.hpp>
#include <openailb/types/moderations.hpp>

#include <utility>

namespace openailb {

namespace detail {

/// Reads what a moderation found. Without a result it is an error of kind parse: nobody may take that for
/// harmless.
inline Result<ModerationCreateResponse> decode_moderation(HttpResponse& response, bool& delivered) {
  Result<ModerationCreateResponse> answer = decode_json<ModerationCreateResponse>(response, delivered);
  if (!answer || !answer->results.empty()) return answer;
  return Error{.kind = ErrorKind::parse, .message = "answered without a result: " + response.body};
}

}  // namespace detail

template <class Execution>
auto Moderations<Execution>::create(const ModerationCreateParams& params, RequestOptions options) const
    -> Answer<ModerationCreateResponse> {
  return Base::template post<ModerationCreateResponse>("/moderations", params, std::move(options),
                                                       detail::decode_moderation);
}

}  // namespace openailb
