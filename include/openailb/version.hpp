#pragma once

#include <string_view>

namespace openailb {

/// The version of this library. It is written only here: CMake reads it from this line.
inline constexpr std::string_view version = "0.1.0";

}  // namespace openailb
