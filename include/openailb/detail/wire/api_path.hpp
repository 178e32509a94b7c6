#pragma once

#include <openailb/detail/wire/url.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace openailb::detail {

/// A path below the base URL, such as "/models". It may have ids in it, of any characters:
///
///     ApiPath("/files/{}/content", {id})
struct ApiPath {
  ApiPath(std::string path = {}) : text(std::move(path)) {}
  ApiPath(const char* path) : text(path) {}
  /// Each `{}` stands for the next id.
  ApiPath(std::string pattern, const std::vector<std::string>& ids) : text(std::move(pattern)) {
    std::size_t at = 0;
    for (const std::string& id : ids) {
      if (id.empty()) fault = "an id is empty";
      if (id == "." || id == "..") fault = "an id is \"" + id + "\", which in a path is a step";
      const std::string encoded = percent_encode(id);
      at = text.find("{}", at);
      text.replace(at, 2, encoded);
      at += encoded.size();
    }
  }

  std::string text;
  std::string fault{};  ///< what is wrong with an id; empty when nothing is
};

}  // namespace openailb::detail
