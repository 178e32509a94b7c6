// The servers that the other tests rely on, tried with plain libcurl and plain sockets.
#include "support/gate.hpp"
#include "support/http2_server.hpp"
#include "support/http_message.hpp"
#include "support/scripted_server.hpp"
#include "support/socket.hpp"
#include "support/tls_server.hpp"

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace openailb::test::support_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// One libcurl handle, and so one connection that is kept alive from call to call.
class Curl {
 public:
  CURL* handle() { return handle_.get(); }

  CURLcode post(const std::string& url, const std::string& body) {
    text.clear();
    curl_easy_setopt(handle(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle(), CURLOPT_COPYPOSTFIELDS, body.c_str());
    curl_easy_setopt(handle(), CURLOPT_WRITEDATA, &text);
    curl_easy_setopt(handle(), CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(handle(), CURLOPT_TIMEOUT, 20L);
    auto code = curl_easy_perform(handle());
    curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
    return code;
  }

  void certify(const std::string& ca, const std::string& client = {}) {
    curl_easy_setopt(handle(), CURLOPT_CAINFO, certificate(ca + ".pem").c_str());
    if (client.empty()) return;
    curl_easy_setopt(handle(), CURLOPT_SSLCERT, certificate(client + ".pem").c_str());
    curl_easy_setopt(handle(), CURLOPT_SSLKEY, certificate(client + ".key").c_str());
  }

  std::string text;
  long status = 0;

 private:
  static std::size_t append(char* data, std::size_t, std::size_t size, void* into) {
    static_cast<std::string*>(into)->append(data, size);
    return size;
  }

  std::unique_ptr<CURL, void (*)(CURL*)> handle_{curl_easy_init(), curl_easy_cleanup};
};

std::string read_all(Socket& socket) {
  std::string all;
  char buffer[4096];
  for (std::ptrdiff_t count; (count = socket.read(buffer, sizeof buffer)) > 0;) {
    all.append(buffer, static_cast<std::size_t>(count));
  }
  return all;
}

TEST(ScriptedServer, KeepsTheConnectionAndEveryRequest) {
  ScriptedServer server(answer([](const Request& request) { return http_response(200, request.body); }));
  Curl curl;
  EXPECT_EQ(curl.post(server.url() + "/echo", "one"), CURLE_OK);
  EXPECT_EQ(curl.text, "one");
  EXPECT_EQ(curl.post(server.url() + "/echo", "two"), CURLE_OK);
  EXPECT_EQ(curl.text, "two");
  EXPECT_EQ(curl.status, 200);

  EXPECT_EQ(server.connection_count(), 1);
  auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2);
  EXPECT_EQ(requests[1].method, "POST");
  EXPECT_EQ(requests[1].target, "/v1/echo");
  EXPECT_EQ(requests[1].body, "two");
  EXPECT_EQ(requests[1].header("CONTENT-length"), "3");
  EXPECT_EQ(requests[1].header("x-missing"), std::nullopt);
  EXPECT_THAT(requests[1].raw, StartsWith("POST /v1/echo HTTP/1.1\r\nHost: "));
  EXPECT_TRUE(requests[1].raw.ends_with("\r\n\r\ntwo"));
}

TEST(ScriptedServer, ReadsRequestsByteByByteInChunksAndOneBehindTheOther) {
  ScriptedServer server(answer_with(http_response(204, "")));
  Socket socket(connect_to(server.port()));
  const std::string chunked =
      "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
  const std::string sized = "POST /b HTTP/1.1\r\nEmpty:\r\nContent-Length: 2\r\n\r\nhi";
  for (char byte : chunked + sized) ASSERT_TRUE(socket.write({&byte, 1}));
  ASSERT_TRUE(socket.write(sized + "GET /c HTTP/1.1\r\n\r\n"));
  socket.shutdown_write();
  read_all(socket);

  std::vector<std::string> seen;
  for (const auto& request : server.requests()) seen.push_back(request.target + " " + request.body);
  EXPECT_THAT(seen, ElementsAre("/a abcd", "/b hi", "/b hi", "/c "));
  EXPECT_EQ(server.requests()[0].raw, chunked);
  EXPECT_EQ(server.requests()[1].raw, sized);
  EXPECT_EQ(server.requests()[1].header("empty"), "");
}

TEST(ScriptedServer, AnswersInTurn) {
  ScriptedServer server(answer_in_turn({http_response(503, "busy"), "", http_response(200, "fine")}));
  Curl curl;
  curl_easy_setopt(curl.handle(), CURLOPT_FRESH_CONNECT, 1L);
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_OK);
  EXPECT_EQ(curl.status, 503);
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_GOT_NOTHING);
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_OK);
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_OK);
  EXPECT_EQ(curl.text, "fine");
}

TEST(ScriptedServer, SendsChunksAndEventStreams) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write_bytewise(chunked_response(200, {"some", "thing long enough for two digits"}));
    connection.read_request();
    connection.write(sse_response(completion_events({"Hel", "lo"})));
  });
  Curl curl;
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_OK);
  EXPECT_EQ(curl.text, "something long enough for two digits");
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_OK);
  EXPECT_THAT(curl.text, StartsWith("data: {"));
  EXPECT_TRUE(curl.text.ends_with("\n\ndata: [DONE]\n\n"));
}

