#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace openailb::detail {

/// The content of a file that a configuration names; `fault` says what is wrong with it. A pipe or a device
/// is never opened: that may wait for ever, or have no end.
inline std::string content_of_file(const std::string& path, std::string& fault) {
  constexpr std::uintmax_t most = std::uintmax_t{16} << 20;
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    fault = "is a directory";
  } else if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    fault = "is no regular file";
  }
  if (!fault.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  std::string content;
  for (std::string piece(std::size_t{1} << 16, '\0'); file && content.size() <= most;) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    content.append(piece, 0, static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) fault = "cannot be read";
  if (content.size() > most) fault = "is larger than 16 MiB";
  return fault.empty() ? content : std::string();
}

}  // namespace openailb::detail
