#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace openailb {

namespace detail {

class JsonPrinter;

}  // namespace detail

/// What a model is to read: a text, several texts, or tokens: `"one text"`, `{"one", "another"}`, `{15, 7}`.
class TextInput {
 public:
  TextInput() = default;
  TextInput(std::nullptr_t) = delete;
  TextInput(const char* text) : kind_(Kind::text), texts_{text} {}
  TextInput(const std::string& text) : kind_(Kind::text), texts_{text} {}
  TextInput(const std::vector<std::string>& texts) : kind_(Kind::texts), texts_(texts) {}
  TextInput(std::initializer_list<std::string> texts) : TextInput(std::vector(texts)) {}
  template <std::same_as<const char*> Quoted>
  TextInput(std::initializer_list<std::initializer_list<Quoted>>) = delete;
  TextInput(const std::vector<std::int64_t>& tokens) : kind_(Kind::tokens), tokens_{tokens} {}
  TextInput(std::initializer_list<std::int64_t> tokens) : TextInput(std::vector(tokens)) {}
  /// Several texts, each as its tokens.
  TextInput(const std::vector<std::vector<std::int64_t>>& texts)
      : kind_(Kind::texts_as_tokens), tokens_(texts) {}

  /// Whether nothing was given.
  bool empty() const { return kind_ == Kind::nothing; }

  void write_json(detail::JsonPrinter& json) const;

 private:
  enum class Kind { nothing, text, texts, tokens, texts_as_tokens };

  Kind kind_{};
  std::vector<std::string> texts_{};
  std::vector<std::vector<std::int64_t>> tokens_{};
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/text_input.hpp>
#endif
