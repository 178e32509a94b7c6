#pragma once

#include <openailb/detail/net/curl_handle.hpp>
#include <openailb/http.hpp>

#include <curl/curl.h>

#include <filesystem>
#include <new>
#include <optional>
#include <string>
#include <system_error>

/// \file
/// Multipart bodies, as libcurl builds them.

namespace openailb::detail {

/// Adds one part. A file is read while it is sent, so a large one is never held in memory.
inline CURLcode add_part(curl_mime* parts, const BodyPart& part) {
  curl_mimepart* added = curl_mime_addpart(parts);
  if (added == nullptr) return CURLE_OUT_OF_MEMORY;
  CURLcode code = curl_mime_name(added, part.name.c_str());
  if (code != CURLE_OK) return code;
  code = part.file.empty() ? curl_mime_data(added, part.content.data(), part.content.size())
                           : curl_mime_filedata(added, part.file.c_str());
  if (code == CURLE_OK && !part.filename.empty()) code = curl_mime_filename(added, part.filename.c_str());
  if (code == CURLE_OK && !part.content_type.empty()) code = curl_mime_type(added, part.content_type.c_str());
  return code;
}

/// Builds the parts of a request. Returns what is wrong with one; null when nothing is.
inline std::optional<std::string> make_parts(CurlHandle& handle) {
  handle.parts.reset(curl_mime_init(handle.easy.get()));
  if (!handle.parts) throw std::bad_alloc();
  for (const BodyPart& part : handle.request.parts) {
    std::error_code error;
    const bool is_directory = !part.file.empty() && std::filesystem::is_directory(part.file, error);
    const CURLcode code = is_directory ? CURLE_READ_ERROR : add_part(handle.parts.get(), part);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (code == CURLE_OK) continue;
    return "not sent: " + (part.file.empty() ? "the part " + part.name : "the file " + part.file) +
           " cannot be read";
  }
  return std::nullopt;
}

}  // namespace openailb::detail
