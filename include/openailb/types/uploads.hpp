#pragma once

#include <openailb/types/files.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace openailb {

/// A large file that is about to be uploaded in parts.
struct UploadCreateParams {
  OnlyByName only_by_name{};
  std::int64_t bytes{};  ///< of all parts together
  Text filename{};
  Text mime_type{};  ///< "text/jsonl"
  Text purpose{};    ///< as of a FileCreateParams
  ExpiresAfter expires_after{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("bytes", self.bytes);
    field.required("filename", self.filename);
    field.required("mime_type", self.mime_type);
    field.required("purpose", self.purpose);
    field("expires_after", self.expires_after);
  }
};

/// A large file on disk, to be uploaded in parts, and what it is for.
struct UploadFileChunkedParams {
  OnlyByName only_by_name{};
  std::string path{};
  Text mime_type{};                  ///< "text/jsonl"
  Text purpose{};                    ///< as of a FileCreateParams
  Text filename{};                   ///< empty: the last part of `path`
  std::int64_t part_size{64 << 20};  ///< of each part in bytes, the last one excepted
  std::optional<Text> md5{};         ///< of the whole file, to be compared
  ExpiresAfter expires_after{};
};

/// The parts that make the file, in their order.
struct UploadCompleteParams {
  OnlyByName only_by_name{};
  TextList part_ids{};
  std::optional<Text> md5{};  ///< of the whole file, to be compared

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("part_ids", self.part_ids);
    field("md5", self.md5);
  }
};

/// A large file that is being uploaded in parts.
struct Upload {
  std::string id{};
  std::string object{};                      ///< "upload"
  std::int64_t bytes{};                      ///< of all parts together
  std::int64_t created_at{};                 ///< Unix seconds
  std::optional<std::int64_t> expires_at{};  ///< Unix seconds
  std::string filename{};
  std::string purpose{};
  std::string status{};              ///< "pending", "completed", "cancelled" or "expired"
  std::optional<FileObject> file{};  ///< once it is complete
  nlohmann::json extra{};            ///< members that have no name here
  ResponseInfo info{};               ///< which endpoint has it; not part of the JSON

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
    field("file", self.file);
    field.rest(self.extra);
  }
};

/// One part of an upload.
struct UploadPart {
  std::string id{};
  std::string object{};       ///< "upload.part"
  std::int64_t created_at{};  ///< Unix seconds
  std::string upload_id{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created_at", self.created_at);
    field("upload_id", self.upload_id);
    field.rest(self.extra);
  }
};

}  // namespace openailb
