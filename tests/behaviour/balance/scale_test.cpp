// What may not take longer when there is more of something else, and what only as much longer as there is
// more. Each compares the processor's time with that of four times as many. What grows with the number takes
// 4 times as long, what grows with its square 16 times.

#include "simulation/concurrent.hpp"
#include "support/processor_time.hpp"
#include "support/simulation.hpp"
#include <openailb/detail/balance/call_state.hpp>
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/cooldowns.hpp>
#include <openailb/detail/balance/endpoint_identities.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::scale_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

constexpr double no_more = 2.5, as_much_more = 9.0;

/// An endpoint that hangs and has one slot, and one that answers and has ten.
class Crowded {
 public:
  Crowded() {
    net_.network.serve("https://hung.example", [](const HttpRequest&) { return hanging(); });
    net_.network.serve("https://fine.example", [](const HttpRequest&) { return after(1ms, ok()); });
    client_.emplace(
        std::vector<EndpointConfig>{
            {.base_url = "https://hung.example/v1", .name = "hung", .max_in_flight = 1},
            {.base_url = "https://fine.example/v1", .name = "fine", .max_in_flight = 10}},
        ClientOptions{.random = [] { return 0.5; }, .event_loop = net_.loops()});
  }

  void call(const std::string& endpoint) {
    tasks_.push_back(run(endpoint));
    tasks_.back().start();
  }
  void run_until_answered(int answers) {
    while (answered_ < answers) net_.loop().run_once();
  }

 private:
  Task<bool> run(std::string endpoint) {
    const ChatCompletionCreateParams params = question();
    auto asking = client_->chat.completions.create(params, {.endpoint = std::move(endpoint)});
    Result<ChatCompletion> answer = co_await asking;
    if (answer) ++answered_;
    co_return true;
  }

  simulation::ConcurrentNetwork net_{};
  std::optional<simulation::ConcurrentClient> client_{};
  int answered_{};
  std::vector<Task<bool>> tasks_{};
};

TEST(Scale, CallsDoNotTakeLongerWhenManyWaitElsewhere) {
  const auto time = [](int waiting) {
    Crowded crowded;
    for (int i = 0; i < waiting; ++i) crowded.call("hung");
    const double began = processor_time();
    for (int i = 0; i < 200; ++i) crowded.call("fine");
    crowded.run_until_answered(200);
    return processor_time() - began;
  };
  EXPECT_LT(growth(1000, time), no_more);
}

TEST(Scale, WaitingCallsTakeSlotsInTheTimeOfOneEach) {
  const auto time = [](int waiting) {
    const auto queue = std::make_shared<WaitQueue>();
    const auto slots = std::make_shared<ConcurrencyLimit>(queue);
    slots->set_limit(1);
    EXPECT_TRUE(slots->try_acquire(nullptr));
    std::vector<std::unique_ptr<WaitQueue::Ticket>> tickets;
    const double began = processor_time();
    for (int i = 0; i < waiting; ++i) {
      tickets.push_back(std::make_unique<WaitQueue::Ticket>(queue));
      tickets.back()->wait_for({slots});
    }
    slots->set_limit(waiting / 2);
    queue->wake_all();
    for (auto& ticket : tickets) {
      if (slots->try_acquire(ticket.get()))
        ticket.reset();
      else
        ticket->wait_for({slots});
    }
    for (auto& ticket : tickets) {
      if (!ticket) slots->release();
    }
    return processor_time() - began;
  };
  EXPECT_LT(growth(2000, time), as_much_more);
}

std::vector<EndpointConfig> fleet_of(int size, const std::string& group = {}) {
  std::vector<EndpointConfig> fleet;
  for (int i = 0; i < size; ++i) {
    const std::string number = std::to_string(i);
    fleet.push_back({.base_url = "https://e" + number + ".example/v1", .name = "n" + number});
    if (!group.empty()) fleet.back().quota_group = group + number;
  }
  return fleet;
}

TEST(Scale, NamesThatComeAndGoTakeNoLongerTheMoreHaveGone) {
  const auto time = [](int names) {
    EndpointIdentities known;
    const double began = processor_time();
    for (int i = 0; i < names; ++i) {
      const std::size_t id = known.id_of("n" + std::to_string(i), "https://other.example/v1", i % 2 == 0);
      known.join(id);
      known.leave(id);
    }
    return processor_time() - began;
  };
  EXPECT_LT(growth(5000, time), as_much_more);
}

TEST(Scale, SettingEndpointsTakesAsLongAsThereAreMany) {
  Simulation simulation({{ok()}});
  for (const char* group : {"", "g"}) {
    const auto time = [&](int size) {
      const Client client = simulation.client();
      const double began = processor_time();
      client.set_endpoints(fleet_of(size, group));
      client.set_endpoints(fleet_of(size, group));
      return processor_time() - began;
    };
    EXPECT_LT(growth(1000, time), as_much_more) << group;
  }
}

TEST(Scale, ChangedFleetIsHeardOfInTheTimeOfOneLook) {
  const ClientOptions options;
  const auto list_of = [&](int size, std::size_t first_id) {
    auto list = std::make_shared<EndpointSet::Endpoints>();
    for (EndpointConfig& config : fleet_of(size)) {
      list->push_back(std::make_shared<Endpoint>(first_id + list->size(), std::move(config), options));
    }
    return list;
  };
  const auto time = [&](int size) {
    const auto one = list_of(size, 0), another = list_of(size, 10);
    CallState state;
    state.use_endpoints(one);
    for (CallState::Endpoint& endpoint : state.per_endpoint) endpoint.attempted = true;
    const double began = processor_time();
    for (int i = 0; i < 10; ++i) state.use_endpoints(i % 2 == 0 ? another : one);
    return processor_time() - began;
  };
  EXPECT_LT(growth(1000, time), as_much_more);
}

TEST(Scale, RateLimitOfAModelTakesNoLongerTheMoreOthersHave) {
  const TimePoint now{100h};
  const auto time = [&](int models) {
    Cooldowns cooldowns;
    const auto limit = [&](int model) {
      cooldowns.rate_limited("model-" + std::to_string(model), 60s, now, now);
    };
    for (int model = 0; model < models; ++model) limit(model);
    const double began = processor_time();
    for (int i = 0; i < 2000; ++i) limit(i % 100);
    return processor_time() - began;
  };
  EXPECT_LT(growth(2000, time), no_more);
}

}  // namespace
}  // namespace openailb::scale_test
