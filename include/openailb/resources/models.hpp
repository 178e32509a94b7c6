#pragma once

#include <openailb/options.hpp>
#include <openailb/resources/resource.hpp>
#include <openailb/values/braces.hpp>

namespace openailb {

struct Deleted;
struct Model;
template <class T, class Execution>
class Page;

/// `client.models`, for programs that include openailb/models.hpp.
template <class Execution>
class Models : public Resource<Execution> {
  using Base = Resource<Execution>;
  template <class T>
  using Answer = typename Base::template Answer<T>;

 public:
  using Base::Base;

  /// The models that an endpoint serves. Each has its own, so ask a certain one, `{.endpoint = "..."}`, or
  /// all of them, `{.all_endpoints = true}`.
  Answer<Page<Model, Execution>> list(RequestOptions options = {}) const;
  /// One model, by its name on the endpoint that is asked.
  Answer<Model> retrieve(TextView model, RequestOptions options = {}) const;
  /// Deletes a fine-tuned model.
  Answer<Deleted> del(TextView model, RequestOptions options = {}) const;
};

}  // namespace openailb
