#pragma once

#include <openailb/detail/net/curl_failure.hpp>
#include <openailb/detail/net/curl_handle.hpp>
#include <openailb/detail/net/part_files.hpp>
#include <openailb/detail/wire/media_types.hpp>
#include <openailb/result.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/http.hpp>

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
#include <utility>

/// \file
/// Multipart bodies, as libcurl builds them.

namespace openailb::detail {

/// The bytes of one part, as libcurl asks for them. A file is read while it is sent, so a large one never
/// stands in memory. It gives exactly as many bytes as it had at first: an answer is not to be waited for
/// when the server still waits for bytes.
class PartReader {
 public:
  PartReader(CurlHandle& handle, const BodyPart& part)
      : handle_(&handle),
        part_(&part),
        content_(part.file.empty() ? &part.content : &part.file.content),
        size_(content_->size()) {}

  /// Opens the part's file, if it is one on disk. Gives what is wrong with it.
  std::optional<TransferFailure> open() {
    if (!is_on_disk()) return std::nullopt;
    Result<std::uintmax_t> size = open_file(*part_, file_);
    if (!size) {
      return TransferFailure{
          .kind = size.error().kind, .message = std::move(size).error().message, .is_client_error = true};
    }
    size_ = *size;
    return std::nullopt;
  }
  std::uintmax_t size() const noexcept { return size_; }

  static std::size_t read(char* into, std::size_t, std::size_t room, void* self) noexcept {
    return static_cast<PartReader*>(self)->give(into, room);
  }
  /// libcurl goes back to the beginning, if anywhere.
  static int seek(void* self, curl_off_t offset, int origin) noexcept {
    auto& reader = *static_cast<PartReader*>(self);
    if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
    reader.given_ = 0;
    rewind(reader.part_->file, reader.file_);
    return CURL_SEEKFUNC_OK;
  }

 private:
  bool is_on_disk() const noexcept { return !part_->file.path.empty(); }

  std::size_t give(char* into, std::size_t room) noexcept {
    const auto count = static_cast<std::size_t>((std::min)(std::uintmax_t{room}, size_ - given_));
    if (!is_on_disk()) {
      std::copy_n(content_->data() + given_, count, into);
    } else if (!file_.read(into, static_cast<std::streamsize>(count))) {
      handle_->unreadable_file = &part_->file.path;
      return CURL_READFUNC_ABORT;
    }
    given_ += count;
    return count;
  }

  CurlHandle* handle_;
  const BodyPart* part_;
  const std::string* content_;
  std::ifstream file_{};
  std::uintmax_t size_;
  std::uintmax_t given_{};
};

/// The name under which a file is sent; empty for a field.
inline std::string filename_of(const FileInput& file) {
  return file.filename.empty() ? std::filesystem::path(file.path).filename().string() : file.filename;
}

/// The type of a part; empty for a field.
inline std::string content_type_of(const FileInput& file, std::string_view filename) {
  if (file.empty()) return {};
  return file.content_type.empty() ? std::string(media_type_of(filename)) : file.content_type;
}

inline CURLcode add_part(curl_mime* parts, const BodyPart& part, PartReader& reader) {
  curl_mimepart* added = curl_mime_addpart(parts);
  if (added == nullptr) return CURLE_OUT_OF_MEMORY;
  CURLcode code = curl_mime_name(added, part.name.c_str());
  if (code != CURLE_OK) return code;
  code = curl_mime_data_cb(added, static_cast<curl_off_t>(reader.size()), &PartReader::read,
                           &PartReader::seek, nullptr, &reader);
  const std::string filename = filename_of(part.file);
  if (code == CURLE_OK && !filename.empty()) code = curl_mime_filename(added, filename.c_str());
  const std::string type = content_type_of(part.file, filename);
  if (code == CURLE_OK && !type.empty()) code = curl_mime_type(added, type.c_str());
  return code;
}

/// Builds the parts of a request. Gives what is wrong with one.
inline std::optional<TransferFailure> make_parts(CurlHandle& handle) {
  handle.parts.reset(curl_mime_init(handle.easy.get()));
  if (!handle.parts) throw std::bad_alloc();
  for (const BodyPart& part : handle.request.parts) {
    auto reader = std::make_shared<PartReader>(handle, part);
    if (std::optional<TransferFailure> fault = reader->open()) return fault;
    const CURLcode code = add_part(handle.parts.get(), part, *reader);
    if (code != CURLE_OK) throw std::bad_alloc();  // there is no other reason
    handle.part_readers.push_back(std::move(reader));
  }
  return std::nullopt;
}

}  // namespace openailb::detail
