#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Two texts in quotes in braces of their own, `{"a", "b"}`, are also a std::string: that of the characters
/// between two pointers, which is whatever the program has in its memory. Here is what keeps braces in a
/// request from meaning that.

namespace openailb {

/// The first field of each struct that a request is made of, and of some settings, which nobody initialises.
/// With it, `{.model = "m"}` compiles and `{{"model", "m"}}` does not. It is no class, since an
/// nlohmann::json converts to any.
using OnlyByName = std::nullptr_t;

/// A std::string, which `{"a", "b"}` does not make.
class Text : public std::string {
 public:
  Text() = default;
  Text(std::nullptr_t) = delete;
  Text(const char* text) : std::string(text) {}
  Text(std::string_view text) : std::string(text) {}
  Text(std::string text) : std::string(std::move(text)) {}
};

/// A std::string_view, which `{"a", "b"}` does not make: whatever converts to one converts to this.
class TextView : public std::string_view {
 public:
  template <std::convertible_to<std::string_view> Source>
  TextView(const Source& text) : std::string_view(text) {}
};

/// A std::vector of texts, which `{{"a", "b"}}` with its second braces does not make.
class TextList : public std::vector<std::string> {
 public:
  using std::vector<std::string>::vector;
  TextList() = default;
  TextList(std::vector<std::string> texts) : std::vector<std::string>(std::move(texts)) {}
  template <std::same_as<const char*> Quoted>
  TextList(std::initializer_list<std::initializer_list<Quoted>>) = delete;
};

/// A std::map of texts, `{{"a", "b"}, {"c", "d"}}`, which the same in one more pair of braces does not make.
class TextMap : public std::map<std::string, std::string> {
 public:
  using std::map<std::string, std::string>::map;
  TextMap() = default;
  TextMap(std::map<std::string, std::string> texts) : std::map<std::string, std::string>(std::move(texts)) {}
  template <std::same_as<const char*> Quoted>
  TextMap(std::initializer_list<std::initializer_list<std::initializer_list<Quoted>>>) = delete;
};

}  // namespace openailb
