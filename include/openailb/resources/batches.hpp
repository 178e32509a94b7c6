#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/json.hpp>
#include <openailb/values/poll.hpp>

#include <utility>

namespace openailb {

struct BatchCreateParams;
struct BatchListParams;
struct Batch;
template <class T, class Execution>
class Page;

/// `client.batches`, for programs that include openailb/batches.hpp.
template <class Execution>
class Batches : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Begins a batch of requests.
  Answer<Batch> create(const BatchCreateParams& params, RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<Batch> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }
  /// A batch, as it stands. One that failed is an answer too: its `errors` say why.
  Answer<Batch> retrieve(TextView id, RequestOptions options = {}) const;
  /// Waits until a batch is over, whatever came of it: "completed", "failed", "expired" or "cancelled".
  ///
  ///     client.batches.wait(batch->id, {.every = 10s, .on_update = [](const openailb::Batch& batch) { ...
  ///     }});
  ///
  /// Waits for ever unless the options have a deadline.
  Answer<Batch> wait(TextView id, PollOptions<Batch> poll = {}, RequestOptions options = {}) const;
  /// Lists batches, page by page.
  Answer<Page<Batch, Execution>> list(RequestOptions options = {}) const;
  Answer<Page<Batch, Execution>> list(const BatchListParams& params, RequestOptions options = {}) const;
  /// Ends a batch. It is "cancelling" until its requests that are under way have ended.
  Answer<Batch> cancel(TextView id, RequestOptions options = {}) const;

 private:
  Answer<Batch> create_from(const JsonDocument& body, RequestOptions options) const;
};

}  // namespace openailb
