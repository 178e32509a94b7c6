// However the endpoints change while a call is under way, it makes no more attempts than there were endpoints
// at a time, and its retries.

#include "support/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace openailb::endpoints_of_a_call_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
using ::testing::ElementsAre;
using ::testing::Le;
using ::testing::SizeIs;

/// All endpoints fail. During each attempt, the endpoints change.
struct Changing : Simulation {
  using Change = std::function<void(Changing&, std::size_t attempts)>;

  Changing(int servers, Change during_attempt, SimulatedAnswer answer = after(1s, failing(503)))
      : change(std::move(during_attempt)) {
    for (int index = 0; index < servers; ++index) {
      add([this, answer](const HttpRequest&) {
        if (sent.size() < 1000) change(*this, sent.size());
        return answer;
      });
      endpoints.back().name = "e" + std::to_string(index);
    }
    options.max_endpoints = 1000;
    options.deadline = 1h;
  }
  void set(std::vector<std::size_t> which) {
    std::vector<EndpointConfig> now;
    for (const std::size_t index : which) now.push_back(endpoints[index]);
    client->set_endpoints(now);
  }
  /// An endpoint that nobody has seen before.
  EndpointConfig fresh(std::size_t number) {
    EndpointConfig config = endpoints[0];
    config.name = "fresh-" + std::to_string(number);
    return config;
  }
  std::size_t requests_of_call(std::vector<std::size_t> first, RequestOptions of_call = {}) {
    client.emplace(std::vector<EndpointConfig>{endpoints[0]}, options);
    set(first);
    EXPECT_FALSE(ask(*client, of_call));
    return sent.size();
  }

  Change change;
  std::optional<Client> client{};
};

TEST(EndpointsOfACall, ThatSwapsIsAskedNoMoreThanOnceEach) {
  Changing swapping(4, [](Changing& it, std::size_t attempts) {
    it.set(attempts % 2 == 1 ? std::vector<std::size_t>{2, 3} : std::vector<std::size_t>{0, 1});
  });
  EXPECT_THAT(swapping.requests_of_call({0, 1}, {.max_retries = 0}), Le(2U));
}

TEST(EndpointsOfACall, KnowsThatAnEndpointWasAwayForAWhile) {
  Changing blinking(3, [](Changing& it, std::size_t attempts) {
    it.set(attempts % 2 == 1 ? std::vector<std::size_t>{2} : std::vector<std::size_t>{0, 1, 2});
  });
  EXPECT_THAT(blinking.requests_of_call({0, 1, 2}), Le(3U + 2U));
}

TEST(EndpointsOfACall, OfOneMayBeAnotherEachTime) {
  for (const int retries : {0, 1, 2, 5}) {
    Changing replacing(
        1, [](Changing& it, std::size_t attempts) { it.client->set_endpoints({it.fresh(attempts)}); });
    EXPECT_EQ(replacing.requests_of_call({0}, {.max_retries = retries}),
              1U + static_cast<std::size_t>(retries));
  }
}

TEST(EndpointsOfACall, OfManyMayBeOthersEachTime) {
  Changing replacing(1, [](Changing& it, std::size_t attempts) {
    std::vector<EndpointConfig> now;
    for (std::size_t index = 0; index < 4; ++index) now.push_back(it.fresh(10 * attempts + index));
    it.client->set_endpoints(now);
  });
  EXPECT_EQ(replacing.requests_of_call({0}), 4U + 2U);
}

TEST(EndpointsOfACall, MayGrow) {
  Changing growing(1, [](Changing& it, std::size_t attempts) {
    if (attempts < 5) it.client->add_endpoint(it.fresh(attempts));
  });
  EXPECT_EQ(growing.requests_of_call({0}), 5U + 2U);
}

TEST(EndpointsOfACall, ThatIsReplacedByOthersIsFollowed) {
  Changing replacing(2, [](Changing& it, std::size_t) { it.set({1}); });
  replacing.serve(1, ok());
  replacing.client.emplace(std::vector<EndpointConfig>{replacing.endpoints[0]}, replacing.options);
  EXPECT_EQ(ask(*replacing.client)->info.endpoint, "e1");
  EXPECT_THAT(replacing.sent, SizeIs(2));
}

TEST(EndpointsOfACall, IsNotAskedAfterAComplaintHoweverItChanges) {
  Changing replacing(
      1, [](Changing& it, std::size_t attempts) { it.client->set_endpoints({it.fresh(attempts)}); },
      failing(400, error_json("messages must not be empty")));
  EXPECT_THAT(replacing.requests_of_call({0}), Le(2U));
}

TEST(EndpointsOfACall, IsNotAskedForWhatItDoesNotServe) {
  Changing replacing(1, [](Changing& it, std::size_t attempts) {
    EndpointConfig config = it.fresh(attempts);
    config.models = {"another"};
    it.client->set_endpoints({config});
  });
  EXPECT_EQ(replacing.requests_of_call({0}), 1U);
}

TEST(EndpointsOfACall, CountsThoseThatWereAwayAmongThoseThatRanTheRequest) {
  Changing blinking(
      3,
      [](Changing& it, std::size_t attempts) {
        it.set(attempts % 2 == 1 ? std::vector<std::size_t>{1, 2} : std::vector<std::size_t>{0, 1, 2});
      },
      after(1s, failing(500)));
  blinking.options.max_endpoints = 2;
  blinking.requests_of_call({0, 1, 2}, {.max_retries = 5});
  std::vector<bool> asked(3);
  for (const std::size_t index : blinking.asked()) asked[index] = true;
  EXPECT_THAT(asked, ElementsAre(true, true, false));
}

}  // namespace
}  // namespace openailb::endpoints_of_a_call_test
