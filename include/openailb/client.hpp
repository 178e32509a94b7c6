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
/// Thread-safe. A copy shares the endpoints, breakers and connections of the original. A moved-from client
/// still works. The constructor throws std::invalid_argument for a bad configuration; the message names the
/// endpoint or the option. Do not use a client on both sides of a fork.
template <class Execution>
class BasicClient : private Resource<Execution> {
  using Base = Resource<Execution>;
  using Answer = typename Execution::template Answer<JsonResponse>;

 public:
  /// A client of the one endpoint that the environment describes; see endpoint_from_env().
  BasicClient() : BasicClient({endpoint_from_env()}) {}
  explicit BasicClient(std::vector<EndpointConfig> endpoints, ClientOptions options = {})
      : Base(make_core(std::move(endpoints), std::move(options))), chat(Base::core()) {}
  /// The same for endpoints in braces.
  BasicClient(std::initializer_list<EndpointConfig> endpoints, ClientOptions options = {})
      : BasicClient(std::vector<EndpointConfig>(endpoints), std::move(options)) {}
  // A move copies: both then share one core, and neither is left empty.
  BasicClient(const BasicClient&) = default;
  BasicClient& operator=(const BasicClient&) = default;

  /// Posts a JSON body to any path, such as "/embeddings", with the same load balancing and failover. `{}`
  /// sends no body.
  Answer post(std::string path, const JsonDocument& body = {}, RequestOptions options = {}) const {
    detail::ApiRequest request{.path = std::move(path), .body = body};
    return Base::template send<JsonResponse>(std::move(request), std::move(options), detail::decode_any_json);
  }

  /// Sends a GET to any path, such as "/models", with the same load balancing and failover.
  Answer get(std::string path, RequestOptions options = {}) const {
    return Base::template get<JsonResponse>(std::move(path), std::move(options), detail::decode_any_json);
  }

  /// Sends a DELETE to any path, such as "/files/file-abc", with the same load balancing and failover.
  Answer del(std::string path, RequestOptions options = {}) const {
    return Base::template del<JsonResponse>(std::move(path), std::move(options), detail::decode_any_json);
  }

  /// The status of each endpoint at the moment.
  std::vector<EndpointStatus> endpoints() const {
    return Base::core()->balancer->status(Base::core()->runtime.now());
  }

  Chat<Execution> chat;

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
};

/// The blocking client: every call runs on the calling thread.
using Client = BasicClient<Blocking>;

}  // namespace openailb
