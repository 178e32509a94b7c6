#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/net/loop_pool.hpp>
#include <openailb/endpoint_status.hpp>
#include <openailb/execution.hpp>
#include <openailb/json.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/chat.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/result.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace openailb {

/// An OpenAI client over several endpoints: `client.chat.completions.create(params)`.
///
/// Thread-safe. A copy shares its endpoints, breakers and connections; a moved-from client still works. Bad
/// configuration throws std::invalid_argument that names the endpoint. Do not use one on both sides of a
/// fork.
template <class Execution>
class BasicClient : private Resource<Execution> {
  using Base = Resource<Execution>;
  using Answer = typename Execution::template Answer<JsonResponse>;

 public:
  /// The one endpoint that the environment describes; see endpoint_from_env().
  BasicClient() : BasicClient({endpoint_from_env()}) {}
  explicit BasicClient(std::vector<EndpointConfig> endpoints, ClientOptions options = {})
      : Base(make_core(std::move(endpoints), std::move(options))), chat(Base::core()) {}
  /// For endpoints in braces.
  BasicClient(std::initializer_list<EndpointConfig> endpoints, ClientOptions options = {})
      : BasicClient(std::vector<EndpointConfig>(endpoints), std::move(options)) {}
  // Moving copies: both then share one core, and neither is left empty.
  BasicClient(const BasicClient&) = default;
  BasicClient& operator=(const BasicClient&) = default;

  /// Posts a JSON body to any path, such as "/embeddings", through the same balancer. `{}` sends none.
  Answer post(std::string path, JsonDocument body = {}, RequestOptions options = {}) const {
    return Base::template send<JsonResponse>({.path = std::move(path), .body = std::move(body)},
                                             std::move(options), detail::decode_any_json);
  }

  /// Gets any path, such as "/models", through the same balancer.
  Answer get(std::string path, RequestOptions options = {}) const {
    return Base::template get<JsonResponse>(std::move(path), std::move(options), detail::decode_any_json);
  }

  /// Deletes any path, such as "/files/file-abc", through the same balancer.
  Answer del(std::string path, RequestOptions options = {}) const {
    return Base::template del<JsonResponse>(std::move(path), std::move(options), detail::decode_any_json);
  }

  /// What each endpoint is doing at the moment.
  std::vector<EndpointStatus> endpoints() const {
    return Base::core()->balancer->status(Base::core()->runtime.now());
  }

 private:
  static std::shared_ptr<detail::Core<Execution>> make_core(std::vector<EndpointConfig> endpoints,
                                                            ClientOptions options) {
    detail::LoopPool::Factory make_loop = options.event_loop;
    if (!make_loop) {
      make_loop = [connection = options.connection] {
        return std::make_unique<detail::CurlEventLoop>(connection);
      };
    }
    return std::make_shared<detail::Core<Execution>>(std::move(endpoints), std::move(options),
                                                     std::move(make_loop));
  }

 public:
  Chat<Execution> chat;
};

/// The client that blocks: every call runs on the calling thread.
using Client = BasicClient<Blocking>;

}  // namespace openailb
