#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/poll.hpp>

#include <utility>

namespace openailb {

struct CompactedResponse;
struct Deleted;
struct InputTokenCountParams;
struct InputTokenCountResponse;
struct Response;
struct ResponseCompactParams;
struct ResponseCreateParams;
struct ResponseInputItemListParams;
struct ResponseItem;
struct ResponseRetrieveParams;
struct ResponseStreamEvent;
template <class T, class Execution>
class Page;

/// `client.responses.input_items`.
template <class Execution>
class ResponseInputItems : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// What went into a response, or the first page of it.
  Answer<Page<ResponseItem, Execution>> list(TextView response_id, RequestOptions options = {}) const;
  Answer<Page<ResponseItem, Execution>> list(TextView response_id, const ResponseInputItemListParams& params,
                                             RequestOptions options = {}) const;
};

/// `client.responses.input_tokens`.
template <class Execution>
class ResponseInputTokens : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// How many tokens a request would have.
  Answer<InputTokenCountResponse> count(const InputTokenCountParams& params,
                                        RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<InputTokenCountResponse> count(Body&& body, RequestOptions options = {}) const {
    return count_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

 private:
  Answer<InputTokenCountResponse> count_from(const JsonDocument& body, RequestOptions options) const;
};

/// `client.responses`, for programs that include openailb/responses.hpp.
template <class Execution>
class Responses : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;
  template <class Chunk>
  using ChunkStream = typename Base::template ChunkStream<Chunk>;

 public:
  using Base::Base;

  /// Asks for a response. If it comes as failed, the call retries like any that failed.
  Answer<Response> create(const ResponseCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<Response> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// Asks for a streamed response. Returns when it says something, or with an error. Until then, the call
  /// retries on another endpoint if one fails.
  ChunkStream<ResponseStreamEvent> stream(const ResponseCreateParams& params,
                                          RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  ChunkStream<ResponseStreamEvent> stream(Body&& body, RequestOptions options = {}) const {
    return stream_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// A response that was stored. One that has failed is a value here: see its status and error.
  Answer<Response> retrieve(TextView response_id, RequestOptions options = {}) const;
  Answer<Response> retrieve(TextView response_id, const ResponseRetrieveParams& params,
                            RequestOptions options = {}) const;
  /// Waits until a response in the background is over, whatever came of it; see Batches::wait.
  Answer<Response> wait(TextView response_id, PollOptions<Response> poll = {},
                        RequestOptions options = {}) const;
  /// Deletes a stored response.
  Answer<Deleted> del(TextView response_id, RequestOptions options = {}) const;
  /// Stops a response in the background.
  Answer<Response> cancel(TextView response_id, RequestOptions options = {}) const;
  /// Makes a long conversation shorter.
  Answer<CompactedResponse> compact(const ResponseCompactParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<CompactedResponse> compact(Body&& body, RequestOptions options = {}) const {
    return compact_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

  ResponseInputItems<Execution> input_items{Base::core()};
  ResponseInputTokens<Execution> input_tokens{Base::core()};

 private:
  Answer<Response> create_from(const JsonDocument& body, RequestOptions options) const;
  ChunkStream<ResponseStreamEvent> stream_from(const JsonDocument& body, RequestOptions options) const;
  Answer<CompactedResponse> compact_from(const JsonDocument& body, RequestOptions options) const;
};

}  // namespace openailb
