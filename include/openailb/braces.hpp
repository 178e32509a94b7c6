#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>

/// \file
/// Two texts in quotes in braces of their own, `{"a", "b"}`, are also a std::string: that of the characters
/// between two pointers, which is whatever the program has in its memory. Here is what keeps braces in a
/// request from meaning that.

namespace openailb {

/// The first field of each struct that a request is made of, which nobody initialises. With it, `{.model =
/// "m"}` compiles and `{{"model", "m"}}` does not. It is no class, since an nlohmann::json converts to any.
using OnlyByName = std::nullptr_t;

namespace detail {

/// Lists of texts in quotes, as a class that takes texts deletes them: `{{"a", "b"}, {"c", "d"}}`.
template <std::same_as<const char*> Quoted>
using ListsOfQuoted = std::initializer_list<std::initializer_list<Quoted>>;

}  // namespace detail

}  // namespace openailb
