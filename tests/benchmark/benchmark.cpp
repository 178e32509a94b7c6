// Prints what openailb costs, as ratios against a hand-written libcurl program that does the same work in the
// same run against the same server: writes the same JSON, sends it over one kept connection per thread,
// parses the answer and takes the content out. Rounds of the two alternate, so that a machine whose speed
// drifts slows both. Nothing is asserted.

#include "benchmark/hand_written.hpp"
#include "benchmark/workload.hpp"
#include "support/scripted_server.hpp"
#include "support/tls_server.hpp"
#include <openailb/openailb.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace openailb::benchmark;

constexpr int rounds = 15;

struct Median {
  double lowest;
  double median;
  double highest;
};

Median median(std::vector<double> values) {
  std::ranges::sort(values);
  return {values.front(), values[values.size() / 2], values.back()};
}

/// Nanoseconds per call of `call(thread)` on each of some threads at once.
double time_calls(int threads, int calls, const std::function<void(int)>& call) {
  const auto begin = Clock::now();
  std::vector<std::jthread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int i = 0; i < calls; ++i) call(thread);
    });
  }
  running.clear();
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / (threads * calls);
}

/// Makes calls by the client and by hand in turn, and prints how long one takes. `divisor` is how many units
/// a call has.
struct Comparison {
  const char* title;
  std::string base_url;
  std::string ca_bundle{};
  int threads{1};
  int calls;
  bool streams{};
  double divisor{1};
};

void compare(const Comparison& what) {
  openailb::Client client({{.api_key = "key", .base_url = what.base_url}},
                          {.connection = {.ca_bundle = what.ca_bundle}});
  std::vector<std::unique_ptr<HandWritten>> programs;
  for (int i = 0; i < what.threads; ++i) {
    programs.push_back(std::make_unique<HandWritten>(what.base_url, what.ca_bundle));
  }
  const auto ours = [&](int) { what.streams ? stream(client) : ask(client); };
  const auto theirs = [&](int thread) {
    HandWritten& program = *programs[static_cast<std::size_t>(thread)];
    std::size_t length = 0;
    if (what.streams) {
      program.stream(question, [&](const std::string& text) { length += text.size(); });
    } else {
      length = program.ask(question).size();
    }
    if (length == 0) throw std::runtime_error("no answer");
  };

  time_calls(what.threads, what.calls / 10 + 1, ours);
  time_calls(what.threads, what.calls / 10 + 1, theirs);
  std::vector<double> ratios;
  std::vector<double> our_times;
  std::vector<double> their_times;
  for (int round = 0; round < rounds; ++round) {
    our_times.push_back(time_calls(what.threads, what.calls, ours));
    their_times.push_back(time_calls(what.threads, what.calls, theirs));
    ratios.push_back(their_times.back() / our_times.back());
  }
  const Median ratio = median(ratios);
  std::printf("%-26s %8.1f us %10.1f us   %5.2f (%.2f to %.2f)\n", what.title,
              median(our_times).median / what.divisor / 1e3, median(their_times).median / what.divisor / 1e3,
              ratio.median, ratio.lowest, ratio.highest);
}

/// One call after the other: what it costs that another thread runs them. Each call is timed by itself, since
/// what else runs on the machine delays some calls of a second thread, but not most of them.
void compare_async(const std::string& base_url) {
  const openailb::Client client({{.api_key = "key", .base_url = base_url}});
  const openailb::AsyncClient async_client({{.api_key = "key", .base_url = base_url}});
  const auto ask_async = [&](int) {
    const auto answer = async_client.chat.completions.create(params()).get();
    if (answer->text().empty()) throw std::runtime_error("no answer");
  };
  std::vector<double> blocking, async;
  const auto time_each = [](std::vector<double>& times, const std::function<void(int)>& call) {
    for (int i = 0; i < 100; ++i) {
      const auto begin = Clock::now();
      call(0);
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    }
  };
  for (int round = 0; round < 10 * rounds; ++round) {
    time_each(blocking, [&](int) { ask(client); });
    time_each(async, ask_async);
  }
  const Median one = median(blocking), other = median(async);
  std::printf("\none call after the other, by a Client: %.1f us; by an AsyncClient: %.1f us, %.1f us more\n",
              one.median, other.median, other.median - one.median);
}

/// Picking one of four endpoints, taking its breaker's permit and settling a success; the clock is read once.
/// Nanoseconds for each, of so many threads together.
double measure_picking(int threads) {
  using namespace openailb::detail;
  Balancer balancer(std::vector<openailb::EndpointConfig>(4), {}, Clock::now());
  const auto call =
      std::make_shared<const Call>(Call{.model = "gpt-4o", .deadline = std::chrono::seconds(1)});
  std::vector<double> times;
  for (int round = 0; round < 5; ++round) {
    const auto now = Clock::now();
    times.push_back(time_calls(threads, 1'000'000 / threads, [&](int) {
      CallState state = *balancer.begin(*call, now);
      balancer.next(call, state, now).attempt->report_outcome(nullptr, now);
    }));
  }
  return median(times).median;
}

double measure_breaker() {
  std::vector<double> times;
  for (int round = 0; round < 5; ++round) {
    const auto now = Clock::now();
    openailb::CircuitBreaker breaker({}, now);
    times.push_back(time_calls(1, 1'000'000, [&](int) { breaker.acquire(now)->success(now); }));
  }
  return median(times).median;
}

}  // namespace

int main() {
  openailb::test::ScriptedServer http(serve());
  openailb::test::TlsServer https(serve());
  std::printf("medians of %d rounds           openailb    hand-written   throughput (lowest to highest)\n",
              rounds);
  compare({.title = "a call, one thread", .base_url = http.url(), .calls = 2000});
  compare({.title = "a call, eight threads", .base_url = http.url(), .threads = 8, .calls = 500});
  compare({.title = "a call, HTTPS",
           .base_url = https.url(),
           .ca_bundle = openailb::test::certificate("ca.pem"),
           .calls = 1500});
  compare({.title = "a chunk of a stream",
           .base_url = http.url(),
           .calls = 30,
           .streams = true,
           .divisor = double{chunks}});
  compare_async(http.url());
  std::printf(
      "\npick + admit + settle, four endpoints: %.0f ns, by 16 threads: %.0f ns; "
      "a breaker's permit alone: %.0f ns\n",
      measure_picking(1), measure_picking(16), measure_breaker());
}
