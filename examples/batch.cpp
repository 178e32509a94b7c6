// Runs a file of requests in OpenAI's batch format over all endpoints:
//   batch requests.jsonl [CONCURRENCY]
// writes requests.results.jsonl and requests.errors.jsonl. It can be interrupted with Ctrl-C: run it again,
// and it goes on. Without arguments it makes up a file of requests.
#include "support/batch_files.hpp"
#include "support/endpoints.hpp"
#include "support/progress.hpp"
#include <openailb/openailb.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

namespace {

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);  // the second one ends the program
}

std::filesystem::path make_up_requests() {
  const std::string name = "openailb-batch-" + std::to_string(std::random_device{}()) + ".jsonl";
  const std::filesystem::path path = std::filesystem::temp_directory_path() / name;
  std::ofstream file(path);
  for (int number = 1; number <= 300; ++number) {
    const std::string prompt = "Write a haiku about the number " + std::to_string(number);
    const nlohmann::ordered_json line{
        {"custom_id", "request-" + std::to_string(number)},
        {"method", "POST"},
        {"url", "/v1/chat/completions"},
        {"body",
         {{"model", openailb_examples::model()},
          {"messages", nlohmann::ordered_json::array({{{"role", "user"}, {"content", prompt}}})}}}};
    file << line << '\n';
  }
  return path;
}

int run(const std::filesystem::path& requests, std::size_t concurrency) {
  openailb_examples::BatchFiles files(requests);
  openailb_examples::Progress progress(files.total(), files.finished());
  if (files.finished() > 0) std::cout << "going on after " << files.finished() << " that are finished\n";
  std::signal(SIGINT, interrupt);

  // [batch]
  // When all endpoints are down, requests wait for one to come back instead of failing by turns.
  openailb::AsyncClient client(openailb_examples::endpoints(),
                               {.when_all_open = openailb::WhenAllOpen::wait});
  openailb::for_each(
      files,
      [&](const openailb_examples::BatchRequest& request, const openailb::RequestOptions& options) {
        return client.post(request.path, request.body, options);
      },
      [&](const openailb_examples::BatchRequest& request,
          const openailb::Result<openailb::JsonResponse>& result) {
        files.write(request, result);
        progress.add(result);
      },
      {.concurrency = concurrency,
       .request = {.deadline = std::chrono::hours(24), .should_stop = [] { return interrupted != 0; }}});
  // [/batch]

  progress.finish();
  std::cout << "The results are in " << files.results().string() << '\n';
  const std::size_t failed = progress.failed() + files.faulty();
  if (failed > 0) std::cout << "What failed is in " << files.errors().string() << '\n';
  if (interrupted != 0) {
    std::cout << "Interrupted. Run it again to go on.\n";
    return 130;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const std::filesystem::path requests = count > 1 ? arguments[1] : make_up_requests();
    return run(requests, count > 2 ? std::stoul(arguments[2]) : 64);
  } catch (const std::exception& fault) {
    std::cerr << "batch: " << fault.what() << '\n';
    return 2;
  }
}
