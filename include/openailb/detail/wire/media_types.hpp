#pragma once

#include <openailb/detail/wire/text.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::detail {

/// The media type of a file by the extension of its name, as the official SDKs send it: services tell the
/// format of audio and images by it. What is not known is application/octet-stream.
inline std::string_view media_type_of(std::string_view filename) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 46> types{{
      {"mp3", "audio/mpeg"},
      {"mpga", "audio/mpeg"},
      {"mpeg", "audio/mpeg"},
      {"wav", "audio/wav"},
      {"m4a", "audio/mp4"},
      {"mp4", "video/mp4"},
      {"webm", "audio/webm"},
      {"ogg", "audio/ogg"},
      {"oga", "audio/ogg"},
      {"opus", "audio/ogg"},
      {"flac", "audio/flac"},
      {"aac", "audio/aac"},
      {"png", "image/png"},
      {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},
      {"gif", "image/gif"},
      {"webp", "image/webp"},
      {"bmp", "image/bmp"},
      {"tiff", "image/tiff"},
      {"svg", "image/svg+xml"},
      {"heic", "image/heic"},
      {"jsonl", "application/jsonl"},
      {"json", "application/json"},
      {"csv", "text/csv"},
      {"tsv", "text/tab-separated-values"},
      {"txt", "text/plain"},
      {"md", "text/markdown"},
      {"html", "text/html"},
      {"htm", "text/html"},
      {"css", "text/css"},
      {"xml", "application/xml"},
      {"yaml", "application/yaml"},
      {"yml", "application/yaml"},
      {"pdf", "application/pdf"},
      {"rtf", "application/rtf"},
      {"zip", "application/zip"},
      {"gz", "application/gzip"},
      {"tar", "application/x-tar"},
      {"doc", "application/msword"},
      {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {"ppt", "application/vnd.ms-powerpoint"},
      {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
      {"xls", "application/vnd.ms-excel"},
      {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
      {"js", "text/javascript"},
      {"py", "text/x-python"},
  }};
  const std::string extension = lower(filename.substr(filename.rfind('.') + 1));
  if (filename.find('.') != std::string_view::npos) {
    for (const auto& [name, type] : types) {
      if (name == extension) return type;
    }
  }
  return "application/octet-stream";
}

}  // namespace openailb::detail
