#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>

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
};

}  // namespace openailb
