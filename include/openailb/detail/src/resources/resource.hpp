#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/result.hpp>

#include <utility>

namespace openailb {

template <class Execution>
template <class T>
auto Resource<Execution>::get(detail::ApiPath path, RequestOptions options, Decode<T> decode) const
    -> Answer<T> {
  detail::ApiRequest request{.method = "GET", .path = std::move(path)};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
template <class T>
auto Resource<Execution>::post(detail::ApiPath path, detail::JsonBody body, RequestOptions options,
                               Decode<T> decode) const -> Answer<T> {
  detail::ApiRequest request{
      .path = std::move(path), .body = std::move(body), .needs_object = true, .may_hedge = true};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
template <class T>
auto Resource<Execution>::del(detail::ApiPath path, RequestOptions options, Decode<T> decode) const
    -> Answer<T> {
  detail::ApiRequest request{.method = "DELETE", .path = std::move(path)};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
template <class T>
auto Resource<Execution>::send(detail::ApiRequest request, RequestOptions options, Decode<T> decode) const
    -> Answer<T> {
  return core_->runtime.template answer<T>(core_->balancer, make_call(std::move(request), std::move(options)),
                                           decode);
}

template <class Execution>
template <class Chunk>
auto Resource<Execution>::stream(detail::ApiPath path, detail::JsonBody body, RequestOptions options) const
    -> ChunkStream<Chunk> {
  detail::ApiRequest request{.path = std::move(path),
                             .body = std::move(body),
                             .needs_object = true,
                             .streams = true,
                             .may_hedge = true};
  return core_->runtime.template stream<Chunk>(core_->balancer,
                                               make_call(std::move(request), std::move(options)));
}

template <class Execution>
Result<detail::Call> Resource<Execution>::make_call(detail::ApiRequest request,
                                                    RequestOptions options) const {
  const ClientOptions& client = core_->balancer->options();
  return detail::make_call(std::move(request), client, std::move(options));
}

}  // namespace openailb
