#pragma once

#include <openailb/detail/call/stream_traits.hpp>
#include <openailb/detail/src/types/image_event.hpp>
#include <openailb/detail/wire/call.hpp>
#include <openailb/detail/wire/json_scanner.hpp>
#include <openailb/types/image_event.hpp>
#include <openailb/values/http.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace openailb::detail {

/// How many images a call asks for, in its body or form.
inline std::size_t images_asked_for(const Call& call) {
  std::string_view n;
  if (const std::string* json = call.body.find("n")) n = *json;
  if (const BodyPart* part = find_part(call.parts, "n")) n = part->content;
  std::size_t count = 1;
  std::from_chars(n.data(), n.data() + n.size(), count);
  return count;
}

/// How the events of images are put together, which of them is the commit point, and which the end.
template <>
struct StreamTraits<ImageStreamEvent> : StreamRules {
  using Accumulator = ImageAccumulator;

  static constexpr bool ends_with_done = false;
  static constexpr std::string_view end = "image_generation.completed or image_edit.completed";

  static bool is_last(const ImageStreamEvent& event, const ImageAccumulator& images, const Call& call) {
    return event.is_completed() && images.completion().data.size() >= images_asked_for(call);
  }

  /// The first image is the commit point, partial or whole.
  static bool commits(JsonNode& event) { return tells(&event, "b64_json"); }

  /// None: hardly any event repeats the one before it.
  static void each_changing_text(JsonNode&, ImageStreamEvent&, const NoteText&) {}
};

}  // namespace openailb::detail
