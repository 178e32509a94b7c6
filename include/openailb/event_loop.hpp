#pragma once

#include <openailb/detail/net/waiter.hpp>
#include <openailb/values/clock.hpp>
#include <openailb/values/http.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <utility>

namespace openailb {

class EventLoop;

/// Something a coroutine can wait for: a Transfer or a Timer.
class EventSource {
 public:
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;

  void subscribe(detail::Waiter& waiter) noexcept { waiter_ = &waiter; }
  void unsubscribe() noexcept { waiter_ = nullptr; }

 protected:
  explicit EventSource(EventLoop& loop) noexcept : loop_(&loop) {}
  ~EventSource() = default;

  EventLoop& loop() const noexcept { return *loop_; }
  void notify() noexcept;

 private:
  EventLoop* loop_;
  detail::Waiter* waiter_{};
};

/// Is told when a transfer has its connection.
class ConnectionObserver {
 public:
  /// `took` is how long it took to make; null: it was kept from an earlier request.
  virtual void connected(std::optional<std::chrono::nanoseconds> took) noexcept = 0;

 protected:
  ~ConnectionObserver() = default;
};

/// One request that is under way, and what has arrived of its answer. Destroying it takes it out of the loop.
/// Its loop fills `response`, from which a reader may take the body. Only the loop calls the functions under
/// "for event loops".
class Transfer : public EventSource {
 public:
  Transfer(EventLoop& loop, HttpRequest request);
  ~Transfer();

  /// Whether a waiting coroutine should go on: the transfer has ended, or it wakes on data and there is some.
  bool ready() const noexcept { return done_ || (wakes_on_data_ && !response.body.empty()); }
  bool done() const noexcept { return done_; }
  const std::optional<TransferFailure>& failure() const noexcept { return failure_; }
  /// How much of the request has been sent so far.
  Sent sent() const noexcept;

  /// For a reader that takes the body in pieces: then not only the end wakes it, but also data.
  void wake_on_data(bool wakes) noexcept { wakes_on_data_ = wakes; }
  bool wakes_on_data() const noexcept { return wakes_on_data_; }

  /// Says that the reader has all that it needs. Then the rest of the answer is thrown away, and the
  /// connection is kept if that rest comes soon.
  void set_satisfied() noexcept { satisfied_ = true; }
  bool satisfied() const noexcept { return satisfied_; }

  /// Tells the observer, which must outlive the transfer, as soon as there is a connection.
  void tell_when_connected(ConnectionObserver& observer) noexcept {
    observer_ = &observer;
    if (connected_) observer.connected(connect_time_);
  }
  /// How long it took to make a new connection; null when a kept one is used, or none is made yet.
  const std::optional<std::chrono::nanoseconds>& connect_time() const noexcept { return connect_time_; }

  HttpResponse response{};

  /// \name for event loops
  ///@{
  /// There is a connection, which took so long to make; null: it was kept.
  void connected(std::optional<std::chrono::nanoseconds> took) noexcept {
    connected_ = true;
    connect_time_ = took;
    if (observer_ != nullptr) observer_->connected(took);
  }
  void data_arrived() noexcept {
    if (ready()) notify();  // an empty piece wakes nobody
  }
  void finish(std::optional<TransferFailure> failure = {}) noexcept {
    failure_ = std::move(failure);
    done_ = true;
    notify();
  }
  void* handle{};  ///< for the loop's own use; null when the transfer is not in the loop
                   ///@}

 private:
  ConnectionObserver* observer_{};
  std::optional<std::chrono::nanoseconds> connect_time_{};
  std::optional<TransferFailure> failure_{};
  bool connected_{};
  bool done_{};
  bool wakes_on_data_{};
  bool satisfied_{};
};

/// A point in time, or the moment a stop is requested, whichever comes first.
class Timer : public EventSource {
 public:
  /// With TimePoint::max() only the stop token fires it.
  Timer(EventLoop& loop, TimePoint at, std::stop_token stop = {});
  ~Timer();

  bool ready() const noexcept { return fired_ || stopped(); }
  bool stopped() const noexcept { return stop_.stop_requested(); }

 private:
  friend class EventLoop;

  /// Runs on the thread that requests the stop, so it takes no lock and wakes no coroutine.
  struct OnStop {
    Timer* timer;
    void operator()() const noexcept;
  };

  TimePoint at_;
  std::multimap<TimePoint, Timer*>::iterator entry_{};  // in the loop's timers, until it has fired
  bool fired_{};
  bool loop_knows_{};      // of the stop
  Timer* stopped_next_{};  // among those of whose stop the loop does not know yet
  std::stop_token stop_;
  std::optional<std::stop_callback<OnStop>> on_stop_{};
};

/// Runs coroutines: it has transfers, timers, and a list of the coroutines that are ready to go on. One
/// thread at a time runs a loop; only wake() may be called from other threads. Waiting coroutines
/// are resumed only by run_once(), so none is resumed or destroyed inside a callback of the transport.
class EventLoop {
 public:
  /// A loop that takes its time from this clock. The clock may be called after the loop is gone.
  explicit EventLoop(ClockFunction clock = [] { return std::chrono::steady_clock::now(); })
      : clock_(std::move(clock)) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  virtual ~EventLoop() = default;

