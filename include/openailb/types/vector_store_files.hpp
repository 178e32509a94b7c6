#pragma once

#include <openailb/types/vector_stores.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// A file to add to a vector store.
struct VectorStoreFileCreateParams {
  OnlyByName only_by_name{};
  Text file_id{};                              ///< of a file that has been uploaded
  nlohmann::ordered_json attributes{};         ///< texts, numbers and booleans by name, for filters
  nlohmann::ordered_json chunking_strategy{};  ///< {{"type", "auto"}}, or {{"type", "static"}, ...}

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("file_id", self.file_id);
    field("attributes", self.attributes);
    field("chunking_strategy", self.chunking_strategy);
  }
};

/// What to change in a file of a vector store.
struct VectorStoreFileUpdateParams {
  OnlyByName only_by_name{};
  nlohmann::ordered_json attributes{};  ///< take the place of those there were

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("attributes", self.attributes);
  }
};

/// Which files of a vector store, or of a batch of files, to list. All members may be left out.
struct VectorStoreFileListParams {
  OnlyByName only_by_name{};
  Text after{};                         ///< id of the file after which the page begins
  Text before{};                        ///< id of the file before which the page ends
  Text filter{};                        ///< by status: "in_progress", "completed", "failed" or "cancelled"
  std::optional<std::int64_t> limit{};  ///< how many on a page, 1 to 100
  Text order{};                         ///< by the time of creation: "asc" or "desc"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("before", self.before);
    field("filter", self.filter);
    field("limit", self.limit);
    field("order", self.order);
  }
};

/// Why a file could not be added to a vector store.
struct VectorStoreFileError {
  std::string code{};  ///< "server_error", "unsupported_file" or "invalid_file"
  std::string message{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("code", self.code);
    field("message", self.message);
    field.rest(self.extra);
  }
};

/// A file of a vector store, as it stands. If it could not be added, `last_error` says why; the call that
/// asked for it succeeded all the same.
struct VectorStoreFile {
  std::string id{};      ///< that of the uploaded file
  std::string object{};  ///< "vector_store.file"
  nlohmann::json attributes{};
  nlohmann::json chunking_strategy{};
  std::int64_t created_at{};  ///< Unix seconds
  std::optional<VectorStoreFileError> last_error{};
  std::string status{};        ///< "in_progress", "completed", "cancelled" or "failed"
  std::int64_t usage_bytes{};  ///< what it takes in the store, which may be more than its size
  std::string vector_store_id{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("attributes", self.attributes);
    field("chunking_strategy", self.chunking_strategy);
    field("created_at", self.created_at);
    field("last_error", self.last_error);
    field("status", self.status);
    field("usage_bytes", self.usage_bytes);
    field("vector_store_id", self.vector_store_id);
    field.rest(self.extra);
  }
};

/// The text of a file of a vector store, in pieces.
struct VectorStoreFileContentPage {
  std::vector<VectorStoreContent> data{};
  bool has_more{};
  std::string next_page{};
  std::string object{};    ///< "vector_store.file_content.page"
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("data", self.data);
    field("content", self.data);  // as OpenAI's documentation has it
    field("has_more", self.has_more);
    field("next_page", self.next_page);
    field("object", self.object);
    field.rest(self.extra);
  }
};

/// Files to add to a vector store together.
struct VectorStoreFileBatchCreateParams {
  OnlyByName only_by_name{};
  TextList file_ids{};                               ///< of files that have been uploaded, at most 2000
  nlohmann::ordered_json attributes{};               ///< of all of them
  nlohmann::ordered_json chunking_strategy{};        ///< {{"type", "auto"}}, or {{"type", "static"}, ...}
  std::vector<VectorStoreFileCreateParams> files{};  ///< instead of file_ids: each with attributes of its own

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("file_ids", self.file_ids);
    field("attributes", self.attributes);
    field("chunking_strategy", self.chunking_strategy);
    field("files", self.files);
  }
};

/// Files that are added to a vector store together, as they stand.
struct VectorStoreFileBatch {
  std::string id{};
  std::string object{};       ///< "vector_store.files_batch"
  std::int64_t created_at{};  ///< Unix seconds
  std::optional<VectorStoreFileCounts> file_counts{};
  std::string status{};  ///< "in_progress", "completed", "cancelled" or "failed"
  std::string vector_store_id{};
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created_at", self.created_at);
    field("file_counts", self.file_counts);
    field("status", self.status);
    field("vector_store_id", self.vector_store_id);
    field.rest(self.extra);
  }
};

}  // namespace openailb
