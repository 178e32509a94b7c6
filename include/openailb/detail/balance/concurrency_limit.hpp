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

class ConcurrencyLimit;

/// The calls of a client that wait. Each limit has a queue of those that wait for its slots, so what others
/// wait for costs a call nothing: who came first is granted first. Thread-safe.
class WaitQueue {
 public:
  /// A call's place in the queues, which it keeps until it has a slot or ends.
  class Ticket {
   public:
    explicit Ticket(std::shared_ptr<WaitQueue> queue) : queue_(std::move(queue)) { queue_->join(*this); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { queue_->leave(*this); }

    /// Waits for one of these from now on.
    void wait_for(std::vector<std::shared_ptr<ConcurrencyLimit>> limits) {
      queue_->wait_for(*this, std::move(limits));
    }
    /// Requests a stop when there is a slot.
    std::stop_token wakeup() const noexcept { return wakeup_.get_token(); }
    /// Or else only for other endpoints; see wake_all().
    bool waits_for_slot() const noexcept { return !limits_.empty(); }
    bool was_granted() const noexcept { return wakeup_.stop_requested(); }

   private:
    friend class WaitQueue;

    const std::shared_ptr<WaitQueue> queue_;
    std::uint64_t number_{};  // who came first has the lowest
    std::list<Ticket*>::iterator position_{};
    std::vector<std::shared_ptr<ConcurrencyLimit>> limits_{};
    std::stop_source wakeup_{};
  };

  /// Lets all calls look once more, since what they wait for has changed.
  void wake_all() noexcept {
    const std::lock_guard lock(mutex_);
    for (Ticket* ticket : tickets_) ticket->wakeup_.request_stop();
  }

 private:
  friend class ConcurrencyLimit;
  using Queue = std::map<std::uint64_t, Ticket*>;  // by number
  using Entries = std::vector<Queue::node_type>;

  void join(Ticket& ticket) {
    const std::lock_guard lock(mutex_);
    ticket.position_ = tickets_.insert(tickets_.end(), &ticket);
    ticket.number_ = ++last_number_;
  }
  void leave(Ticket& ticket) noexcept;
  void wait_for(Ticket& ticket, std::vector<std::shared_ptr<ConcurrencyLimit>> limits);
  static Entries entries_for(Ticket& ticket, std::size_t size);

  void on_release(ConcurrencyLimit& limit) noexcept {
    const std::lock_guard lock(mutex_);
    grant(limit);
  }
  bool is_its_turn(const ConcurrencyLimit& limit, const Ticket& ticket, int free) const noexcept;

  static void grant(ConcurrencyLimit& limit) noexcept;
  static void withdraw(const Ticket& ticket,
                       const std::vector<std::shared_ptr<ConcurrencyLimit>>& from) noexcept;

  mutable std::mutex mutex_{};
  std::list<Ticket*> tickets_{};  // in the order in which they came
  std::uint64_t last_number_{};
};

/// How many attempts are in flight, and how many may be: at an endpoint, or of a client. Thread-safe.
class ConcurrencyLimit {
 public:
  /// Who waits for a slot waits in this queue.
  explicit ConcurrencyLimit(std::shared_ptr<WaitQueue> queue) : queue_(std::move(queue)) {}
  ConcurrencyLimit(const ConcurrencyLimit&) = delete;
  ConcurrencyLimit& operator=(const ConcurrencyLimit&) = delete;

  /// Zero: no limit.
  void set_limit(int limit) noexcept {
    limit_.store(limit);
    grant_next();
  }
  int in_flight() const noexcept { return in_flight_.load(); }
  /// Whether there is a slot that no other call waits for or, for one that has waited itself, none that came
  /// before it. `ticket` is where it has waited; null: nowhere.
  bool has_room(const WaitQueue::Ticket* ticket) const noexcept { return has_room(ticket, in_flight()); }
  bool try_acquire(const WaitQueue::Ticket* ticket) noexcept {
    int in_flight = in_flight_.load();
    do {
      if (!has_room(ticket, in_flight)) return false;
    } while (!in_flight_.compare_exchange_weak(in_flight, in_flight + 1));
    return true;
  }
  void release() noexcept {
    --in_flight_;
    grant_next();
  }

 private:
  friend class WaitQueue;

