#include "batch_files.hpp"

#include <stdexcept>
#include <string_view>
#include <utility>

namespace openailb_examples {

namespace {

using nlohmann::ordered_json;

void demand(bool holds, const std::string& fault) {
  if (!holds) throw std::runtime_error(fault);
}

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\r") == std::string::npos; }

/// Throws what is wrong with the line, in words.
BatchRequest parse(const std::string& line) {
  // nlohmann_json copies recursively.
  const auto is_flat = [](int depth, ordered_json::parse_event_t, const ordered_json&) {
    demand(depth < 256, "this line is nested too deeply");
    return true;
  };
  const ordered_json json = ordered_json::parse(line, is_flat, false);
  demand(json.is_object(), "this line is not a JSON object");
  const auto text = [&](const char* name) {
    demand(json.contains(name) && json[name].is_string(), std::string(name) + " is missing");
    return json[name].get<std::string>();
  };
  BatchRequest request{.custom_id = text("custom_id"), .path = text("url")};
  demand(text("method") == "POST", "the method is not POST");
  // Base URLs end with it.
  if (request.path.starts_with("/v1/")) request.path.erase(0, 3);
  demand(json.contains("body") && json["body"].is_object(), "body is missing");
  request.body = json["body"];
  return request;
}

/// Notes which requests have a line in the file. A line that was cut off, because the program was ended while
/// it wrote, is removed. A file in which nothing is a result is someone else's.
void read_finished(const std::filesystem::path& path, std::unordered_set<std::string>& finished) {
  if (!std::filesystem::exists(path)) return;
  std::ifstream file(path, std::ios::binary);
  std::uintmax_t whole = 0;
  std::string line;
  for (; std::getline(file, line) && !file.eof(); whole += line.size() + 1) {
    const ordered_json json = ordered_json::parse(line, nullptr, false);
    const bool has_id = json.is_object() && json.contains("custom_id") && json["custom_id"].is_string();
    demand(has_id, path.string() + " has a line that is no result: " + line);
    finished.insert(json["custom_id"]);
  }
  demand(file.eof(), "cannot read " + path.string());  // else what could not be read would be removed
  constexpr std::string_view begin_of_result = R"({"custom_id":)";
  const bool is_ours = whole > 0 || begin_of_result.starts_with(line.substr(0, begin_of_result.size()));
  demand(is_ours, path.string() + " has a line that is no result: " + line);
  file.close();
  std::filesystem::resize_file(path, whole);
}

std::ofstream append_to(const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  demand(file.is_open(), "cannot write " + path.string());
  return file;
}

ordered_json response_of(int status, const std::string& request_id, ordered_json body) {
  return {{"status_code", status}, {"request_id", request_id}, {"body", std::move(body)}};
}

}  // namespace

BatchFiles::BatchFiles(const std::filesystem::path& requests)
    : results_path_(std::filesystem::path(requests).replace_extension(".results.jsonl")),
      errors_path_(std::filesystem::path(requests).replace_extension(".errors.jsonl")),
      requests_(requests) {
  for (std::string line; std::getline(requests_, line);) total_ += is_blank(line) ? 0 : 1;
  demand(requests_.eof(), "cannot read " + requests.string());
  requests_.clear();
  requests_.seekg(0);
  demand(requests_.good(), "cannot read " + requests.string() + " twice, as only a file on disk can be");

  read_finished(results_path_, finished_);
  read_finished(errors_path_, finished_);
  results_ = append_to(results_path_);
  errors_ = append_to(errors_path_);
}

std::optional<BatchRequest> BatchFiles::next() {
  for (std::string line; std::getline(requests_, line);) {
    ++line_;
    if (is_blank(line)) continue;
    try {
      BatchRequest request = parse(line);
      demand(met_.insert(request.custom_id).second, "another line has the custom_id " + request.custom_id);
      if (!finished_.contains(request.custom_id)) return request;
    } catch (const std::runtime_error& fault) {
      const std::string name = "line " + std::to_string(line_);
      if (!finished_.insert(name).second) continue;
      ++faulty_;
      write_line(errors_, name, nullptr, {{"message", fault.what()}});
    }
  }
  demand(requests_.eof(), "cannot read the requests to their end");
  return std::nullopt;
}

void BatchFiles::write(const BatchRequest& request, const openailb::Result<openailb::JsonResponse>& result) {
  if (result) {
    ordered_json body = static_cast<const nlohmann::json&>(*result);
    ordered_json response = response_of(result->info.status, result->info.request_id, std::move(body));
    return write_line(results_, request.custom_id, std::move(response), nullptr);
  }
  const openailb::Error& error = result.error();
  if (error.kind == openailb::ErrorKind::canceled) return;
  ordered_json response;
  if (error.status != 0) {
    ordered_json body = ordered_json::parse(error.body, nullptr, false);
    if (body.is_discarded()) body = error.body;
    response = response_of(error.status, error.request_id, std::move(body));
  }
  write_line(errors_, request.custom_id, std::move(response), {{"message", error.message}});
}

void BatchFiles::write_line(std::ofstream& file, const std::string& custom_id, ordered_json response,
                            ordered_json error) {
  const ordered_json line{
      {"custom_id", custom_id}, {"response", std::move(response)}, {"error", std::move(error)}};
  file << line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n' << std::flush;
  demand(file.good(), "cannot write a result: is the disk full?");
}

}  // namespace openailb_examples
