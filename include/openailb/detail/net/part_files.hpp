#pragma once

#include <openailb/detail/wire/call.hpp>
#include <openailb/error.hpp>
#include <openailb/result.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/http.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// \file
/// The files on disk that are parts of bodies.

namespace openailb::detail {

inline Error bad_file(const std::string& path, const std::string& what) {
  return {.kind = ErrorKind::bad_request, .message = "not sent: the file " + path + ' ' + what};
}

/// Opens a file that is to be sent, and gives its size in bytes, which is not zero.
inline Result<std::uintmax_t> open_file(const std::string& path, std::ifstream& stream) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return bad_file(path, "does not exist");
  if (std::filesystem::is_directory(status)) return bad_file(path, "is a directory");
  // Others may block, or never end.
  if (!std::filesystem::is_regular_file(status)) return bad_file(path, "is no regular file");
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  stream.open(path, std::ios::binary);
  if (error || !stream) return bad_file(path, "cannot be read");
  if (size == 0) return bad_file(path, "is empty");
  return size;
}

/// How many bytes are sent of a file of this size on disk, which are not none.
inline Result<std::uintmax_t> size_to_send(const FileInput& file, std::uintmax_t size_on_disk) {
  if (file.offset < 0 || file.size.value_or(1) <= 0) {
    return bad_file(file.path, "has no slice with this offset and size: " + std::to_string(file.offset) +
                                   ", " + std::to_string(file.size.value_or(0)));
  }
  const auto offset = static_cast<std::uintmax_t>(file.offset);
  if (offset >= size_on_disk) {
    return bad_file(file.path, "has " + std::to_string(size_on_disk) + " bytes, so none from " +
                                   std::to_string(offset) + " on");
  }
  const std::uintmax_t rest = size_on_disk - offset;
  return file.size ? (std::min)(rest, static_cast<std::uintmax_t>(*file.size)) : rest;
}

/// Goes to the first byte of a file that is sent.
inline void rewind(const FileInput& file, std::ifstream& stream) {
  stream.clear();
  stream.seekg(static_cast<std::streamoff>(file.offset));
}

/// Opens the file of a part for an attempt, and goes to its first byte that is sent. Gives how many are. Its
/// size is as it was when the call began.
inline Result<std::uintmax_t> open_file(const BodyPart& part, std::ifstream& stream) {
  Result<std::uintmax_t> size = open_file(part.file.path, stream);
  if (!size) return size;
  if (*size == part.size_on_disk.value_or(*size)) {
    rewind(part.file, stream);
    return size_to_send(part.file, *size);
  }
  return bad_file(part.file.path, "has changed since the call began, from " +
                                      std::to_string(*part.size_on_disk) + " to " + std::to_string(*size) +
                                      " bytes");
}

/// Notes how large the files of a call are when it begins. Gives what is wrong with one.
inline std::optional<Error> measure_files(std::vector<BodyPart>& parts) {
  for (BodyPart& part : parts) {
    if (part.file.path.empty()) continue;
    std::ifstream stream;
    const Result<std::uintmax_t> size = open_file(part.file.path, stream);
    if (!size) return size.error();
    if (Result<std::uintmax_t> sent = size_to_send(part.file, *size); !sent) return std::move(sent).error();
    part.size_on_disk = *size;
  }
  return std::nullopt;
}

/// The call, if it could be made, with the sizes of its files.
inline Result<NewCall> measured(Result<NewCall> call) {
  std::optional<Error> bad = call ? measure_files((*call)->parts) : std::nullopt;
  if (bad) call = *std::move(bad);
  return call;
}

}  // namespace openailb::detail
