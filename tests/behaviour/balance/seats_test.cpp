// Calls that wait for seats: who is called when, and what else may keep them.

#include "support/simulation.hpp"
#include <openailb/detail/balance/concurrency_limit.hpp>
#include <openailb/detail/balance/endpoint_set.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

namespace openailb::seats_test {
namespace {

using namespace detail;
using namespace test;

struct Queue {
  std::shared_ptr<WaitQueue> queue{std::make_shared<WaitQueue>()};
  std::shared_ptr<ConcurrencyLimit> seats{std::make_shared<ConcurrencyLimit>(room)};
  Queue() { seats->set_most(1); }
};

TEST(WaitQueue, CallsWhoCameFirst) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(nullptr));
  WaitQueue::Ticket first(queue.room), second(queue.room);
  first.wait_for({queue.seats});
  second.wait_for({queue.seats});
  queue.seats->leave();
  EXPECT_TRUE(first.was_called());
  EXPECT_FALSE(second.was_called());
  EXPECT_FALSE(queue.seats->take(nullptr)) << "it is kept for who waits";
  EXPECT_FALSE(queue.seats->take(&second));
  EXPECT_TRUE(queue.seats->take(&first));
}

TEST(WaitQueue, CallsTheNextIfTheFirstDoesNotCome) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(nullptr));
  auto first = std::make_unique<WaitQueue::Ticket>(queue.room);
  WaitQueue::Ticket second(queue.room);
  first->wait_for({queue.seats});
  second.wait_for({queue.seats});
  queue.seats->leave();
  first.reset();
  EXPECT_TRUE(second.was_called());
}

TEST(WaitQueue, CallsAllWhenTheEndpointsChange) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(nullptr));
  WaitQueue::Ticket first(queue.room), second(queue.room);
  first.wait_for({queue.seats});
  second.wait_for({queue.seats});
  queue.room->wake_all();
  EXPECT_TRUE(first.was_called());
  EXPECT_TRUE(second.was_called());
}

TEST(ChangedFleet, LetsThoseWhoWaitForSeatsLookAgain) {
  Queue queue;
  const ClientOptions options;
  EndpointSet fleet({{.base_url = "https://one.example/v1"}}, options, queue.room, TimePoint{});
  WaitQueue::Ticket place(queue.room);
  place.wait_for({queue.seats});
  fleet.add({.base_url = "https://two.example/v1"}, TimePoint{});
  EXPECT_TRUE(place.was_called());
}

TEST(WaitQueue, CallsOneForEachSeatThatThereIsMore) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(nullptr));
  std::vector<std::unique_ptr<WaitQueue::Ticket>> places;
  for (int i = 0; i < 4; ++i) {
    places.push_back(std::make_unique<WaitQueue::Ticket>(queue.room));
    places.back()->wait_for({queue.seats});
  }
  queue.seats->set_most(3);
  EXPECT_TRUE(places[0]->was_called());
  EXPECT_TRUE(places[1]->was_called());
  EXPECT_FALSE(places[2]->was_called());
  queue.seats->set_most(0);
  EXPECT_TRUE(places[3]->was_called()) << "there is no limit any more";
}

TEST(WaitQueue, CallsWhoComesWhenThereIsASeat) {
  Queue queue;
  WaitQueue::Ticket place(queue.room);
  place.wait_for({queue.seats});
  EXPECT_TRUE(place.was_called());
}

TEST(WaitQueue, WhoLeavesIsAwaitedNoMore) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(nullptr));
  {
    WaitQueue::Ticket first(queue.room), second(queue.room);
    first.wait_for({queue.seats});
    second.wait_for({queue.seats});
    queue.seats->leave();
  }
  EXPECT_TRUE(queue.seats->take(nullptr));
}

TEST(WaitQueue, WhoLooksAgainKeepsItsPlace) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(nullptr));
  WaitQueue::Ticket first(queue.room), second(queue.room);
  second.wait_for({queue.seats});
  first.wait_for({queue.seats});
  first.wait_for({queue.seats});
  queue.seats->leave();
  EXPECT_TRUE(first.was_called());
  EXPECT_FALSE(second.was_called());
}

TEST(WaitQueue, WhoIsCalledByOneLimitLeavesTheSeatsOfOthersToTheNext) {
  Queue queue;
  const auto others = std::make_shared<ConcurrencyLimit>(queue.room);
  others->set_most(1);
  EXPECT_TRUE(queue.seats->take(nullptr));
  EXPECT_TRUE(others->take(nullptr));
  WaitQueue::Ticket first(queue.room), second(queue.room);
  first.wait_for({queue.seats, others});
  second.wait_for({others});
  queue.seats->leave();
  others->leave();
  EXPECT_TRUE(first.was_called());
  EXPECT_TRUE(second.was_called());
  EXPECT_FALSE(others->take(nullptr));
  EXPECT_TRUE(others->take(&second));
  EXPECT_TRUE(queue.seats->take(&first));
}

TEST(WaitQueue, SeatToWhichAnEarlierCallWasCalledIsNotTaken) {
  Queue queue;
  const auto others = std::make_shared<ConcurrencyLimit>(queue.room);
  others->set_most(1);
  EXPECT_TRUE(queue.seats->take(nullptr));
  EXPECT_TRUE(others->take(nullptr));
  WaitQueue::Ticket pinned(queue.room), free(queue.room);
  pinned.wait_for({queue.seats});
  free.wait_for({queue.seats, others});
  others->leave();
  queue.seats->leave();
  EXPECT_FALSE(queue.seats->take(&free)) << "it is kept for who came first";
  EXPECT_TRUE(others->take(&free));
  EXPECT_TRUE(queue.seats->take(&pinned));
}

TEST(WaitQueue, CalledPlaceThatWaitsForSomethingElseOffersItsSeat) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(nullptr));
  WaitQueue::Ticket first(queue.room), second(queue.room);
  first.wait_for({queue.seats});
  second.wait_for({queue.seats});
  queue.seats->leave();
  const auto others = std::make_shared<ConcurrencyLimit>(queue.room);
  others->set_most(1);
  EXPECT_TRUE(others->take(nullptr));
  first.wait_for({others});
  EXPECT_TRUE(second.was_called());
  EXPECT_FALSE(first.was_called());
}

}  // namespace
}  // namespace openailb::seats_test
