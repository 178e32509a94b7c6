// Calls that wait for seats: who is called when, and what else may keep them.

#include "support/simulation.hpp"
#include <openailb/detail/balance/fleet.hpp>
#include <openailb/detail/balance/seats.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace openailb::seats_test {
namespace {

using namespace detail;
using namespace test;

struct Queue {
  std::shared_ptr<WaitingRoom> room{std::make_shared<WaitingRoom>()};
  std::shared_ptr<Seats> seats{std::make_shared<Seats>(room)};
  Queue() { seats->set_most(1); }
};

TEST(WaitingRoom, CallsWhoCameFirst) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(false));
  WaitingRoom::Place first(queue.room), second(queue.room);
  first.wait_for({queue.seats});
  second.wait_for({queue.seats});
  queue.seats->leave();
  EXPECT_TRUE(first.was_called());
  EXPECT_FALSE(second.was_called());
  EXPECT_FALSE(queue.seats->take(false)) << "it is kept for who waits";
  EXPECT_TRUE(queue.seats->take(true));
}

TEST(WaitingRoom, CallsTheNextIfTheFirstDoesNotCome) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(false));
  auto first = std::make_unique<WaitingRoom::Place>(queue.room);
  WaitingRoom::Place second(queue.room);
  first->wait_for({queue.seats});
  second.wait_for({queue.seats});
  queue.seats->leave();
  first.reset();
  EXPECT_TRUE(second.was_called());
}

TEST(WaitingRoom, CallsAllWhenTheEndpointsChange) {
  Queue queue;
  EXPECT_TRUE(queue.seats->take(false));
  WaitingRoom::Place first(queue.room), second(queue.room);
  first.wait_for({queue.seats});
  second.wait_for({queue.seats});
  queue.room->call_all();
  EXPECT_TRUE(first.was_called());
  EXPECT_TRUE(second.was_called());
}

TEST(ChangedFleet, LetsThoseWhoWaitForSeatsLookAgain) {
  Queue queue;
  const ClientOptions options;
  Fleet fleet({{.base_url = "https://one.example/v1"}}, options, queue.room, TimePoint{});
  WaitingRoom::Place place(queue.room);
  place.wait_for({queue.seats});
  fleet.add({.base_url = "https://two.example/v1"}, TimePoint{});
  EXPECT_TRUE(place.was_called());
}

}  // namespace
}  // namespace openailb::seats_test
