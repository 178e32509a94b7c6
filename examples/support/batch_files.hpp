#pragma once

#include <openailb/openailb.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_set>

namespace openailb_examples {

/// One line of a file of requests.
struct BatchRequest {
  std::string custom_id{};
  std::string path{};  ///< below the base URL, such as "/chat/completions"
  nlohmann::ordered_json body{};
};

/// The files of a batch, in OpenAI's format, one JSON object per line. To requests.jsonl belong
/// requests.results.jsonl and requests.errors.jsonl. A request that has a line in one of these is finished,
/// and is passed over from then on. Throws std::runtime_error if a file cannot be read or written.
class BatchFiles {
 public:
  explicit BatchFiles(const std::filesystem::path& requests);

  std::size_t total() const noexcept { return total_; }  ///< lines with a request
  std::size_t finished() const noexcept { return finished_.size(); }
  std::size_t faulty() const noexcept { return faulty_; }  ///< lines that have become errors since
  const std::filesystem::path& results() const noexcept { return results_path_; }
  const std::filesystem::path& errors() const noexcept { return errors_path_; }

  /// The next request that is not finished; null at the end. A line that is no request, or that has the
  /// custom_id of another, becomes an error.
  std::optional<BatchRequest> next();
  /// Writes the result down, unless the request was canceled: then it is not finished.
  void write(const BatchRequest& request, const openailb::Result<openailb::JsonResponse>& result);

  /// An input iterator over next().
  struct Iterator {
    using value_type = BatchRequest;
    using difference_type = std::ptrdiff_t;

    BatchFiles* files;
    std::optional<BatchRequest> request;

    BatchRequest& operator*() { return *request; }
    Iterator& operator++() {
      request = files->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !request; }
  };
  Iterator begin() { return {this, next()}; }
  static std::default_sentinel_t end() { return {}; }

 private:
  void write_line(std::ofstream& file, const std::string& custom_id, nlohmann::ordered_json response,
                  nlohmann::ordered_json error);

  std::filesystem::path results_path_;
  std::filesystem::path errors_path_;
  std::size_t total_{};
  std::size_t line_{};
  std::size_t faulty_{};
  std::unordered_set<std::string> finished_{};
  std::unordered_set<std::string> met_{};  // the custom_ids that were read
  std::ifstream requests_{};
  std::ofstream results_{};
  std::ofstream errors_{};
};

}  // namespace openailb_examples
