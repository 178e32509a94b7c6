#pragma once

#include <openailb/values/braces.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace openailb {

/// A file to upload, from disk or from memory: file() and file_from_bytes() make one.
///
/// A file on disk is read while it is sent, and for each attempt anew. So it may be larger than memory, and
/// it must stay as it is until the call is over. If it is missing, empty or no regular file, the call fails
/// with bad_request and nothing is sent; if its size has changed before a retry, the retry is not sent.
struct FileInput {
  OnlyByName only_by_name{};
  std::string path{};          ///< of a file on disk; empty: `content` is sent
  std::string content{};       ///< the bytes of a file in memory
  std::string filename{};      ///< the name that is sent; empty: the last part of `path`
  std::string content_type{};  ///< empty: by the extension of the name
  /// Of a file on disk: where what is sent begins, and how much that is at most. Unset: up to the end.
  std::int64_t offset{};
  std::optional<std::int64_t> size{};

  /// Whether no file was given at all.
  bool empty() const { return path.empty() && content.empty() && filename.empty(); }
};

/// The file on disk at this path.
inline FileInput file(Text path) { return {.path = std::move(path)}; }

/// A slice of the file on disk, from `offset` on: `size` bytes, or as many as there are. For the parts of
/// `client.uploads`. If there are none, the call fails with bad_request and nothing is sent.
inline FileInput file_slice(Text path, std::int64_t offset, std::int64_t size) {
  return {.path = std::move(path), .offset = offset, .size = size};
}

/// A file in memory. Servers tell its format by the extension of `filename`, or by `content_type`.
inline FileInput file_from_bytes(Text filename, Text bytes, Text content_type = "") {
  return {
      .content = std::move(bytes), .filename = std::move(filename), .content_type = std::move(content_type)};
}

}  // namespace openailb
