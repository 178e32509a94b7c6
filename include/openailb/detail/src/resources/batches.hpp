#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/src/values/page.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/batches.hpp>
#include <openailb/types/batches.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/page.hpp>
#include <openailb/values/poll.hpp>

#include <string>
#include <utility>

namespace openailb {

template <class Execution>
auto Batches<Execution>::create(const BatchCreateParams& params, RequestOptions options) const
    -> Answer<Batch> {
  return Base::template post_unhedged<Batch>("/batches", params, std::move(options));
}

template <class Execution>
auto Batches<Execution>::create_from(const JsonDocument& body, RequestOptions options) const
    -> Answer<Batch> {
  return Base::template post_unhedged<Batch>("/batches", body, std::move(options));
}

template <class Execution>
auto Batches<Execution>::retrieve(TextView id, RequestOptions options) const -> Answer<Batch> {
  return Base::template get<Batch>(detail::ApiPath("/batches") / id, std::move(options),
                                   detail::decode_object<Batch>);
}

template <class Execution>
auto Batches<Execution>::wait(TextView id, PollOptions<Batch> poll, RequestOptions options) const
    -> Answer<Batch> {
  // A status that is not known here ends the wait: it is better than to wait for ever.
  const auto is_over = [](const Batch& batch) {
    const std::string& status = batch.status;
    return status != "validating" && status != "in_progress" && status != "finalizing" &&
           status != "cancelling";
  };
  return Base::template poll<Batch>(detail::ApiPath("/batches") / id, is_over, std::move(poll),
                                    std::move(options));
}

template <class Execution>
auto Batches<Execution>::list(RequestOptions options) const -> Answer<Page<Batch, Execution>> {
  return list(BatchListParams{}, std::move(options));
}

template <class Execution>
auto Batches<Execution>::list(const BatchListParams& params, RequestOptions options) const
    -> Answer<Page<Batch, Execution>> {
  return detail::ask_for_page<Batch>(Base::core(), detail::ApiPath("/batches").with(params), options);
}

template <class Execution>
auto Batches<Execution>::cancel(TextView id, RequestOptions options) const -> Answer<Batch> {
  return Base::template send<Batch>({.path = detail::ApiPath("/batches") / id / "cancel"}, std::move(options),
                                    detail::decode_object<Batch>);
}

}  // namespace openailb
