// Prints the table of fault scenarios in README.md: what becomes of the same calls on endpoints of which some
// are unwell, by openailb, by the same without circuit breakers, by plain round robin with them, and by an
// oracle. The same seeds give the same table. Fails when openailb is below itself without breakers, is much
// slower than the oracle where it hedges, or sends more than its retry budget allows.
#include "simulation/concurrent.hpp"
#include "simulation/crowd.hpp"
#include "simulation/scenario.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace openailb::simulation {
namespace {

/// What became of a run's calls.
struct Outcomes {
  int calls{};
  int successes{};
  std::size_t requests{};
  std::vector<nanoseconds> latencies{};  // of the successes
  std::vector<int> shares{};             // of the successes, by endpoint
  int breakers_opened{};
};

/// Who chooses the endpoint of a call.
enum class Policy {
  openailb,              ///< as it comes
  no_breakers,           ///< openailb with breakers that never open
  round_robin_breakers,  ///< what it began as: the next one whose breaker is not open, and no second try
  oracle,  ///< the next one with which nothing is wrong, known by magic; if there is none, as openailb
};

constexpr std::array policies{Policy::openailb, Policy::no_breakers, Policy::round_robin_breakers,
                              Policy::oracle};

constexpr const char* to_string(Policy policy) {
  switch (policy) {
    case Policy::openailb: return "openailb";
    case Policy::no_breakers: return "without breakers";
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
    for (std::size_t index = 0; index < scenario_.endpoints; ++index) {
      const std::string origin = "https://endpoint-" + std::to_string(index) + ".example";
      configurations.push_back({.base_url = origin + "/v1"});
      servers_.emplace_back(testing::ServerBehaviour{.latency = scenario_.latency}, 100 + index);
      net_.network.serve(origin, [this, index](const HttpRequest& request) { return serve(index, request); });
    }
    outcomes_.shares.resize(scenario_.endpoints);
    client_.emplace(std::move(configurations), options());
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Outcomes outcomes() {
    std::vector<Task<bool>> calls;
    for (const TimePoint at : arrivals(began_, scenario_.duration, scenario_.between_calls)) {
      calls.push_back(call(static_cast<int>(calls.size()), at));
    }
    run_all(net_.loop(), calls);
    outcomes_.calls = static_cast<int>(calls.size()) - scenario_.poisons;
    outcomes_.requests = net_.network.requests().size();
    return std::move(outcomes_);
  }

 private:
  nanoseconds elapsed() const { return net_.network.now() - began_; }

  ClientOptions options() {
    ClientOptions options{.random = [this] { return random_.uniform(); }, .event_loop = net_.loops()};
    if (policy_ == Policy::no_breakers || policy_ == Policy::oracle) {
      options.breaker.ready_to_trip = [](const Counts&) { return false; };
    }
    options.breaker.on_state_change = [this](const std::string&, State, State to) {
      outcomes_.breakers_opened += to == State::open ? 1 : 0;
    };
    const bool is_openailb = policy_ == Policy::openailb || policy_ == Policy::no_breakers;
    if (is_openailb) options.hedge = scenario_.hedge;
    if (policy_ == Policy::round_robin_breakers) {
      options.max_retries = 0;
      options.when_all_open = WhenAllOpen::fail;
      options.classify = [](const Error&) {
        return FailureClass::transient;
      };  // all errors were the same to it
    }
    return options;
  }

  testing::SimulatedAnswer serve(std::size_t index, const HttpRequest& request) {
    const Condition condition = scenario_.condition(index, elapsed());
    servers_[index].behaviour().retry_after = condition.retry_after;
    servers_[index].behaviour().connect_time = condition.connect_time;
    const Fault fault = fault_of(request, condition);
    testing::SimulatedAnswer answer = servers_[index].answer(request, fault);
    if (fault != Fault::none) answer.latency = std::min<nanoseconds>(answer.latency, 5ms);
    answer.latency = std::chrono::duration_cast<nanoseconds>(answer.latency * condition.slowness);
    if (condition.fails_in == 0s || answer.latency <= condition.fails_in) return answer;
    return {.latency = condition.fails_in,
            .failure = TransferFailure{.message = "the connection broke", .sent = Sent::all}};
  }

  /// What befalls a request: the same, whoever chooses the endpoint, for the same attempt of the same call.
  Fault fault_of(const HttpRequest& request, const Condition& condition) {
    const auto call = std::stoul(std::string(header(request.headers, "x-call")));
    attempts_.resize(std::max(attempts_.size(), call + 1));
    if (static_cast<int>(call) < scenario_.poisons) return Fault::internal_error;
    testing::Random draw(1000 * call + attempts_[call]++);
    return draw.uniform() < condition.share ? condition.fault : Fault::none;
  }

  bool may_choose(std::size_t index) const {
    if (policy_ == Policy::oracle) return scenario_.healthy(index, elapsed());
    return client_->endpoints()[index].state != State::open;
  }

  /// Null: nobody can be asked.
  std::optional<RequestOptions> choose() {
    if (policy_ == Policy::openailb || policy_ == Policy::no_breakers) return RequestOptions{};
    for (std::size_t tries = 0; tries < scenario_.endpoints; ++tries) {
      const std::size_t index = next_++ % scenario_.endpoints;
      if (may_choose(index)) return RequestOptions{.endpoint = "endpoint-" + std::to_string(index)};
    }
    return policy_ == Policy::oracle ? std::optional(RequestOptions{}) : std::nullopt;
  }

  Task<bool> call(int number, TimePoint at) {
    Timer arrival(net_.loop(), at);
    WhenAny arrived(arrival);
    co_await arrived;
    std::optional<RequestOptions> options = choose();
    if (!options) co_return false;
    options->extra_headers["x-call"] = std::to_string(number);
    const ChatCompletionCreateParams params{.model = "gpt-4o", .messages = {user_message("Hello!")}};
    auto asking = client_->chat.completions.create(params, *std::move(options));
    Result<ChatCompletion> completion = co_await asking;
    if (!completion || number < scenario_.poisons) co_return false;
    ++outcomes_.successes;
    ++outcomes_.shares[std::stoul(completion->info.endpoint.substr(sizeof "endpoint"))];
    outcomes_.latencies.push_back(net_.network.now() - at);
    co_return true;
  }

  Scenario scenario_;
  Policy policy_;
  ConcurrentNetwork net_{};
  TimePoint began_{net_.network.now()};
  testing::Random random_{42};
  std::vector<testing::SimulatedServer> servers_{};
  std::vector<std::size_t> attempts_{};  // by call
  std::optional<ConcurrentClient> client_{};
  std::size_t next_{};
  Outcomes outcomes_{};
};

/// "100.0 %, 2.1 s, 1.03": how many succeeded, how slow the slowest hundredth was, requests per call.
std::string cell(const Outcomes& outcomes) {
  const double calls = outcomes.calls;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%, %s, %.2f", 100.0 * outcomes.successes / calls,
                duration_text(quantile(outcomes.latencies, 0.99)).c_str(),
                static_cast<double>(outcomes.requests) / calls);
  return text.data();
}

/// What openailb has not kept of what the scenario asks of it.
std::vector<std::string> faults(const Scenario& scenario, std::map<Policy, Outcomes>& outcomes) {
  std::vector<std::string> faults;
  const Outcomes& ours = outcomes[Policy::openailb];
  const int lost = outcomes[Policy::no_breakers].successes - ours.successes;
  if (lost > 0) faults.push_back(std::to_string(lost) + " calls more would succeed without breakers");
  const nanoseconds slowest = quantile(ours.latencies, 0.99);
  const nanoseconds oracle = quantile(outcomes[Policy::oracle].latencies, 0.99);
  if (scenario.slowest_beside_oracle > 0.0 && slowest > oracle * scenario.slowest_beside_oracle) {
    faults.push_back("the slowest hundredth takes too much longer than the oracle's");
  }
  if (scenario.only_connects_slowly) {
    if (ours.successes < ours.calls) faults.push_back("calls fail, although nothing does");
    if (ours.breakers_opened > 0) faults.push_back("breakers open, although nothing fails");
    const auto [least, most] = std::ranges::minmax(ours.shares);
    if (most - least > ours.calls / 100) faults.push_back("the shares are not even");
  }
  const RetryBudgetOptions budget;
  const std::chrono::duration<double> with_savings =
      scenario.duration + 10s + 2s;                                         // of the last calls' retries
  const double first_pass = 3.0 * static_cast<double>(scenario.endpoints);  // until the breakers are open
  const double most =
      scenario.most_requests * ours.calls + budget.per_second * with_savings.count() + first_pass;
  if (scenario.most_requests > 0.0 && static_cast<double>(ours.requests) > most) {
    faults.push_back("more requests than the retry budget allows");
  }
  return faults;
}

/// Prints a row for each scenario. False: openailb has not done what a scenario asks of it.
bool print(const std::vector<Scenario>& scenarios) {
  bool good = true;
  std::string head = "| what happens |", rule = "| --- |";
  for (const Policy policy : policies) {
    head += ' ' + std::string(to_string(policy)) + " |";
    rule += " --- |";
  }
  std::printf("%s\n%s\n", head.c_str(), rule.c_str());
  for (const Scenario& scenario : scenarios) {
    std::map<Policy, Outcomes> outcomes;
    std::printf("| %s |", scenario.name.c_str());
    for (const Policy policy : policies) {
      outcomes[policy] = Run(scenario, policy).outcomes();
      std::printf(" %s |", cell(outcomes[policy]).c_str());
    }
    std::printf("\n");
    for (const std::string& fault : faults(scenario, outcomes)) {
      std::fprintf(stderr, "%s: %s\n", scenario.name.c_str(), fault.c_str());
      good = false;
    }
  }
  return good;
}

}  // namespace

bool print_scenarios() {
  const bool bad = print(bad_days());
  std::printf("\nTrouble with all of them, forty calls a second that take 20 ms:\n\n");
  const bool worst = print(worst_days());
  return bad && worst;
}

}  // namespace openailb::simulation
