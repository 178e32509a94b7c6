#pragma once

#include <openailb/detail/src/inline.hpp>
#include <openailb/detail/src/types/accumulate.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/types/image_event.hpp>

namespace openailb {

OPENAILB_INLINE Result<void> ImageAccumulator::add(const ImageStreamEvent& event) {
  if (event.is_completed() && event.b64_json.empty()) {
    return Error{.kind = ErrorKind::parse, .message = "the stream completed an image without its bytes"};
  }
  if (event.created_at != 0) images_.created = event.created_at;
  if (!event.b64_json.empty()) {
    images_.data.resize(whole_ + 1);
    images_.data.back() = {.b64_json = event.b64_json};
    if (event.is_completed()) ++whole_;
  }
  detail::replace(images_.background, event.background);
  detail::replace(images_.output_format, event.output_format);
  detail::replace(images_.quality, event.quality);
  detail::replace(images_.size, event.size);
  if (event.usage) images_.usage = event.usage;
  detail::take_members(images_.extra, event.extra);
  return {};
}

}  // namespace openailb
