// Threads that use a client in every way, while others change its endpoints without a pause. What this is for
// shows under the sanitizers.
#include "support/every_method.hpp"
#include "support/instant_loop.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace openailb::test::endpoint_set_threads_test {
namespace {

using namespace std::chrono_literals;

/// An answer that every method takes for one, or now and then a failure.
HttpResponse respond(const HttpRequest& request, std::size_t number) {
  static constexpr std::array<int, 8> failures{500, 404, 401, 503, 400, 402, 409, 403};
  if (number % 5 == 4) return {.status = failures[number / 5 % failures.size()], .body = "no"};
  const std::string id = std::to_string(number % 50);
  nlohmann::json document = {{"id", "file-" + id},
                             {"object", "thing"},
                             {"status", "completed"},
                             {"has_more", request.url.find("after=") == std::string::npos},
                             {"data", {{{"id", id}}}},
                             {"last_id", id},
                             {"file_id", "file-" + id},
                             {"choices", {{{"message", {{"content", "Hi"}}}, {"finish_reason", "stop"}}}},
                             {"output", nlohmann::json::array()}};
  if (request.body.find("\"stream\":true") == std::string::npos)
    return {.status = 200, .body = document.dump()};
  document["choices"][0]["delta"] = {{"content", "Hi"}};
  return {.status = 200, .body = "data: " + document.dump() + "\n\ndata: [DONE]\n\n"};
}

EndpointConfig endpoint(const std::string& name) {
  return {.api_key = "key-of-" + name, .base_url = "http://" + name + ".test/v1", .name = name};
}

/// Neither retries nor waits, so that time plays no part.
ClientOptions options() {
  auto answered = std::make_shared<std::atomic<std::size_t>>();
  return {.max_retries = 0, .retry_budget = std::nullopt, .event_loop = [answered] {
            return std::make_unique<InstantLoop>(
                [answered](const HttpRequest& request) { return respond(request, (*answered)++); });
          }};
}

/// Replaces all endpoints, adds some and removes some, until it is told to stop.
template <class Client>
void change_fleet(const Client& client, const std::string& mine, const std::atomic<bool>& over) {
  const auto attempt = [](const std::function<void()>& change) {
    try {
      change();
    } catch (const std::invalid_argument&) {
      // Another thread has added or removed the same one just before.
    }
  };
  for (std::size_t round = 0; !over; ++round) {
    const std::string name = mine + std::to_string(round % 3);
    attempt([&] { client.add_endpoint(endpoint(name)); });
    attempt([&] { client.remove_endpoint(name); });
    attempt([&] { client.set_endpoints({endpoint("stays"), endpoint(name), endpoint(mine)}); });
    attempt([&] { client.remove_endpoint(mine); });
  }
}

/// Uses a client in every way from several threads, each so many times, while two others change its fleet.
template <class Client>
void use_while_it_changes(int times) {
  const Client client({endpoint("stays"), endpoint("goes")}, options());
  const auto uses = every_method<Client>();
  std::atomic<bool> over = false;
  std::vector<std::jthread> changing;
  for (const char* name : {"a", "b"}) {
    changing.emplace_back([&, name] { change_fleet(client, name, over); });
  }
  std::vector<std::thread> using_it;
  for (std::size_t first = 0; first < 3; ++first) {
    using_it.emplace_back([&, first] {
      for (std::size_t use = 0; use < uses.size() * static_cast<std::size_t>(times); ++use) {
        uses[(use + first * uses.size() / 3) % uses.size()](client);
      }
    });
  }
  for (std::thread& one : using_it) one.join();
  over = true;
  changing.clear();
  for (const EndpointStatus& one : client.endpoints()) EXPECT_EQ(one.in_flight, 0) << one.name;
}

TEST(EndpointSetThreads, UseEveryMethodOfAClient) { use_while_it_changes<Client>(2); }
TEST(EndpointSetThreads, UseEveryMethodOfAnAsyncClient) { use_while_it_changes<AsyncClient>(2); }

// So a loop over such a part keeps the whole alive. A reference would be one to freed memory.
TEST(EndpointSetThreads, TakePartsOfTemporaryStatusesAsValues) {
  using Statuses = decltype(std::declval<Client>().endpoints());
  static_assert(std::is_same_v<decltype(std::declval<Statuses>()[0]), EndpointStatus>);
  static_assert(std::is_same_v<decltype(std::declval<Statuses>().at(0)), EndpointStatus>);
  static_assert(std::is_same_v<decltype(std::declval<Statuses>().front()), EndpointStatus>);
  static_assert(std::is_same_v<decltype(std::declval<Statuses>().back()), EndpointStatus>);
  static_assert(std::is_convertible_v<Statuses, std::vector<EndpointStatus>>);
  const Client client({endpoint("stays"), endpoint("goes")}, options());
  EXPECT_EQ(client.endpoints()[1].name, client.endpoints().back().name);
  EXPECT_EQ(client.endpoints().front().name, client.endpoints().at(0).name);
  EXPECT_THROW(static_cast<void>(client.endpoints().at(2)), std::out_of_range);
}

TEST(EndpointSetThreads, SeeOnlyWholeStatuses) {
  const Client client({endpoint("stays"), endpoint("goes")}, options());
  std::atomic<bool> over = false;
  std::jthread changing([&] { change_fleet(client, "a", over); });
  for (int look = 0; look < 2'000; ++look) {
    for (const EndpointStatus& one : client.endpoints()) {
      ASSERT_EQ(one.base_url, "http://" + one.name + ".test/v1");
    }
  }
  over = true;
}

}  // namespace
}  // namespace openailb::test::endpoint_set_threads_test
