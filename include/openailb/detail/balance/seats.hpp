#pragma once

#include <algorithm>
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace openailb::detail {

class WaitingRoom;

/// How many attempts are in flight, and how many may be: at an endpoint, or of a client. Thread-safe.
class Seats {
 public:
  /// Who waits for a seat waits in this room.
  explicit Seats(std::shared_ptr<WaitingRoom> room) : room_(std::move(room)) {}
  Seats(const Seats&) = delete;
  Seats& operator=(const Seats&) = delete;

  /// Zero: no limit.
  void set_most(int most) noexcept { most_.store(most); }
  int taken() const noexcept { return taken_.load(); }
  /// A call that does not wait yet leaves free what others wait for.
  bool has_room(bool waits_already) const noexcept {
    const int most = most_.load();
    return most == 0 || taken_.load() + (waits_already ? 0 : awaited_.load()) < most;
  }
  bool take(bool waits_already) noexcept {
    if (most_.load() == 0) {
      ++taken_;
      return true;
    }
    int taken = taken_.load();
    do {
      if (!has_room(waits_already)) return false;
    } while (!taken_.compare_exchange_weak(taken, taken + 1));
    return true;
  }
  void leave() noexcept;

 private:
  friend class WaitingRoom;

  const std::shared_ptr<WaitingRoom> room_;
  std::atomic<int> most_{};
  std::atomic<int> taken_{};
  std::atomic<int> awaited_{};  // by so many calls
};

/// A seat that is taken. It is free again when this is destroyed.
struct LeaveSeat {
  void operator()(Seats* seats) const noexcept { seats->leave(); }
};
using Seat = std::unique_ptr<Seats, LeaveSeat>;

/// The calls of a client that wait for a seat: who came first is called first. Thread-safe.
class WaitingRoom {
 public:
  /// A call's place in the queue, which it keeps until it has a seat or ends.
  class Place {
   public:
    explicit Place(std::shared_ptr<WaitingRoom> room) : room_(std::move(room)) { room_->join(*this); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { room_->leave(*this); }

    /// Waits for one of these from now on. Who calls this looks once more whether there is room.
    void wait_for(std::vector<std::shared_ptr<Seats>> seats) { room_->wait_for(*this, std::move(seats)); }
    /// Requests a stop when there is a seat.
    std::stop_token called() const noexcept { return call_.get_token(); }

   private:
    friend class WaitingRoom;

    const std::shared_ptr<WaitingRoom> room_;
    std::list<Place*>::iterator position_{};
    std::vector<std::shared_ptr<Seats>> seats_{};
    std::stop_source call_{};
  };

  /// Lets all who wait look again, as the endpoints have changed.
  void call_all() noexcept {
    const std::lock_guard lock(mutex_);
    for (Place* place : queue_) place->call_.request_stop();
  }

 private:
  friend class Seats;

  void join(Place& place) {
    const std::lock_guard lock(mutex_);
    place.position_ = queue_.insert(queue_.end(), &place);
  }
  void leave(Place& place) noexcept {
    const std::lock_guard lock(mutex_);
    stand_up(place);
    queue_.erase(place.position_);
  }
  void wait_for(Place& place, std::vector<std::shared_ptr<Seats>> seats) {
    const std::lock_guard lock(mutex_);
    stand_up(place);
    place.seats_ = std::move(seats);
    place.call_ = std::stop_source();
    for (const auto& one : place.seats_) ++one->awaited_;
  }

  /// It waits no more. If it was called to a seat that it did not take, the next one is.
  void stand_up(Place& place) noexcept {
    for (const auto& one : place.seats_) --one->awaited_;
    if (!place.call_.stop_requested()) return;
    for (const auto& one : place.seats_) {
      if (one->has_room(true)) call_next(*one, std::next(place.position_));
    }
  }
  void call_next(const Seats& seats, std::list<Place*>::iterator from) noexcept {
    for (; from != queue_.end(); ++from) {
      Place& place = **from;
      const bool waits_for_it =
          std::ranges::any_of(place.seats_, [&](const auto& one) { return one.get() == &seats; });
      if (waits_for_it && place.call_.request_stop()) return;
    }
  }
  void call_first(const Seats& seats) noexcept {
    const std::lock_guard lock(mutex_);
    call_next(seats, queue_.begin());
  }

  std::mutex mutex_{};
  std::list<Place*> queue_{};
};

inline void Seats::leave() noexcept {
  --taken_;
  if (awaited_.load() > 0) room_->call_first(*this);
}

}  // namespace openailb::detail
