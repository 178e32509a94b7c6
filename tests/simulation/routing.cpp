// Prints the table of scorers in README.md: when first tokens come, and who was asked, if endpoints are not
// alike. The oracle knows when each endpoint's first token would come. The same seeds give the same table.
#include "simulation/routing.hpp"

#include "simulation/concurrent.hpp"
#include "simulation/crowd.hpp"
#include "simulation/model_server.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::simulation {
namespace {

enum class Choice { round_robin, least_in_flight, lowest_latency, affinity, oracle };

constexpr std::array choices{Choice::round_robin, Choice::least_in_flight, Choice::lowest_latency,
                             Choice::affinity, Choice::oracle};

constexpr const char* to_string(Choice choice) {
  switch (choice) {
    case Choice::round_robin: return "round robin";
    case Choice::least_in_flight: return "`least_in_flight`";
    case Choice::lowest_latency: return "`lowest_latency`";
    case Choice::affinity: return "`affinity`";
    case Choice::oracle: return "an oracle";
  }
  return "";
}

/// What became of a run's calls.
struct FirstTokens {
  int calls{};
  int successes{};
  std::vector<nanoseconds> took{};
  std::vector<int> asked{};  // by endpoint

  nanoseconds mean() const {
    return std::accumulate(took.begin(), took.end(), nanoseconds(0)) / static_cast<int>(took.size());
  }
};

/// The calls of one scenario with one scorer, all in one simulated network.
class RoutingRun {
 public:
  RoutingRun(RoutingScenario scenario, Choice choice) : scenario_(std::move(scenario)), choice_(choice) {
    std::vector<EndpointConfig> configurations;
    for (std::size_t index = 0; index < scenario_.servers.size(); ++index) {
      const std::string origin = "https://endpoint-" + std::to_string(index) + ".example";
      configurations.push_back({.base_url = origin + "/v1", .weight = scenario_.servers[index].weight});
      servers_.emplace_back(scenario_.servers[index].places, began_);
      net_.network.serve(origin, [this, index](const HttpRequest& request) { return serve(index, request); });
    }
    first_tokens_.asked.resize(servers_.size());
    client_.emplace(std::move(configurations), options());
  }
  RoutingRun(const RoutingRun&) = delete;
  RoutingRun& operator=(const RoutingRun&) = delete;

  FirstTokens first_tokens() {
    let_others_come();
    std::vector<Task<bool>> calls;
    for (const TimePoint at : arrivals(began_, scenario_.duration, scenario_.between_calls)) {
      calls.push_back(call(static_cast<int>(calls.size()), at));
    }
    run_all(net_.loop(), calls);
    first_tokens_.calls = static_cast<int>(calls.size());
    return std::move(first_tokens_);
  }

 private:
  static constexpr nanoseconds usual = 400ms;  // from a prompt to its first token

  nanoseconds elapsed() const { return net_.network.now() - began_; }

  ClientOptions options() {
    ClientOptions options{.random = [this] { return random_.uniform(); }, .event_loop = net_.loops()};
    switch (choice_) {
      case Choice::round_robin: break;
      case Choice::least_in_flight: options.scorer = least_in_flight; break;
      case Choice::lowest_latency: options.scorer = lowest_latency; break;
      case Choice::affinity: options.scorer = affinity; break;
      case Choice::oracle:
        options.scorer = [this](const EndpointLoad& endpoint) { return when_it_would_come(endpoint); };
    }
    return options;
  }

  double when_it_would_come(const EndpointLoad& endpoint) const {
    const auto index = static_cast<std::size_t>(endpoint.name.back() - '0');
    if (failing(index) > 0.0) return 1e18;
    const nanoseconds first_token = work(index, usual, std::string(endpoint.session));
    return static_cast<double>((servers_[index].queue(net_.network.now()) + first_token).count());
  }

  double failing(std::size_t index) const {
    return scenario_.failing ? scenario_.failing(index, elapsed()) : 0.0;
  }
  double slowness(std::size_t index) const {
    return scenario_.slowness ? scenario_.slowness(index, elapsed()) : 1.0;
  }
  nanoseconds work(std::size_t index, nanoseconds prompt, const std::string& session) const {
    const double share = slowness(index) * servers_[index].uncached(session);
    return std::chrono::duration_cast<nanoseconds>(prompt * share);
  }

  testing::SimulatedAnswer serve(std::size_t index, const HttpRequest& request) {
    ++first_tokens_.asked[index];
    if (random_.uniform() < failing(index)) {
      return {.latency = 5ms, .failure = TransferFailure{.message = "could not connect"}};
    }
    const std::string number(header(request.headers, "x-call")),
        session(header(request.headers, "x-session"));
    testing::Random draw(1000 * std::stoul(number));
    const nanoseconds first_token = work(index, draw.around(usual, scenario_.prompt_spread), session);
    const auto rest =
        std::chrono::duration_cast<nanoseconds>(draw.around(scenario_.answer, 0.3) * slowness(index));
    servers_[index].remember(session);
    testing::SimulatedServer words({.chunk_interval = 0s});
    testing::SimulatedAnswer answer = words.answer(request, testing::Fault::none);
    answer.latency = servers_[index].take(first_token, rest, net_.network.now());
    answer.pieces.back().after = rest;
    return answer;
  }

