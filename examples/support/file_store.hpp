#pragma once

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace openailb_examples {

/// The files of an endpoint that runs inside a program, and the batches and vector stores that use them.
class FileStore {
 public:
  /// `complete` answers one request of a batch.
  explicit FileStore(std::function<nlohmann::json(const nlohmann::json&)> complete);

  /// Lets a server answer the paths of files, batches and vector stores.
  void serve(httplib::Server& server);

 private:
  using Request = httplib::Request;
  using Response = httplib::Response;
  struct File {
    nlohmann::json object{};
    std::string content{};
  };

  void upload(const Request& request, Response& response);
  void list(const Request& request, Response& response);
  void retrieve(const Request& request, Response& response);
  void remove(const Request& request, Response& response);
  void content(const Request& request, Response& response);
  void create_batch(const Request& request, Response& response);
  void retrieve_batch(const Request& request, Response& response);
  void create_store(const Request& request, Response& response);
  void retrieve_store(const Request& request, Response& response);
  void add_to_store(const Request& request, Response& response);
  void retrieve_in_store(const Request& request, Response& response);

  nlohmann::json add(const std::string& filename, const std::string& purpose, std::string content);
  /// The file that a path names; null, and answered with a 404, when there is none.
  const File* find(const std::string& id, Response& response) const;
  void answer_added(const Request& request, const std::string& file, Response& response) const;
  std::string run(const std::string& lines) const;

  std::function<nlohmann::json(const nlohmann::json&)> complete_;
  std::mutex mutex_{};
  std::map<std::string, File> files_{};
  std::map<std::string, nlohmann::json> batches_{};
  std::map<std::string, nlohmann::json> stores_{};
};

}  // namespace openailb_examples
