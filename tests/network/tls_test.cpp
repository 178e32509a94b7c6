// Certificates are always verified, and HTTP/2 is spoken where the server has it.
#include "support/http2_server.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/tls_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace openailb::test::tls_test {
namespace {

using namespace detail;
using ::testing::AllOf;
using ::testing::HasSubstr;

Handler says_hi() { return answer_with(http_response(200, completion_json("Hi"))); }

/// The error of a call whose handshake fails; the server never sees the request.
Error error_of_handshake(const TlsServer& server, const std::string& url, ConnectionOptions connection) {
  Client client({{.api_key = "sk-secret", .base_url = url}},
                {.max_retries = 0, .connection = std::move(connection)});
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::connection) << error.message;
  EXPECT_EQ(server.request_count(), 0);
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 1);
  return error;
}

TEST(Tls, AServerThatTheSystemDoesNotKnowIsRefused) {
  TlsServer server(says_hi());
  EXPECT_THAT(error_of_handshake(server, server.url(), {}).message,
              AllOf(HasSubstr("127.0.0.1:" + std::to_string(server.port())), HasSubstr("certificate")));
}

TEST(Tls, AServerOfAnotherCaIsRefused) {
  TlsServer server(says_hi());
  EXPECT_THAT(error_of_handshake(server, server.url(), {.ca_bundle = certificate("other-ca.pem")}).message,
              HasSubstr("certificate"));
}

TEST(Tls, AServerOfAnotherNameIsRefused) {
  TlsServer server(says_hi());  // its certificate is for localhost and 127.0.0.1 alone
  const std::string url = "https://other.localhost:" + std::to_string(server.port()) + "/v1";
  const Error error = error_of_handshake(server, url, {.ca_bundle = certificate("ca.pem")});
  EXPECT_THAT(error.message, HasSubstr("subject"));
}

TEST(Tls, TheCaBundleOptionIsTrusted) {
  TlsServer server(says_hi());
  for (const char* host : {"127.0.0.1", "localhost"}) {
    Client client({{.base_url = "https://" + std::string(host) + ':' + std::to_string(server.port())}},
                  {.connection = {.ca_bundle = certificate("ca.pem")}});
    auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "Hi");
  }
}

/// Why the constructor refuses these options.
std::string refusal(ConnectionOptions connection) {
  try {
    Client client({{.base_url = "https://127.0.0.1:9"}}, {.connection = std::move(connection)});
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "it does not";
}

TEST(Tls, FilesThatAreOfNoUseAreRefusedByTheConstructor) {
  const std::string pem = certificate("client.pem"), key = certificate("client.key"),
                    ca = certificate("ca.pem");
  EXPECT_THAT(refusal({.ca_bundle = "/nonexistent.pem"}),
              HasSubstr("ca_bundle: /nonexistent.pem cannot be read"));
  EXPECT_THAT(refusal({.ca_bundle = "/"}), HasSubstr("is a directory"));
  EXPECT_THAT(refusal({.ca_bundle = key}), HasSubstr("has no certificate in PEM"));
  EXPECT_THAT(refusal({.client_certificate = "/nonexistent", .client_key = key}),
              HasSubstr("client_certificate: "));
  EXPECT_THAT(refusal({.client_certificate = key, .client_key = key}), HasSubstr("has no certificate"));
  EXPECT_THAT(refusal({.client_certificate = pem, .client_key = "/nonexistent"}), HasSubstr("client_key: "));
  EXPECT_THAT(refusal({.client_certificate = pem, .client_key = pem}), HasSubstr("has no private key"));
  EXPECT_THAT(refusal({.client_certificate = pem}), HasSubstr("has no private key"));
  EXPECT_THAT(refusal({.client_key = key}), HasSubstr("needs a client_certificate"));
  EXPECT_EQ(refusal({.ca_bundle = ca, .client_certificate = pem, .client_key = key}), "it does not");
}

TEST(Tls, APlainServerIsNotSpokenTo) {
  ScriptedServer server(
      [](Connection& connection) { connection.write(http_response(400, "speak plainly")); });
  Client client({{.base_url = "https://127.0.0.1:" + std::to_string(server.port())}}, {.max_retries = 0});
  const Error error = error_of(client.chat.completions.create(hello()));
  EXPECT_EQ(error.kind, ErrorKind::connection);
  EXPECT_THAT(error.message, HasSubstr("does this port speak TLS?"));
}

TEST(Tls, AServerThatIsNotTrustedIsAskedOnce) {
  TlsServer server(says_hi());
  Client client({{.base_url = server.url()}});
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).attempts.size(), 1);
}

