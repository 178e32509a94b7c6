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
  /// A call that was not called to a seat leaves free what others wait for.
  bool has_room(bool was_called) const noexcept {
    const int most = most_.load();
    return most == 0 || taken_.load() + (was_called ? 0 : awaited_.load()) < most;
  }
  bool take(bool was_called) noexcept {
    if (most_.load() == 0) {
      ++taken_;
      return true;
    }
    int taken = taken_.load();
    do {
      if (!has_room(was_called)) return false;
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

    /// Waits for one of these from now on.
    void wait_for(std::vector<std::shared_ptr<Seats>> seats) { room_->wait_for(*this, std::move(seats)); }
    /// Requests a stop when there is a seat.
    std::stop_token call() const noexcept { return call_.get_token(); }
    /// Or else only for other endpoints; see call_all().
    bool waits_for_seat() const noexcept { return !seats_.empty(); }
    bool was_called() const noexcept { return call_.stop_requested(); }

   private:
    friend class WaitingRoom;

    const std::shared_ptr<WaitingRoom> room_;
    std::list<Place*>::iterator position_{};
    std::vector<std::shared_ptr<Seats>> seats_{};
    std::stop_source call_{};
  };

  /// Lets all calls look once more, since what they wait for has changed.
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
    queue_.erase(place.position_);
    for (const auto& one : place.seats_) --one->awaited_;
    for (const auto& one : place.seats_) offer(*one);  // it may have been called, and not have taken it
  }
  void wait_for(Place& place, std::vector<std::shared_ptr<Seats>> seats) {
    const std::lock_guard lock(mutex_);
    for (const auto& one : seats) ++one->awaited_;
    std::swap(place.seats_, seats);
    place.call_ = std::stop_source();
    for (const auto& one : seats) --one->awaited_;
    for (const auto& one : seats) offer(*one);
    for (const auto& one : place.seats_) offer(*one);  // one may have become free before it was in the queue
  }
  void has_become_free(const Seats& seats) noexcept {
    const std::lock_guard lock(mutex_);
    offer(seats);
  }

  /// Calls as many as there are free seats. Those who were called before may not have taken theirs yet.
  void offer(const Seats& seats) const noexcept {
    int free = seats.most_.load() - seats.taken_.load();
    for (Place* place : queue_) {
      if (free <= 0) return;
      if (!std::ranges::any_of(place->seats_, [&](const auto& one) { return one.get() == &seats; })) continue;
      place->call_.request_stop();
      --free;
    }
  }

  std::mutex mutex_{};
  std::list<Place*> queue_{};
};

inline void Seats::leave() noexcept {
  --taken_;
  if (awaited_.load() > 0) room_->has_become_free(*this);
}

}  // namespace openailb::detail
