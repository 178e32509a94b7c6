// What a hedge looks like on real sockets.
#include "support/gate.hpp"
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

namespace openailb::test::hedge_wire_test {
namespace {

TEST(HedgeOnTheWire, CancelsTheAttemptThatLost) {
  Gate canceled;
  ScriptedServer silent([&](Connection& connection) {
    connection.skip_request();
    connection.wait_closed();
    canceled.open();
  });
  ScriptedServer well(answer_with(http_response(200, completion_json("Hi"))));
  const Client client({{.base_url = silent.url()}, {.base_url = well.url()}},
                      {.hedge = HedgeOptions{.delay = 10ms, .max_fraction = 1.0}});
  const auto completion = client.chat.completions.create(hello());
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->info.endpoint, "endpoint-1");
  EXPECT_TRUE(canceled.wait()) << "the other connection is closed while client and server are still there";
  EXPECT_EQ(client.endpoints().at(0).counts.total_exclusions, 1U);
  EXPECT_EQ(client.endpoints().at(0).in_flight, 0);
}

}  // namespace
}  // namespace openailb::test::hedge_wire_test
