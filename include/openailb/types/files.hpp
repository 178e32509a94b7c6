#pragma once

#include <openailb/values/braces.hpp>
#include <openailb/values/file.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace openailb {

/// When a file expires.
struct ExpiresAfter {
  OnlyByName only_by_name{};
  Text anchor{"created_at"};  ///< from when the seconds count
  std::int64_t seconds{};     ///< 3600 (an hour) to 2592000 (30 days)

  bool empty() const { return seconds == 0; }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("anchor", self.anchor);
    field.required("seconds", self.seconds);
  }
};

/// A file to upload, and what it is for.
struct FileCreateParams {
  OnlyByName only_by_name{};
  FileInput file{};  ///< `openailb::file("requests.jsonl")`
  Text purpose{};    ///< "batch", "fine-tune", "assistants", "vision", "user_data" or "evals"
  ExpiresAfter expires_after{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("file", self.file);
    field.required("purpose", self.purpose);
    field("expires_after", self.expires_after);
  }
};

/// Which files to list. All members may be left out.
struct FileListParams {
  OnlyByName only_by_name{};
  Text after{};                         ///< id of the file after which the page begins
  std::optional<std::int64_t> limit{};  ///< how many on a page, 1 to 10000
  Text order{};                         ///< by the time of creation: "asc" or "desc"
  Text purpose{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("limit", self.limit);
    field("order", self.order);
    field("purpose", self.purpose);
  }
};

/// A file that has been uploaded.
struct FileObject {
  std::string id{};
  std::string object{};                      ///< "file"
  std::int64_t bytes{};                      ///< its size
  std::int64_t created_at{};                 ///< Unix seconds
  std::optional<std::int64_t> expires_at{};  ///< Unix seconds
  std::string filename{};
  std::string purpose{};
  std::string status{};          ///< deprecated by OpenAI: "uploaded", "processed" or "error"
  std::string status_details{};  ///< deprecated by OpenAI: why it could not be used
  nlohmann::json extra{};        ///< members that have no name here
  ResponseInfo info{};           ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("bytes", self.bytes);
    field("created_at", self.created_at);
    field("expires_at", self.expires_at);
    field("filename", self.filename);
    field("purpose", self.purpose);
    field("status", self.status);
    field("status_details", self.status_details);
    field.rest(self.extra);
  }
};

}  // namespace openailb
