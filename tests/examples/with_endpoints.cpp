// with_endpoints COMMAND...: runs a program while two endpoints, one and two, run outside of it. In the
// arguments of the form NAME=VALUE that come first, which become its environment, {file} is a file that
// describes both, {base_url} the base URL of the first and {origin} that without its path.
#include "../../examples/support/loopback_endpoint.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void replace(std::string& text, std::string_view placeholder, const std::string& value) {
  if (const std::size_t at = text.find(placeholder); at != std::string::npos) {
    text.replace(at, placeholder.size(), value);
  }
}

int run(char** command) {
  const pid_t child = fork();
  if (child == 0) {
    execv(command[0], command);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int, char** arguments) {
  openailb_examples::LoopbackEndpoint one("one");
  openailb_examples::LoopbackEndpoint two("two");
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("openailb-endpoints-" + std::to_string(getpid()) + ".json");
  auto described = nlohmann::json::array();
  for (const auto* endpoint : {&one, &two}) {
    described.push_back({{"name", endpoint->name()}, {"api_key", "k"}, {"base_url", endpoint->base_url()}});
  }
  std::ofstream(file) << described;

  char** command = arguments + 1;
  for (; *command != nullptr && std::string_view(*command).find('=') != std::string_view::npos; ++command) {
    const std::string_view setting = *command;
    const std::string name(setting.substr(0, setting.find('=')));
    std::string value(setting.substr(name.size() + 1));
    replace(value, "{file}", file.string());
    replace(value, "{base_url}", one.base_url());
    replace(value, "{origin}", one.base_url().substr(0, one.base_url().find("/v1")));
    setenv(name.c_str(), value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): its child runs later
  }
  const int status = *command == nullptr ? 2 : run(command);
  std::filesystem::remove(file);
  return status;
}
