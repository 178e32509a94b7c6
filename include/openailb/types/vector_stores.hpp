#pragma once

#include <openailb/types/text_input.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// When a vector store expires.
struct VectorStoreExpiresAfter {
  OnlyByName only_by_name{};
  Text anchor{"last_active_at"};  ///< from when the days count
  std::int64_t days{};            ///< 1 to 365

  bool empty() const { return days == 0; }

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("anchor", self.anchor);
    field.required("days", self.days);
  }
};

/// Files that are to be searched by what they mean. All members may be left out.
struct VectorStoreCreateParams {
  OnlyByName only_by_name{};
  nlohmann::ordered_json chunking_strategy{};  ///< {{"type", "auto"}}, or {{"type", "static"}, ...}
  Text description{};
  VectorStoreExpiresAfter expires_after{};
  TextList file_ids{};  ///< of files that have been uploaded, for "assistants"
  TextMap metadata{};
  Text name{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("chunking_strategy", self.chunking_strategy);
    field("description", self.description);
    field("expires_after", self.expires_after);
    field("file_ids", self.file_ids);
    field("metadata", self.metadata);
    field("name", self.name);
  }
};

/// What to change in a vector store. What is left out stays as it is.
struct VectorStoreUpdateParams {
  OnlyByName only_by_name{};
  VectorStoreExpiresAfter expires_after{};
  TextMap metadata{};  ///< takes the place of what there was
  Text name{};

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("expires_after", self.expires_after);
    field("metadata", self.metadata);
    field("name", self.name);
  }
};

/// Which vector stores to list. All members may be left out.
struct VectorStoreListParams {
  OnlyByName only_by_name{};
  Text after{};                         ///< id of the store after which the page begins
  Text before{};                        ///< id of the store before which the page ends
  std::optional<std::int64_t> limit{};  ///< how many on a page, 1 to 100
  Text order{};                         ///< by the time of creation: "asc" or "desc"

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("before", self.before);
    field("limit", self.limit);
    field("order", self.order);
  }
};

/// How many files of a vector store, or of a batch of files, are how far.
struct VectorStoreFileCounts {
  std::int64_t cancelled{};
  std::int64_t completed{};
  std::int64_t failed{};
  std::int64_t in_progress{};
  std::int64_t total{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("cancelled", self.cancelled);
    field("completed", self.completed);
    field("failed", self.failed);
    field("in_progress", self.in_progress);
    field("total", self.total);
    field.rest(self.extra);
  }
};

/// A vector store, as it stands. Its times are Unix seconds.
struct VectorStore {
  std::string id{};
  std::string object{};  ///< "vector_store"
  std::int64_t created_at{};
  std::string description{};
  std::optional<VectorStoreExpiresAfter> expires_after{};
  std::optional<std::int64_t> expires_at{};
  std::optional<VectorStoreFileCounts> file_counts{};
  std::optional<std::int64_t> last_active_at{};
  std::map<std::string, std::string> metadata{};
  std::string name{};
  std::string status{};        ///< "expired", "in_progress" or "completed", when it can be searched
  std::int64_t usage_bytes{};  ///< the size of what is stored
  nlohmann::json extra{};      ///< members that have no name here
  ResponseInfo info{};         ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("created_at", self.created_at);
    field("description", self.description);
    field("expires_after", self.expires_after);
    field("expires_at", self.expires_at);
    field("file_counts", self.file_counts);
    field("last_active_at", self.last_active_at);
    field("metadata", self.metadata);
    field("name", self.name);
    field("status", self.status);
    field("usage_bytes", self.usage_bytes);
    field.rest(self.extra);
  }
};

/// What to search a vector store for.
struct VectorStoreSearchParams {
  OnlyByName only_by_name{};
  TextInput query{};                              ///< a text, or several
  nlohmann::ordered_json filters{};               ///< on the attributes of files
  std::optional<std::int64_t> max_num_results{};  ///< 1 to 50; unset: 10
  nlohmann::ordered_json ranking_options{};       ///< such as {{"score_threshold", 0.5}}
  std::optional<bool> rewrite_query{};            ///< whether the server may write a better query

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("query", self.query);
    field("filters", self.filters);
    field("max_num_results", self.max_num_results);
    field("ranking_options", self.ranking_options);
    field("rewrite_query", self.rewrite_query);
  }
};

/// A piece of a file.
struct VectorStoreContent {
  std::string type{};  ///< "text"
  std::string text{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("type", self.type);
    field("text", self.text);
    field.rest(self.extra);
  }
};

/// A file in which something was found.
struct VectorStoreSearchResultItem {
  nlohmann::json attributes{};                ///< of the file
  std::vector<VectorStoreContent> content{};  ///< what was found in it
  std::string file_id{};
  std::string filename{};
  double score{};          ///< how well it fits, 0 to 1
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("attributes", self.attributes);
    field("content", self.content);
    field("file_id", self.file_id);
    field("filename", self.filename);
    field("score", self.score);
    field.rest(self.extra);
  }
};

/// What was found in a vector store, the best first.
struct VectorStoreSearchResultsPage {
  std::vector<VectorStoreSearchResultItem> data{};
  bool has_more{};
  std::string next_page{};
  std::string object{};                     ///< "vector_store.search_results.page"
  std::vector<std::string> search_query{};  ///< what was searched for
  nlohmann::json extra{};                   ///< members that have no name here
  ResponseInfo info{};                      ///< which endpoint served it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("data", self.data);
    field("has_more", self.has_more);
    field("next_page", self.next_page);
    field("object", self.object);
    field("search_query", self.search_query);
    field.rest(self.extra);
  }
};

}  // namespace openailb
