#pragma once

#include "support/socket.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace openailb::test {

/// A server that is a process of its own, on a port that it keeps however often it dies. One thread starts
/// it, which must outlive it: a server dies with the thread that made it.
class ServerProcess {
 public:
  /// `program PORT ARGUMENTS...` is to print a line once it listens.
  explicit ServerProcess(std::string program) : program_(std::move(program)) {}
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() { kill(); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_.number()) + "/v1"; }

  /// Returns when the server listens; throws when it does not.
  void start(const std::vector<std::string>& arguments = {}) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    try {
      spawn(arguments, ends[1]);
    } catch (...) {
      ::close(ends[0]);
      ::close(ends[1]);
      throw;
    }
    ::close(ends[1]);
    const bool listens = reads_a_line(ends[0]);
    ::close(ends[0]);
    if (listens) return;
    kill();
    throw std::runtime_error(program_ + " has ended before it listened");
  }

  /// As a crash would: at once, with connections open, even when it is stopped.
  void kill() noexcept {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, 0), nullptr, 0);
  }

  /// From here on its kernel still takes connections and bytes, and nobody answers.
  void stop() { ::kill(process_, SIGSTOP); }
  void resume() { ::kill(process_, SIGCONT); }

 private:
  void spawn(const std::vector<std::string>& arguments, int output) {
    std::vector<std::string> words{program_, std::to_string(port_.number())};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    const int error = ::posix_spawn(&process_, program_.c_str(), &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error == 0) return;
    process_ = 0;
    throw std::system_error(error, std::generic_category(), program_);
  }

  static bool reads_a_line(int fd) {
    for (char byte{}; ::read(fd, &byte, 1) == 1;) {
      if (byte == '\n') return true;
    }
    return false;
  }

  std::string program_;
  LoopbackPort port_;  // never listens: it keeps others off the port while the server is dead
  pid_t process_{};
};

}  // namespace openailb::test
