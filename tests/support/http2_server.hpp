#pragma once

#include "support/gate.hpp"
#include "support/socket.hpp"
#include "support/tls_server.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace openailb::test {

/// nghttpd in a process of its own: an HTTP/2 server with TLS that answers a GET or a POST of
/// /v1/chat/completions with one fixed body. Its certificate is the one of TlsServer.
class Http2Server {
 public:
  /// The path of nghttpd, empty when it is not installed: a test that needs it is skipped then.
  static std::string program() {
    for (auto path : {"/usr/sbin/nghttpd", "/usr/bin/nghttpd", "/usr/local/bin/nghttpd"}) {
      if (::access(path, X_OK) == 0) return path;
    }
    return {};
  }

  explicit Http2Server(std::string_view body) : port_(LoopbackPort().number()) {
    char name[] = "/tmp/openailb-http2-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    directory_ = name;
    std::filesystem::create_directories(directory_ / "v1/chat");
    std::ofstream(directory_ / "v1/chat/completions") << body;
    start();
  }
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  ~Http2Server() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    reader_.join();
    ::close(output_);
    std::filesystem::remove_all(directory_);
  }

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/v1"; }

  /// How many connections have agreed on HTTP/2 so far.
  std::size_t connection_count() const {
    std::lock_guard lock(mutex_);
    return count_of("The negotiated protocol: h2");
  }

 private:
  void start() {
    const std::string path = program(), port = std::to_string(port_), key = certificate("server.key"),
                      pem = certificate("server.pem"), root = directory_.string();
    const std::array<const char*, 9> arguments{path.c_str(), "--verbose",  "--address=127.0.0.1",
                                               "-d",         root.c_str(), port.c_str(),
                                               key.c_str(),  pem.c_str(),  nullptr};
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies takes its server along
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::execv(path.c_str(), const_cast<char* const*>(arguments.data()));
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
    reader_ = std::thread([this] { read_log(); });

    std::unique_lock lock(mutex_);
    grown_.wait_for(lock, patience, [this] { return ended_ || count_of(": listen ") > 0; });
    if (!ended_) return;
    lock.unlock();
    reader_.join();
    throw std::runtime_error("nghttpd did not start: " + log_);
  }

  void read_log() {
    char buffer[4096];
    for (;;) {
      auto count = ::read(output_, buffer, sizeof buffer);
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

  std::uint16_t port_;
  std::filesystem::path directory_;
  pid_t process_{};
  int output_{};
  std::thread reader_;

  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::string log_;
  bool ended_ = false;
};

}  // namespace openailb::test
