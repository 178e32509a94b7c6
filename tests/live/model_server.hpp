#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Asks again and again until it is so, at most for this long.
template <class Condition>
bool eventually(std::chrono::seconds limit, Condition condition) {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

/// A process that serves a model on a loopback port, chosen by the system at the first start and kept from
/// then on. Destroying it kills the process.
class ModelServer {
 public:
  ModelServer(std::vector<std::string> command, std::string name)
      : command_(std::move(command)), name_(std::move(name)), log_(name_ + ".log") {
    start();
  }
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;
  ~ModelServer() { kill(); }

  const std::string& name() const { return name_; }
  std::string base_url() const { return "http://127.0.0.1:" + port_ + "/v1"; }

  /// Returns when the server answers; throws when it does not.
  void start() {
    std::vector<std::string> words = command_;
    words.insert(words.end(), {"--model_alias", name_ + "-model", "--host", "127.0.0.1", "--port", port_});
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    std::ofstream{log_};  // emptied here: what an earlier process said must not pass for this one's word
    death_.clear();
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("cannot fork");
    if (process_ == 0) run(arguments.data());
    wait_until_ready();
  }

  /// Says that it has died by itself, of what, and what it said last; empty while it lives.
  std::string death() {
    int status = 0;
    if (process_ <= 0 || ::waitpid(process_, &status, WNOHANG) != process_) return death_;
    process_ = 0;
    const std::string cause =
        WIFSIGNALED(status)
            ? "has died of signal " + std::to_string(WTERMSIG(status)) + ", " + ::strsignal(WTERMSIG(status))
            : "has exited with status " + std::to_string(WEXITSTATUS(status));
    return death_ = name_ + ' ' + cause + ". The end of its log:\n" + log_tail();
  }

  /// As a crash would: at once, with connections open.
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  [[noreturn]] void run(char* const* arguments) const {
#ifdef __linux__
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // so that a test that crashes leaves no server behind
#endif
    const int log = ::open(log_.c_str(), O_WRONLY | O_APPEND);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execv(arguments[0], arguments);
    std::perror(arguments[0]);
    ::_exit(127);
  }

  void wait_until_ready() {
    using namespace std::chrono_literals;
    const std::regex running("running on http://127\\.0\\.0\\.1:(\\d+)");
    const bool settled = eventually(120s, [&] {
      std::smatch match;
      const std::string text = read_log();
      if (std::regex_search(text, match, running)) port_ = match[1];
      return !match.empty() || !death().empty();
    });
    if (!death_.empty()) throw std::runtime_error(death_);
    if (settled) return;
    kill();
    throw std::runtime_error(name_ + " was not ready in time. The end of its log:\n" + log_tail());
  }

  std::string read_log() const {
    std::ifstream log(log_);
    return {std::istreambuf_iterator<char>(log), {}};
  }

  std::string log_tail() const {
    const std::string text = read_log();
    return text.size() > 2000 ? "..." + text.substr(text.size() - 2000) : text;
  }

  std::vector<std::string> command_;
  std::string name_;
  std::string log_;
  std::string port_{"0"};
  pid_t process_{};
  std::string death_{};
};