TEST(ScriptedServer, BreaksConnectionsOff) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    if (connection.index() == 0) connection.reset();
    if (connection.index() == 1) connection.write(response_head(200, {{"Content-Length", "9"}}) + "half");
  });
  Curl curl;
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_RECV_ERROR);
  EXPECT_EQ(curl.post(server.url(), "x"), CURLE_PARTIAL_FILE);
  EXPECT_EQ(server.connection_count(), 2);
}

TEST(ScriptedServer, SeesThePeerClose) {
  Gate gone;
  ScriptedServer server([&](Connection& connection) {
    connection.wait_closed();
    gone.open();
  });
  {
    Socket socket(connect_to(server.port()));
    EXPECT_TRUE(server.wait_for_connections(1));
    socket.write("bytes that nobody wants");
  }
  EXPECT_TRUE(gone.wait());
}

TEST(ScriptedServer, EndsItsHandlersWhenDestroyed) {
  Gate never, reached;
  std::unique_ptr<Socket> stuck, waiting;
  const auto begin = std::chrono::steady_clock::now();
  {
    ScriptedServer server([&](Connection& connection) {
      if (connection.index() == 0) connection.read_request();
      if (connection.index() == 1) {
        reached.open();
        EXPECT_FALSE(never.wait(connection.stop_token()));
      }
    });
    stuck = std::make_unique<Socket>(connect_to(server.port()));
    EXPECT_TRUE(server.wait_for_connections(1));
    waiting = std::make_unique<Socket>(connect_to(server.port()));
    EXPECT_TRUE(reached.wait());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, patience);
  EXPECT_EQ(read_all(*waiting), "");
}

TEST(ScriptedServer, GivesEachConnectionAThread) {
  Gate all_here;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    if (connection.index() == 2) all_here.open();
    connection.write(http_response(all_here.wait(connection.stop_token()) ? 200 : 500, ""));
  });
  std::vector<std::thread> clients;
  for (int client = 0; client < 3; ++client) {
    clients.emplace_back([&] {
      Curl curl;
      EXPECT_EQ(curl.post(server.url(), "x"), CURLE_OK);
      EXPECT_EQ(curl.status, 200);
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_TRUE(server.wait_for_requests(3));
}

TEST(Ports, RefuseAndStaySilent) {
  RefusedPort refused;
  Curl curl;
  EXPECT_EQ(curl.post(refused.url(), "x"), CURLE_COULDNT_CONNECT);

  SilentPort silent;
  curl_easy_setopt(curl.handle(), CURLOPT_CONNECTTIMEOUT_MS, 50L);
  EXPECT_EQ(curl.post(silent.url(), "x"), CURLE_OPERATION_TIMEDOUT);
}

TEST(TlsServer, ShowsACertificateOfTheTestCa) {
  TlsServer server(answer([](const Request& request) { return http_response(200, request.body); }));
  Curl curl;
  curl.certify("ca");
  curl_easy_setopt(curl.handle(), CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(curl.post(server.url(), large), CURLE_OK);
  EXPECT_EQ(curl.post(server.url(), large), CURLE_OK);
  EXPECT_EQ(curl.text, large);
  EXPECT_EQ(server.connection_count(), 1);
  long version = 0;
  curl_easy_getinfo(curl.handle(), CURLINFO_HTTP_VERSION, &version);
  EXPECT_EQ(version, CURL_HTTP_VERSION_1_1);

  Curl stranger;
  stranger.certify("other-ca");
  EXPECT_EQ(stranger.post(server.url(), "x"), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(server.connection_count(), 2);
  EXPECT_EQ(server.request_count(), 2);
}

TEST(TlsServer, AsksForAClientCertificate) {
  TlsServer server(answer_with(http_response(200, "welcome")), ClientCertificate::required);
  Curl nobody;
  nobody.certify("ca");
  EXPECT_NE(nobody.post(server.url(), "x"), CURLE_OK);
  EXPECT_EQ(server.request_count(), 0);

  Curl member;
  member.certify("ca", "client");
  EXPECT_EQ(member.post(server.url(), "x"), CURLE_OK);
  EXPECT_EQ(member.text, "welcome");
}

TEST(Http2Server, SpeaksHttp2) {
  if (Http2Server::program().empty()) GTEST_SKIP() << "nghttpd is not installed";
  Http2Server server(completion_json("Hello"));
  Curl curl;
  curl.certify("ca");
  curl_easy_setopt(curl.handle(), CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  EXPECT_EQ(curl.post(server.url() + "/chat/completions", "{}"), CURLE_OK);
  EXPECT_THAT(curl.text, HasSubstr("\"Hello\""));
  long version = 0;
  curl_easy_getinfo(curl.handle(), CURLINFO_HTTP_VERSION, &version);
  EXPECT_EQ(version, CURL_HTTP_VERSION_2_0);
  EXPECT_EQ(server.connection_count(), 1);
}

}  // namespace
}  // namespace openailb::test::support_test
