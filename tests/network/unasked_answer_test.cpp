// What a server sends unasked on an idle connection is nobody's answer.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include "support/tls_server.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace openailb::test::unasked_answer_test {
namespace {

using namespace detail;

/// Answers each request, and then sends something that nobody has asked for.
class TalkativeServer {
 public:
  explicit TalkativeServer(std::string more) : more_(std::move(more)) {}

  Handler handler() {
    return [this](Connection& connection) {
      for (std::size_t answered = 0; connection.read_request(); ++answered) {
        const std::string text = answered == 0 ? "first here" : "second here";
        if (!connection.write(http_response(200, completion_json(text)))) return;
        answered_.wait();  // until the client has it, or else both would be read at once
        if (!connection.write(more_)) return;
        said_more.open();
      }
    };
  }
  void has_answered() { answered_.open(); }

  Gate said_more{};

 private:
  std::string more_;
  Gate answered_{};
};

/// Makes a call, lets the server say more, and makes another one.
template <class Server>
void expect_own_answers(std::string more, ConnectionOptions connection = {}) {
  TalkativeServer talkative(std::move(more));
  Server server(talkative.handler());
  const Client client({{.base_url = server.url()}}, {.max_retries = 0, .connection = std::move(connection)});
  const auto first = client.chat.completions.create(hello());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->text(), "first here");
  talkative.has_answered();
  ASSERT_TRUE(talkative.said_more.wait());
  const auto second = client.chat.completions.create(hello());
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->text(), "first here") << "that of a new connection";
  EXPECT_EQ(server.connection_count(), 2U);
  EXPECT_EQ(server.request_count(), 2U) << "and nothing was sent on the old one";
  EXPECT_EQ(client.endpoints()[0].counts.total_failures, 0U);
}

TEST(UnaskedAnswer, IsNotTakenForTheNextAnswer) {
  expect_own_answers<ScriptedServer>(http_response(200, completion_json("unasked")));
}
TEST(UnaskedAnswer, IsNotTakenForTheNextAnswerOverTls) {
  expect_own_answers<TlsServer>(http_response(200, completion_json("unasked")),
                                {.ca_bundle = certificate("ca.pem")});
}
TEST(UnaskedAnswer, MayBeABeginning) { expect_own_answers<ScriptedServer>("HTTP/1.1 200 OK\r\nX-Half: "); }
TEST(UnaskedAnswer, MayBeOneByte) { expect_own_answers<ScriptedServer>("\n"); }
TEST(UnaskedAnswer, MayBeATimeout) {
  expect_own_answers<ScriptedServer>("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
}

// There, the loop has other transfers under way when the second call begins.
TEST(UnaskedAnswer, IsFoundWhileOtherCallsAreUnderWay) {
  TalkativeServer talkative(http_response(200, completion_json("unasked")));
  ScriptedServer server(talkative.handler());
  Gate asked{};
  ScriptedServer slow([&](Connection& connection) {
    connection.read_request();
    asked.open();
    connection.read_request();  // until it is over
  });
  const AsyncClient client(
      {{.base_url = server.url(), .name = "talkative"}, {.base_url = slow.url(), .name = "slow"}},
      {.max_retries = 0});
  const RequestOptions to_talkative{.endpoint = "talkative"};
  EXPECT_EQ(client.chat.completions.create(hello(), to_talkative).get()->text(), "first here");
  auto waiting = client.chat.completions.create(hello(), {.endpoint = "slow"});
  ASSERT_TRUE(asked.wait());
  talkative.has_answered();
  ASSERT_TRUE(talkative.said_more.wait());
  EXPECT_EQ(client.chat.completions.create(hello(), to_talkative).get()->text(), "first here");
  EXPECT_EQ(server.connection_count(), 2U);
}

}  // namespace
}  // namespace openailb::test::unasked_answer_test
