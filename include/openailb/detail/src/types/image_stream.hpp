#pragma once

#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/src/types/image_event.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/image_event.hpp>

#include <string_view>

namespace openailb::detail {

/// How the events of an image are put together, which of them is the commit point, and which the end.
template <>
struct StreamTraits<ImageStreamEvent> : StreamRules {
  using Accumulator = ImageAccumulator;

  static constexpr bool ends_with_done = false;
  static constexpr std::string_view end = "image_generation.completed or image_edit.completed";

  static bool is_last(const ImageStreamEvent& event) { return event.is_completed(); }

  /// The first image is the commit point, partial or whole.
  static bool commits(JsonNode& event) { return tells(&event, "b64_json"); }

  /// None: hardly any event repeats the one before it.
  template <class Take>
  static void each_changing_text(JsonNode&, ImageStreamEvent&, Take) {}
};

}  // namespace openailb::detail