  /// The requests of others, which no scorer sees.
  void let_others_come() {
    if (scenario_.between_others == 0s) return;
    testing::Random draw(11);
    for (nanoseconds at = others_from; at < others_until;
         at += draw.between(0s, 2 * scenario_.between_others)) {
      net_.network.at(began_ + at, [this] { servers_[0].take(usual, scenario_.answer, net_.network.now()); });
    }
  }

  Task<bool> call(int number, TimePoint at) {
    Timer arrival(net_.loop(), at);
    WhenAny arrived(arrival);
    co_await arrived;
    RequestOptions options;
    options.extra_headers["x-call"] = std::to_string(number);
    if (scenario_.sessions > 0) {
      testing::Random draw(static_cast<std::uint64_t>(number));
      options.session = std::to_string(draw.below(static_cast<std::size_t>(scenario_.sessions)));
      options.extra_headers["x-session"] = options.session;
    }
    const ChatCompletionCreateParams params{.model = "gpt-4o", .messages = {user_message("Hello!")}};
    auto opening = client_->chat.completions.stream(params, std::move(options));
    Result<std::unique_ptr<CommittedStream>> opened = co_await opening;
    if (!opened) co_return false;
    first_tokens_.took.push_back(net_.network.now() - at);
    const std::unique_ptr<CommittedStream> stream = *std::move(opened);
    while (!stream->over()) {
      Task<const ChunkReader*> reading = stream->next();
      co_await reading;
    }
    if (!stream->error()) ++first_tokens_.successes;
    co_return true;
  }

  RoutingScenario scenario_;
  Choice choice_;
  ConcurrentNetwork net_{};
  TimePoint began_{net_.network.now()};
  testing::Random random_{42};  // of waits and failures
  std::vector<ModelServer> servers_{};
  FirstTokens first_tokens_{};
  std::optional<ConcurrentClient> client_{};
};

/// "0.52 s, 1.1 s, 25:25:25:25": mean and slowest hundredth, and the endpoints' shares of the requests.
std::string cell(const FirstTokens& tokens) {
  const auto seconds = [](nanoseconds time) { return std::chrono::duration<double>(time).count(); };
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.2f s, %.1f s, ", seconds(tokens.mean()),
                seconds(quantile(tokens.took, 0.99)));
  std::string cell = text.data();
  const double all = std::accumulate(tokens.asked.begin(), tokens.asked.end(), 0);
  for (const int asked : tokens.asked) {
    if (cell.back() != ' ') cell += ':';
    cell += std::to_string(static_cast<int>(100.0 * asked / all + 0.5));
  }
  return cell;
}

/// Whether each endpoint was asked as often as its weight says.
bool shares_are_exact(const RoutingScenario& scenario, const FirstTokens& tokens) {
  double weights = 0.0;
  for (const ServerPlan& server : scenario.servers) weights += server.weight;
  for (std::size_t index = 0; index < tokens.asked.size(); ++index) {
    const double share = scenario.servers[index].weight / weights * tokens.calls;
    if (std::abs(tokens.asked[index] - share) > 1.0) return false;
  }
  return true;
}

/// In what a scorer is not as good as it should be.
std::vector<std::string> faults(const RoutingScenario& scenario, std::map<Choice, FirstTokens>& outcomes) {
  std::vector<std::string> faults;
  const auto require = [&](bool holds, const char* otherwise) {
    if (!holds) faults.emplace_back(otherwise);
  };
  for (const auto& [choice, tokens] : outcomes) {
    require(tokens.successes == tokens.calls, "not all calls succeeded");
  }
  const FirstTokens& by_turns = outcomes[Choice::round_robin];
  const nanoseconds oracle = outcomes[Choice::oracle].mean();
  require(scenario.failing || shares_are_exact(scenario, by_turns), "round robin's shares are not exact");
  require(quantile(outcomes[Choice::least_in_flight].took, 0.99) <= 1.05 * quantile(by_turns.took, 0.99),
          "the slowest hundredth by least_in_flight takes longer than by round robin");
  require(scenario.lowest_latency_beside_oracle == 0.0 ||
              outcomes[Choice::lowest_latency].mean() <= scenario.lowest_latency_beside_oracle * oracle,
          "lowest_latency is too much slower than the oracle");
  require(scenario.sessions == 0 || outcomes[Choice::affinity].mean() <= 1.3 * oracle,
          "affinity is too much slower than the oracle");
  return faults;
}

}  // namespace

bool print_routing() {
  bool good = true;
  std::string head = "| what the endpoints are like |", rule = "| --- |";
  for (const Choice choice : choices) {
    head += ' ' + std::string(to_string(choice)) + " |";
    rule += " --- |";
  }
  std::printf("%s\n%s\n", head.c_str(), rule.c_str());
  for (const RoutingScenario& scenario : routing_scenarios()) {
    std::map<Choice, FirstTokens> outcomes;
    std::printf("| %s |", scenario.name.c_str());
    for (const Choice choice : choices) {
      if (choice == Choice::affinity && scenario.sessions == 0) {
        std::printf(" |");
        continue;
      }
      outcomes[choice] = RoutingRun(scenario, choice).first_tokens();
      std::printf(" %s |", cell(outcomes[choice]).c_str());
    }
    std::printf("\n");
    for (const std::string& fault : faults(scenario, outcomes)) {
      std::fprintf(stderr, "%s: %s\n", scenario.name.c_str(), fault.c_str());
      good = false;
    }
  }
  return good;
}

}  // namespace openailb::simulation
