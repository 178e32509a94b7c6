// Runs random worlds and checks the invariants in each of them, after every event and at the end:
//   simulation --worlds 1000 [--from SEED]     so many worlds, of consecutive seeds
//   simulation --seconds 60 [--from SEED]      as many as there is time for
//   simulation --seed SEED                     one of them again; if it fails, the smallest that still does
//   simulation --scenarios                     no worlds, but the table of fault scenarios
//   simulation --routing                       no worlds, but the table of scorers
//   simulation --persistence                   no worlds, but the table of trouble that all endpoints share
#include "simulation/persistence.hpp"
#include "simulation/plan.hpp"
#include "simulation/plan_text.hpp"
#include "simulation/routing.hpp"
#include "simulation/scenario.hpp"
#include "simulation/shrink.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace openailb::simulation;

struct Arguments {
  std::uint64_t from{};
  std::uint64_t worlds{1000};
  std::chrono::seconds seconds{std::chrono::hours(24)};
};

[[noreturn]] void show_usage() {
  std::cerr
      << "usage: simulation [--worlds N | --seconds N] [--from SEED] | simulation --seed SEED | simulation "
         "--scenarios | simulation --routing | simulation --persistence\n";
  std::exit(2);
}

std::uint64_t number(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) show_usage();
  return std::stoull(text);
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  if (words.size() % 2 != 0) show_usage();
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::uint64_t value = number(words[i + 1]);
    if (words[i] == "--worlds") {
      arguments.worlds = value;
    } else if (words[i] == "--seconds") {
      arguments.seconds = std::chrono::seconds(value);
      arguments.worlds = (std::numeric_limits<std::uint64_t>::max)();
    } else if (words[i] == "--from" || words[i] == "--seed") {
      arguments.from = value;
      if (words[i] == "--seed") arguments.worlds = 1;
    } else {
      show_usage();
    }
  }
  return arguments;
}

void report(const WorldPlan& plan, const std::vector<std::string>& violations) {
  std::cout << "World " << plan.seed << " violates the invariants. To see it again:\n"
            << "  tests/simulation/run --seed " << plan.seed << "\n\n";
  for (const std::string& violation : violations) std::cout << "  " << violation << '\n';
  const WorldPlan smallest = shrink(plan);
  std::cout << "\nThe smallest like it, in which " << violations_of(smallest).front() << ":\n" << smallest;
}

}  // namespace

int main(int count, char** words) {
  if (count == 2 && words[1] == std::string_view("--scenarios")) return print_scenarios() ? 0 : 1;
  if (count == 2 && words[1] == std::string_view("--routing")) return print_routing() ? 0 : 1;
  if (count == 2 && words[1] == std::string_view("--persistence")) return print_persistence() ? 0 : 1;
  const Arguments arguments = parse({words + 1, words + count});
  const auto end = std::chrono::steady_clock::now() + arguments.seconds;
  std::uint64_t done = 0;
  for (; done < arguments.worlds && std::chrono::steady_clock::now() < end; ++done) {
    const WorldPlan plan = plan_of(arguments.from + done);
    const std::vector<std::string> violations = violations_of(plan);
    if (violations.empty()) continue;
    report(plan, violations);
    return 1;
  }
  std::cout << done << " worlds from seed " << arguments.from << " on: every invariant held.\n";
  return 0;
}
