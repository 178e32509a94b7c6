#pragma once

#include <openailb/detail/call/answers.hpp>
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/endpoint_status.hpp>
#include <openailb/execution.hpp>
#include <openailb/json.hpp>
#include <openailb/options.hpp>
#include <openailb/resources/chat.hpp>
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
class BasicClient {
  std::shared_ptr<detail::Core> core_;
  using Answer = typename Execution::template Answer<JsonResponse>;

 public:
  /// The one endpoint that the environment describes; see endpoint_from_env().
  BasicClient() : BasicClient({endpoint_from_env()}) {}
  explicit BasicClient(std::vector<EndpointConfig> endpoints, ClientOptions options = {})
      : core_(make_core(std::move(endpoints), std::move(options))), chat(core_) {}
  /// For endpoints in braces.
  BasicClient(std::initializer_list<EndpointConfig> endpoints, ClientOptions options = {})
      : BasicClient(std::vector<EndpointConfig>(endpoints), std::move(options)) {}
  // Moving copies: both then share one core, and neither is left empty.
  BasicClient(const BasicClient&) = default;
  BasicClient& operator=(const BasicClient&) = default;

  /// Posts a JSON body to any path, such as "/embeddings", through the same balancer. `{}` sends none.
  Answer post(std::string path, JsonDocument body = {}, RequestOptions options = {}) const {
    return request("POST", std::move(path), std::move(body), std::move(options));
  }

  /// Gets any path, such as "/models", through the same balancer.
  Answer get(std::string path, RequestOptions options = {}) const {
    return request("GET", std::move(path), {}, std::move(options));
  }

  /// Deletes any path, such as "/files/file-abc", through the same balancer.
  Answer del(std::string path, RequestOptions options = {}) const {
    return request("DELETE", std::move(path), {}, std::move(options));
  }

  /// What each endpoint is doing at the moment.
  std::vector<EndpointStatus> endpoints() const {
    return core_->balancer->status(core_->loops->lease()->now());
  }

 private:
  static std::shared_ptr<detail::Core> make_core(std::vector<EndpointConfig> endpoints,
                                                 ClientOptions options) {
    detail::LoopPool::Factory make_loop = options.event_loop;
    if (!make_loop) {
      make_loop = [connection = options.connection] {
        return std::make_unique<detail::CurlEventLoop>(connection);
      };
    }
    return std::make_shared<detail::Core>(std::move(endpoints), std::move(options), std::move(make_loop));
  }

  Answer request(std::string method, std::string path, JsonDocument body, RequestOptions options) const {
    return Execution::template request<JsonResponse>(
        *core_,
        detail::make_call(std::move(method), std::move(path), std::move(body), false,
                          core_->balancer->options(), std::move(options)),
        detail::read_any_answer);
  }

 public:
  Chat<Execution> chat;
};

/// The client that blocks: every call runs on the calling thread.
using Client = BasicClient<Blocking>;

}  // namespace openailb
