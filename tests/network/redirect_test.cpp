// Redirects: 307 and 308 repeat the request on the same origin; credentials go to no other one.
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace openailb::test::redirect_test {
namespace {

using namespace detail;
using ::testing::HasSubstr;

std::string redirect(int status, const std::string& location) {
  return http_response(status, "moved", {{"Location", location}, {"Content-Type", "text/plain"}});
}

/// A server that answers /v1/chat/completions with a redirect and everything else well.
Handler redirects(int status, std::string location) {
  return answer([=](const Request& request) {
    const bool first = request.target.starts_with("/v1/chat/completions");
    return first ? redirect(status, location) : http_response(200, completion_json("there"));
  });
}

Client client_of(const ScriptedServer& server) {
  return Client({{.api_key = "sk-secret", .base_url = server.url()}});
}

TEST(RedirectOnSockets, OfTheSameOriginRepeatsThePost) {
  for (int status : {307, 308}) {
    for (const char* location : {"/v2/chat", "../v2/chat?x=1", "?elsewhere=1"}) {
      SCOPED_TRACE(std::to_string(status) + " " + location);
      std::size_t asked = 0;
      ScriptedServer server(answer([&](const Request&) {
        return asked++ == 0 ? redirect(status, location) : http_response(200, completion_json("there"));
      }));
      const Client client = client_of(server);
      auto completion = client.chat.completions.create(hello());
      ASSERT_TRUE(completion) << completion.error().message;
      EXPECT_EQ(completion->text(), "there");
      EXPECT_EQ(completion->info.attempts.size(), 1);
      const auto requests = server.requests();
      ASSERT_EQ(requests.size(), 2);
      EXPECT_NE(requests[1].target, requests[0].target);
      EXPECT_EQ(requests[1].method, "POST");
      EXPECT_EQ(requests[1].body, requests[0].body);
      EXPECT_EQ(requests[1].header("authorization"), "Bearer sk-secret");
      EXPECT_EQ(server.connection_count(), 1);
    }
  }
}

TEST(RedirectOnSockets, WithAWholeUrlOfTheSameOriginIsFollowed) {
  std::string own_origin;
  ScriptedServer server(answer([&](const Request& request) {
    return request.target == "/moved" ? sse_response(completion_events({"there"}))
                                      : redirect(308, own_origin + "/moved");
  }));
  own_origin = server.origin();
  EXPECT_EQ(read(client_of(server).chat.completions.stream(hello())).content, "there");
  EXPECT_EQ(server.requests().back().target, "/moved");
}

TEST(RedirectOnSockets, ToAnotherOriginIsNotFollowedAndTheKeyStays) {
  ScriptedServer other(answer_with(http_response(200, completion_json("stolen"))));
  const std::string port = std::to_string(other.port());
  for (const std::string& location : {other.origin() + "/v1/chat/completions", "//127.0.0.1:" + port + "/x",
                                      "https://127.0.0.1:" + port + "/x", "http://localhost:" + port + "/x",
                                      "http://sk-secret@127.0.0.1:" + port + "/x"}) {
    for (int status : {307, 308}) {
      SCOPED_TRACE(std::to_string(status) + " " + location);
      ScriptedServer server(redirects(status, location));
      const Error error = error_of(client_of(server).chat.completions.create(hello()));
      EXPECT_EQ(error.status, status);
      EXPECT_EQ(error.kind, ErrorKind::api);
      EXPECT_THAT(error.message, HasSubstr("redirect"));
      EXPECT_EQ(server.request_count(), 1);
    }
  }
  EXPECT_EQ(other.connection_count(), 0);
}

TEST(RedirectOnSockets, OfOtherKindsIsNotFollowed) {
  for (int status : {300, 301, 302, 303, 304, 305}) {
    SCOPED_TRACE(status);
    ScriptedServer server(redirects(status, "/elsewhere"));
    const Client client = client_of(server);
    EXPECT_EQ(error_of(client.chat.completions.create(hello())).status, status);
    EXPECT_EQ(read(client.chat.completions.stream(hello())).error->status, status);
    EXPECT_EQ(server.request_count(), 2);
  }
}

TEST(RedirectOnSockets, ToNowhereIsSentOnce) {
  ScriptedServer server(answer_with(http_response(307, "moved")));
  auto completion = client_of(server).chat.completions.create(hello());
  ASSERT_FALSE(completion);
  EXPECT_EQ(completion.error().status, 307);
  EXPECT_EQ(server.request_count(), 1);
}

TEST(RedirectOnSockets, InACircleEnds) {
  ScriptedServer server(answer_with(redirect(307, "/v1/chat/completions")));
  const Client client = client_of(server);
  EXPECT_EQ(error_of(client.chat.completions.create(hello())).status, 307);
  EXPECT_EQ(server.request_count(), 1 + ClientOptions{}.max_retries);
}

TEST(RedirectOnSockets, ToGarbageIsTheAnswerItself) {
  for (const char* location : {"", "http://", "http:///x", "://", "\\\\evil\\x", "javascript:alert(1)",
                               "file:///etc/passwd", "http://[::1", "http://127.0.0.1:99999/", "\x01\xff"}) {
    SCOPED_TRACE(location);
    ScriptedServer server(redirects(307, location));
    const Error error = error_of(client_of(server).chat.completions.create(hello()));
    EXPECT_EQ(error.status, 307);
    EXPECT_EQ(server.request_count(), 1);
  }
  ScriptedServer server(answer_with(http_response(308, "")));
  EXPECT_EQ(error_of(client_of(server).chat.completions.create(hello())).status, 308);
}

}  // namespace
}  // namespace openailb::test::redirect_test
