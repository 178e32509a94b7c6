// The client's own network is away for a while, so no endpoint can be reached.
#include "support/http_message.hpp"
#include "support/loopback.hpp"
#include "support/scripted_server.hpp"
#include "support/socket.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

namespace openailb::test::outage_test {
namespace {

/// So many ports, at which nobody listens until as many attempts have failed as are sent in the first second:
/// each endpoint's first and one retry.
class Outage {
 public:
  explicit Outage(std::size_t endpoints) {
    for (std::size_t index = 0; index < endpoints; ++index) {
      ports_.push_back(std::make_unique<LoopbackPort>());
      configs_.push_back({.base_url = "http://127.0.0.1:" + std::to_string(ports_.back()->number()) + "/v1"});
    }
  }
  Client client() {
    return Client(configs_, {.on_event = [this](const Event& event) {
                    if (std::holds_alternative<AttemptEnded>(event)) count_failure();
                  }});
  }

 private:
  void count_failure() {
    if (++failures_ != ports_.size() + 1) return;
    for (const auto& port : ports_) {
      servers_.push_back(std::make_unique<ScriptedServer>(
          answer_with(http_response(200, completion_json("Back"))), port->number()));
    }
  }

  std::vector<std::unique_ptr<LoopbackPort>> ports_{};
  std::vector<std::unique_ptr<ScriptedServer>> servers_{};
  std::vector<EndpointConfig> configs_{};
  std::size_t failures_{};
};

class NetworkOutage : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Endpoints, NetworkOutage, ::testing::Values(1U, 2U, 4U));

TEST_P(NetworkOutage, OfTheFirstSecondFailsNoCall) {
  Outage outage(GetParam());
  const Client client = outage.client();
  const auto completion = client.chat.completions.create(hello());
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->text(), "Back");
  EXPECT_EQ(completion->info.attempts.size(), GetParam() + 2);
}

}  // namespace
}  // namespace openailb::test::outage_test
