#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/types/response_item.hpp>

#include <string>

namespace openailb {

OPENAILB_INLINE std::string ResponseItem::text() const {
  std::string said;
  if (type != "message") return said;
  for (const ResponseContent& part : content) {
    if (part.type == "output_text") said += part.text;
  }
  return said;
}

}  // namespace openailb
