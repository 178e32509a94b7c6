#pragma once

#include <exception>
#include <functional>
#include <iostream>
#include <string_view>

namespace openailb::detail {

/// Shows an exception out of a function of the user's that nobody else can see: to the user's handler, or on
/// the standard error. `who` threw it.
inline void show_unhandled(const std::function<void(std::exception_ptr)>& handler,
                           const std::exception_ptr& exception, std::string_view who) noexcept {
  try {
    if (handler) return handler(exception);
    std::rethrow_exception(exception);
  } catch (const std::exception& unhandled) {
    std::cerr << "openailb: " << who << " threw: " << unhandled.what() << '\n';
  } catch (...) {
    std::cerr << "openailb: " << who << " threw something that is no std::exception\n";
  }
}

}  // namespace openailb::detail
