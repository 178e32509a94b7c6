// Calls that wait for slots: who is called when, and what else may keep them.

#include "support/simulation.hpp"
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/endpoint_set.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

namespace openailb::wait_queue_test {
namespace {

using namespace detail;
using namespace test;

struct Queue {
  std::shared_ptr<WaitQueue> queue{std::make_shared<WaitQueue>()};
  std::shared_ptr<ConcurrencyLimit> limit{std::make_shared<ConcurrencyLimit>(queue)};
  Queue() { limit->set_limit(1); }
};

TEST(WaitQueue, CallsWhoCameFirst) {
  Queue queue;
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  WaitQueue::Ticket first(queue.queue), second(queue.queue);
  first.wait_for({queue.limit});
  second.wait_for({queue.limit});
  queue.limit->release();
  EXPECT_TRUE(first.was_granted());
  EXPECT_FALSE(second.was_granted());
  EXPECT_FALSE(queue.limit->try_acquire(nullptr)) << "it is kept for who waits";
  EXPECT_FALSE(queue.limit->try_acquire(&second));
  EXPECT_TRUE(queue.limit->try_acquire(&first));
}

TEST(WaitQueue, CallsTheNextIfTheFirstDoesNotCome) {
  Queue queue;
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  auto first = std::make_unique<WaitQueue::Ticket>(queue.queue);
  WaitQueue::Ticket second(queue.queue);
  first->wait_for({queue.limit});
  second.wait_for({queue.limit});
  queue.limit->release();
  first.reset();
  EXPECT_TRUE(second.was_granted());
}

TEST(WaitQueue, CallsAllWhenTheEndpointsChange) {
  Queue queue;
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  WaitQueue::Ticket first(queue.queue), second(queue.queue);
  first.wait_for({queue.limit});
  second.wait_for({queue.limit});
  queue.queue->wake_all();
  EXPECT_TRUE(first.was_granted());
  EXPECT_TRUE(second.was_granted());
}

TEST(ChangedFleet, LetsThoseWhoWaitForSeatsLookAgain) {
  Queue queue;
  const ClientOptions options;
  EndpointSet fleet({{.base_url = "https://one.example/v1"}}, options, queue.queue, TimePoint{});
  WaitQueue::Ticket ticket(queue.queue);
  ticket.wait_for({queue.limit});
  fleet.add({.base_url = "https://two.example/v1"}, TimePoint{});
  EXPECT_TRUE(ticket.was_granted());
}

TEST(WaitQueue, CallsOneForEachSeatThatThereIsMore) {
  Queue queue;
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  std::vector<std::unique_ptr<WaitQueue::Ticket>> tickets;
  for (int i = 0; i < 4; ++i) {
    tickets.push_back(std::make_unique<WaitQueue::Ticket>(queue.queue));
    tickets.back()->wait_for({queue.limit});
  }
  queue.limit->set_limit(3);
  EXPECT_TRUE(tickets[0]->was_granted());
  EXPECT_TRUE(tickets[1]->was_granted());
  EXPECT_FALSE(tickets[2]->was_granted());
  queue.limit->set_limit(0);
  EXPECT_TRUE(tickets[3]->was_granted()) << "there is no limit any more";
}

TEST(WaitQueue, CallsWhoComesWhenThereIsASeat) {
  Queue queue;
  WaitQueue::Ticket ticket(queue.queue);
  ticket.wait_for({queue.limit});
  EXPECT_TRUE(ticket.was_granted());
}

TEST(WaitQueue, WhoLeavesIsAwaitedNoMore) {
  Queue queue;
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  {
    WaitQueue::Ticket first(queue.queue), second(queue.queue);
    first.wait_for({queue.limit});
    second.wait_for({queue.limit});
    queue.limit->release();
  }
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
}

TEST(WaitQueue, WhoLooksAgainKeepsItsTurn) {
  Queue queue;
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  WaitQueue::Ticket first(queue.queue), second(queue.queue);
  second.wait_for({queue.limit});
  first.wait_for({queue.limit});
  first.wait_for({queue.limit});
  queue.limit->release();
  EXPECT_TRUE(first.was_granted());
  EXPECT_FALSE(second.was_granted());
}

TEST(WaitQueue, WhoIsCalledByOneLimitLeavesTheSeatsOfOthersToTheNext) {
  Queue queue;
  const auto others = std::make_shared<ConcurrencyLimit>(queue.queue);
  others->set_limit(1);
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  EXPECT_TRUE(others->try_acquire(nullptr));
  WaitQueue::Ticket first(queue.queue), second(queue.queue);
  first.wait_for({queue.limit, others});
  second.wait_for({others});
  queue.limit->release();
  others->release();
  EXPECT_TRUE(first.was_granted());
  EXPECT_TRUE(second.was_granted());
  EXPECT_FALSE(others->try_acquire(nullptr));
  EXPECT_TRUE(others->try_acquire(&second));
  EXPECT_TRUE(queue.limit->try_acquire(&first));
}

TEST(WaitQueue, SeatToWhichAnEarlierCallWasCalledIsNotTaken) {
  Queue queue;
  const auto others = std::make_shared<ConcurrencyLimit>(queue.queue);
  others->set_limit(1);
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  EXPECT_TRUE(others->try_acquire(nullptr));
  WaitQueue::Ticket pinned(queue.queue), free(queue.queue);
  pinned.wait_for({queue.limit});
  free.wait_for({queue.limit, others});
  others->release();
  queue.limit->release();
  EXPECT_FALSE(queue.limit->try_acquire(&free)) << "it is kept for who came first";
  EXPECT_TRUE(others->try_acquire(&free));
  EXPECT_TRUE(queue.limit->try_acquire(&pinned));
}

TEST(WaitQueue, CalledPlaceThatWaitsForSomethingElseOffersItsSeat) {
  Queue queue;
  EXPECT_TRUE(queue.limit->try_acquire(nullptr));
  WaitQueue::Ticket first(queue.queue), second(queue.queue);
  first.wait_for({queue.limit});
  second.wait_for({queue.limit});
  queue.limit->release();
  const auto others = std::make_shared<ConcurrencyLimit>(queue.queue);
  others->set_limit(1);
  EXPECT_TRUE(others->try_acquire(nullptr));
  first.wait_for({others});
  EXPECT_TRUE(second.was_granted());
  EXPECT_FALSE(first.was_granted());
}

}  // namespace
}  // namespace openailb::wait_queue_test
