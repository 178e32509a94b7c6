#pragma once

#include <openailb/result.hpp>
#include <openailb/types/images.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace openailb {

/// One event of images that are streamed while they are made. An event "error" is not among them: it ends the
/// stream with an error.
struct ImageStreamEvent {
  using Completion = ImagesResponse;  ///< what the events of a stream add up to

  std::string type{};         ///< "image_generation.partial_image", "image_edit.completed", ...
  std::string b64_json{};     ///< the bytes of the image in base64, as far as it is made
  std::string background{};   ///< as it is made, like `output_format`, `quality` and `size`
  std::int64_t created_at{};  ///< Unix seconds
  std::string output_format{};
  std::int64_t partial_image_index{};  ///< counts the partial images from 0
  std::string quality{};
  std::string size{};
  std::optional<ImagesUsage> usage{};  ///< of the whole image
  nlohmann::json extra{};              ///< members that have no name here

  /// Whether this is the whole image.
  bool is_completed() const { return type.ends_with(".completed"); }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("b64_json", self.b64_json);
    field("background", self.background);
    field("created_at", self.created_at);
    field("output_format", self.output_format);
    field("partial_image_index", self.partial_image_index);
    field("quality", self.quality);
    field("size", self.size);
    field("usage", self.usage);
    field.rest(self.extra);
  }
};

/// Puts the events of a stream together into the answer that would have come without streaming. Until a whole
/// image has come, its place is taken by the last partial one.
class ImageAccumulator {
 public:
  /// Adds an event. A whole image without its bytes is an error of kind parse, and nothing is added.
  Result<void> add(const ImageStreamEvent& event);

  /// What has accumulated so far.
  const ImagesResponse& completion() const& { return images_; }
  ImagesResponse completion() && { return std::move(images_); }

  /// Whether a whole image has come.
  bool finished() const { return whole_ > 0; }

 private:
  ImagesResponse images_;
  std::size_t whole_{};  // how many of the images are
};

}  // namespace openailb

#ifndef OPENAILB_COMPILED
#include <openailb/detail/src/types/image_event.hpp>
#endif
