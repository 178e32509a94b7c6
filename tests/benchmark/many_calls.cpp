// Prints what many calls in flight cost on one event loop and one thread, as ratios against a hand-written
// loop of curl_multi_poll that does the same work in the same run against the same server. Rounds of the two
// alternate. Nothing is asserted.
//   openailb_many_calls                   prints all ratios
//   openailb_many_calls WHO N CALLS       makes CALLS calls, N in flight; WHO is ours or theirs

#include "benchmark/hand_written_loop.hpp"
#include "benchmark/quick_server.hpp"
#include "benchmark/workload.hpp"
#include "simulation/concurrent.hpp"
#include <openailb/detail/net/curl_event_loop.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <malloc.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <time.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace openailb::benchmark;
using namespace openailb::detail;
using openailb::simulation::ConcurrentClient;

constexpr int rounds = 11;

/// A client whose calls are tasks on one loop.
class Ours {
 public:
  explicit Ours(const std::string& base_url)
      : client_({{.api_key = "key", .base_url = base_url}}, {.event_loop = [this] {
                  auto made =
                      std::make_unique<CurlEventLoop>(openailb::ConnectionOptions{}, LoopTuning::throughput);
                  loop_ = made.get();
                  return made;
                }}) {}

  void begin(std::size_t in_flight) {
    for (std::size_t one = 0; one < in_flight; ++one) tasks_.push_back(ask_again_and_again());
    for (auto& task : tasks_) task.start();
  }
  void turn(std::chrono::nanoseconds patience) { loop_->run_once(loop_->now() + patience); }
  void run(std::size_t calls, std::size_t in_flight) {
    left_ = calls;
    begin(in_flight);
    while (done_ < calls) turn(std::chrono::seconds(1));
    tasks_.clear();
    done_ = 0;
  }

 private:
  Task<int> ask_again_and_again() {
    while (left_ > 0) {
      --left_;
      auto call = client_.chat.completions.create(params());
      openailb::Result<openailb::ChatCompletion> answer = co_await call;
      if (answer->text().empty()) throw std::runtime_error("no answer");
      ++done_;
    }
    co_return 0;
  }

  openailb::EventLoop* loop_{};
  ConcurrentClient client_;
  std::size_t left_{1'000'000'000};
  std::size_t done_{};
  std::deque<Task<int>> tasks_{};
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// What a call takes, in microseconds: of time, and of the processor.
struct Cost {
  double time;
  double processor;
};

double processor_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) / 1e3;
}

Cost measure(std::size_t calls, const std::function<void()>& run) {
  const auto begin = Clock::now();
  const double processor = processor_time();
  run();
  const auto divisor = static_cast<double>(calls);
  return {std::chrono::duration<double, std::micro>(Clock::now() - begin).count() / divisor,
          (processor_time() - processor) / divisor};
}

/// Both sides of one measure, round by round.
class Column {
 public:
  void add(double our, double their) {
    ours_.push_back(our);
    theirs_.push_back(their);
    ratios_.push_back(their / our);
  }
  void print() const {
    const auto [lowest, highest] = std::ranges::minmax(ratios_);
    std::printf("   %6.1f %6.1f  %.2f (%.2f to %.2f)", median(ours_), median(theirs_), median(ratios_),
                lowest, highest);
  }

 private:
  std::vector<double> ours_{}, theirs_{}, ratios_{};
};

void compare(const std::string& url, std::size_t in_flight, std::size_t calls) {
  Ours ours(url);
  HandWrittenLoop theirs(url, question);
  Column time, processor;
  for (int round = -1; round < rounds; ++round) {
    const Cost our = measure(calls, [&] { ours.run(calls, in_flight); });
    const Cost their = measure(calls, [&] { theirs.run(calls, in_flight); });
    if (round < 0) continue;  // it has made the connections
    time.add(our.time, their.time);
    processor.add(our.processor, their.processor);
  }
  std::printf("%5zu in flight", in_flight);
  time.print();
  processor.print();
  std::printf("\n");
}

std::size_t heap() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// How much of the heap each of many calls takes that wait for their answers.
double memory_per_call(const std::function<void(std::size_t)>& begin, const std::function<void()>& turn) {
  constexpr std::size_t calls = 1000;
  const std::size_t before = heap();
  begin(calls);
  for (const auto end = Clock::now() + std::chrono::seconds(2); Clock::now() < end;) turn();
  return static_cast<double>(heap() - before) / double{calls};
}

void compare_memory(const QuickServer& server) {
  const std::string url = server.origin() + "/held/v1";
  double our_memory = 0, their_memory = 0;
  {
    Ours ours(url);
    our_memory = memory_per_call([&](std::size_t calls) { ours.begin(calls); },
                                 [&] { ours.turn(std::chrono::milliseconds(10)); });
  }
  {
    HandWrittenLoop theirs(url, question);
    std::size_t done = 0, left = 0;
    their_memory =
        memory_per_call([&](std::size_t calls) { theirs.begin(calls); }, [&] { theirs.turn(done, left); });
  }
  std::printf("\nheap per call, 1000 in flight: %.0f and %.0f bytes, %.2f\n", our_memory, their_memory,
              our_memory / their_memory);
}

}  // namespace

int main(int count, char** arguments) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  QuickServer server(openailb::test::http_response(200, completion(), headers));
  if (count == 4) {
    const std::size_t in_flight = std::strtoul(arguments[2], nullptr, 10);
    const std::size_t calls = std::strtoul(arguments[3], nullptr, 10);
    if (std::string_view(arguments[1]) == "ours")
      Ours(server.origin() + "/v1").run(calls, in_flight);
    else
      HandWrittenLoop(server.origin() + "/v1", question).run(calls, in_flight);
    return 0;
  }
  const std::array<std::size_t, 3> all{64, 256, 1024};
  std::printf("us per call, ours and by hand, and the ratio; medians of %d rounds\n%14s %32s %32s\n", rounds,
              "", "time", "processor time");
  std::printf("answers come at once, so that the processor limits the throughput\n");
  for (const std::size_t in_flight : all) compare(server.origin() + "/v1", in_flight, 2 * (in_flight + 1000));
  std::printf("answers come after 100 ms\n");
  for (const std::size_t in_flight : all) compare(server.origin() + "/slow", in_flight, 2 * in_flight);
  compare_memory(server);
}
