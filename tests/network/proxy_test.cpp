// Proxies: what they are asked, and what they never get to see.
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include "support/socket.hpp"
#include "support/tls_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>

namespace openailb::test::proxy_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A proxy that lets one client through to a port of loopback, and keeps what it was told first.
class TunnelingProxy {
 public:
  explicit TunnelingProxy(std::uint16_t to) {
    port_.listen(1);
    thread_ = std::thread([this, to] { serve(to); });
  }
  TunnelingProxy(const TunnelingProxy&) = delete;
  TunnelingProxy& operator=(const TunnelingProxy&) = delete;
  ~TunnelingProxy() { join(); }

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_.number()); }

  /// The request that it was given, once its client has gone.
  const std::string& request() {
    join();
    return request_;
  }

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  void serve(std::uint16_t to) {
    Socket client(::accept4(port_.socket().fd(), nullptr, nullptr, SOCK_CLOEXEC));
    char byte;
    while (!request_.ends_with("\r\n\r\n") && client.read(&byte, 1) == 1) request_ += byte;
    client.write("HTTP/1.1 200 established\r\nx-request-id: of-the-proxy\r\n\r\n");
    Socket server(connect_to(to));
    std::array<pollfd, 2> both{{{client.fd(), POLLIN, 0}, {server.fd(), POLLIN, 0}}};
    for (char buffer[16384]; ::poll(both.data(), both.size(), -1) > 0;) {
      for (Socket* from : {&client, &server}) {
        Socket& other = from == &client ? server : client;
        if (both[from == &client ? 0 : 1].revents == 0) continue;
        const auto count = from->read(buffer, sizeof buffer);
        if (count <= 0 || !other.write({buffer, static_cast<std::size_t>(count)})) return;
      }
    }
  }

  LoopbackPort port_{};
  std::string request_{};
  std::thread thread_{};
};

TEST(Proxy, ForHttpGetsTheWholeUrl) {
  ScriptedServer proxy(answer_with(http_response(200, completion_json("by proxy"))));
  Client client({{.base_url = "http://api.example.test/v1"}}, {.connection = {.proxy = proxy.origin()}});
  for (int call = 0; call < 3; ++call) {
    auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "by proxy");
  }
  const Request request = proxy.requests().at(0);
  EXPECT_THAT(request.raw, StartsWith("POST http://api.example.test/v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_EQ(request.header("host"), "api.example.test");
  EXPECT_EQ(proxy.connection_count(), 1);
}

TEST(Proxy, ForHttpsTunnelsAndNeverSeesTheKey) {
  TlsServer server(answer_with(http_response(200, completion_json("Hi"))));
  TunnelingProxy proxy(server.port());
  {
    Client client({{.api_key = "sk-secret", .base_url = server.url(), .headers = {{"X-Team", "blue"}}}},
                  {.connection = {.ca_bundle = certificate("ca.pem"), .proxy = proxy.origin()}});
    for (int call = 0; call < 3; ++call) {
      auto completion = client.chat.completions.create(hello());
      ASSERT_TRUE(completion) << completion.error().message;
      EXPECT_EQ(completion->text(), "Hi");
      EXPECT_EQ(completion->info.request_id, "");
    }
  }
  EXPECT_EQ(server.connection_count(), 1);
  EXPECT_EQ(server.requests().at(0).header("authorization"), "Bearer sk-secret");
  const std::string target = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_THAT(proxy.request(), StartsWith("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"));
  EXPECT_THAT(proxy.request(), Not(HasSubstr("uthorization")));
  EXPECT_THAT(proxy.request(), Not(HasSubstr("X-Team")));
}

TEST(Proxy, ThatRefusesIsAConnectionFailure) {
  ScriptedServer proxy(answer_with(http_response(403, "no")));
  Client client({{.api_key = "sk-secret", .base_url = "https://api.example.test/v1"}},
                {.max_retries = 0, .connection = {.proxy = proxy.origin()}});
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::connection);
  EXPECT_THAT(error.message, HasSubstr("the proxy refused a tunnel: 403"));
}

TEST(Proxy, ThatWantsAPasswordSaysSo) {
  ScriptedServer proxy(answer_with(http_response(407, "who are you?")));
  for (const char* url : {"https://api.example.test/v1", "http://api.example.test/v1"}) {
    Client client({{.base_url = url}}, {.connection = {.proxy = proxy.origin()}});
    const Error error = error_of(client.chat.completions.create(hello()));
    EXPECT_THAT(error.message, HasSubstr("407"));
    EXPECT_THAT(error.message, HasSubstr("password"));
    EXPECT_EQ(error.attempts.size(), 1) << "the same would happen again";
  }
}

TEST(Proxy, WithAnInvalidUrlIsRefusedByTheConstructor) {
  for (const char* proxy : {"ftp://proxy:3128", "http://", "http://proxy:port", "proxy:99999", "http://a b:1",
                            "http://user:secret@", "://proxy", "http://pro%xy:1"}) {
    try {
      Client client({{.base_url = "http://api.example.test"}}, {.connection = {.proxy = proxy}});
      ADD_FAILURE() << proxy;
    } catch (const std::invalid_argument& refused) {
      EXPECT_THAT(refused.what(), HasSubstr("connection.proxy"));
      EXPECT_THAT(refused.what(), Not(HasSubstr("secret")));
    }
  }
  for (const char* proxy : {"proxy", "proxy:3128", "http://proxy/", "https://user:pass@word@proxy:1",
                            "socks5h://[::1]:1080", "SOCKS5://proxy"}) {
    Client client({{.base_url = "http://api.example.test"}}, {.connection = {.proxy = proxy}});
  }
}

TEST(Proxy, ThatIsNotThereIsAConnectionFailure) {
  RefusedPort port;
  Client client(
      {{.base_url = "http://api.example.test/v1"}},
      {.max_retries = 0, .connection = {.proxy = "http://127.0.0.1:" + std::to_string(port.port())}});
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::connection);
  EXPECT_THAT(error.message,
              HasSubstr("could not connect to the proxy 127.0.0.1:" + std::to_string(port.port())));
}

TEST(Proxy, OfAnOptionIsUsedWhateverNoProxySays) {
  ScriptedServer proxy(answer_with(http_response(200, completion_json("by proxy"))));
  ::setenv("NO_PROXY", "*", 1);
  Client client({{.base_url = "http://api.example.test/v1"}}, {.connection = {.proxy = proxy.origin()}});
  auto completion = client.chat.completions.create(hello());
  ::unsetenv("NO_PROXY");
  EXPECT_EQ(completion->text(), "by proxy");
}

TEST(Proxy, OfTheEnvironmentIsUsedUnlessThereIsAnOption) {
  ScriptedServer proxy(answer_with(http_response(200, completion_json("by proxy"))));
  ScriptedServer other(answer_with(http_response(200, completion_json("by the other"))));
  ::setenv("http_proxy", proxy.origin().c_str(), 1);
  Client by_environment({{.base_url = "http://api.example.test/v1"}});
  Client by_option({{.base_url = "http://api.example.test/v1"}}, {.connection = {.proxy = other.origin()}});
  auto one = by_environment.chat.completions.create(hello());
  auto two = by_option.chat.completions.create(hello());
  ::unsetenv("http_proxy");
  EXPECT_EQ(one->text(), "by proxy");
  EXPECT_EQ(two->text(), "by the other");
}

}  // namespace
}  // namespace openailb::test::proxy_test
