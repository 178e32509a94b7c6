// Threads that wait for slots of several limits, while the limits change: nobody is forgotten, and no limit
// is exceeded. How they interleave is left to chance, so the test looks for what holds in any case.

#include <openailb/detail/balance/concurrency_limit.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <semaphore>
#include <stop_token>
#include <thread>
#include <vector>

namespace openailb::concurrency_limit_threads_test {
namespace {

using namespace detail;
using namespace std::chrono_literals;
using Wanted = std::vector<std::shared_ptr<ConcurrencyLimit>>;

constexpr int most = 2, visits = 2000;

class Visitors {
 public:
  Visitors() {
    for (auto& limit : all_) {
      limit = std::make_shared<ConcurrencyLimit>(queue_);
      limit->set_limit(most);
    }
  }

  void visit_often(unsigned seed) {
    std::mt19937 random(seed);
    for (int visit = 0; visit < visits && !forgotten_; ++visit) {
      Wanted wanted;
      for (const auto& limit : all_) {
        if (random() % 2 == 0) wanted.push_back(limit);
      }
      if (!wanted.empty()) visit_one_of(wanted);
    }
  }
  void change_limits(unsigned seed) {
    std::mt19937 random(seed);
    while (!over_) {
      all_[random() % all_.size()]->set_limit(1 + static_cast<int>(random() % most));
      if (random() % 8 == 0) queue_->wake_all();
      std::this_thread::yield();
    }
  }
  void end() { over_ = true; }

  bool somebody_was_forgotten() const { return forgotten_; }
  int in_flight() const { return all_[0]->in_flight() + all_[1]->in_flight() + all_[2]->in_flight(); }

 private:
  void visit_one_of(const Wanted& wanted) {
    std::unique_ptr<WaitQueue::Ticket> ticket;
    for (;;) {
      for (const auto& limit : wanted) {
        if (!limit->try_acquire(ticket.get())) continue;
        EXPECT_LE(limit->in_flight(), most);
        ticket.reset();
        std::this_thread::yield();
        return limit->release();
      }
      if (!ticket) ticket = std::make_unique<WaitQueue::Ticket>(queue_);
      ticket->wait_for(wanted);
      std::binary_semaphore called(0);
      const std::stop_callback on_call(ticket->wakeup(), [&] { called.release(); });
      forgotten_ = forgotten_ || !called.try_acquire_for(60s);
      if (forgotten_) return;
    }
  }

  std::shared_ptr<WaitQueue> queue_{std::make_shared<WaitQueue>()};
  std::array<std::shared_ptr<ConcurrencyLimit>, 3> all_{};
  std::atomic<bool> over_{}, forgotten_{};
};

TEST(ConcurrencyLimitThreads, NobodyIsForgotten) {
  Visitors visitors;
  std::jthread changes([&] { visitors.change_limits(1); });
  {
    std::vector<std::jthread> threads;
    for (unsigned seed = 0; seed < 8; ++seed) threads.emplace_back([&, seed] { visitors.visit_often(seed); });
  }
  visitors.end();
  EXPECT_FALSE(visitors.somebody_was_forgotten());
  EXPECT_EQ(visitors.in_flight(), 0);
}

}  // namespace
}  // namespace openailb::concurrency_limit_threads_test
