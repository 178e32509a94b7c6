#pragma once

#include <openailb/detail/net/curl_failure.hpp>
#include <openailb/detail/net/curl_handle.hpp>
#include <openailb/http.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

/// \file
/// Multipart bodies, as libcurl builds them.

namespace openailb::detail {

/// The bytes of one part, as libcurl asks for them. A file is read while it is sent, so a large one never
/// stands in memory. It gives exactly as many bytes as it had at first: an answer is not to be waited for
/// when the server still waits for bytes.
class PartReader {
 public:
  PartReader(CurlHandle& handle, const BodyPart& part) : handle_(&handle), part_(&part) {
    if (part.file.empty()) {
      size_ = part.content.size();
      return;
    }
    std::error_code error;
    if (!std::filesystem::is_regular_file(part.file, error)) return;  // others may block, or never end
    size_ = std::filesystem::file_size(part.file, error);
    if (!error) file_.open(part.file, std::ios::binary);
  }

  bool is_readable() const { return part_->file.empty() || file_.is_open(); }
  std::uintmax_t size() const noexcept { return size_; }

  static std::size_t read(char* into, std::size_t, std::size_t room, void* self) noexcept {
    return static_cast<PartReader*>(self)->give(into, room);
  }
  /// libcurl goes back to the beginning, if anywhere.
  static int seek(void* self, curl_off_t offset, int origin) noexcept {
    auto& reader = *static_cast<PartReader*>(self);
    if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
    reader.given_ = 0;
    reader.file_.clear();
    reader.file_.seekg(0);
    return CURL_SEEKFUNC_OK;
  }

 private:
  std::size_t give(char* into, std::size_t room) noexcept {
    const auto count = static_cast<std::size_t>((std::min)(std::uintmax_t{room}, size_ - given_));
    if (part_->file.empty()) {
      std::copy_n(part_->content.data() + given_, count, into);
    } else if (!file_.read(into, static_cast<std::streamsize>(count))) {
      handle_->unreadable_file = &part_->file;
      return CURL_READFUNC_ABORT;
    }
    given_ += count;
    return count;
  }

  CurlHandle* handle_;
  const BodyPart* part_;
  std::ifstream file_{};
  std::uintmax_t size_{};
  std::uintmax_t given_{};
};

inline CURLcode add_part(curl_mime* parts, const BodyPart& part, PartReader& reader) {
  curl_mimepart* added = curl_mime_addpart(parts);
  if (added == nullptr) return CURLE_OUT_OF_MEMORY;
  CURLcode code = curl_mime_name(added, part.name.c_str());
  if (code != CURLE_OK) return code;
  code = curl_mime_data_cb(added, static_cast<curl_off_t>(reader.size()), &PartReader::read,
                           &PartReader::seek, nullptr, &reader);
  const std::string filename =
      part.filename.empty() ? std::filesystem::path(part.file).filename().string() : part.filename;
  if (code == CURLE_OK && !filename.empty()) code = curl_mime_filename(added, filename.c_str());
  if (code == CURLE_OK && !part.content_type.empty()) code = curl_mime_type(added, part.content_type.c_str());
  return code;
}

/// Builds the parts of a request. Gives what is wrong with one.
inline std::optional<TransferFailure> make_parts(CurlHandle& handle) {
  handle.parts.reset(curl_mime_init(handle.easy.get()));
  if (!handle.parts) throw std::bad_alloc();
  for (const BodyPart& part : handle.request.parts) {
    auto reader = std::make_shared<PartReader>(handle, part);
    if (!reader->is_readable()) return unreadable(part.file);
    const CURLcode code = add_part(handle.parts.get(), part, *reader);
    if (code != CURLE_OK) throw std::bad_alloc();  // there is no other reason
    handle.part_readers.push_back(std::move(reader));
  }
  return std::nullopt;
}

}  // namespace openailb::detail
