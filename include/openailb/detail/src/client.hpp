#pragma once

#include <openailb/client.hpp>
#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/detail/src/core.hpp>
#include <openailb/detail/src/resources/resource.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/form.hpp>
#include <openailb/endpoints.hpp>
#include <openailb/options.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/byte_sink.hpp>
#include <openailb/values/http.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/poll.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openailb {

namespace detail {

template <class Execution>
std::shared_ptr<Core<Execution>> make_core(std::vector<EndpointConfig> endpoints, ClientOptions options) {
  LoopPool::Factory make_loop = loops_of(options, Core<Execution>::has_one_loop);
  return std::make_shared<Core<Execution>>(std::move(endpoints), std::move(options), std::move(make_loop));
}

}  // namespace detail

template <class Execution>
BasicClient<Execution>::BasicClient() : BasicClient({endpoint_from_env()}) {}

template <class Execution>
BasicClient<Execution>::BasicClient(std::vector<EndpointConfig> endpoints, ClientOptions options)
    : Base(detail::make_core<Execution>(std::move(endpoints), std::move(options))) {}

template <class Execution>
BasicClient<Execution>::BasicClient(std::initializer_list<EndpointConfig> endpoints, ClientOptions options)
    : BasicClient(std::vector<EndpointConfig>(endpoints), std::move(options)) {}

template <class Execution>
auto BasicClient<Execution>::post(Text path, const JsonDocument& body, RequestOptions options) const
    -> Answer {
  detail::ApiRequest request{.path = std::move(path), .body = body};
  return Base::template send<JsonResponse>(std::move(request), std::move(options), detail::decode_any_json);
}

template <class Execution>
auto BasicClient<Execution>::get(Text path, RequestOptions options) const -> Answer {
  return Base::template get<JsonResponse>(std::move(path), std::move(options), detail::decode_any_json);
}

template <class Execution>
auto BasicClient<Execution>::del(Text path, RequestOptions options) const -> Answer {
  return Base::template del<JsonResponse>(std::move(path), std::move(options), detail::decode_any_json);
}

template <class Execution>
auto BasicClient<Execution>::poll(Text path, std::function<bool(const JsonResponse&)> is_over,
                                  PollOptions<JsonResponse> poll, RequestOptions options) const -> Answer {
  return Base::template poll<JsonResponse>(std::move(path), std::move(is_over), std::move(poll),
                                           std::move(options), detail::decode_any_json);
}

template <class Execution>
auto BasicClient<Execution>::upload(Text path, std::vector<BodyPart> parts, RequestOptions options) const
    -> Answer {
  detail::ApiRequest request{.path = std::move(path), .form = detail::Form{.parts = std::move(parts)}};
  return Base::template send<JsonResponse>(std::move(request), std::move(options), detail::decode_any_json);
}

template <class Execution>
auto BasicClient<Execution>::download(Text path, RequestOptions options) const -> BinaryAnswer {
  return Base::download(std::move(path), std::move(options));
}

template <class Execution>
auto BasicClient<Execution>::download(Text path, ByteSink into, RequestOptions options) const ->
    typename Execution::template Answer<Downloaded> {
  return Base::download(std::move(path), std::move(into), std::move(options));
}

template <class Execution>
std::optional<std::string> BasicClient<Execution>::owner_of(TextView id) const {
  return Base::core()->owner_of(id);
}

template <class Execution>
void BasicClient<Execution>::pin_object(TextView id, TextView endpoint) const {
  Base::core()->pin_object(id, endpoint);
}

template <class Execution>
void BasicClient<Execution>::add_endpoint(EndpointConfig endpoint) const {
  Base::core()->add_endpoint(std::move(endpoint));
}

template <class Execution>
void BasicClient<Execution>::remove_endpoint(TextView name) const {
  Base::core()->remove_endpoint(name);
}

template <class Execution>
void BasicClient<Execution>::set_endpoints(std::vector<EndpointConfig> endpoints) const {
  Base::core()->set_endpoints(std::move(endpoints));
}

template <class Execution>
EndpointStatuses BasicClient<Execution>::endpoints() const {
  return Base::core()->endpoints();
}

}  // namespace openailb
