// A file of requests, run as a batch.
#include "support/endpoints.hpp"
#include <openailb/openailb.hpp>

#include <nlohmann/json.hpp>

#include <iostream>
#include <sstream>
#include <string>

int main() {
  openailb::Client client(openailb_examples::endpoints());

  std::string lines;
  for (const char* prompt : {"Hello!", "Write a haiku about load balancing"}) {
    const nlohmann::ordered_json request = {
        {"custom_id", prompt},
        {"method", "POST"},
        {"url", "/v1/chat/completions"},
        {"body",
         {{"model", openailb_examples::model()}, {"messages", {{{"role", "user"}, {"content", prompt}}}}}},
    };
    lines += request.dump() + '\n';
  }

  // [batch]
  auto file = client.files.create({
      .file = openailb::file_from_bytes("requests.jsonl", lines),
      .purpose = "batch",
  });

  // Files and batches belong to the account that made them: calls that name one go to its endpoint.
  auto batch = client.batches.create({.endpoint = "/v1/chat/completions", .input_file_id = file->id});
  batch = client.batches.retrieve(batch->id);
  std::cout << batch->id << " is " << batch->status << '\n';
  // [/batch]

  if (!batch->output_file_id.empty()) {
    std::istringstream output(client.files.content(batch->output_file_id)->content);
    for (std::string line; std::getline(output, line);) {
      const auto answer = nlohmann::json::parse(line);
      std::cout << answer["custom_id"] << ' '
                << answer["response"]["body"]["choices"][0]["message"]["content"] << '\n';
    }
  }
  for (const auto& one : client.files.list({.endpoint = file->info.endpoint})->all()) {
    std::cout << one.id << ' ' << one.filename << ", " << one.purpose << '\n';
  }
  std::cout << std::boolalpha << "deleted: " << client.files.del(file->id)->deleted << '\n';
}
