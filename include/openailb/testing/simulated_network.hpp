#pragma once

#include <openailb/detail/wire/url.hpp>
#include <openailb/event_loop.hpp>
#include <openailb/testing/simulated_answer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace openailb::testing {

/// A network of scripted servers in virtual time, for tests of programs that use a Client: nothing sleeps,
/// and the same script gives the same run. Pass its loops to ClientOptions::event_loop:
///
///     SimulatedNetwork network;
///     network.serve("https://one.example", [](const HttpRequest&) { return SimulatedAnswer{...}; });
///     Client client({{.base_url = "https://one.example/v1"}}, {.event_loop = network.loops()});
///
/// For use by one thread: the network of an AsyncClient is that client's alone, and may be used while none of
/// its calls is under way. It must outlive its clients and their streams.
class SimulatedNetwork {
 public:
  using Server = std::function<SimulatedAnswer(const HttpRequest&)>;

  /// Lets `server` answer the requests to an origin such as "https://one.example". Other origins cannot be
  /// resolved.
  void serve(const std::string& origin, Server server) {
    servers_.insert_or_assign(origin, std::make_shared<Server>(std::move(server)));
  }

  /// A function that makes event loops on this network.
  std::function<std::unique_ptr<EventLoop>()> loops();

  /// The virtual time. It passes only while a call waits, and by advance() and jump().
  TimePoint now() const noexcept { return now_.load(); }
  void advance(std::chrono::nanoseconds by) { run_until(now() + by); }
  /// Moves the clock on, as when a computer was asleep: what was due meanwhile happens late.
  void jump(std::chrono::nanoseconds by) { now_ = now() + by; }

  /// Calls `action` at that time, such as to request a stop or to change a server.
  void at(TimePoint when, std::function<void()> action) { schedule(when, std::move(action)); }

  /// Every request that was sent, in order.
  const std::vector<HttpRequest>& requests() const noexcept { return requests_; }
  /// How many transfers are under way.
  std::size_t in_flight() const noexcept { return exchanges_.size(); }

 private:
  class Loop;
  struct Exchange {
    Transfer* transfer{};
    SimulatedAnswer answer{};
    bool connected{};
    std::size_t next_piece{};
    std::size_t max_response_size{};
  };

  void start(Transfer& transfer, HttpRequest request);
  void cancel(const Transfer& transfer) noexcept {
    std::erase_if(exchanges_, [&](const auto& entry) { return entry.second.transfer == &transfer; });
  }
  Sent sent(const Transfer& transfer) const noexcept {
    const auto is_its = [&](const auto& entry) { return entry.second.transfer == &transfer; };
    const auto found = std::ranges::find_if(exchanges_, is_its);
    return found != exchanges_.end() && found->second.connected ? Sent::all : Sent::nothing;
  }
  void connect(std::uint64_t id);
  static void tell_connected(Exchange& exchange);
  void give_up_connecting(std::uint64_t id);
  void begin_answer(std::uint64_t id);
  void send_piece(std::uint64_t id);
  void schedule_rest(std::uint64_t id, Exchange& exchange);
  bool receive(std::uint64_t id, Exchange& exchange, const std::string& bytes);
  void end(std::uint64_t id, std::optional<TransferFailure> failure);

  void schedule(TimePoint when, std::function<void()> action) {
    events_.emplace((std::max)(when, now()), std::move(action));
  }
  bool run_next(TimePoint until);
  void run_until(TimePoint until) {
    while (run_next(until)) {
    }
    now_ = (std::max)(now(), until);
  }

  std::atomic<TimePoint> now_{TimePoint(std::chrono::hours(1))};  // other threads may ask for it
  std::map<std::string, std::shared_ptr<Server>> servers_{};
  std::multimap<TimePoint, std::function<void()>> events_{};
  std::map<std::uint64_t, Exchange> exchanges_{};
  std::uint64_t next_id_{};
  std::vector<HttpRequest> requests_{};
};

/// An event loop whose wait() moves the network's time on.
class SimulatedNetwork::Loop final : public EventLoop {
 public:
  explicit Loop(SimulatedNetwork& network)
      : EventLoop([&network] { return network.now(); }), network_(&network) {}

  std::chrono::system_clock::time_point date() const override {
    using namespace std::chrono;
    return system_clock::time_point(seconds(1696004797)) +
           duration_cast<system_clock::duration>(network_->now() - TimePoint(hours(1)));
  }
  void start(Transfer& transfer, HttpRequest request) override {
    network_->start(transfer, std::move(request));
  }
  void cancel(Transfer& transfer) noexcept override { network_->cancel(transfer); }
  Sent sent(const Transfer& transfer) const noexcept override { return network_->sent(transfer); }
  void wake() noexcept override { woken_ = true; }

  void wait(TimePoint until) override {
    while (!anything_ready() && network_->run_next(network_->now())) {
    }
    while (!anything_ready() && !woken_.exchange(false)) {
      if (network_->run_next(until)) continue;
      if (until == (TimePoint::max)()) throw std::logic_error("openailb: a simulated call waits for nothing");
      network_->now_ = (std::max)(network_->now(), until);
      return;
    }
  }

