// The client under load, while its servers are killed, stopped, restarted and break off what they say. It
// runs for OPENAILB_CHAOS_SECONDS (8) by the schedule of OPENAILB_CHAOS_SEED (a new one each time).
#include "caller.hpp"
#include "monkey.hpp"
#include "sanctuary.hpp"
#include "server_process.hpp"
#include "support/sanitized.hpp"
#include "tally.hpp"
#include <openailb/openailb.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <ostream>
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

/// The least that one attempt may take. See undisturbed_limit.
constexpr std::chrono::milliseconds least_limit = sanitized ? 1000ms : 500ms;

/// What a run may add to the memory after its first quarter, in MiB. Sanitizers keep what was freed, and
/// leaks they report themselves.
constexpr double most_growth = sanitized ? 1024 : 32;

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

/// Every endpoint but one may be broken at the same time and fail a call after having received it: hence
/// max_endpoints.
ClientOptions options(std::chrono::milliseconds attempt_limit) {
  return {.breaker = {.timeout = 100ms},
          .max_retries = Caller::max_retries,
          .max_endpoints = server_count,
          .timeout = attempt_limit,
          .connect_timeout = attempt_limit,
          .deadline = 60s,
          .idle_timeout = attempt_limit};
}

std::vector<std::unique_ptr<ServerProcess>> start_servers() {
  std::vector<std::unique_ptr<ServerProcess>> servers;
  for (std::size_t index = 0; index < server_count; ++index) {
    servers.push_back(std::make_unique<ServerProcess>(OPENAILB_CHAOS_SERVER));
    servers.back()->start();
  }
  return servers;
}

Client make_client(const std::vector<std::unique_ptr<ServerProcess>>& servers,
                   std::chrono::milliseconds attempt_limit) {
  std::vector<EndpointConfig> endpoints;
  for (const auto& server : servers) {
    endpoints.push_back({.api_key = std::string(key_mark) + std::to_string(endpoints.size()) + "-secret",
                         .base_url = server->url()});
  }
  return Client(std::move(endpoints), options(attempt_limit));
}

/// The callers at work, until they are told to stop.
class Load {
 public:
  Load(const Client& client, Sanctuary& sanctuary, std::chrono::milliseconds attempt_limit, unsigned seed) {
    for (std::size_t number = 0; number < caller_count; ++number) {
      callers_.push_back(std::make_unique<Caller>(client, sanctuary, canceler_, attempt_limit, number, seed));
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

/// What a run has shown.
struct Aftermath {
  std::chrono::milliseconds attempt_limit{};
  Tally tally{};
  Monkey::Deeds deeds{};
  int in_flight{};
  std::uint64_t permits{};  ///< that breakers have given out and not got back
  std::ptrdiff_t descriptors{};
  double memory_growth{};  ///< in MiB
};

/// Far more than a healthy server takes, however busy the machine is: it is never blamed, and a stopped one
/// is found out soon.
std::chrono::milliseconds undisturbed_limit(const std::vector<std::unique_ptr<ServerProcess>>& servers,
                                            unsigned seed) {
  const Client client = make_client(servers, 30s);
  Sanctuary sanctuary;
  Load load(client, sanctuary, 30s, seed);
  std::this_thread::sleep_for(1s);  // a measurement
  const std::chrono::duration<float, std::milli> slowest(quantile(load.stop().latencies, 1));
  return std::max(least_limit, std::chrono::ceil<std::chrono::milliseconds>(5 * slowest));
}

void run_client(std::vector<std::unique_ptr<ServerProcess>>& servers, std::chrono::seconds time,
                unsigned seed, Aftermath& after) {
  after.attempt_limit = undisturbed_limit(servers, seed);
  const Client client = make_client(servers, after.attempt_limit);
  Sanctuary sanctuary;
  Load load(client, sanctuary, after.attempt_limit, seed);
  Monkey monkey(servers, client, sanctuary, seed);
  const auto begin = std::chrono::steady_clock::now();
  monkey.rampage(begin + time / 4);
  const double memory = resident_memory();
  monkey.rampage(begin + time);
  monkey.repent();
  after.tally = load.stop();
  after.deeds = monkey.deeds();
  after.memory_growth = resident_memory() - memory;
  for (const EndpointStatus& endpoint : client.endpoints()) {
    const Counts& counts = endpoint.counts;
    after.in_flight += endpoint.in_flight;
    after.permits +=
        counts.requests - counts.total_successes - counts.total_failures - counts.total_exclusions;
  }
}

Aftermath wreak_havoc(std::chrono::seconds time, unsigned seed) {
  Aftermath after;
  auto servers = start_servers();
  const std::ptrdiff_t descriptors = open_descriptors();
  run_client(servers, time, seed, after);
  after.descriptors = open_descriptors() - descriptors;
  return after;
}

std::ostream& operator<<(std::ostream& out, const Aftermath& after) {
  return out << "attempts limited to " << after.attempt_limit.count() << " ms, servers were killed "
             << after.deeds.kills << " times, stopped " << after.deeds.stops
             << " times, restarted to misbehave " << after.deeds.corruptions << " times\n"
             << after.tally << "  left at the end: " << after.in_flight << " in flight, " << after.permits
             << " permits, " << after.descriptors << " descriptors; memory grew by " << after.memory_growth
             << " MiB\n";
}

TEST(Chaos, CostsNoCallThatIsOwedAnAnswer) {
  const unsigned seconds = number_from_environment("OPENAILB_CHAOS_SECONDS", 8);
  const unsigned seed = number_from_environment("OPENAILB_CHAOS_SEED", std::random_device{}());
  SCOPED_TRACE("to replay it: tests/chaos/run --seconds " + std::to_string(seconds) + " --seed " +
               std::to_string(seed));
  Aftermath after;
  ASSERT_NO_THROW(after = wreak_havoc(std::chrono::seconds(seconds), seed));

  std::cout << "In " << seconds << " s, by seed " << seed << ", " << after;
  for (const std::string& fault : after.tally.faults) ADD_FAILURE() << fault;
  EXPECT_EQ(after.tally.creates.not_owed + after.tally.streams.not_owed, 0);
  EXPECT_GT(after.tally.creates.completed, 0);
  EXPECT_GT(after.tally.streams.completed, 0);
  EXPECT_GT(after.tally.most_requests, 1) << "nothing ever failed over";
  EXPECT_EQ(after.in_flight, 0);
  EXPECT_EQ(after.permits, 0);
  EXPECT_EQ(after.descriptors, 0);
  EXPECT_LT(after.memory_growth, most_growth);
}

}  // namespace
}  // namespace openailb::test
