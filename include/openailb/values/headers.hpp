#pragma once

#include <concepts>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace openailb {

namespace detail {

/// An ASCII letter in lower case; any other character as it is.
constexpr char lower_case(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether two names of headers are the same: HTTP compares them without regard to ASCII case.
bool is_same_header(std::string_view one, std::string_view other) noexcept;

}  // namespace detail

/// Orders header names without regard to ASCII case.
struct HeaderNameLess {
  using is_transparent = void;

  bool operator()(std::string_view left, std::string_view right) const noexcept;
};

/// Headers by name: those that you set for a request, and those of a simulated answer. In a request, an empty
/// value removes a header that a wider setting had added (the call overrides the endpoint, which overrides
/// the client). What a server answered is in ResponseHeaders.
class Headers : public std::map<std::string, std::string, HeaderNameLess> {
 public:
  using std::map<std::string, std::string, HeaderNameLess>::map;
  Headers() = default;
  template <std::same_as<const char*> Quoted>
  Headers(std::initializer_list<std::initializer_list<std::initializer_list<Quoted>>>) = delete;
};

/// The value of a header, empty when it is not there.
std::string_view header(const Headers& headers, std::string_view name);

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/values/headers.hpp>
#endif
