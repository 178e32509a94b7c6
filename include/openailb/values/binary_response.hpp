#pragma once

#include <openailb/values/response_info.hpp>

#include <cstdint>
#include <string>

namespace openailb {

/// An answer that is no JSON, such as audio or the content of a file.
struct BinaryResponse {
  std::string content{};  ///< its bytes, as they came
  ResponseInfo info{};    ///< which endpoint served it; `info.body` is empty
};

/// What is said of an answer whose bytes went into a ByteSink.
struct Downloaded {
  std::uint64_t size{};  ///< how many bytes there were
  ResponseInfo info{};   ///< which endpoint served it; `info.body` is empty
};

}  // namespace openailb