TEST(ClientCertificate, IsShownToAServerThatRequiresOne) {
  TlsServer server(says_hi(), ClientCertificate::required);
  Client client({{.base_url = server.url()}}, {.connection = {.ca_bundle = certificate("ca.pem"),
                                                              .client_certificate = certificate("client.pem"),
                                                              .client_key = certificate("client.key")}});
  auto completion = client.chat.completions.create(hello());
  ASSERT_TRUE(completion) << completion.error().message;
}

TEST(ClientCertificate, MayBeGivenToAServerThatDoesNotAsk) {
  TlsServer server(says_hi());
  Client client({{.base_url = server.url()}}, {.connection = {.ca_bundle = certificate("ca.pem"),
                                                              .client_certificate = certificate("client.pem"),
                                                              .client_key = certificate("client.key")}});
  EXPECT_TRUE(client.chat.completions.create(hello()));
}

TEST(ClientCertificate, WhereRequiredAndMissingIsAConnectionError) {
  TlsServer server(says_hi(), ClientCertificate::required);
  const Error error = error_of_handshake(server, server.url(), {.ca_bundle = certificate("ca.pem")});
  EXPECT_THAT(error.message, HasSubstr("127.0.0.1:" + std::to_string(server.port())));
}

TEST(Tls, StreamsComeWhole) {
  TlsServer server(answer_with(sse_response(completion_events({"Hel", "lo"}))));
  Client client({{.base_url = server.url()}}, {.connection = {.ca_bundle = certificate("ca.pem")}});
  for (int call = 0; call < 20; ++call) {
    EXPECT_EQ(read(client.chat.completions.stream(hello())).content, "Hello");
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(Tls, LargeRequestsToAServerThatBreaksOffDoNotKillTheProcess) {
  TlsServer server([](Connection& connection) { connection.reset(); });
  Client client({{.base_url = server.url()}},
                {.max_retries = 0, .connection = {.ca_bundle = certificate("ca.pem")}});
  const Error error = error_of(client.chat.completions.create(hello(std::string(std::size_t{5} << 20, 'x'))));
  EXPECT_EQ(error.kind, ErrorKind::connection) << error.message;
}

class Http2 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Http2Server::program().empty()) GTEST_SKIP() << "nghttpd is not installed";
  }
  static ClientOptions trusting() { return {.connection = {.ca_bundle = certificate("ca.pem")}}; }
};

TEST_F(Http2, IsSpokenWhereTheServerHasIt) {
  Http2Server server(completion_json("two"));
  Client client({{.base_url = server.url()}}, trusting());
  auto completion = client.chat.completions.create(hello());
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->text(), "two");
  EXPECT_EQ(completion->info.status, 200);
  EXPECT_TRUE(completion->info.headers.contains("Server"));
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(Http2, CarriesStreamsOnOneConnection) {
  std::string events;
  for (const auto& event : completion_events({"Hel", "lo"})) events += sse_event(event);
  Http2Server server(events);
  Client client({{.base_url = server.url()}}, trusting());
  for (int call = 0; call < 20; ++call) {
    StreamText text = read(client.chat.completions.stream(hello()));
    ASSERT_EQ(text.error, std::nullopt) << text.error->message;
    EXPECT_EQ(text.content, "Hello");
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(Http2, KeepsItsConnectionWhenACallIsCanceled) {
  Http2Server server(completion_json("two"));
  Client client({{.base_url = server.url()}}, trusting());
  EXPECT_TRUE(client.chat.completions.create(hello()));
  EXPECT_FALSE(client.chat.completions.create(hello(), {.deadline = 1ns}));
  EXPECT_TRUE(client.chat.completions.create(hello()));
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(Http2, AnswersOfOtherPathsAreErrors) {
  Http2Server server(completion_json("two"));
  Client client({{.base_url = server.url()}}, trusting());
  EXPECT_EQ(error_of(client.get("/models")).status, 404);
}

}  // namespace
}  // namespace openailb::test::tls_test
