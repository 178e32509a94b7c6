#pragma once

#include "support/logged_process.hpp"
#include "support/socket.hpp"
#include "support/tls_server.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace openailb::test {

/// nghttpd: an HTTP/2 server with TLS that answers a GET or a POST of /v1/chat/completions with one fixed
/// body. Its certificate is the one of TlsServer.
class Http2Server {
 public:
  /// The path of nghttpd, empty when it is not installed: a test that needs it is skipped then.
  static std::string program() {
    for (auto path : {"/usr/sbin/nghttpd", "/usr/bin/nghttpd", "/usr/local/bin/nghttpd"}) {
      if (::access(path, X_OK) == 0) return path;
    }
    return {};
  }

  explicit Http2Server(std::string_view body) : port_(LoopbackPort().number()), process_(arguments(body)) {
    if (!process_.wait_for(": listen ")) throw std::runtime_error("nghttpd did not start: " + process_.log());
  }

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/v1"; }

  /// How many connections have agreed on HTTP/2 so far. There has been one: its log may come after its
  /// answer.
  std::size_t connection_count() const {
    constexpr std::string_view agreed = "The negotiated protocol: h2";
    process_.wait_for(agreed);
    return process_.count(agreed);
  }

 private:
  std::vector<std::string> arguments(std::string_view body) const {
    const std::filesystem::path root = directory_.path();
    std::filesystem::create_directories(root / "v1/chat");
    std::ofstream(root / "v1/chat/completions") << body;
    return {program(),     "--verbose",           "--address=127.0.0.1",     "-d",
            root.string(), std::to_string(port_), certificate("server.key"), certificate("server.pem")};
  }

  std::uint16_t port_;
  TemporaryDirectory directory_{};
  LoggedProcess process_;
};

}  // namespace openailb::test
