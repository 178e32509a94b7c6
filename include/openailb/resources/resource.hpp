#pragma once

#include <openailb/options.hpp>
#include <openailb/result.hpp>
#include <openailb/values/poll.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace openailb {

struct BinaryResponse;
class ByteSink;
struct Downloaded;
struct HttpResponse;

namespace detail {

class AnyAnswer;
class ApiPath;
struct ApiRequest;
struct Call;
using NewCall = std::shared_ptr<Call>;
template <class Execution>
class Core;
struct Form;
class JsonBody;
template <class T>
Result<std::unique_ptr<AnyAnswer>> decode_json(HttpResponse& response, bool& delivered);
template <class T>
Result<std::unique_ptr<AnyAnswer>> decode_object(HttpResponse& response, bool& delivered);

}  // namespace detail

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
  using Decode = Result<std::unique_ptr<detail::AnyAnswer>> (*)(HttpResponse& response, bool& delivered);

  template <class T>
  Answer<T> get(detail::ApiPath path, RequestOptions&& options, Decode decode = detail::decode_json<T>) const;
  /// The body must be a JSON object. May be hedged.
  template <class T>
  Answer<T> post(detail::ApiPath path, detail::JsonBody body, RequestOptions&& options,
                 Decode decode = detail::decode_json<T>) const;
  template <class T>
  Answer<T> del(detail::ApiPath path, RequestOptions&& options, Decode decode = detail::decode_json<T>) const;
  /// Posts a JSON object, where the server keeps what it makes of that. Never hedged.
  template <class T>
  Answer<T> post_unhedged(detail::ApiPath path, detail::JsonBody body, RequestOptions&& options,
                          Decode decode = detail::decode_object<T>) const;
  /// Posts a form. Never hedged.
  template <class T>
  Answer<T> post_form(detail::ApiPath path, detail::Form form, RequestOptions&& options,
                      Decode decode = detail::decode_object<T>) const;
  /// Gets an answer of any type.
  Answer<BinaryResponse> download(detail::ApiPath path, RequestOptions&& options) const;
  Answer<Downloaded> download(detail::ApiPath path, ByteSink into, RequestOptions&& options) const;
  /// Sends a request with any method and any body, for any type of answer.
  template <class T>
  Answer<T> send(detail::ApiRequest&& request, RequestOptions&& options, Decode decode) const;
  /// The same for an answer that goes into a sink. `decode` looks at its beginning.
  Answer<Downloaded> receive(detail::ApiRequest&& request, ByteSink into, RequestOptions&& options,
                             Decode decode) const;
  /// Sends a GET again and again, until `is_over(answer)`. Unless the options have a deadline, there is none.
  template <class T>
  Answer<T> poll(detail::ApiPath path, std::function<bool(const T&)> is_over, PollOptions<T> poll,
                 RequestOptions&& options, Decode decode = detail::decode_object<T>) const;
  /// The body must be a JSON object. May be hedged.
  template <class Chunk>
  ChunkStream<Chunk> stream(detail::ApiPath path, detail::JsonBody body, RequestOptions&& options) const;
  /// Posts a form. Never hedged.
  template <class Chunk>
  ChunkStream<Chunk> stream_form(detail::ApiPath path, detail::Form form, RequestOptions&& options) const;

  const std::shared_ptr<detail::Core<Execution>>& core() const noexcept { return core_; }
  /// A call, or why it cannot be made.
  Result<detail::NewCall> make_call(detail::ApiRequest&& request, RequestOptions&& options) const;

 private:
  std::shared_ptr<detail::Core<Execution>> core_;
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/resources/resource.hpp>
#endif
