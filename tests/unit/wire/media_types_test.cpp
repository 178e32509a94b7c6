// The media types of files, by the extensions of their names.

#include <openailb/detail/wire/media_types.hpp>

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

namespace openailb::media_types_test {
namespace {

using detail::media_type_of;

TEST(MediaTypes, AreKnownByTheExtension) {
  for (const auto& [name, type] :
       std::vector<std::pair<std::string_view, std::string_view>>{{"talk.mp3", "audio/mpeg"},
                                                                  {"talk.WAV", "audio/wav"},
                                                                  {"a.b.m4a", "audio/mp4"},
                                                                  {"clip.webm", "audio/webm"},
                                                                  {"x.flac", "audio/flac"},
                                                                  {"x.ogg", "audio/ogg"},
                                                                  {"batch.jsonl", "application/jsonl"},
                                                                  {"x.json", "application/json"},
                                                                  {"x.csv", "text/csv"},
                                                                  {"README.md", "text/markdown"},
                                                                  {"x.pdf", "application/pdf"},
                                                                  {"x.png", "image/png"},
                                                                  {"x.JPEG", "image/jpeg"},
                                                                  {"x.webp", "image/webp"}}) {
    EXPECT_EQ(media_type_of(name), type) << name;
  }
}

TEST(MediaTypes, AreBytesWhereTheExtensionSaysNothing) {
  for (const std::string_view name : {"", "mp3", "noextension", "x.unknown", "dot.", ".", "x.mp3 "}) {
    EXPECT_EQ(media_type_of(name), "application/octet-stream") << name;
  }
}

}  // namespace
}  // namespace openailb::media_types_test
