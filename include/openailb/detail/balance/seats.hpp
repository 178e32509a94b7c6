#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace openailb::detail {

class Seats;

/// The calls of a client that wait. Each limit has a queue of those that wait for its seats, so what others
/// wait for costs a call nothing: who came first is called first. Thread-safe.
class WaitingRoom {
 public:
  /// A call's place in the queues, which it keeps until it has a seat or ends.
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
    std::uint64_t number_{};  // who came first has the lowest
    std::list<Place*>::iterator position_{};
    std::vector<std::shared_ptr<Seats>> seats_{};
    std::stop_source call_{};
  };

  /// Lets all calls look once more, since what they wait for has changed.
  void call_all() noexcept {
    const std::lock_guard lock(mutex_);
    for (Place* place : places_) place->call_.request_stop();
  }

 private:
  friend class Seats;
  using Queue = std::map<std::uint64_t, Place*>;  // by number
  using Entries = std::vector<Queue::node_type>;

  void join(Place& place) {
    const std::lock_guard lock(mutex_);
    place.position_ = places_.insert(places_.end(), &place);
    place.number_ = ++last_number_;
  }
  void leave(Place& place) noexcept;
  void wait_for(Place& place, std::vector<std::shared_ptr<Seats>> seats);
  static Entries entries_for(Place& place, std::size_t size);

  void has_become_free(Seats& seats) noexcept {
    const std::lock_guard lock(mutex_);
    offer(seats);
  }
  bool is_its_turn(const Seats& seats, const Place& place, int free) const noexcept;

  static void offer(Seats& seats) noexcept;
  static void withdraw(const Place& place, const std::vector<std::shared_ptr<Seats>>& from) noexcept;

  mutable std::mutex mutex_{};
  std::list<Place*> places_{};  // in the order in which they came
  std::uint64_t last_number_{};
};

/// How many attempts are in flight, and how many may be: at an endpoint, or of a client. Thread-safe.
class Seats {
 public:
  /// Who waits for a seat waits in this room.
  explicit Seats(std::shared_ptr<WaitingRoom> room) : room_(std::move(room)) {}
  Seats(const Seats&) = delete;
  Seats& operator=(const Seats&) = delete;

  /// Zero: no limit.
  void set_most(int most) noexcept {
    most_.store(most);
    call_next();
  }
  int taken() const noexcept { return taken_.load(); }
  /// Whether there is a seat that no other call waits for or, for one that has waited itself, none that came
  /// before it. `place` is where it has waited; null: nowhere.
  bool has_room(const WaitingRoom::Place* place) const noexcept { return has_room(place, taken()); }
  bool take(const WaitingRoom::Place* place) noexcept {
    int taken = taken_.load();
    do {
      if (!has_room(place, taken)) return false;
    } while (!taken_.compare_exchange_weak(taken, taken + 1));
    return true;
  }
  void leave() noexcept {
    --taken_;
    call_next();
  }

 private:
  friend class WaitingRoom;

  /// The same if so many are taken.
  bool has_room(const WaitingRoom::Place* place, int taken) const noexcept {
    const int left = free(taken);
    if (left <= 0 || left > awaited_.load()) return left > 0;
    return place != nullptr && room_->is_its_turn(*this, *place, left);
  }
  int free(int taken) const noexcept {
    const int most = most_.load();
    return most == 0 ? (std::numeric_limits<int>::max)() : most - taken;
  }
  void call_next() noexcept {
    if (awaited_.load() > 0) room_->has_become_free(*this);
  }

  const std::shared_ptr<WaitingRoom> room_;
  std::atomic<int> most_{};
  std::atomic<int> taken_{};
  std::atomic<int> awaited_{};    // by so many calls: those in the two queues
  WaitingRoom::Queue waiting_{};  // this and the next are guarded by the room's mutex
  WaitingRoom::Queue called_{};   // to a seat here, which they have neither taken nor left to others yet
};

/// A seat that is taken. It is free again when this is destroyed.
struct LeaveSeat {
  void operator()(Seats* seats) const noexcept { seats->leave(); }
};
using Seat = std::unique_ptr<Seats, LeaveSeat>;

inline void WaitingRoom::leave(Place& place) noexcept {
  const std::lock_guard lock(mutex_);
  places_.erase(place.position_);
  withdraw(place, place.seats_);
  for (const auto& one : place.seats_) offer(*one);  // it may have been called, and not have taken it
}

/// All memory is allocated first: what follows cannot fail, so no seat is left that nobody is called to.
inline void WaitingRoom::wait_for(Place& place, std::vector<std::shared_ptr<Seats>> seats) {
  Entries entries = entries_for(place, seats.size());
  std::stop_source call;
  const std::lock_guard lock(mutex_);
  std::swap(place.seats_, seats);
  std::swap(place.call_, call);
  for (const auto& before : seats) ++before->awaited_;  // no newcomer shall find it absent meanwhile
  withdraw(place, seats);
  for (std::size_t index = 0; index < entries.size(); ++index) {
    Seats& its = *place.seats_[index];
    if (its.waiting_.insert(std::move(entries[index])).inserted) ++its.awaited_;
  }
  for (const auto& before : seats) --before->awaited_;
  for (const auto& before : seats) offer(*before);
  for (const auto& one : place.seats_) offer(*one);  // one may have become free before it was in the queue
}

inline WaitingRoom::Entries WaitingRoom::entries_for(Place& place, std::size_t size) {
  Entries entries;
  entries.reserve(size);
  while (entries.size() < size) {
    Queue one{{place.number_, &place}};
    entries.push_back(one.extract(one.begin()));
  }
  return entries;
}

/// Whether fewer calls than there are free seats came before this one.
inline bool WaitingRoom::is_its_turn(const Seats& seats, const Place& place, int free) const noexcept {
  const std::lock_guard lock(mutex_);
  for (const Queue* queue : {&seats.called_, &seats.waiting_}) {
    for (auto one = queue->begin(); one != queue->end() && one->first < place.number_; ++one) {
      if (--free == 0) return false;
    }
  }
  return true;
}

/// Calls as many as there are free seats, but for those to which others were called. Who is called leaves the
/// other queues: what becomes free there is offered to the next.
inline void WaitingRoom::offer(Seats& seats) noexcept {
  while (!seats.waiting_.empty() && seats.free(seats.taken()) > static_cast<int>(seats.called_.size())) {
    const auto entry = seats.called_.insert(seats.waiting_.extract(seats.waiting_.begin())).position;
    Place& place = *entry->second;
    for (const auto& other : place.seats_) {
      if (other->waiting_.erase(place.number_) != 0) --other->awaited_;
    }
    place.call_.request_stop();
  }
}

/// Takes it out of these queues.
inline void WaitingRoom::withdraw(const Place& place,
                                  const std::vector<std::shared_ptr<Seats>>& from) noexcept {
  for (const auto& one : from) {
    if (one->waiting_.erase(place.number_) + one->called_.erase(place.number_) != 0) --one->awaited_;
  }
}

}  // namespace openailb::detail