  TimePoint now() const { return clock_(); }
  const ClockFunction& clock() const noexcept { return clock_; }
  /// The time of day, for a Retry-After that is a date.
  virtual std::chrono::system_clock::time_point date() const { return std::chrono::system_clock::now(); }
  /// Begins a transfer and does not wait for it. If it fails at once, it is finished at once.
  virtual void start(Transfer& transfer, HttpRequest request) = 0;
  /// Takes a transfer out of the loop, which does not touch it again.
  virtual void cancel(Transfer& transfer) noexcept = 0;
  /// How much of a transfer's request has been sent so far. A loop that cannot tell returns Sent::all.
  virtual Sent sent(const Transfer&) const noexcept { return Sent::all; }
  /// Lets transfers make progress until a coroutine is ready, wake() is called or it is `until`.
  virtual void wait(TimePoint until) = 0;
  /// Runs some work on another thread, if the loop has many calls at once, for which it would take too long.
  /// False, and it is not run, if not.
  virtual bool run_aside(const std::function<void()>&) { return false; }
  /// Ends the current wait() or, if there is none, the next. May be called from any thread.
  virtual void wake() noexcept = 0;

  /// If no coroutine is ready, waits, but not beyond `latest`. Then resumes all coroutines that are ready.
  void run_once(TimePoint latest = (TimePoint::max)());

 protected:
  bool anything_ready() const noexcept { return ready_.next_ != &ready_; }

 private:
  friend class EventSource;
  friend class Timer;

  void make_ready(detail::Waiter& waiter) noexcept {
    waiter.unlink();
    waiter.link_before(ready_);
  }
  void arm(Timer& timer) { timer.entry_ = timers_.emplace(timer.at_, &timer); }
  void disarm(Timer& timer) noexcept {
    if (!timer.fired_) timers_.erase(timer.entry_);
  }
  void fire_timers();
  void process_stop_requests() noexcept;

  ClockFunction clock_;                        // first: the others may ask it while they are destroyed
  detail::Waiter ready_{};                     // the head of a ring: its next is the first
  std::multimap<TimePoint, Timer*> timers_{};  // those of the same time in the order in which they were made
  std::atomic<Timer*>
      stopped_{};  // the last one stopped since process_stop_requests(), and by way of it the others
};

inline void EventSource::notify() noexcept {
  if (waiter_ != nullptr) loop_->make_ready(*waiter_);
}

inline Transfer::Transfer(EventLoop& event_loop, HttpRequest request) : EventSource(event_loop) {
  event_loop.start(*this, std::move(request));
}

inline Transfer::~Transfer() {
  if (handle != nullptr) loop().cancel(*this);
}

inline Sent Transfer::sent() const noexcept {
  if (failure_) return failure_->sent;
  return done_ ? Sent::all : loop().sent(*this);
}

inline Timer::Timer(EventLoop& event_loop, TimePoint at, std::stop_token stop)
    : EventSource(event_loop), at_(at), stop_(std::move(stop)) {
  event_loop.arm(*this);
  on_stop_.emplace(stop_, OnStop{this});
}

inline Timer::~Timer() {
  on_stop_.reset();  // waits for it, if it runs on another thread
  if (stopped() && !loop_knows_) loop().process_stop_requests();
  loop().disarm(*this);
}

inline void Timer::OnStop::operator()() const noexcept {
  EventLoop& loop = timer->loop();
  Timer* before = loop.stopped_.load();
  do timer->stopped_next_ = before;
  while (!loop.stopped_.compare_exchange_weak(before, timer));
  if (before == nullptr) loop.wake();  // or else the one before has woken it
}

/// Wakes those whose stop has been requested since the last time.
inline void EventLoop::process_stop_requests() noexcept {
  Timer* first = nullptr;  // the one that was stopped first comes last in the list
  for (Timer* next = stopped_.exchange(nullptr); next != nullptr;) {
    Timer* const timer = next;
    next = std::exchange(timer->stopped_next_, first);
    first = timer;
  }
  while (first != nullptr) {
    Timer& timer = *std::exchange(first, first->stopped_next_);
    timer.loop_knows_ = true;
    timer.notify();
  }
}

inline void EventLoop::fire_timers() {
  if (stopped_.load() != nullptr) process_stop_requests();
  if (timers_.empty() || timers_.begin()->first == (TimePoint::max)()) return;
  const TimePoint present = now();
  while (!timers_.empty() && timers_.begin()->first <= present) {
    Timer& timer = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer.fired_ = true;
    timer.notify();
  }
}

inline void EventLoop::run_once(TimePoint latest) {
  fire_timers();
  if (!anything_ready()) {
    wait(timers_.empty() ? latest : (std::min)(latest, timers_.begin()->first));
    fire_timers();
  }
  while (anything_ready()) {
    detail::Waiter& waiter = *ready_.next_;
    waiter.unlink();
    waiter.coroutine.resume();
  }
}

}  // namespace openailb
