#pragma once

#include <openailb/braces.hpp>
#include <openailb/detail/wire/url.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// Writes the fields of a struct as a query. Those that are absent or empty are left out. A list becomes
/// `name[]=a&name[]=b`, a map `name[key]=value`, as the official SDKs write them.
class QueryWriter {
 public:
  template <class T>
  void operator()(const std::string& name, const T& value) {
    if constexpr (std::derived_from<T, std::string>) {
      if (!value.empty()) add(name, value);
    } else if constexpr (std::same_as<T, TextList>) {
      for (const std::string& one : value) add(name + "[]", one);
    } else if constexpr (std::same_as<T, TextMap>) {
      for (const auto& [key, one] : value) add(name + '[' + key + ']', one);
    } else if (value) {  // an optional
      if constexpr (std::same_as<typename T::value_type, bool>) {
        add(name, *value ? "true" : "false");
      } else {
        add(name, std::to_string(*value));
      }
    }
  }

  const std::string& text() const { return text_; }

 private:
  void add(const std::string& name, std::string_view value) {
    text_ += (text_.empty() ? '?' : '&') + percent_encode(name) + '=' + percent_encode(value);
  }

  std::string text_{};
};

/// The path of a request below the base URL, such as `ApiPath("/models") / model`. If something in it cannot
/// be sent, `fault()` says so, and make_call passes it on.
class ApiPath {
 public:
  ApiPath() = default;
  ApiPath(const char* path) : text_(path) {}
  ApiPath(std::string path) : text_(std::move(path)) {}

  /// Adds a segment, such as an id, whatever characters it has.
  friend ApiPath operator/(ApiPath path, std::string_view segment) {
    if (segment.empty()) path.fault_ = "the id in the path " + path.text_ + "/ is empty";
    // Even encoded, these two are steps to some servers.
    if (segment == "." || segment == "..") path.fault_ = "an id in a path cannot be " + std::string(segment);
    path.text_ += '/' + percent_encode(segment);
    return path;
  }
  /// The same path with the fields of a struct as its query.
  template <class Params>
  ApiPath with(const Params& params) && {
    QueryWriter query;
    Params::fields(params, query);
    text_ += query.text();
    return std::move(*this);
  }

  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }
  /// What is wrong with it; empty when nothing is.
  const std::string& fault() const { return fault_; }

 private:
  std::string text_{};
  std::string fault_{};
};

}  // namespace openailb::detail
