#pragma once

#include "support/bodies.hpp"
#include <openailb/openailb.hpp>
#include <openailb/testing/simulated_network.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace openailb::test {

using namespace detail;
using testing::SimulatedAnswer;

inline SimulatedAnswer ok(const std::string& content = "hello") { return {.body = completion_json(content)}; }
inline SimulatedAnswer answering(std::string body) { return {.body = std::move(body)}; }

inline SimulatedAnswer failing(int status, std::string body = {}, Headers headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

/// A connection that was never made.
inline SimulatedAnswer refused() {
  return {.failure = TransferFailure{.message = "could not connect to 127.0.0.1:9"}};
}

/// A connection that broke after the request had been sent whole.
inline SimulatedAnswer broken() {
  return {.failure = TransferFailure{.message = "the connection broke", .sent = Sent::all}};
}

/// A kept connection that had died before it was used again.
inline SimulatedAnswer idle_connection_died() {
  return {.failure = TransferFailure{
              .message = "the kept connection had died", .sent = Sent::all, .connection_was_idle = true}};
}

/// A server that never answers.
inline SimulatedAnswer hanging() { return {.latency = std::chrono::hours(24)}; }

inline SimulatedAnswer after(std::chrono::nanoseconds latency, SimulatedAnswer answer) {
  answer.latency = latency;
  return answer;
}

/// A server that gives one answer after the other, and then the last one for ever.
inline testing::SimulatedNetwork::Server script(std::vector<SimulatedAnswer> answers) {
  return [answers = std::move(answers), next = std::size_t{}](const HttpRequest&) mutable {
    return answers[next + 1 < answers.size() ? next++ : next];
  };
}

/// A client's endpoints on a simulated network: "endpoint-0" at https://endpoint-0.example/v1 and so on.
struct Simulation {
  testing::SimulatedNetwork network{};
  std::vector<EndpointConfig> endpoints{};
  ClientOptions options{.random = [] { return 0.5; }, .event_loop = network.loops()};
  TimePoint began{network.now()};

  /// What was sent: to which endpoint, and when, counted from the beginning.
  struct Sent {
    std::size_t endpoint;
    std::chrono::nanoseconds at;
    bool operator==(const Sent&) const = default;
  };
  std::vector<Sent> sent{};

  Simulation() = default;
  /// One endpoint per script.
  explicit Simulation(std::vector<std::vector<SimulatedAnswer>> scripts) {
    for (auto& answers : scripts) add(script(std::move(answers)));
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// Adds an endpoint; its settings may be changed until the client is made.
  EndpointConfig& add(testing::SimulatedNetwork::Server server) {
    const std::size_t index = endpoints.size();
    serve(index, std::move(server));
    return endpoints.emplace_back(EndpointConfig{.base_url = origin(index) + "/v1"});
  }
  /// Replaces what an endpoint does.
  void serve(std::size_t index, testing::SimulatedNetwork::Server server) {
    network.serve(origin(index), [this, index, server = std::move(server)](const HttpRequest& request) {
      sent.push_back({index, elapsed()});
      return server(request);
    });
  }
  void serve(std::size_t index, SimulatedAnswer answer) { serve(index, script({std::move(answer)})); }

  Client client() const { return Client(endpoints, options); }

  static std::string origin(std::size_t index) {
    return "https://endpoint-" + std::to_string(index) + ".example";
  }
  /// Virtual time since the beginning.
  std::chrono::nanoseconds elapsed() const { return network.now() - began; }
  const HttpRequest& request(std::size_t index) const { return network.requests().at(index); }
  /// The endpoints that were asked, in order.
  std::vector<std::size_t> asked() const {
    std::vector<std::size_t> indices;
    for (const Sent& one : sent) indices.push_back(one.endpoint);
    return indices;
  }
  /// When each request was sent.
  std::vector<std::chrono::nanoseconds> times() const {
    std::vector<std::chrono::nanoseconds> all;
    for (const Sent& one : sent) all.push_back(one.at);
    return all;
  }
};

inline ChatCompletionCreateParams question(std::string model = "gpt-4o") {
  return {.model = std::move(model), .messages = {user_message("Hello!")}};
}

inline Result<ChatCompletion> ask(const Client& client, RequestOptions options = {}) {
  return client.chat.completions.create(question(), std::move(options));
}

/// How many attempts are under way on all endpoints together.
inline int in_flight(const Client& client) {
  int sum = 0;
  for (const EndpointStatus& endpoint : client.endpoints()) sum += endpoint.in_flight;
  return sum;
}

}  // namespace openailb::test
