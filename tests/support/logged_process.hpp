#pragma once

#include "support/gate.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace openailb::test {

/// A program that runs beside the test, and what it prints. It is killed at the end.
class LoggedProcess {
 public:
  /// `arguments` begins with the program's path.
  explicit LoggedProcess(std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    process_ = ::fork();
    if (process_ == 0) {
      ::setpgid(0, 0);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies takes its server along
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::execv(pointers.front(), pointers.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
    reader_ = std::thread([this] { read_log(); });
  }
  LoggedProcess(const LoggedProcess&) = delete;
  LoggedProcess& operator=(const LoggedProcess&) = delete;

  ~LoggedProcess() {
    ::kill(-process_, SIGKILL);  // and what it has started
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    reader_.join();
    ::close(output_);
  }

  void signal(int number) const { ::kill(process_, number); }

  /// How often it has printed a text so far.
  std::size_t count(std::string_view text) const {
    std::lock_guard lock(mutex_);
    return count_of(text);
  }
  /// Waits until it has printed a text so often; false when it ends or takes too long.
  bool wait_for(std::string_view text, std::size_t times = 1) const {
    std::unique_lock lock(mutex_);
    grown_.wait_for(lock, patience, [&] { return ended_ || count_of(text) >= times; });
    return count_of(text) >= times;
  }
  std::string log() const {
    std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  void read_log() {
    char buffer[4096];
    for (;;) {
      const auto count = ::read(output_, buffer, sizeof buffer);
      std::lock_guard lock(mutex_);
      if (count > 0) log_.append(buffer, static_cast<std::size_t>(count));
      ended_ = count <= 0;
      grown_.notify_all();
      if (ended_) return;
    }
  }

  std::size_t count_of(std::string_view text) const {
    std::size_t count = 0;
    for (auto at = log_.find(text); at != std::string::npos; at = log_.find(text, at + 1)) ++count;
    return count;
  }

  pid_t process_{};
  int output_{};
  std::thread reader_;
  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::string log_;
  bool ended_ = false;
};

/// A directory of a test's own, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "openailb-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace openailb::test
