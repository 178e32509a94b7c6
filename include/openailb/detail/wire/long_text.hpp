#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace openailb::detail {

/// Appends to a text that may become very long, `most` bytes at the utmost. A string that grows moves all
/// that it has, which takes 10 ms and more for 20 MiB. So one that has become long gets more room at once,
/// which is no memory yet for as long as nothing stands in it.
inline void append_to_long(std::string& text, std::string_view more,
                           std::size_t most = (std::numeric_limits<std::size_t>::max)()) {
  constexpr std::size_t is_long = std::size_t{1} << 20;
  constexpr std::size_t factor = 4;
  if (text.size() + more.size() > text.capacity() && text.size() >= is_long) {
    text.reserve((std::max)(text.size() + more.size(), (std::min)(most, factor * text.size())));
  }
  text += more;
}

}  // namespace openailb::detail
