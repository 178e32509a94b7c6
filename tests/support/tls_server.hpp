#pragma once

#include "support/scripted_server.hpp"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <openssl/ssl.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace openailb::test {

/// A file that the build has made: ca.pem, other-ca.pem, server.pem, server.key, client.pem, client.key.
inline std::string certificate(std::string_view name) {
  return std::string(OPENAILB_TEST_CERTIFICATES "/").append(name);
}

class TlsTransport : public Transport {
 public:
  TlsTransport(Socket& socket, SSL_CTX& context, std::function<void()> before_handshake)
      : Transport(socket), before_handshake_(std::move(before_handshake)), ssl_(SSL_new(&context), SSL_free) {
    // OpenSSL writes without MSG_NOSIGNAL. Only this thread is spared, so that a client which would die of
    // SIGPIPE in the same process still does.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    SSL_set_fd(ssl_.get(), socket.fd());
  }

  bool open() override {
    if (before_handshake_) before_handshake_();
    return SSL_accept(ssl_.get()) == 1;
  }

  std::ptrdiff_t read(char* into, std::size_t size) override {
    return SSL_read(ssl_.get(), into, at_most_int(size));
  }

  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      int written = SSL_write(ssl_.get(), bytes.data(), at_most_int(bytes.size()));
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  void finish() override { SSL_shutdown(ssl_.get()); }

 private:
  static int at_most_int(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
  }

  std::function<void()> before_handshake_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

enum class ClientCertificate { not_asked, required };

/// A ScriptedServer that speaks TLS, and of the protocols above it HTTP/1.1 alone. Its certificate is signed
/// by certificate("ca.pem") for localhost and 127.0.0.1. A connection counts before its handshake; the
/// handler runs only when that has succeeded. Before each handshake it calls `before_handshake`, unless that
/// is null.
class TlsServer : public ScriptedServer {
 public:
  explicit TlsServer(Handler handler, ClientCertificate client = ClientCertificate::not_asked,
                     std::function<void()> before_handshake = {})
      : TlsServer(std::move(handler), make_context(client), std::move(before_handshake)) {}

 private:
  TlsServer(Handler handler, std::shared_ptr<SSL_CTX> context, std::function<void()> before_handshake)
      : ScriptedServer(std::move(handler), "https",
                       [context = std::move(context), before = std::move(before_handshake)](Socket& socket) {
                         return std::make_unique<TlsTransport>(socket, *context, before);
                       }) {}

  static std::shared_ptr<SSL_CTX> make_context(ClientCertificate client) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    bool ready = SSL_CTX_use_certificate_file(context.get(), certificate("server.pem").c_str(),
                                              SSL_FILETYPE_PEM) == 1 &&
                 SSL_CTX_use_PrivateKey_file(context.get(), certificate("server.key").c_str(),
                                             SSL_FILETYPE_PEM) == 1 &&
                 SSL_CTX_load_verify_locations(context.get(), certificate("ca.pem").c_str(), nullptr) == 1;
    if (!ready) throw std::runtime_error("cannot read " + certificate("server.pem"));
    if (client == ClientCertificate::required) {
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    SSL_CTX_set_alpn_select_cb(context.get(), select_http_1_1, nullptr);
    return context;
  }

  static int select_http_1_1(SSL*, const unsigned char** selected, unsigned char* selected_size,
                             const unsigned char* offered, unsigned int offered_size, void*) {
    static constexpr unsigned char http_1_1[] = "\x08http/1.1";
    auto outcome = SSL_select_next_proto(const_cast<unsigned char**>(selected), selected_size, http_1_1,
                                         sizeof http_1_1 - 1, offered, offered_size);
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }
};

}  // namespace openailb::test
