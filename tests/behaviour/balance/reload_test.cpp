// Limits that a reload of the endpoints changes, or finds again: what was used stays used.

#include "support/crowd.hpp"
#include "support/simulation.hpp"
#include <openailb/detail/balance/endpoint_set.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace openailb::reload_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

/// One endpoint, of whose budget of ten requests per minute nothing is left.
struct UsedUp {
  Simulation simulation{{{ok()}}};
  Client client;

  explicit UsedUp(const std::string& group = {}) : client(make(group)) {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(ask(client));
    EXPECT_EQ(left(), 0);
  }

  EndpointConfig& endpoint() { return simulation.endpoints[0]; }
  Client make(const std::string& group) {
    endpoint().name = "a";
    endpoint().quota_group = group;
    endpoint().requests_per_minute = 10;
    return simulation.client();
  }
  /// An endpoint that takes the place of the other for a moment.
  EndpointConfig other() const { return {.base_url = "https://other.example/v1", .name = "other"}; }
  /// How many calls can be made at once.
  int left() const {
    int count = 0;
    while (count < 1000 && ask(client, {.deadline = 1ms, .endpoint = "a"})) ++count;
    return count;
  }
};

TEST(Reload, ThatChangesALimitDoesNotFillTheBudget) {
  UsedUp used;
  for (const int limit : {20, 600, 5}) {
    used.endpoint().requests_per_minute = limit;
    used.client.set_endpoints({used.endpoint()});
    EXPECT_EQ(used.left(), 0) << limit;
  }
}

TEST(Reload, ThatChangesALimitChangesHowFastTheBudgetFills) {
  UsedUp used;
  used.endpoint().requests_per_minute = 120;
  used.client.set_endpoints({used.endpoint()});
  used.simulation.network.advance(5s);
  EXPECT_EQ(used.left(), 10);
}

TEST(Reload, OfTokensDoesNotFillTheBudget) {
  UsedUp used;
  used.endpoint().requests_per_minute = 0;
  for (const int limit : {1, 2}) {
    used.endpoint().tokens_per_minute = limit;
    used.client.set_endpoints({used.endpoint()});
    EXPECT_LE(used.left(), limit == 1 ? 1 : 0) << limit;
  }
}

TEST(Reload, ThatTakesTheLimitAwayForAMomentDoesNotFillTheBudget) {
  UsedUp used;
  used.endpoint().requests_per_minute = 0;
  used.client.set_endpoints({used.endpoint()});
  EXPECT_EQ(used.left(), 1000);
  used.endpoint().requests_per_minute = 10;
  used.client.set_endpoints({used.endpoint()});
  EXPECT_EQ(used.left(), 0);
}

TEST(Reload, OfAGroupThatWasEmptyForAMomentDoesNotFillItsBudget) {
  UsedUp used("account");
  used.client.set_endpoints({used.other()});
  used.endpoint().requests_per_minute = 20;
  used.client.set_endpoints({used.endpoint()});
  EXPECT_EQ(used.left(), 0);
}

TEST(Reload, OfAGroupWithAnotherMemberDoesNotFillItsBudget) {
  UsedUp used("account");
  used.client.set_endpoints({used.other()});
  EndpointConfig next = used.endpoint();
  next.api_key = "another";
  next.name = "b";
  used.client.set_endpoints({next});
  EXPECT_FALSE(ask(used.client, {.deadline = 1ms}));
}

TEST(Reload, OfAnEndpointThatWasAwayForAMomentDoesNotFillItsBudget) {
  UsedUp used;
  used.client.add_endpoint(used.other());
  used.client.remove_endpoint("a");
  used.client.add_endpoint(used.endpoint());
  EXPECT_EQ(used.left(), 0);
}

TEST(Reload, OfAnEndpointAtAnotherUrlIsAnotherAccount) {
  UsedUp used;
  used.simulation.network.serve("https://elsewhere.example", [](const HttpRequest&) { return ok(); });
  used.endpoint().base_url = "https://elsewhere.example/v1";
  used.client.set_endpoints({used.endpoint()});
  EXPECT_EQ(used.left(), 10);
}

