// Prints the table of fault scenarios in README.md: what becomes of the same calls on four endpoints of which
// some are unwell, by openailb, by plain round robin with circuit breakers, and by an oracle. The same seeds
// give the same table.
#include "simulation/concurrent.hpp"
#include "simulation/scenario.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace openailb;
using namespace openailb::simulation;

constexpr nanoseconds duration = 8min;
constexpr nanoseconds between_calls = 250ms;  // on average; they come at random

/// What became of a run's calls.
struct Outcomes {
  int calls{};
  int successes{};
  std::size_t requests{};
  std::vector<nanoseconds> latencies{};  // of the successes
};

/// Who chooses the endpoint of a call.
enum class Policy {
  openailb,              ///< as it comes
  round_robin_breakers,  ///< what it began as: the next one whose breaker is not open, and no second try
  oracle,                ///< the next one with which nothing is wrong, known by magic
};

constexpr const char* to_string(Policy policy) {
  switch (policy) {
    case Policy::openailb: return "openailb";
    case Policy::round_robin_breakers: return "round robin + breakers";
    case Policy::oracle: return "an oracle";
  }
  return "";
}

/// The calls of one scenario under one policy, all in one simulated network.
class Run {
 public:
  Run(Scenario scenario, Policy policy) : scenario_(std::move(scenario)), policy_(policy) {
    std::vector<EndpointConfig> configurations;
    for (std::size_t index = 0; index < endpoints; ++index) {
      const std::string origin = "https://endpoint-" + std::to_string(index) + ".example";
      configurations.push_back({.base_url = origin + "/v1"});
      servers_.emplace_back(testing::ServerBehaviour{.latency = 1s}, 100 + index);
      net_.network.serve(origin, [this, index](const HttpRequest& request) { return serve(index, request); });
    }
    ClientOptions options{.random = [this] { return random_.uniform(); }, .event_loop = net_.loops()};
    if (policy == Policy::round_robin_breakers) {
      options.max_retries = 0;
      options.classify = [](const Error&) {
        return FailureClass::transient;
      };  // all errors were the same to it
    }
    client_.emplace(std::move(configurations), std::move(options));
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Outcomes outcomes() {
    std::vector<Task<bool>> calls;
    testing::Random arrivals(7);
    for (nanoseconds at{}; at < duration; at += arrivals.between(0s, 2 * between_calls))
      calls.push_back(call(began_ + at));
    for (auto& task : calls) task.start();
    while (!std::ranges::all_of(calls, &Task<bool>::done)) net_.loop().run_once();
    outcomes_.calls = static_cast<int>(calls.size());
    outcomes_.requests = net_.network.requests().size();
    return std::move(outcomes_);
  }

 private:
  nanoseconds elapsed() const { return net_.network.now() - began_; }

  testing::SimulatedAnswer serve(std::size_t index, const HttpRequest& request) {
    const Condition condition = scenario_.condition(index, elapsed());
    servers_[index].behaviour().faults = {{condition.fault, condition.share}};
    servers_[index].behaviour().retry_after = condition.retry_after;
    const Fault fault = servers_[index].next_fault();
    testing::SimulatedAnswer answer = servers_[index].answer(request, fault);
    if (fault != Fault::none) answer.latency = 5ms;
    answer.latency = std::chrono::duration_cast<nanoseconds>(answer.latency * condition.slowness);
    if (condition.fails_in == 0s || answer.latency <= condition.fails_in) return answer;
    return {.latency = condition.fails_in,
            .failure = TransferFailure{.message = "the connection broke", .sent = Sent::all}};
  }

  bool may_choose(std::size_t index) const {
    if (policy_ == Policy::oracle) return scenario_.healthy(index, elapsed());
    return client_->endpoints()[index].state != State::open;
  }

  /// Null: nobody can be asked.
  std::optional<RequestOptions> choose() {
    if (policy_ == Policy::openailb) return RequestOptions{};
    for (std::size_t tries = 0; tries < endpoints; ++tries) {
      const std::size_t index = next_++ % endpoints;
      if (may_choose(index)) return RequestOptions{.endpoint = "endpoint-" + std::to_string(index)};
    }
    return std::nullopt;
  }

  Task<bool> call(TimePoint at) {
    Timer arrival(net_.loop(), at);
    FirstOf arrived(arrival);
    co_await arrived;
    std::optional<RequestOptions> options = choose();
    if (!options) co_return false;
    const ChatCompletionCreateParams params{.model = "gpt-4o", .messages = {user_message("Hello!")}};
    auto asking = client_->chat.completions.create(params, *std::move(options));
    Result<ChatCompletion> completion = co_await asking;
    if (!completion) co_return false;
    ++outcomes_.successes;
    outcomes_.latencies.push_back(net_.network.now() - at);
    co_return true;
  }

  Scenario scenario_;
  Policy policy_;
  ConcurrentNetwork net_{};
  TimePoint began_{net_.network.now()};
  testing::Random random_{42};
  std::vector<testing::SimulatedServer> servers_{};
  std::optional<ConcurrentClient> client_{};
  std::size_t next_{};
  Outcomes outcomes_{};
};

double quantile(std::vector<nanoseconds> values, double share) {
  if (values.empty()) return 0.0;
  std::ranges::sort(values);
  const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  return static_cast<double>(values[index].count()) / 1e9;
}

void print(const std::string& scenario, Policy policy, const Outcomes& outcomes) {
  const double calls = outcomes.calls;
  std::printf("| %s | %s | %.1f %% | %.1f s | %.1f s | %.2f |\n", scenario.c_str(), to_string(policy),
              100.0 * outcomes.successes / calls, quantile(outcomes.latencies, 0.5),
              quantile(outcomes.latencies, 0.99), static_cast<double>(outcomes.requests) / calls);
}

}  // namespace

int main() {
  std::printf("| what happens | who chooses | succeed | p50 | p99 | requests per call |\n");
  std::printf("| --- | --- | ---: | ---: | ---: | ---: |\n");
  for (const Scenario& scenario : scenarios()) {
    print(scenario.name, Policy::openailb, Run(scenario, Policy::openailb).outcomes());
    print("", Policy::round_robin_breakers, Run(scenario, Policy::round_robin_breakers).outcomes());
    print("", Policy::oracle, Run(scenario, Policy::oracle).outcomes());
  }
  return 0;
}
