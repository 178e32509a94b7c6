#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/json.hpp>

#include <utility>

namespace openailb {

struct ModerationCreateParams;
struct ModerationCreateResponse;

/// `client.moderations`, for programs that include openailb/moderations.hpp.
template <class Execution>
class Moderations : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// Says whether texts or images may be harmful.
  Answer<ModerationCreateResponse> create(const ModerationCreateParams& params,
                                          RequestOptions options = {}) const;
  /// The same with a body of your own.
  template <JsonSource Body = JsonDocument>
  Answer<ModerationCreateResponse> create(Body&& body, RequestOptions options = {}) const {
    return create_from(JsonDocument(std::forward<Body>(body)), std::move(options));
  }

 private:
  Answer<ModerationCreateResponse> create_from(const JsonDocument& body, RequestOptions options) const;
};

}  // namespace openailb