TEST(Reload, ThatIsRefusedChangesNoLimit) {
  UsedUp used;
  EndpointConfig more = used.endpoint();
  more.requests_per_minute = 6000;
  EXPECT_THROW(used.client.set_endpoints({more, {.base_url = "nonsense", .name = "b"}}),
               std::invalid_argument);
  used.simulation.network.advance(6s);
  EXPECT_EQ(used.left(), 1);
}

TEST(Reload, GivesWhatIsUnderWayBackToTheBudgetOfNow) {
  Crowd crowd(1, 1s);
  crowd.endpoints[0].name = "a";
  crowd.endpoints[0].tokens_per_minute = 10000;
  crowd.serve(0, [](const HttpRequest&) {
    return after(1s, answering(R"({"choices":[{"message":{"content":"hi"}}],"usage":{"total_tokens":1}})"));
  });
  crowd.call(0s, {.extra_body = {{"max_tokens", 9000}}});
  crowd.at(500ms, [&] {
    EndpointConfig more = crowd.endpoints[0];
    more.tokens_per_minute = 10001;
    crowd.client().set_endpoints({more});
  });
  Crowd::Caller& next = crowd.call(2s, {.extra_body = {{"max_tokens", 9000}}});
  crowd.run();
  EXPECT_EQ(next.done_at, 3s);
}

TEST(Reload, KeepsWhatAnAnswerHasSaidOfALimit) {
  Simulation simulation({{failing(429, "{}", {{"retry-after", "600"}})}, {ok()}});
  const Client client = simulation.client();
  EXPECT_TRUE(ask(client));
  client.remove_endpoint("endpoint-0");
  client.add_endpoint({.base_url = Simulation::origin(0) + "/v1", .name = "endpoint-0"});
  EXPECT_FALSE(client.endpoints()[1].cooldowns.empty());
}

/// So many others join and leave.
void let_others_pass(detail::EndpointIdentities& known, int count, const std::string& name) {
  for (int i = 0; i < count; ++i) {
    const std::size_t id = known.id_of(name + std::to_string(i), "https://b.example", i % 2 == 0);
    known.join(id);
    known.leave(id);
  }
}

TEST(EndpointIdentities, AreForgottenWhenAThousandOthersHaveLeftSince) {
  detail::EndpointIdentities known;
  const std::size_t stays = known.id_of("stays", "https://a.example", true);
  const std::size_t first = known.id_of("first", "https://b.example", true);
  known.replace({}, {stays, first});
  known.leave(first);
  let_others_pass(known, 900, "n");
  EXPECT_EQ(known.id_of("first", "https://b.example", true), first);
  known.join(first);
  let_others_pass(known, 900, "m");
  EXPECT_EQ(known.name_of(first), "first") << "it is there";
  known.replace({stays, first}, {stays});
  let_others_pass(known, 5000, "o");
  EXPECT_LE(known.size(), 1001U);
  EXPECT_EQ(known.name_of(first), "");
  EXPECT_NE(known.id_of("first", "https://b.example", true), first);
  EXPECT_EQ(known.id_of("stays", "https://elsewhere.example", true), stays);
}

TEST(EndpointIdentities, ThatWereRefusedAreForgotten) {
  detail::EndpointIdentities known;
  known.join(known.id_of("stays", "https://a.example", true));
  for (int i = 0; i < 100; ++i) {
    known.forget_refused();
    known.id_of("n" + std::to_string(i), "https://b.example", true);
  }
  EXPECT_EQ(known.size(), 2U);
}

TEST(LimitsOfAnAccount, IsForgottenWhenItIsAsNew) {
  detail::Accounts accounts;
  TimePoint now{100h};
  accounts.limits_of({.name = "used"}, now)->set_limits(1, 0, now);
  EXPECT_TRUE(accounts.limits_of({.name = "used"}, now)->take({}, now));
  for (int i = 0; i < 10000; ++i) accounts.limits_of({.name = "n" + std::to_string(i)}, now);
  EXPECT_LE(accounts.size(), 200U);
  EXPECT_FALSE(accounts.limits_of({.name = "used"}, now)->take({}, now));
}

}  // namespace
}  // namespace openailb::reload_test
