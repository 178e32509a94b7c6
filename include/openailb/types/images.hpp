#pragma once

#include <openailb/values/braces.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// An image to make from a text.
struct ImageGenerateParams {
  OnlyByName only_by_name{};
  Text model{};                                      ///< empty: the server's choice
  Text prompt{};                                     ///< what is to be seen
  std::optional<Text> background{};                  ///< "transparent", "opaque" or "auto"
  std::optional<Text> moderation{};                  ///< "low" or "auto"
  std::optional<std::int64_t> n{};                   ///< how many images
  std::optional<std::int64_t> output_compression{};  ///< 0 to 100 percent
  std::optional<Text> output_format{};               ///< "png", "jpeg" or "webp"
  std::optional<std::int64_t> partial_images{};      ///< of a stream: how many before the whole one, 0 to 3
  std::optional<Text> quality{};                     ///< "low", "medium", "high", "hd", "standard" or "auto"
  std::optional<Text> response_format{};             ///< "url" or "b64_json"; not for the GPT image models
  std::optional<Text> size{};                        ///< "1024x1024", ..., "auto"
  std::optional<Text> style{};                       ///< "vivid" or "natural", of dall-e-3
  std::optional<Text> user{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("model", self.model);
    field.required("prompt", self.prompt);
    field("background", self.background);
    field("moderation", self.moderation);
    field("n", self.n);
    field("output_compression", self.output_compression);
    field("output_format", self.output_format);
    field("partial_images", self.partial_images);
    field("quality", self.quality);
    field("response_format", self.response_format);
    field("size", self.size);
    field("style", self.style);
    field("user", self.user);
  }
};

/// Images to change as a text says.
struct ImageEditParams {
  OnlyByName only_by_name{};
  Text model{};                                      ///< empty: the server's choice
  std::vector<FileInput> image{};                    ///< `{openailb::file("room.png")}`, or several
  Text prompt{};                                     ///< what is to be seen
  std::optional<Text> background{};                  ///< "transparent", "opaque" or "auto"
  std::optional<Text> input_fidelity{};              ///< "high" or "low"
  FileInput mask{};                                  ///< a PNG that is transparent where the image may change
  std::optional<std::int64_t> n{};                   ///< how many images
  std::optional<std::int64_t> output_compression{};  ///< 0 to 100 percent
  std::optional<Text> output_format{};               ///< "png", "jpeg" or "webp"
  std::optional<std::int64_t> partial_images{};      ///< of a stream: how many before the whole one, 0 to 3
  std::optional<Text> quality{};                     ///< "low", "medium", "high", "standard" or "auto"
  std::optional<Text> response_format{};             ///< "url" or "b64_json", of dall-e-2
  std::optional<Text> size{};                        ///< "1024x1024", ..., "auto"
  std::optional<Text> user{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("model", self.model);
    field.required("image", self.image);
    field.required("prompt", self.prompt);
    field("background", self.background);
    field("input_fidelity", self.input_fidelity);
    field("mask", self.mask);
    field("n", self.n);
    field("output_compression", self.output_compression);
    field("output_format", self.output_format);
    field("partial_images", self.partial_images);
    field("quality", self.quality);
    field("response_format", self.response_format);
    field("size", self.size);
    field("user", self.user);
  }
};

/// An image to vary.
struct ImageCreateVariationParams {
  OnlyByName only_by_name{};
  Text model{};                           ///< empty: the server's choice
  FileInput image{};                      ///< a square PNG
  std::optional<std::int64_t> n{};        ///< how many images
  std::optional<Text> response_format{};  ///< "url" or "b64_json"
  std::optional<Text> size{};             ///< "256x256", "512x512" or "1024x1024"
  std::optional<Text> user{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("model", self.model);
    field.required("image", self.image);
    field("n", self.n);
    field("response_format", self.response_format);
    field("size", self.size);
    field("user", self.user);
  }
};

/// An image: either its URL, or the image itself.
struct Image {
  std::string b64_json{};        ///< the bytes of the image in base64
  std::string revised_prompt{};  ///< the prompt that dall-e-3 made of yours
  std::string url{};             ///< where it can be fetched for an hour
  nlohmann::json extra{};        ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("b64_json", self.b64_json);
    field("revised_prompt", self.revised_prompt);
    field("url", self.url);
    field.rest(self.extra);
  }
};

/// What an image cost.
struct ImagesUsage {
  std::int64_t input_tokens{};
  nlohmann::json input_tokens_details{};
  std::int64_t output_tokens{};
  nlohmann::json output_tokens_details{};
  std::int64_t total_tokens{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("input_tokens", self.input_tokens);
    field("input_tokens_details", self.input_tokens_details);
    field("output_tokens", self.output_tokens);
    field("output_tokens_details", self.output_tokens_details);
    field("total_tokens", self.total_tokens);
    field.rest(self.extra);
  }
};

/// The images that were asked for.
struct ImagesResponse {
  std::int64_t created{};  ///< Unix seconds
  std::vector<Image> data{};
  std::string background{};  ///< as they were made, like the three that follow
  std::string output_format{};
  std::string quality{};
  std::string size{};
  std::optional<ImagesUsage> usage{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("created", self.created);
    field("data", self.data);
    field("background", self.background);
    field("output_format", self.output_format);
    field("quality", self.quality);
    field("size", self.size);
    field("usage", self.usage);
    field.rest(self.extra);
  }
};

}  // namespace openailb
