// The client against servers that people run in production: they close idle connections and reload, and none
// of that is a failure. Under load it runs for OPENAILB_REAL_SECONDS (1), longer on a busy machine.
#include "network/real/real_server.hpp"
#include "support/loopback.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace openailb::test::real_servers_test {
namespace {

struct Kind {
  std::string name;
  bool is_there;
  std::function<std::unique_ptr<RealServer>()> start;

  friend std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }
};

template <class Server>
Kind kind(std::string name, bool http2) {
  return {std::move(name), Server::is_there(), [http2] { return std::make_unique<Server>(http2); }};
}

class Real : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (!GetParam().is_there) GTEST_SKIP() << "it could not be fetched";
    server_ = GetParam().start();
  }

  Client client(int max_retries) const {
    std::vector<EndpointConfig> endpoints{{.base_url = server_->url()}};
    return Client(endpoints,
                  {.max_retries = max_retries, .connection = {.ca_bundle = certificate("ca.pem")}});
  }

  std::unique_ptr<RealServer> server_;
};

void expect_nothing_was_blamed(const Client& client) {
  const EndpointStatus status = client.endpoints().at(0);
  EXPECT_EQ(status.counts.total_failures, 0U);
  EXPECT_EQ(status.state, State::closed);
}

// A pending close_notify or GOAWAY makes a connection look alive that its server has closed.
TEST_P(Real, ConnectionsThatWereClosedWhileIdleCostNothing) {
  const Client client = this->client(0);
  for (int call = 0; call < 4; ++call) {
    const auto completion = client.chat.completions.create(hello());
    ASSERT_TRUE(completion) << completion.error().message;
    EXPECT_EQ(completion->text(), "real");
    EXPECT_EQ(completion->info.attempts.size(), 1U) << "call " << call;
    server_->reload();
  }
  expect_nothing_was_blamed(client);
}

// A server's reload may close connections that are just being opened: those are retried.
TEST_P(Real, ReloadsUnderLoadFailNothing) {
  const char* seconds = std::getenv("OPENAILB_REAL_SECONDS");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds ? std::atoi(seconds) : 1);
  const Client client = this->client(2);
  std::atomic<int> calls{0};
  const auto goes_on = [&] { return std::chrono::steady_clock::now() < end || calls < 25; };
  std::vector<std::jthread> callers;
  for (unsigned seed = 0; seed < 4; ++seed) {
    callers.emplace_back([&, seed] {
      std::mt19937 random(seed);
      while (goes_on()) {
        const auto completion = client.chat.completions.create(hello());
        EXPECT_TRUE(completion) << completion.error().message;
        ++calls;
        // Most are soon, some come about when an idle connection is closed.
        const unsigned most = random() % 4 == 0 ? 1300 : 20;
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % most));
      }
    });
  }
  while (goes_on()) {
    server_->reload();
    std::this_thread::sleep_for(100ms);
  }
  callers.clear();
  if (!server_->may_have_closed_new_ones()) expect_nothing_was_blamed(client);
}

INSTANTIATE_TEST_SUITE_P(Servers, Real,
                         ::testing::Values(kind<Nginx>("nginx_http1", false),
                                           kind<Nginx>("nginx_http2", true),
                                           kind<Nghttpx>("nghttpx_http1", false),
                                           kind<Nghttpx>("nghttpx_http2", true)),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace openailb::test::real_servers_test
