#pragma once

#include <openailb/detail/wire/object_ids.hpp>
#include <openailb/detail/wire/url.hpp>
#include <openailb/values/braces.hpp>

#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// The path of a request below the base URL, such as `ApiPath("/files") / id / "content"`. It knows its ids,
/// and what its resource says of others. If something in it cannot be sent, `fault()` says so, and make_call
/// passes it on.
class ApiPath {
 public:
  ApiPath() = default;
  /// The path of a resource.
  ApiPath(const char* path) : text_(path), words_(path) {}
  /// A path of the user's.
  ApiPath(std::string path) : text_(std::move(path)), ids_(ids_in_path(text_)) {}

  /// Adds the id of an object, whatever characters it has.
  friend ApiPath operator/(ApiPath path, std::string_view id) {
    path.add(id);
    path.words_ += "/*";
    path.ids_.emplace_back(id);
    return path;
  }
  /// Adds a word that is written here.
  template <std::size_t length>
  friend ApiPath operator/(ApiPath path, const char (&word)[length]) {
    return std::move(path).with_word(word);
  }
  /// Adds a segment that is the id of no object, such as a model.
  ApiPath with_word(std::string_view word) && {
    add(word);
    words_.append("/").append(word);
    return std::move(*this);
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
  /// The ids of objects in it.
  const std::vector<std::string>& ids() const { return ids_; }
  /// Where its resource says that others stand.
  const ObjectIds& object_ids() const { return words_.empty() ? ids_of_any_path : object_ids_of(words_); }

 private:
  void add(std::string_view segment) {
    if (segment.empty()) fault_ = "the id in the path " + text_ + "/ is empty";
    // Even encoded, these two are steps to some servers.
    if (segment == "." || segment == "..") fault_ = "an id in a path cannot be " + std::string(segment);
    text_ += '/' + encoded(segment);
  }

  /// A colon, which ids of models have, stands in a path as it is.
  static std::string encoded(std::string_view segment) {
    constexpr std::string_view colon = "%3A";
    std::string text = percent_encode(segment);
    for (std::size_t at = 0; (at = text.find(colon, at)) != std::string::npos; ++at) {
      text.replace(at, colon.size(), ":");
    }
    return text;
  }

  std::string text_{};
  std::string words_{};  // with a star for each id; empty: the path is the user's
  std::string fault_{};
  std::vector<std::string> ids_{};
};

}  // namespace openailb::detail
