#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace openailb {

/// Orders header names as HTTP compares them: without regard to ASCII case.
struct HeaderNameLess {
  using is_transparent = void;

  bool operator()(std::string_view left, std::string_view right) const noexcept {
    return std::ranges::lexicographical_compare(left, right, {}, lower, lower);
  }

 private:
  static constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
};

/// HTTP headers by name. In a request, an empty value removes a header that a wider setting had added (the
/// call overrides the endpoint, which overrides the client). In an answer, the values of a header that came
/// several times are joined by ", ".
using Headers = std::map<std::string, std::string, HeaderNameLess>;

/// The value of a header, empty when it is not there.
inline std::string_view header(const Headers& headers, std::string_view name) {
  auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace openailb
