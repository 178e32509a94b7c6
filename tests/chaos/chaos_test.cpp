// The client under load, while its servers are killed, stopped, restarted and break off what they say. It
// runs for OPENAILB_CHAOS_SECONDS (8) by the schedule of OPENAILB_CHAOS_SEED (a new one each time).
#include "caller.hpp"
#include "monkey.hpp"
#include "sanctuary.hpp"
#include "server_process.hpp"
#include "tally.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace openailb::test {
namespace {

constexpr std::size_t server_count = 4;
constexpr std::size_t caller_count = 8;

/// What a run may add to the memory after its first quarter. Sanitizers keep freed memory, and leaks they
/// report themselves.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double most_growth = 1024;
#else
constexpr double most_growth = 32;
#endif

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const std::string text = detail::environment(name);
  return text.empty() ? otherwise : static_cast<unsigned>(std::stoul(text));
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// In MiB.
double resident_memory() {
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

/// One second is far more than a healthy server ever takes, even on a busy machine: so a stopped one is found
/// out soon, and a healthy one never blamed. Every endpoint but one may be broken at the same time and fail a
/// call after having received it, hence max_endpoints.
ClientOptions options() {
  return {.breaker = {.timeout = 100ms},
          .max_endpoints = server_count,
          .timeout = 1s,
          .connect_timeout = 1s,
          .deadline = 60s,
          .idle_timeout = 1s};
}

std::vector<std::unique_ptr<ServerProcess>> start_servers() {
  std::vector<std::unique_ptr<ServerProcess>> servers;
  for (std::size_t index = 0; index < server_count; ++index) {
    servers.push_back(std::make_unique<ServerProcess>(OPENAILB_CHAOS_SERVER));
    servers.back()->start();
  }
  return servers;
}

Client make_client(const std::vector<std::unique_ptr<ServerProcess>>& servers) {
  std::vector<EndpointConfig> endpoints;
  for (const auto& server : servers) {
    endpoints.push_back({.api_key = std::string(key_mark) + std::to_string(endpoints.size()) + "-secret",
                         .base_url = server->url()});
  }
  return Client(std::move(endpoints), options());
}

/// The callers at work, until they are told to stop.
class Load {
 public:
  Load(const Client& client, Sanctuary& sanctuary, unsigned seed) {
    const std::size_t most_requests = server_count + static_cast<std::size_t>(options().max_retries);
    for (std::size_t number = 0; number < caller_count; ++number) {
      callers_.push_back(std::make_unique<Caller>(client, sanctuary, canceler_, most_requests, number, seed));
      tallies_.push_back(std::async(std::launch::async, [this, caller = callers_.back().get()] {
        return caller->run(stop_.get_token());
      }));
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { stop_.request_stop(); }

  Tally stop() {
    stop_.request_stop();
    Tally all;
    for (auto& tally : tallies_) all.add(tally.get());
    return all;
  }

 private:
  Canceler canceler_;
  std::stop_source stop_;
  std::vector<std::unique_ptr<Caller>> callers_;
  std::vector<std::future<Tally>> tallies_;  // the last: their threads use all of the above
};

TEST(Chaos, CostsNoCallThatIsOwedAnAnswer) {
  const unsigned seconds = number_from_environment("OPENAILB_CHAOS_SECONDS", 8);
  const unsigned seed = number_from_environment("OPENAILB_CHAOS_SEED", std::random_device{}());
  const std::string replay =
      "To replay: tests/chaos/run --seconds " + std::to_string(seconds) + " --seed " + std::to_string(seed);
  SCOPED_TRACE(replay);

  auto servers = start_servers();
  const std::ptrdiff_t descriptors_before = open_descriptors();
  Tally tally;
  Monkey::Deeds deeds;
  int in_flight = 0;
  double growth = 0;
  {
    const Client client = make_client(servers);
    Sanctuary sanctuary;
    Load load(client, sanctuary, seed);
    Monkey monkey(servers, client, sanctuary, seed);
    const auto begin = std::chrono::steady_clock::now();
    monkey.rampage(begin + std::chrono::seconds(seconds) / 4);
    const double memory_before = resident_memory();
    monkey.rampage(begin + std::chrono::seconds(seconds));
    monkey.repent();
    tally = load.stop();
    growth = resident_memory() - memory_before;
    deeds = monkey.deeds();
    for (const EndpointStatus& endpoint : client.endpoints()) in_flight += endpoint.in_flight;
  }
  const std::ptrdiff_t descriptors_left = open_descriptors() - descriptors_before;

  std::cout << "In " << seconds << " s, by seed " << seed << ", servers were killed " << deeds.kills
            << " times, stopped " << deeds.stops << " times, restarted to misbehave " << deeds.corruptions
            << " times; " << deeds.phases << " phases\n"
            << tally << "  left at the end: " << in_flight << " in flight, " << descriptors_left
            << " descriptors, " << growth << " MiB more memory\n";
  for (const std::string& fault : tally.faults) ADD_FAILURE() << fault;
  EXPECT_EQ(tally.creates.not_owed + tally.streams.not_owed, 0);
  EXPECT_GT(tally.creates.completed, 0);
  EXPECT_GT(tally.streams.completed, 0);
  EXPECT_GT(tally.most_requests, 1) << "nothing ever failed over";
  EXPECT_EQ(in_flight, 0);
  EXPECT_EQ(descriptors_left, 0);
  EXPECT_LT(growth, most_growth);
}

}  // namespace
}  // namespace openailb::test
