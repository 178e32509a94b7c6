// Prints the table of persistence in tests/README.md: one call with the default options, begun as trouble
// begins that all endpoints share, with one endpoint and with several. The same seeds give the same table.
// Fails when more endpoints do worse than one.
#include "simulation/persistence.hpp"

#include <openailb/openailb.hpp>
#include <openailb/testing/random.hpp>
#include <openailb/testing/simulated_network.hpp>
#include <openailb/testing/simulated_server.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace openailb::simulation {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::Fault;

/// Trouble that all endpoints have at the same time.
struct Trouble {
  std::string name{};
  Fault fault{};
  nanoseconds lasts{};
  Headers headers{};  ///< of each answer
};

std::vector<Trouble> troubles() {
  const Headers one_second{{"retry-after", "1"}};
  const Headers two_seconds{{"retry-after", "2"}};
  return {
      {"unreachable for 0.3 s", Fault::unreachable, 300ms},
      {"unreachable for 0.6 s", Fault::unreachable, 600ms},
      {"unreachable for 1 s", Fault::unreachable, 1s},
      {"500 for 1 s", Fault::internal_error, 1s},
      {"reset for 1 s", Fault::reset, 1s},
      {"a page of HTML for 1 s", Fault::html, 1s},
      {"503 with `Retry-After: 1` for 1.8 s", Fault::overloaded, 1800ms, one_second},
      {"429 for 2.5 s", Fault::rate_limited, 2500ms},
      {"429 with `Retry-After: 2` for 2.5 s", Fault::rate_limited, 2500ms, two_seconds},
      {"unreachable for 1 min", Fault::unreachable, 1min},
  };
}

/// What became of the same call, made many times.
struct Persistence {
  int successes{};
  std::size_t requests{};
  nanoseconds longest{};
};

constexpr int calls_each = 100;
constexpr std::array<std::size_t, 4> sizes{1, 2, 4, 8};

void make_call(const Trouble& trouble, std::size_t endpoints, std::uint64_t seed, Persistence& outcomes) {
  testing::SimulatedNetwork network;
  testing::SimulatedServer server({.latency = 20ms}, seed);
  testing::Random random(seed);
  const TimePoint began = network.now();
  std::vector<EndpointConfig> configurations;
  for (std::size_t index = 0; index < endpoints; ++index) {
    const std::string origin = "https://endpoint-" + std::to_string(index) + ".example";
    configurations.push_back({.base_url = origin + "/v1"});
    network.serve(origin, [&](const HttpRequest& request) {
      const bool is_over = network.now() - began >= trouble.lasts;
      testing::SimulatedAnswer answer = server.answer(request, is_over ? Fault::none : trouble.fault);
      if (is_over) return answer;
      answer.latency = 1ms;
      answer.headers = trouble.headers;
      return answer;
    });
  }
  const Client client(std::move(configurations),
                      {.random = [&] { return random.uniform(); }, .event_loop = network.loops()});
  const auto completion =
      client.chat.completions.create({.model = "gpt-4o", .messages = {user_message("Hello!")}});
  outcomes.successes += completion ? 1 : 0;
  outcomes.requests += network.requests().size();
  outcomes.longest = std::max<nanoseconds>(outcomes.longest, network.now() - began);
}

/// "100 %, 2.0, 1.5 s": how many succeeded, requests per call, and how long the longest took.
std::string persistence_cell(const Persistence& outcomes) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%d %%, %.1f, %s", 100 * outcomes.successes / calls_each,
                static_cast<double>(outcomes.requests) / calls_each,
                detail::duration_text(outcomes.longest).c_str());
  return text.data();
}

}  // namespace

bool print_persistence() {
  bool good = true;
  std::printf("| all endpoints are | 1 endpoint | 2 | 4 | 8 |\n| --- | --- | --- | --- | --- |\n");
  for (const Trouble& trouble : troubles()) {
    std::printf("| %s |", trouble.name.c_str());
    Persistence alone;
    for (const std::size_t endpoints : sizes) {
      Persistence outcomes;
      for (int call = 0; call < calls_each; ++call) {
        make_call(trouble, endpoints, static_cast<std::uint64_t>(call), outcomes);
      }
      std::printf(" %s |", persistence_cell(outcomes).c_str());
      if (endpoints == 1) alone = outcomes;
      if (outcomes.successes < alone.successes) good = false;
      if (!good)
        std::fprintf(stderr, "%s: %zu endpoints do worse than one\n", trouble.name.c_str(), endpoints);
    }
    std::printf("\n");
  }
  return good;
}

}  // namespace openailb::simulation