 private:
  SimulatedNetwork* network_;
  std::atomic<bool> woken_{};
};

inline std::function<std::unique_ptr<EventLoop>()> SimulatedNetwork::loops() {
  return [this] { return std::make_unique<Loop>(*this); };
}

inline void SimulatedNetwork::start(Transfer& transfer, HttpRequest request) {
  const Result<openailb::detail::Url> url = openailb::detail::Url::parse(request.url);
  const std::string origin = url ? url->origin() : request.url;
  auto server = servers_.find(origin);
  SimulatedAnswer answer{.failure = TransferFailure{.message = "could not resolve " + origin}};
  if (server != servers_.end()) {
    const std::shared_ptr<Server> serve = server->second;  // a copy, as it may replace itself
    answer = (*serve)(request);
  }
  const std::uint64_t id = next_id_++;
  const auto limit = request.connect_timeout, takes = answer.connect_time;
  const bool connects = answer.connects && (limit.count() == 0 || takes <= limit);
  const bool connects_at_once = connects && takes.count() == 0;
  Exchange exchange{
      .transfer = &transfer, .answer = std::move(answer), .max_response_size = request.max_response_size};
  requests_.push_back(std::move(request));
  if (!connects && limit.count() != 0) schedule(now() + limit, [this, id] { give_up_connecting(id); });
  if (connects && !connects_at_once) schedule(now() + takes, [this, id] { connect(id); });
  if (connects_at_once) schedule(now() + exchange.answer.latency, [this, id] { begin_answer(id); });
  // Last: it is canceled only once it has a handle.
  Exchange& begun = exchanges_.emplace(id, std::move(exchange)).first->second;
  transfer.handle = this;
  if (connects_at_once) tell_connected(begun);
}

inline void SimulatedNetwork::connect(std::uint64_t id) {
  auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;  // canceled
  schedule(now() + found->second.answer.latency, [this, id] { begin_answer(id); });
  tell_connected(found->second);
}

inline void SimulatedNetwork::tell_connected(Exchange& exchange) {
  exchange.connected = true;
  if (!exchange.answer.failure || exchange.answer.failure->sent != Sent::nothing) {
    exchange.transfer->connected(exchange.answer.connect_time);
  }
}

inline void SimulatedNetwork::give_up_connecting(std::uint64_t id) {
  if (!exchanges_.contains(id)) return;  // canceled
  end(id, TransferFailure{.kind = ErrorKind::timeout, .message = "could not connect in time"});
}

inline void SimulatedNetwork::begin_answer(std::uint64_t id) {
  auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;  // canceled
  Exchange& exchange = found->second;
  if (exchange.answer.failure) return end(id, exchange.answer.failure);
  exchange.transfer->response.status = exchange.answer.status;
  exchange.transfer->response.headers = ResponseHeaders(exchange.answer.headers);
  if (receive(id, exchange, exchange.answer.body)) schedule_rest(id, exchange);
}

inline void SimulatedNetwork::send_piece(std::uint64_t id) {
  auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  Exchange& exchange = found->second;
  const std::string& bytes = exchange.answer.pieces[exchange.next_piece++].bytes;
  if (receive(id, exchange, bytes)) schedule_rest(id, exchange);
}

inline void SimulatedNetwork::schedule_rest(std::uint64_t id, Exchange& exchange) {
  if (exchange.next_piece < exchange.answer.pieces.size()) {
    return schedule(now() + exchange.answer.pieces[exchange.next_piece].after,
                    [this, id] { send_piece(id); });
  }
  switch (exchange.answer.ending) {
    case SimulatedAnswer::Ending::complete: return end(id, std::nullopt);
    case SimulatedAnswer::Ending::reset:
      return end(id, TransferFailure{.message = "the connection broke", .sent = Sent::all});
    case SimulatedAnswer::Ending::hang: return;
  }
}

inline bool SimulatedNetwork::receive(std::uint64_t id, Exchange& exchange, const std::string& bytes) {
  HttpResponse& response = exchange.transfer->response;
  std::string& body = response.body;
  const std::size_t limit = openailb::detail::body_limit(response.status, exchange.max_response_size);
  if (body.size() + bytes.size() > limit) {
    if (response.status / 100 != 2) body.append(bytes, 0, limit - body.size());
    end(id, TransferFailure{.kind = ErrorKind::parse,
                            .message = "the answer is larger than max_response_size",
                            .sent = Sent::all});
    return false;
  }
  body += bytes;
  exchange.transfer->data_arrived();
  return true;
}

inline void SimulatedNetwork::end(std::uint64_t id, std::optional<TransferFailure> failure) {
  auto found = exchanges_.find(id);
  Transfer& transfer = *found->second.transfer;
  exchanges_.erase(found);
  transfer.handle = nullptr;
  transfer.finish(std::move(failure));
}

/// Runs the next event if it is due by `until`.
inline bool SimulatedNetwork::run_next(TimePoint until) {
  if (events_.empty() || events_.begin()->first > until) return false;
  auto event = events_.extract(events_.begin());
  now_ = (std::max)(now(), event.key());
  event.mapped()();
  return true;
}

}  // namespace openailb::testing
