#pragma once

#include "support/http_message.hpp"
#include "support/logged_process.hpp"
#include "support/socket.hpp"
#include "support/tls_server.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace openailb::test {

/// A server that people run in production, with TLS and the certificate of TlsServer. It answers every
/// request with a chat completion.
class RealServer {
 public:
  virtual ~RealServer() = default;
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  /// Has it read its configuration again. Comes back when all connections of before are closed.
  virtual void reload() = 0;
  /// Whether it may have closed a connection that was just being opened, while it reloaded.
  virtual bool may_have_closed_new_ones() const = 0;

 protected:
  /// Where tests/network/real/get-servers has put a program, or the system has.
  static std::string program(const std::string& name) {
    for (const std::string& path : {OPENAILB_REAL_SERVERS "/usr/sbin/" + name, "/usr/sbin/" + name}) {
      if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
  }
  /// Runs a program with the libraries that were put beside it.
  static std::vector<std::string> with_libraries(std::vector<std::string> arguments) {
    const std::string libraries = OPENAILB_REAL_SERVERS "/usr/lib/" OPENAILB_ARCHITECTURE;
    arguments.insert(arguments.begin(), {"/usr/bin/env", "LD_LIBRARY_PATH=" + libraries});
    return arguments;
  }

  std::uint16_t port_{LoopbackPort().number()};
  TemporaryDirectory directory_{};
};

/// nginx, of HTTP/1.1 or HTTP/2. It closes connections that have been idle for a second.
class Nginx : public RealServer {
 public:
  static bool is_there() { return !program("nginx").empty(); }

  explicit Nginx(bool http2) {
    write_configuration(http2);
    process_ = std::make_unique<LoggedProcess>(
        with_libraries({program("nginx"), "-p", directory_.path().string(), "-c", "nginx.conf"}));
    if (!process_->wait_for("start worker process ")) {
      throw std::runtime_error("nginx did not start: " + process_->log());
    }
  }

  void reload() override {
    const std::size_t before = process_->count("exited with code 0");
    process_->signal(SIGHUP);
    if (!process_->wait_for("exited with code 0", before + 1)) {
      throw std::runtime_error("nginx did not reload: " + process_->log());
    }
  }
  /// It does so on a busy machine, and says it.
  bool may_have_closed_new_ones() const override { return process_->count("getpeername() failed") > 0; }

 private:
  void write_configuration(bool http2) const {
    std::ofstream file(directory_.path() / "nginx.conf");
    if (::geteuid() == 0) file << "user root;\n";
    file << "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr notice;\n"
         << "events { worker_connections 256; }\nhttp {\n  access_log off;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      file << "  " << kind << "_temp_path " << kind << ";\n";
    }
    // Else an old worker waits five seconds for clients to close what it has closed.
    file << "  lingering_close off;\n  keepalive_timeout 1s;\n  server {\n    listen 127.0.0.1:" << port_
         << " ssl" << (http2 ? " http2" : "") << ";\n    ssl_certificate " << certificate("server.pem")
         << ";\n    ssl_certificate_key " << certificate("server.key")
         << ";\n    location / {\n      default_type application/json;\n      return 200 '"
         << completion_json("real") << "';\n    }\n  }\n}\n";
  }

  std::unique_ptr<LoggedProcess> process_{};
};

/// nghttpx, of HTTP/1.1 or HTTP/2, in front of a server that has the answer. It closes connections that have
/// been idle for a second.
class Nghttpx : public RealServer {
 public:
  static bool is_there() { return !program("nghttpx").empty(); }

  explicit Nghttpx(bool http2) {
    const std::string port = std::to_string(port_), behind = std::to_string(behind_.port());
    process_ = std::make_unique<LoggedProcess>(
        with_libraries({program("nghttpx"), "--conf=/dev/null", "--frontend=127.0.0.1," + port,
                        "--backend=127.0.0.1," + behind, "--workers=1", "--log-level=NOTICE",
                        "--errorlog-file=/dev/stderr", "--pid-file=" + (directory_.path() / "pid").string(),
                        "--npn-list=" + std::string(http2 ? "h2" : "http/1.1"),
                        "--frontend-keep-alive-timeout=1s", "--frontend-http2-read-timeout=1s", "--no-ocsp",
                        certificate("server.key"), certificate("server.pem")}));
    if (!process_->wait_for("Created worker thread")) {
      throw std::runtime_error("nghttpx did not start: " + process_->log());
    }
  }

  void reload() override {
    const std::size_t begun = process_->count("Created worker thread");
    const std::size_t ended = process_->count("exited normally");
    process_->signal(SIGHUP);
    if (!process_->wait_for("Created worker thread", begun + 1) ||
        !process_->wait_for("exited normally", ended + 1)) {
      throw std::runtime_error("nghttpx did not reload: " + process_->log());
    }
  }
  bool may_have_closed_new_ones() const override { return true; }

 private:
  ScriptedServer behind_{answer_with(http_response(200, completion_json("real")))};
  std::unique_ptr<LoggedProcess> process_{};
};

}  // namespace openailb::test
