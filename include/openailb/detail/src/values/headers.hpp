#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/values/headers.hpp>

#include <algorithm>
#include <string_view>

namespace openailb {

namespace detail {

OPENAILB_INLINE bool is_same_header(std::string_view one, std::string_view other) noexcept {
  const auto is_same = [](char a, char b) { return lower_case(a) == lower_case(b); };
  return one == other || std::ranges::equal(one, other, is_same);  // most have the same case
}

}  // namespace detail

OPENAILB_INLINE bool HeaderNameLess::operator()(std::string_view left,
                                                std::string_view right) const noexcept {
  const auto less = [](char a, char b) { return detail::lower_case(a) < detail::lower_case(b); };
  return std::ranges::lexicographical_compare(left, right, less);
}

OPENAILB_INLINE std::string_view header(const Headers& headers, std::string_view name) {
  auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace openailb