  /// The same if so many are in flight.
  bool has_room(const WaitQueue::Ticket* ticket, int in_flight) const noexcept {
    const int left = free(in_flight);
    if (left <= 0 || left > waiters_.load()) return left > 0;
    return ticket != nullptr && queue_->is_its_turn(*this, *ticket, left);
  }
  int free(int in_flight) const noexcept {
    const int most = limit_.load();
    return most == 0 ? (std::numeric_limits<int>::max)() : most - in_flight;
  }
  void grant_next() noexcept {
    if (waiters_.load() > 0) queue_->on_release(*this);
  }

  const std::shared_ptr<WaitQueue> queue_;
  std::atomic<int> limit_{};
  std::atomic<int> in_flight_{};
  std::atomic<int> waiters_{};  // by so many calls: those in the two queues
  WaitQueue::Queue waiting_{};  // this and the next are guarded by the queue's mutex
  WaitQueue::Queue granted_{};  // to a slot here, which they have neither taken nor left to others yet
};

/// A slot that is taken. It is free again when this is destroyed.
struct ReleaseSlot {
  void operator()(ConcurrencyLimit* limit) const noexcept { limit->release(); }
};
using Slot = std::unique_ptr<ConcurrencyLimit, ReleaseSlot>;

inline void WaitQueue::leave(Ticket& ticket) noexcept {
  const std::lock_guard lock(mutex_);
  tickets_.erase(ticket.position_);
  withdraw(ticket, ticket.limits_);
  for (const auto& one : ticket.limits_) grant(*one);  // it may have been called, and not have taken it
}

/// All memory is allocated first: what follows cannot fail, so no slot is left that nobody is called to.
inline void WaitQueue::wait_for(Ticket& ticket, std::vector<std::shared_ptr<ConcurrencyLimit>> limits) {
  Entries entries = entries_for(ticket, limits.size());
  std::stop_source wakeup;
  const std::lock_guard lock(mutex_);
  std::swap(ticket.limits_, limits);
  std::swap(ticket.wakeup_, wakeup);
  for (const auto& before : limits) ++before->waiters_;  // no newcomer shall find it absent meanwhile
  withdraw(ticket, limits);
  for (std::size_t index = 0; index < entries.size(); ++index) {
    ConcurrencyLimit& its = *ticket.limits_[index];
    if (its.waiting_.insert(std::move(entries[index])).inserted) ++its.waiters_;
  }
  for (const auto& before : limits) --before->waiters_;
  for (const auto& before : limits) grant(*before);
  for (const auto& one : ticket.limits_) grant(*one);  // one may have become free before it was in the queue
}

inline WaitQueue::Entries WaitQueue::entries_for(Ticket& ticket, std::size_t size) {
  Entries entries;
  entries.reserve(size);
  while (entries.size() < size) {
    Queue one{{ticket.number_, &ticket}};
    entries.push_back(one.extract(one.begin()));
  }
  return entries;
}

/// Whether fewer calls than there are free slots came before this one.
inline bool WaitQueue::is_its_turn(const ConcurrencyLimit& limit, const Ticket& ticket,
                                   int free) const noexcept {
  const std::lock_guard lock(mutex_);
  for (const Queue* queue : {&limit.granted_, &limit.waiting_}) {
    for (auto one = queue->begin(); one != queue->end() && one->first < ticket.number_; ++one) {
      if (--free == 0) return false;
    }
  }
  return true;
}

/// Calls as many as there are free slots, but for those to which others were called. Who is called leaves
/// the other queues: what becomes free there is offered to the next.
inline void WaitQueue::grant(ConcurrencyLimit& limit) noexcept {
  while (!limit.waiting_.empty() && limit.free(limit.in_flight()) > static_cast<int>(limit.granted_.size())) {
    const auto entry = limit.granted_.insert(limit.waiting_.extract(limit.waiting_.begin())).position;
    Ticket& ticket = *entry->second;
    for (const auto& other : ticket.limits_) {
      if (other->waiting_.erase(ticket.number_) != 0) --other->waiters_;
    }
    ticket.wakeup_.request_stop();
  }
}

/// Takes it out of these queues.
inline void WaitQueue::withdraw(const Ticket& ticket,
                                const std::vector<std::shared_ptr<ConcurrencyLimit>>& from) noexcept {
  for (const auto& one : from) {
    if (one->waiting_.erase(ticket.number_) + one->granted_.erase(ticket.number_) != 0) --one->waiters_;
  }
}

}  // namespace openailb::detail
