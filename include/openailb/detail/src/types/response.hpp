#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/types/response.hpp>

#include <string>

namespace openailb {

OPENAILB_INLINE std::string Response::output_text() const {
  std::string said;
  for (const ResponseItem& item : output) said += item.text();
  return said;
}

}  // namespace openailb
