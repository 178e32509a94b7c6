#pragma once

#include <openailb/detail/call/decode.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/execution.hpp>
#include <openailb/http.hpp>
#include <openailb/options.hpp>
#include <openailb/result.hpp>

#include <memory>
#include <string>
#include <utility>

namespace openailb {

/// The base of the API's resources. With it, most of their methods are one line.
template <class Execution>
class Resource {
 public:
  explicit Resource(std::shared_ptr<detail::Core<Execution>> core) : core_(std::move(core)) {}
  // A move copies, so that a moved-from resource still works.
  Resource(const Resource&) = default;
  Resource& operator=(const Resource&) = default;

 protected:
  template <class T>
  using Answer = typename Execution::template Answer<T>;
  template <class Chunk>
  using ChunkStream = typename Execution::template ChunkStream<Chunk>;
  /// Reads the body of a 2xx; see detail/call/decode.hpp.
  template <class T>
  using Decode = Result<T> (*)(HttpResponse& response, bool& delivered);

  template <class T>
  Answer<T> get(std::string path, RequestOptions options, Decode<T> decode = detail::decode_json<T>) const {
    detail::ApiRequest request{.method = "GET", .path = std::move(path)};
    return send<T>(std::move(request), std::move(options), decode);
  }
  /// The body must be a JSON object.
  template <class T>
  Answer<T> post(std::string path, detail::JsonBody body, RequestOptions options,
                 Decode<T> decode = detail::decode_json<T>) const {
    detail::ApiRequest request{.path = std::move(path), .body = std::move(body), .needs_object = true};
    return send<T>(std::move(request), std::move(options), decode);
  }
  template <class T>
  Answer<T> del(std::string path, RequestOptions options, Decode<T> decode = detail::decode_json<T>) const {
    detail::ApiRequest request{.method = "DELETE", .path = std::move(path)};
    return send<T>(std::move(request), std::move(options), decode);
  }
  /// Sends a request with any method and any body, for any type of answer.
  template <class T>
  Answer<T> send(detail::ApiRequest request, RequestOptions options, Decode<T> decode) const {
    return Execution::template answer<T>(*core_, make_call(std::move(request), std::move(options)), decode);
  }
  /// The body must be a JSON object.
  template <class Chunk>
  ChunkStream<Chunk> stream(std::string path, detail::JsonBody body, RequestOptions options) const {
    detail::ApiRequest request{
        .path = std::move(path), .body = std::move(body), .needs_object = true, .streams = true};
    return Execution::template stream<Chunk>(*core_, make_call(std::move(request), std::move(options)));
  }

  const std::shared_ptr<detail::Core<Execution>>& core() const noexcept { return core_; }

 private:
  Result<detail::Call> make_call(detail::ApiRequest request, RequestOptions options) const {
    const ClientOptions& client = core_->balancer->options();
    return detail::make_call(std::move(request), client, std::move(options));
  }

  std::shared_ptr<detail::Core<Execution>> core_;
};

}  // namespace openailb
