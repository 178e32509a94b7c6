#pragma once

#include <cstddef>

/// \file
/// Two texts in quotes in braces of their own, `{"a", "b"}`, are also a std::string: that of the characters
/// between two pointers, which is whatever the program has in its memory. Here is what keeps braces in a
/// request from meaning that.

namespace openailb {

/// The first field of each struct that a request is made of, and of some settings, which nobody initialises. With it, `{.model =
/// "m"}` compiles and `{{"model", "m"}}` does not. It is no class, since an nlohmann::json converts to any.
using OnlyByName = std::nullptr_t;

}  // namespace openailb
