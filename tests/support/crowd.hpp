#pragma once

#include "simulation/concurrent.hpp"
#include "support/simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test {

/// Calls that run at the same time, on one loop in virtual time.
class Crowd {
  simulation::ConcurrentNetwork net_{};  // first, as the options need it

 public:
  /// A call, its answer once it has one, and how long it took.
  struct Caller {
    std::optional<Result<ChatCompletion>> answer{};
    std::chrono::nanoseconds done_at{};
    Task<bool> task{};
  };

  std::vector<EndpointConfig> endpoints{};
  ClientOptions options{.random = [] { return 0.5; }, .event_loop = net_.loops()};
  /// What was sent: to which endpoint, and when.
  std::vector<Simulation::Sent> sent{};
  /// The most requests that an endpoint had at once.
  std::vector<int> most_at_once{};

  /// Endpoints that answer after so long.
  Crowd(std::size_t size, std::chrono::nanoseconds latency) {
    for (std::size_t index = 0; index < size; ++index) {
      endpoints.push_back({.base_url = Simulation::origin(index) + "/v1"});
      serve(index, [latency](const HttpRequest&) { return after(latency, ok()); });
    }
    most_at_once.resize(size);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void serve(std::size_t index, testing::SimulatedNetwork::Server server) {
    net_.network.serve(Simulation::origin(index),
                       [this, index, server = std::move(server)](const HttpRequest& request) {
                         sent.push_back({index, elapsed()});
                         return server(request);
                       });
  }

  std::chrono::nanoseconds elapsed() const { return net_.network.now() - began_; }
  simulation::ConcurrentClient& client() {
    if (!client_) client_.emplace(endpoints, options);
    return *client_;
  }
  int in_flight(std::size_t index) { return client().endpoints().at(index).in_flight; }

  /// Calls at that time, counted from the beginning.
  Caller& call(std::chrono::nanoseconds at, RequestOptions call_options = {}) {
    Caller& caller = *callers_.emplace_back(std::make_unique<Caller>());
    client();
    caller.task = run(caller, at, std::move(call_options));
    caller.task.start();
    return caller;
  }
  /// Does something at that time.
  void at(std::chrono::nanoseconds when, std::function<void()> action) {
    net_.network.at(began_ + when, std::move(action));
  }
  /// Until all calls are done.
  void run() {
    while (!std::ranges::all_of(callers_, [](const auto& caller) { return caller->task.done(); })) {
      net_.loop().run_once();
      for (std::size_t index = 0; index < client().endpoints().size() && index < most_at_once.size();
           ++index) {
        most_at_once[index] = std::max(most_at_once[index], in_flight(index));
      }
    }
  }
  /// Until this call is done; others may be under way then.
  void run(const Caller& caller) {
    while (!caller.task.done()) net_.loop().run_once();
  }
  std::vector<std::size_t> asked() const {
    std::vector<std::size_t> indices;
    for (const auto& one : sent) indices.push_back(one.endpoint);
    return indices;
  }

 private:
  Task<bool> run(Caller& caller, std::chrono::nanoseconds at, RequestOptions call_options) {
    Timer arrival(net_.loop(), began_ + at);
    WhenAny arrived(arrival);
    co_await arrived;
    const ChatCompletionCreateParams params = question();
    auto asking = client_->chat.completions.create(params, std::move(call_options));
    Result<ChatCompletion> answer = co_await asking;
    caller.answer = std::move(answer);
    caller.done_at = elapsed();
    co_return true;
  }

  TimePoint began_{net_.network.now()};
  std::optional<simulation::ConcurrentClient> client_{};
  std::vector<std::unique_ptr<Caller>> callers_{};
};

}  // namespace openailb::test
