// Requests that libcurl's loop makes one after the other, or at once, on what it keeps: each is sent as it
// is, with nothing of another.
#include "support/http_message.hpp"
#include "support/scripted_server.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>
#include <openailb/detail/net/task.hpp>
#include <openailb/values/http.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>

namespace openailb::test::kept_handle_test {
namespace {

using namespace openailb::detail;
using ::testing::HasSubstr;
using ::testing::Not;

/// Sends a request. Gives the body of the answer, or what went wrong.
Task<std::string> sent(EventLoop& loop, HttpRequest request) {
  Transfer transfer(loop, std::move(request));
  WhenAny end(transfer);
  co_await end;
  if (transfer.failure()) co_return transfer.failure()->message;
  co_return transfer.response.body;
}

HttpRequest request_to(std::string url) {
  return {.url = std::move(url),
          .headers = {{"Content-Type", "text/plain"}},
          .body = "a",
          .max_response_size = 10'000};
}

/// Answers with the target of the request.
Handler tell_target() {
  return answer([](const Request& request) { return http_response(200, request.target); });
}

class KeptHandle : public ::testing::Test {
 protected:
  std::string send(HttpRequest request) { return run(loop, sent(loop, std::move(request))); }

  ScriptedServer server{tell_target()};
  CurlEventLoop loop{};
};

TEST_F(KeptHandle, GoesToTheUrlOfEachRequest) {
  const std::string longest = "/" + std::string(5000, 'x') + "?y=1";
  for (const std::string& target :
       {std::string("/a"), std::string("/a"), std::string("/b?key=one"), std::string("/b?key=two"),
        std::string("/b"), longest, longest, std::string("/%2E%2E/./b/../c"), std::string("/a")}) {
    EXPECT_EQ(send(request_to(server.origin() + target)), target);
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(KeptHandle, GoesToTheServerOfEachRequest) {
  ScriptedServer other(tell_target());
  for (int time = 0; time < 3; ++time) {
    for (ScriptedServer* one : {&server, &other}) {
      EXPECT_EQ(send(request_to(one->origin() + "/same")), "/same");
      const std::string host = "127.0.0.1:" + std::to_string(one->port());
      EXPECT_EQ(one->requests().back().header("host"), host);
    }
  }
  EXPECT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(other.requests().size(), 3U);
}

TEST_F(KeptHandle, TakesNoSecretToAnotherServer) {
  ScriptedServer other(tell_target());
  HttpRequest with_key = request_to(server.origin() + "/x?key=in-the-query");
  with_key.headers.insert_or_assign("Authorization", "Bearer in-the-header");
  with_key.body = "in-the-body";
  send(with_key);
  send(request_to(other.origin() + "/x"));
  EXPECT_THAT(server.requests().at(0).raw, HasSubstr("in-the-header"));
  EXPECT_THAT(other.requests().at(0).raw, Not(HasSubstr("in-the-")));
}

TEST_F(KeptHandle, KeepsNoWishOfARequestForTheNext) {
  HttpRequest fresh = request_to(server.origin() + "/a");
  fresh.fresh_connection = true;
  for (const int connections : {1, 2, 2, 2}) {
    EXPECT_EQ(send(server.requests().size() == 1 ? fresh : request_to(server.origin() + "/a")), "/a");
    EXPECT_EQ(server.connection_count(), connections);
  }
}

// libcurl reads what it is given only when the loop runs: by then the loop has heard of all of them.
TEST_F(KeptHandle, ManyAtOnceEachGoToTheirOwnUrl) {
  for (const LoopTuning calls : {LoopTuning::latency, LoopTuning::throughput}) {
    CurlEventLoop many({}, calls);
    std::deque<Task<std::string>> tasks;
    for (int index = 0; index < 20; ++index) {
      tasks.push_back(sent(many, request_to(server.origin() + "/" + std::to_string(index % 7))));
      tasks.back().start();
    }
    for (int index = 0; index < 20; ++index) {
      const std::string expected = "/" + std::to_string(index % 7);
      EXPECT_EQ(run(many, std::move(tasks[static_cast<std::size_t>(index)])), expected);
    }
  }
}

TEST_F(KeptHandle, AUrlThatLibcurlRefusesSpoilsNoOther) {
  const std::string bad = "http://127.0.0.1:port/";
  EXPECT_EQ(send(request_to(server.origin() + "/a")), "/a");
  EXPECT_THAT(send(request_to(bad)), HasSubstr("not sent"));
  EXPECT_THAT(send(request_to(bad)), HasSubstr("not sent"));
  EXPECT_EQ(send(request_to(server.origin() + "/a")), "/a");
}

}  // namespace
}  // namespace openailb::test::kept_handle_test
