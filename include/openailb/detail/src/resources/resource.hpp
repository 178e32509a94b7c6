#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/call/polling.hpp>
#include <openailb/detail/call/stream_kind.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/wire/api_path.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/detail/wire/json_body.hpp>
#include <openailb/error.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/result.hpp>
#include <openailb/values/binary_response.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/poll.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace openailb {

template <class Execution>
template <class T>
auto Resource<Execution>::get(detail::ApiPath path, RequestOptions&& options, Decode decode) const
    -> Answer<T> {
  detail::ApiRequest request{.method = "GET", .path = std::move(path)};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
template <class T>
auto Resource<Execution>::post(detail::ApiPath path, detail::JsonBody body, RequestOptions&& options,
                               Decode decode) const -> Answer<T> {
  detail::ApiRequest request{
      .path = std::move(path), .body = std::move(body), .needs_object = true, .may_hedge = true};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
template <class T>
auto Resource<Execution>::del(detail::ApiPath path, RequestOptions&& options, Decode decode) const
    -> Answer<T> {
  detail::ApiRequest request{.method = "DELETE", .path = std::move(path)};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
template <class T>
auto Resource<Execution>::post_unhedged(detail::ApiPath path, detail::JsonBody body, RequestOptions&& options,
                                        Decode decode) const -> Answer<T> {
  detail::ApiRequest request{.path = std::move(path), .body = std::move(body), .needs_object = true};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
template <class T>
auto Resource<Execution>::post_form(detail::ApiPath path, detail::Form form, RequestOptions&& options,
                                    Decode decode) const -> Answer<T> {
  detail::ApiRequest request{.path = std::move(path), .form = std::move(form)};
  return send<T>(std::move(request), std::move(options), decode);
}

template <class Execution>
auto Resource<Execution>::download(detail::ApiPath path, RequestOptions&& options) const
    -> Answer<BinaryResponse> {
  detail::ApiRequest request{.method = "GET", .path = std::move(path), .accept = "*/*"};
  return send<BinaryResponse>(std::move(request), std::move(options), detail::decode_bytes);
}

template <class Execution>
auto Resource<Execution>::download(detail::ApiPath path, ByteSink into, RequestOptions&& options) const
    -> Answer<Downloaded> {
  detail::ApiRequest request{.method = "GET", .path = std::move(path), .accept = "*/*"};
  return receive(std::move(request), std::move(into), std::move(options), detail::decode_bytes);
}

template <class Execution>
auto Resource<Execution>::receive(detail::ApiRequest&& request, ByteSink into, RequestOptions&& options,
                                  Decode decode) const -> Answer<Downloaded> {
  request.streams = request.is_bytes = true;
  request.may_hedge = false;
  return core_->template run_call<Downloaded>(make_call(std::move(request), std::move(options)),
                                              detail::downloads(core_->balancer(), decode, std::move(into)));
}

template <class Execution>
template <class T>
auto Resource<Execution>::send(detail::ApiRequest&& request, RequestOptions&& options, Decode decode) const
    -> Answer<T> {
  return core_->template run_call<T>(make_call(std::move(request), std::move(options)),
                                     detail::answers(core_->balancer(), decode));
}

template <class Execution>
template <class T>
auto Resource<Execution>::poll(detail::ApiPath path, std::function<bool(const T&)> is_over,
                               PollOptions<T> poll, RequestOptions&& options, Decode decode) const
    -> Answer<T> {
  if (!options.deadline) options.deadline = std::chrono::nanoseconds{};
  detail::ApiRequest request{.method = "GET", .path = std::move(path)};
  Result<detail::NewCall> call = make_call(std::move(request), std::move(options));
  auto polling = detail::polling_of<T>(std::move(poll), std::move(is_over));
  if (call && !polling) call = std::move(polling).error();
  return core_->template run_call<T>(
      std::move(call),
      detail::polls(core_->balancer(), decode, std::move(polling).value_or(detail::Polling{})));
}

template <class Execution>
template <class Chunk>
auto Resource<Execution>::stream(detail::ApiPath path, detail::JsonBody body, RequestOptions&& options) const
    -> ChunkStream<Chunk> {
  detail::ApiRequest request{.path = std::move(path),
                             .body = std::move(body),
                             .needs_object = true,
                             .streams = true,
                             .may_hedge = true};
  return core_->template stream<Chunk>(detail::stream_kind<Chunk>,
                                       make_call(std::move(request), std::move(options)));
}

template <class Execution>
template <class Chunk>
auto Resource<Execution>::stream_form(detail::ApiPath path, detail::Form form, RequestOptions&& options) const
    -> ChunkStream<Chunk> {
  detail::ApiRequest request{.path = std::move(path), .form = std::move(form), .streams = true};
  return core_->template stream<Chunk>(detail::stream_kind<Chunk>,
                                       make_call(std::move(request), std::move(options)));
}

template <class Execution>
Result<detail::NewCall> Resource<Execution>::make_call(detail::ApiRequest&& request,
                                                       RequestOptions&& options) const {
  return core_->make_call(std::move(request), std::move(options));
}

}  // namespace openailb
