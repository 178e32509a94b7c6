// What an event loop remembers of servers: no more than of those that it still has to do with, and some
// others.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace openailb::test::known_servers_test {
namespace {

using namespace detail;

constexpr int many = 5'000;

std::string authority(const ScriptedServer& server) { return "127.0.0.1:" + std::to_string(server.port()); }

std::string other(int number) { return "host-" + std::to_string(number) + ".example"; }

HttpRequest request_to(const std::string& authority) {
  return {.url = "http://" + authority + '/', .max_response_size = 1000};
}

void let_end(CurlEventLoop& loop, const Transfer& transfer) {
  for (const Stopwatch watch; !transfer.done() && watch.elapsed() < patience;) loop.wait(loop.now() + 1ms);
}

/// Begins to ask many others and gives up at once, and counts how many of them are known then.
std::size_t known_of_many(CurlEventLoop& loop) {
  for (int number = 0; number < many; ++number) {
    const Transfer transfer(loop, request_to(other(number)));
  }
  std::size_t known = 0;
  for (int number = 0; number < many; ++number) known += loop.knows(other(number)) ? 1 : 0;
  return known;
}

TEST(KnownServers, OfManyThatComeAndGoFewAreKnown) {
  CurlEventLoop loop;
  EXPECT_LE(known_of_many(loop), 1024U);
  EXPECT_TRUE(loop.knows(other(many - 1)));
}

TEST(KnownServers, OneThatHasYetToAnswerStaysKnown) {
  Gate others_were_asked;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    others_were_asked.wait(connection.stop_token());
    connection.write(http_response(200, "late"));
  });
  CurlEventLoop loop;
  const Transfer transfer(loop, request_to(authority(server)));
  known_of_many(loop);
  EXPECT_TRUE(loop.knows(authority(server)));
  others_were_asked.open();
  let_end(loop, transfer);
  EXPECT_EQ(transfer.response.body, "late");
}

/// Whether a server that has answered is known after many others were asked.
bool stays_known(const ScriptedServer& server, int requests) {
  CurlEventLoop loop;
  for (int request = 0; request < requests; ++request) {
    const Transfer transfer(loop, request_to(authority(server)));
    let_end(loop, transfer);
    EXPECT_EQ(transfer.response.body, "{}");
  }
  known_of_many(loop);
  return loop.knows(authority(server));
}

TEST(KnownServers, OneToWhichAConnectionIsKeptStaysKnown) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(http_response(200, "{}"));
    connection.wait_closed();
  });
  EXPECT_TRUE(stays_known(server, 1));
}

TEST(KnownServers, OneThatHasClosedItsConnectionIsForgotten) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write(http_response(200, "{}"));
    connection.read_request();
    connection.write(http_response(200, "{}", {{"Connection", "close"}}));
  });
  EXPECT_FALSE(stays_known(server, 2));
  EXPECT_EQ(server.connection_count(), 1);
}

}  // namespace
}  // namespace openailb::test::known_servers_test
