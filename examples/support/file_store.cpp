#include "file_store.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>

namespace openailb_examples {

namespace {

using nlohmann::json;

void answer(httplib::Response& response, const json& body) {
  response.set_content(body.dump(), "application/json");
}

void fail(httplib::Response& response, int status, const std::string& message) {
  response.status = status;
  answer(response, {{"error", {{"message", message}, {"type", "invalid_request_error"}}}});
}

}  // namespace

FileStore::FileStore(std::function<json(const json&)> complete) : complete_(std::move(complete)) {}

void FileStore::serve(httplib::Server& server) {
  const auto locked = [this](void (FileStore::*method)(const Request&, Response&)) {
    return [this, method](const Request& request, Response& response) {
      const std::lock_guard lock(mutex_);
      (this->*method)(request, response);
    };
  };
  server.Post(".*/vector_stores", locked(&FileStore::create_store));
  server.Get(".*/vector_stores/([^/]+)", locked(&FileStore::retrieve_store));
  server.Post(".*/vector_stores/([^/]+)/files", locked(&FileStore::add_to_store));
  server.Get(".*/vector_stores/([^/]+)/files/([^/]+)", locked(&FileStore::retrieve_in_store));
  server.Post(".*/files", locked(&FileStore::upload));
  server.Get(".*/files", locked(&FileStore::list));
  server.Get(".*/files/([^/]+)", locked(&FileStore::retrieve));
  server.Delete(".*/files/([^/]+)", locked(&FileStore::remove));
  server.Get(".*/files/([^/]+)/content", locked(&FileStore::content));
  server.Post(".*/batches", locked(&FileStore::create_batch));
  server.Get(".*/batches/([^/]+)", locked(&FileStore::retrieve_batch));
}

void FileStore::upload(const Request& request, Response& response) {
  if (!request.has_file("file")) return fail(response, 400, "file: missing");
  const httplib::MultipartFormData file = request.get_file_value("file");
  answer(response, add(file.filename, request.get_file_value("purpose").content, file.content));
}

void FileStore::list(const Request&, Response& response) {
  json data = json::array();
  for (const auto& [id, file] : files_) data.push_back(file.object);
  answer(response, {{"object", "list"}, {"data", data}, {"has_more", false}});
}

void FileStore::retrieve(const Request& request, Response& response) {
  if (const File* file = find(request.matches[1], response)) answer(response, file->object);
}

void FileStore::remove(const Request& request, Response& response) {
  if (find(request.matches[1], response) == nullptr) return;
  files_.erase(request.matches[1]);
  answer(response, {{"id", request.matches[1].str()}, {"object", "file"}, {"deleted", true}});
}

void FileStore::content(const Request& request, Response& response) {
  const File* file = find(request.matches[1], response);
  if (file != nullptr) response.set_content(file->content, "application/octet-stream");
}

/// Runs a batch while its maker waits, which no real server does.
void FileStore::create_batch(const Request& request, Response& response) {
  json batch = json::parse(request.body, nullptr, false);
  if (!batch.is_object()) return fail(response, 400, "this is no batch");
  const File* input = find(batch.value("input_file_id", ""), response);
  if (input == nullptr) return;
  const json output = add("output.jsonl", "batch_output", run(input->content));
  batch.update({{"id", "batch_" + std::to_string(batches_.size() + 1)},
                {"object", "batch"},
                {"status", "completed"},
                {"output_file_id", output["id"]}});
  batches_[batch["id"]] = batch;
  answer(response, batch);
}

void FileStore::retrieve_batch(const Request& request, Response& response) {
  const auto found = batches_.find(request.matches[1]);
  if (found == batches_.end()) return fail(response, 404, "no such batch");
  answer(response, found->second);
}

void FileStore::create_store(const Request& request, Response& response) {
  json store = json::parse(request.body, nullptr, false);
  if (!store.is_object()) return fail(response, 400, "this is no vector store");
  store.update({{"id", "vs_" + std::to_string(stores_.size() + 1)}, {"object", "vector_store"}});
  stores_[store["id"]] = store;
  answer(response, store);
}

void FileStore::retrieve_store(const Request& request, Response& response) {
  const auto found = stores_.find(request.matches[1]);
  if (found == stores_.end()) return fail(response, 404, "no such vector store");
  answer(response, found->second);
}

/// A file can be found at once, which no real server promises.
void FileStore::add_to_store(const Request& request, Response& response) {
  if (!stores_.contains(request.matches[1])) return fail(response, 404, "no such vector store");
  const json body = json::parse(request.body, nullptr, false);
  answer_added(request, body.is_object() ? body.value("file_id", "") : "", response);
}

void FileStore::retrieve_in_store(const Request& request, Response& response) {
  answer_added(request, request.matches[2], response);
}

void FileStore::answer_added(const Request& request, const std::string& file, Response& response) const {
  if (find(file, response) == nullptr) return;
  answer(response, {{"id", file},
                    {"object", "vector_store.file"},
                    {"status", "completed"},
                    {"vector_store_id", request.matches[1].str()}});
}

json FileStore::add(const std::string& filename, const std::string& purpose, std::string content) {
  const std::string id = "file-" + std::to_string(files_.size() + 1);
  File& file = files_[id];
  file.object = {{"id", id},
                 {"object", "file"},
                 {"bytes", content.size()},
                 {"created_at", 1700000000},
                 {"filename", filename},
                 {"purpose", purpose}};
  file.content = std::move(content);
  return file.object;
}

const FileStore::File* FileStore::find(const std::string& id, Response& response) const {
  const auto found = files_.find(id);
  if (found != files_.end()) return &found->second;
  fail(response, 404, "no such file: " + id);
  return nullptr;
}

/// The answers to the requests of a batch, each on a line.
std::string FileStore::run(const std::string& lines) const {
  std::istringstream input(lines);
  std::string output;
  for (std::string line; std::getline(input, line);) {
    const json request = json::parse(line, nullptr, false);
    if (!request.is_object()) continue;
    output += json{{"custom_id", request.value("custom_id", "")},
                   {"response", {{"status_code", 200}, {"body", complete_(request.value("body", json()))}}},
                   {"error", nullptr}}
                  .dump() +
              '\n';
  }
  return output;
}

}  // namespace openailb_examples
