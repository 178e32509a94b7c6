#pragma once

#include <openailb/types/files.hpp>
#include <openailb/values/braces.hpp>
#include <openailb/values/response_info.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace openailb {

/// Many requests to run later, from a file.
struct BatchCreateParams {
  OnlyByName only_by_name{};
  Text completion_window{"24h"};  ///< within which they are run
  Text endpoint{};                ///< of all of them: "/v1/chat/completions", "/v1/embeddings", ...
  Text input_file_id{};           ///< a file of purpose "batch", with a request on each line
  TextMap metadata{};
  ExpiresAfter output_expires_after{};  ///< of the files with the answers

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field.required("completion_window", self.completion_window);
    field.required("endpoint", self.endpoint);
    field.required("input_file_id", self.input_file_id);
    field("metadata", self.metadata);
    field("output_expires_after", self.output_expires_after);
  }
};

/// Which batches to list. All members may be left out.
struct BatchListParams {
  OnlyByName only_by_name{};
  Text after{};                         ///< id of the batch after which the page begins
  std::optional<std::int64_t> limit{};  ///< how many on a page, 1 to 100

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("after", self.after);
    field("limit", self.limit);
  }
};

/// What is wrong with a batch, or with one line of its file.
struct BatchError {
  std::string code{};
  std::optional<std::int64_t> line{};  ///< of the input file
  std::string message{};
  std::string param{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("code", self.code);
    field("line", self.line);
    field("message", self.message);
    field("param", self.param);
    field.rest(self.extra);
  }
};

/// All that is wrong with a batch.
struct BatchErrors {
  std::string object{};  ///< "list"
  std::vector<BatchError> data{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("object", self.object);
    field("data", self.data);
    field.rest(self.extra);
  }
};

/// How many requests of a batch there are, and how many have ended.
struct BatchRequestCounts {
  std::int64_t completed{};
  std::int64_t failed{};
  std::int64_t total{};
  nlohmann::json extra{};  ///< members that have no name here

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("completed", self.completed);
    field("failed", self.failed);
    field("total", self.total);
    field.rest(self.extra);
  }
};

/// A batch, as it stands. Its times are Unix seconds. What is wrong with the batch is in `errors`; the call
/// that asked for it succeeded all the same.
struct Batch {
  std::string id{};
  std::string object{};  ///< "batch"
  std::string completion_window{};
  std::int64_t created_at{};
  std::string endpoint{};
  std::string input_file_id{};
  /// "validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"
  std::string status{};
  std::optional<std::int64_t> cancelled_at{};
  std::optional<std::int64_t> cancelling_at{};
  std::optional<std::int64_t> completed_at{};
  std::string error_file_id{};  ///< the file with the requests that failed; empty when there is none
  std::optional<BatchErrors> errors{};
  std::optional<std::int64_t> expired_at{};
  std::optional<std::int64_t> expires_at{};
  std::optional<std::int64_t> failed_at{};
  std::optional<std::int64_t> finalizing_at{};
  std::optional<std::int64_t> in_progress_at{};
  std::map<std::string, std::string> metadata{};
  std::string model{};
  std::string output_file_id{};  ///< the file with the answers; empty until there is one
  std::optional<BatchRequestCounts> request_counts{};
  nlohmann::json usage{};  ///< tokens of all requests together
  nlohmann::json extra{};  ///< members that have no name here
  ResponseInfo info{};     ///< which endpoint has it; not part of the JSON

  template <class Self, class Field>
  static void fields(Self& self, Field& field) {
    field("id", self.id);
    field("object", self.object);
    field("completion_window", self.completion_window);
    field("created_at", self.created_at);
    field("endpoint", self.endpoint);
    field("input_file_id", self.input_file_id);
    field("status", self.status);
    field("cancelled_at", self.cancelled_at);
    field("cancelling_at", self.cancelling_at);
    field("completed_at", self.completed_at);
    field("error_file_id", self.error_file_id);
    field("errors", self.errors);
    field("expired_at", self.expired_at);
    field("expires_at", self.expires_at);
    field("failed_at", self.failed_at);
    field("finalizing_at", self.finalizing_at);
    field("in_progress_at", self.in_progress_at);
    field("metadata", self.metadata);
    field("model", self.model);
    field("output_file_id", self.output_file_id);
    field("request_counts", self.request_counts);
    field("usage", self.usage);
    field.rest(self.extra);
  }
};

}  // namespace openailb
